"""Who has signed, whose signature ended, what is paid: for many inspections in a few reads."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum
from django.utils import dateformat, timezone

from inspections.models import Inspection, InspectionStatus, Participant, Payment, Role, Signature

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
    def asks_again(self) -> str:
        """Why a new signature is needed, "" where none was given or one stands."""
        if self.ended is None or self.ended.ended_at is None:
            return ""
        changed = [FACTS[name] for name in FACTS if name in self.ended.ended_because]
        day = dateformat.format(timezone.localtime(self.ended.ended_at), "D j M")
        return f"Asks for a new signature: {_and(changed) or 'something'} changed on {day}"


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
    for signature in Signature.objects.filter(participant__in=clients).defer("text").order_by("pk"):
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


def _papers(inspection: Inspection, signed: Sequence[Signing], paid: Decimal) -> Papers:
    signers = signed if inspection.agreement_id else ()
    return Papers(sum(one.signature is not None for one in signers), len(signers), Money(inspection.fee, paid))


def _paid(inspections: Sequence[Inspection]) -> Mapping[int, Decimal]:
    sums = Payment.objects.standing().filter(inspection__in=[inspection.pk for inspection in inspections]).order_by()
    return defaultdict(Decimal, sums.values_list("inspection").annotate(sum=Sum("amount")))


def has_to_sign(person: Participant) -> bool:
    """A client of an inspection that has an agreement and takes place."""
    inspection = person.inspection
    open_ = inspection.status != InspectionStatus.CANCELLED
    return person.role == Role.CLIENT and inspection.agreement_id is not None and open_


def _and(words: Sequence[str]) -> str:
    return " and ".join(", ".join(words).rsplit(", ", 1))
