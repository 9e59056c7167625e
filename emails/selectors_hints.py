"""What is known since an email left: its recipient was on the portal, signed, paid. A few reads for many emails."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, F, Max, OuterRef, Q

from emails import papers
from emails.models import Kind, Message
from emails.states import Status
from inspections import visits
from inspections.models import Inspection, InspectionQuerySet, Payment, Signature


@dataclass(frozen=True)
class Hints:
    """When, after the email left; None: not, or not that we know."""

    visited_at: datetime | None = None
    signed_at: datetime | None = None
    paid_at: datetime | None = None


NONE = Hints()


def of(messages: Iterable[Message]) -> Mapping[int, Hints]:
    """By message, for those that arrived and to which something happened since."""
    arrived = [m for m in messages if m.status == Status.DELIVERED and m.sent_at and m.participant_id]
    if not arrived:
        return {}
    people = {m.participant_id for m in arrived if m.participant_id}
    visits = _visits(people)
    signed = dict(Signature.objects.standing().filter(participant__in=people).values_list("participant", "signed_at"))
    paid = _paid({m.inspection_id for m in arrived if _may_be_paid(m)})
    return {m.pk: _of(m, visits.get(m.participant_id or 0, ()), signed, paid) for m in arrived}


def _of(
    message: Message, visits: Iterable[datetime], signed: Mapping[int, datetime], paid: Mapping[int, datetime]
) -> Hints:
    left = message.sent_at
    if left is None:
        return NONE
    signed_at = signed.get(message.participant_id or 0) if _may_be_signed(message) else None
    signed_at = signed_at if signed_at and signed_at >= left else None
    paid_at = paid.get(message.inspection_id) if papers.asks_to_pay(message) or signed_at else None
    return Hints(
        next((at for at in visits if at >= left), None),
        signed_at,
        # An agreement asks for the signature alone.
        paid_at if paid_at and paid_at >= left and _may_be_paid(message) else None,
    )


def _may_be_signed(message: Message) -> bool:
    return message.kind == Kind.CONFIRMATION or papers.asks_to_sign(message)


def _may_be_paid(message: Message) -> bool:
    return message.kind == Kind.CONFIRMATION or papers.asks_to_pay(message)


def _visits(people: Iterable[int]) -> Mapping[int, list[datetime]]:
    found: dict[int, list[datetime]] = defaultdict(list)
    for person, at in visits.own().filter(participant__in=people).order_by("at").values_list("participant", "at"):
        found[person].append(at)
    return found


def _paid(inspections: Iterable[int]) -> Mapping[int, datetime]:
    """By inspection that is paid in full: when the last money came."""
    settled = _settled().filter(pk__in=inspections).order_by().values("pk")
    payments = Payment.objects.standing().filter(inspection__in=settled).order_by()
    return dict(payments.values_list("inspection").annotate(last=Max("recorded_at")))


def _settled() -> InspectionQuerySet:
    paid = Inspection.objects.with_paid()
    return paid.filter(fee__gt=0, paid_amount__gte=F("fee"))  # type: ignore[misc] # with_paid has it


# --- the same as conditions of the database --------------------------------------------------------------------------


def meaning(code: str) -> Q:
    """Messages that the display code `portal_visited`, `signed` or `paid` may be said of."""
    seen = visits.own().filter(participant=OuterRef("participant"), at__gte=OuterRef("sent_at"))
    given = Signature.objects.standing().filter(participant=OuterRef("participant"), signed_at__gte=OuterRef("sent_at"))
    money = Payment.objects.standing().filter(inspection=OuterRef("inspection"), recorded_at__gte=OuterRef("sent_at"))
    settled = Q(Exists(_settled().filter(pk=OuterRef("inspection")))) & Q(Exists(money))
    given_since = Q(Exists(given))
    signed = papers.about_signing() & given_since
    what = {
        "portal_visited": Q(Exists(seen)),
        "signed": signed,
        "paid": settled & (papers.about_paying() | Q(kind=Kind.CONFIRMATION) & given_since),
    }
    return Q(status=Status.DELIVERED) & what[code]
