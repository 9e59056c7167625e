"""What a person has to do about their inspection, and how far they are: sign, pay, read the report."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from inspections import payments, signing
from inspections.grants import Thing
from inspections.models import (
    Company,
    Inspection,
    InspectionStatus,
    Participant,
    Payment,
    Role,
    Signature,
    clients_to_sign,
)
from inspections.signing import Change

SIGNED, PAID = "signed", "paid"


@dataclass(frozen=True)
class Signing:
    """The agreement, for one client. `ended`: what they signed before it was changed. `waiting_for`: other clients."""

    signed: Signature | None
    ended: Signature | None
    changes: Sequence[Change]
    waiting_for: Sequence[str]
    possible: bool

    @property
    def is_due(self) -> bool:
        """This client has to sign, or to sign again."""
        return self.signed is None and self.possible


@dataclass(frozen=True)
class Paying:
    """The money. `received` are the payments that stand."""

    fee: Decimal
    due: Decimal
    received: Sequence[Payment]
    possible: bool

    @property
    def is_due(self) -> bool:
        """Something has to be paid."""
        return self.due > 0 and self.possible


@dataclass(frozen=True)
class Reading:
    """The report. `missing` are SIGNED and PAID, as far as they keep it locked."""

    published_at: datetime | None
    missing: Sequence[str]
    has_address: bool

    @property
    def is_open(self) -> bool:
        """It can be read now."""
        return self.published_at is not None and not self.missing and self.has_address


@dataclass(frozen=True)
class Steps:
    """Each is None where it is not this person's, or where there is nothing of it."""

    signing: Signing | None
    paying: Paying | None
    reading: Reading | None

    @property
    def count(self) -> int:
        """How many things there are to do."""
        return sum(bool(step and step.is_due) for step in (self.signing, self.paying))


def of(person: Participant, things: frozenset[Thing]) -> Steps:
    """How far this person is with what their link opens."""
    inspection = person.inspection
    stands = inspection.status != InspectionStatus.CANCELLED
    return Steps(
        _signing(person) if Thing.AGREEMENT in things and inspection.agreement_id else None,
        _paying(inspection) if Thing.INVOICE in things and inspection.fee else None,
        reading(person) if Thing.REPORT in things and (stands or inspection.report_published_at) else None,
    )


def reading(person: Participant) -> Reading:
    """The report as this person may have it: a client signs for themselves, the others wait for every client."""
    inspection = person.inspection
    missing = _missing(person) if Company.get().report_locked else []
    return Reading(inspection.report_published_at, missing, bool(inspection.report_url))


def _missing(person: Participant) -> list[str]:
    inspection = person.inspection
    if person.role == Role.CLIENT:
        unsigned = signing.standing(person) is None
    else:
        unsigned = clients_to_sign(inspection.pk).exists()
    still = [(SIGNED, bool(inspection.agreement_id) and unsigned), (PAID, not payments.is_paid(inspection))]
    return [what for what, is_missing in still if is_missing]


def _signing(person: Participant) -> Signing:
    signed = signing.standing(person)
    last = None if signed else person.signatures.their_own().select_related("agreement").last()
    others = clients_to_sign(person.inspection_id).exclude(pk=person.pk).select_related("contact")
    return Signing(
        signed,
        last,
        [change for change in signing.changes(last) if change.old != change.new] if last else [],
        [other.name for other in others.order_by("pk")],
        possible=not signing.why_not(person),
    )


def _paying(inspection: Inspection) -> Paying:
    return Paying(
        inspection.fee or Decimal("0.00"),
        payments.due(inspection),
        list(inspection.payments.standing()),
        possible=inspection.status != InspectionStatus.CANCELLED,
    )
