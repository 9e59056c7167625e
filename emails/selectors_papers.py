"""Who has signed, whose signature ended, what is paid: for many inspections in a few reads."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum
from django.utils import dateformat, timezone

from emails.models import Kind, Message
from emails.states import ON_PURPOSE, UNFINISHED, Status
from inspections.models import Inspection, InspectionStatus, Participant, Payment, Role, Signature
from inspections.visits import Presence

_WITH_LINK = frozenset({Kind.CONFIRMATION, Kind.AGREEMENT})
# As the sentence says it: "the date changed".
FACTS: Mapping[str, str] = {
    "starts_at": "the date",
    "address": "the address",
    "fee": "the fee",
    "services": "the services",
    "name": "the name",
}


@dataclass(frozen=True)
class Signing:
    """A client and the agreement. `signature` stands; without one, `ended` is the last that did."""

    signature: Signature | None = None
    ended: Signature | None = None

    @property
    def because(self) -> str:
        """Why a signature ended, "" where none was given or one stands: `the date changed on Mon 23 Nov`."""
        if self.ended is None or self.ended.ended_at is None:
            return ""
        changed = [FACTS[name] for name in FACTS if name in self.ended.ended_because]
        day = dateformat.format(timezone.localtime(self.ended.ended_at), "D j M")
        return f"{_and(changed) or 'something'} changed on {day}"

    @property
    def asks_again(self) -> str:
        """That a new signature is needed and why, "" where none was given or one stands."""
        return f"Asks for a new signature: {self.because}" if self.because else ""


UNSIGNED = Signing()


@dataclass(frozen=True)
class Money:
    """US dollars."""

    fee: Decimal | None
    paid: Decimal

    @property
    def due(self) -> Decimal:
        """Still to be paid, never below zero."""
        return max((self.fee or Decimal("0.00")) - self.paid, Decimal("0.00"))


@dataclass(frozen=True)
class Papers:
    """Of one inspection. `signed` of `signers` clients have signed; no signers: nobody has to."""

    signed: int
    signers: int
    money: Money

    @property
    def to_sign(self) -> tuple[str, str]:
        """Words and tone for a list; "" where there is nothing to sign."""
        if not self.signers:
            return "", ""
        if self.signed == self.signers:
            return "Signed", "green"
        return (f"{self.signed} of {self.signers} signed", "amber") if self.signed else ("Not signed", "amber")

    @property
    def to_pay(self) -> tuple[str, str]:
        """Words and tone for a list; "" where there is no fee."""
        money = self.money
        if not money.fee:
            return "", ""
        if not money.due:
            return "Paid", "green"
        return (f"${money.due:,.2f} due", "amber") if money.paid else ("Not paid", "amber")


def signings(people: Iterable[Participant]) -> dict[int, Signing]:
    """By participant, for the clients among these people."""
    clients = [person.pk for person in people if person.role == Role.CLIENT]
    standing: dict[int, Signature] = {}
    ended: dict[int, Signature] = {}
    for signature in Signature.objects.their_own().filter(participant__in=clients).defer("text").order_by("pk"):
        (ended if signature.ended_at else standing)[signature.participant_id] = signature
    return {pk: Signing(standing.get(pk), None if pk in standing else ended.get(pk)) for pk in clients}


def of(inspections: Sequence[Inspection], clients: Mapping[int, Sequence[Participant]]) -> dict[int, Papers]:
    """By inspection. `clients`: by inspection, those who are on it now."""
    signed = signings(person for people in clients.values() for person in people)
    paid = _paid(inspections)
    return {
        one.pk: _papers(one, [signed[person.pk] for person in clients.get(one.pk, ())], paid[one.pk])
        for one in inspections
    }


def of_one(inspection: Inspection, signed: Mapping[int, Signing]) -> Papers:
    """Of one whose clients' signatures were read."""
    return _papers(inspection, list(signed.values()), _paid([inspection])[inspection.pk])


def money(inspection: Inspection) -> Money:
    """Of one inspection."""
    return Money(inspection.fee, _paid([inspection]).get(inspection.pk, Decimal("0.00")))


def _papers(inspection: Inspection, signed: Sequence[Signing], paid: Decimal) -> Papers:
    signers = signed if inspection.agreement_id else ()
    return Papers(sum(one.signature is not None for one in signers), len(signers), Money(inspection.fee, paid))


def _paid(inspections: Sequence[Inspection]) -> Mapping[int, Decimal]:
    sums = Payment.objects.standing().filter(inspection__in=[inspection.pk for inspection in inspections]).order_by()
    return defaultdict(Decimal, sums.values_list("inspection").annotate(sum=Sum("amount")))


def reach(person: Participant, messages: Iterable[Message], presence: Presence) -> str:
    """Whether a client can get to the agreement, as far as we know: visited, delivered, underway, cut_off or none.

    "" for whoever is no client. `messages` are theirs.
    """
    if person.role != Role.CLIENT:
        return ""
    if presence.visited_at:
        return "visited"
    # What we plan to try again has not got through so far.
    tried = [m for m in messages if not m.is_planned_retry]
    if presence.denied_at:  # what went out before reached somebody else; its link is made when an email leaves
        tried = [m for m in tried if m.status == Status.QUEUED or (m.sent_at or m.created_at) > presence.denied_at]
    statuses = {m.status for m in tried if m.has_link or m.kind in _WITH_LINK} - ON_PURPOSE
    if Status.DELIVERED in statuses:
        return "delivered"
    if statuses & UNFINISHED:
        return "underway"
    return "cut_off" if statuses or presence.denied_at else "none"


def has_to_sign(person: Participant) -> bool:
    """A client of an inspection that has an agreement and takes place."""
    inspection = person.inspection
    open_ = inspection.status != InspectionStatus.CANCELLED
    return person.role == Role.CLIENT and inspection.agreement_id is not None and open_


def _and(words: Sequence[str]) -> str:
    return " and ".join(", ".join(words).rsplit(", ", 1))
