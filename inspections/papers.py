"""The agreement and the money of one inspection, as its page shows them to the office."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from inspections import payments, signing
from inspections.models import Inspection, Participant, Payment, Role, Signature
from inspections.signing import Change


@dataclass(frozen=True)
class Ended:
    """A signature that no longer counts, and what is otherwise now."""

    signature: Signature
    changes: Sequence[Change]


@dataclass(frozen=True)
class Signer:
    """A client who has to sign. `ended` are their former signatures, the newest first."""

    person: Participant
    signed: Signature | None
    ended: Sequence[Ended]

    @property
    def signed_before(self) -> bool:
        """They gave one that no longer stands."""
        return not self.signed and any(not one.signature.was_somebody_elses for one in self.ended)


@dataclass(frozen=True)
class Papers:
    """Who signed, and what was paid. `payments` has those that were taken back too."""

    signers: Sequence[Signer]
    fee: Decimal | None
    due: Decimal
    payments: Sequence[Payment]

    @property
    def is_signed(self) -> bool:
        """Every client's signature stands."""
        return bool(self.signers) and all(signer.signed for signer in self.signers)


def of(inspection: Inspection) -> Papers:
    """Read it all."""
    clients = inspection.participants.current().filter(role=Role.CLIENT).select_related("contact").order_by("pk")
    clients = clients.prefetch_related("signatures__agreement")
    return Papers(
        [_signer(person, inspection) for person in clients],
        inspection.fee,
        payments.due(inspection),
        list(inspection.payments.all()),
    )


def _signer(person: Participant, inspection: Inspection) -> Signer:
    person.inspection = inspection
    signatures = list(person.signatures.all())
    for signature in signatures:
        signature.participant = person
    signed = next((one for one in signatures if one.ended_at is None), None)
    former = [one for one in reversed(signatures) if one.ended_at is not None]
    return Signer(person, signed, [Ended(one, signing.changes(one)) for one in former])
