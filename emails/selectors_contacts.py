"""Contacts: the list with the health of each address, one person with everything about them, the address history."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Lower
from django.http import QueryDict
from django.utils import timezone

from emails import formerly, selectors_messages
from emails.models import AddressHold, Message
from emails.states import Status
from emails.wording import Display
from emails.wording_failures import FAILURES
from inspections.models import Contact, ContactChange, InspectionStatus, Participant

PAGE, MOST = 50, 50
_LARGEST_ID = 2**63 - 1


@dataclass(frozen=True)
class Row:
    """A contact in the list: how the latest email to the address ended, whether mail waits for it."""

    contact: Contact
    last: Message | None
    display: Display | None
    held: bool


@dataclass(frozen=True)
class Listing:
    """A page of the list, by name; `previous` and `next` are addresses, "" where there is nothing more."""

    rows: Sequence[Row]
    q: str
    previous: str
    next: str


@dataclass(frozen=True)
class Person:
    """Everything about one contact. `shared`: names of others with the same address."""

    contact: Contact
    history: Sequence[ContactChange]
    upcoming: Sequence[Participant]
    past: Sequence[Participant]
    emails: Sequence[tuple[Message, Display]]
    holds: Sequence[tuple[AddressHold, str]]
    shared: Sequence[str]
    before: str

    @property
    def editable(self) -> Participant | None:
        """The participation through which the person is edited: the next inspection, else the last."""
        return next((on for on in (*self.upcoming, *self.past) if on.removed_at is None), None)

    @property
    def jobs(self) -> list[tuple[str, str, Sequence[Participant]]]:
        """Heading, name of the section, and inspections."""
        return [("Upcoming inspections", "upcoming", self.upcoming), ("Past inspections", "past", self.past)]


# --- the list --------------------------------------------------------------------------------------------------------


def listing(query: QueryDict) -> Listing:
    """The list that an address asks for. Nonsense in it shows the first page."""
    q = query.get("q", "").strip()[:200]
    found = Contact.objects.search(q).annotate(key=Lower("name"))
    after, before = _id(query.get("after", "")), _id(query.get("before", ""))
    start = Contact.objects.filter(pk=after or before).values_list(Lower("name"), flat=True).first()
    rows, more = _rows(found, start, after or before, forward=not before) if start is not None else ([], False)
    if start is None or (before and not more):  # the head of the list as a whole page rather than a rest
        rows, more = _rows(found, None, 0, forward=True)
        return Listing(_with_health(rows), q, "", _query(q, after=rows[-1].pk) if more else "")
    if before:
        rows, more = rows[::-1], True
        return Listing(_with_health(rows), q, _query(q, before=rows[0].pk), _query(q, after=rows[-1].pk))
    previous = _query(q, before=rows[0].pk) if rows else _query(q)
    return Listing(_with_health(rows), q, previous, _query(q, after=rows[-1].pk) if more else "")


def _rows(found: QuerySet[Contact], start: str | None, pk: int, *, forward: bool) -> tuple[list[Contact], bool]:
    """Up to a page of rows beyond a row, in the order walked, and whether there are more."""
    side, order = ("gt", ("key", "pk")) if forward else ("lt", ("-key", "-pk"))
    if start is not None:
        # The first condition says nothing new, but the index can be walked by it.
        beyond = Q(**{f"key__{side}": start}) | Q(key=start, **{f"pk__{side}": pk})
        found = found.filter(Q(**{f"key__{side}e": start}) & beyond)
    rows = list(found.order_by(*order).defer("search")[: PAGE + 1])
    return rows[:PAGE], len(rows) > PAGE


def _with_health(contacts: Sequence[Contact]) -> list[Row]:
    keys = {contact.email_key for contact in contacts} - {""}
    newest = (
        Message.objects.filter(to_key=OuterRef("email_key"), sent_at__isnull=False).order_by("-pk").values("pk")[:1]
    )
    ids = Contact.objects.filter(pk__in=[c.pk for c in contacts], email_key__in=keys).annotate(last=Subquery(newest))
    last_of = dict(ids.values_list("pk", "last"))
    messages = Message.objects.defer("html", "text", "search").in_bulk([pk for pk in last_of.values() if pk])
    held = set(AddressHold.objects.filter(key__in=keys, released_at__isnull=True).values_list("key", flat=True))
    rows = []
    for contact in contacts:
        last = messages.get(last_of.get(contact.pk) or 0)
        display = selectors_messages.shown(last) if last else None
        rows.append(Row(contact, last, display, contact.email_key in held))
    return rows


def _query(q: str, **place: int) -> str:
    query = QueryDict(mutable=True)
    query.update({name: str(value) for name, value in {"q": q, **place}.items() if value})
    return f"?{query.urlencode()}"


def _id(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
    return number if number <= _LARGEST_ID else 0


# --- one person ------------------------------------------------------------------------------------------------------


def person(contact: Contact) -> Person:
    """Everything about one contact, in a fixed number of queries."""
    on = contact.participations.select_related("inspection").order_by("-inspection__starts_at", "-pk")
    is_past = Q(inspection__starts_at__lt=timezone.now()) | Q(inspection__status=InspectionStatus.CANCELLED)
    known = formerly.failures([contact.email]).get(contact.email_key)
    return Person(
        contact=contact,
        history=history(contact),
        upcoming=list(on.exclude(is_past | Q(removed_at__isnull=False)).reverse()[:MOST]),
        past=list(on.filter(is_past)[:MOST]),
        emails=_emails(contact),
        holds=_holds(contact),
        shared=sharing(contact),
        before=known.sentence if known else "",
    )


def history(contact: Contact) -> list[ContactChange]:
    """What was changed about somebody, the latest first; also where one inspection keeps to something else."""
    mine = ContactChange.objects.filter(Q(contact=contact) | Q(apart_from=contact))
    return list(mine.select_related("inspection").order_by("-at", "-pk")[:MOST])


def sharing(contact: Contact) -> list[str]:
    """Names of others with the same address."""
    if not contact.email_key:
        return []
    others = Contact.objects.filter(email_key=contact.email_key).exclude(pk=contact.pk)
    others = others.exclude(name__iexact=contact.name)
    return list(others.order_by("name").values_list("name", flat=True).distinct()[:5])


def _emails(contact: Contact) -> list[tuple[Message, Display]]:
    theirs = Message.objects.filter(participant__contact=contact).exclude(status=Status.CANCELLED)
    theirs = theirs.select_related("inspection", "rule", "template").defer("html", "text", "search")
    newest = list(theirs.order_by("-pk")[:MOST])
    displays = selectors_messages.shown_all(newest)
    return [(message, displays[message.pk]) for message in newest]


def _holds(contact: Contact) -> list[tuple[AddressHold, str]]:
    """Holds on the address, those that were lifted too, with their reason in words."""
    found = AddressHold.objects.filter(key=contact.email_key).order_by("-since")[:MOST] if contact.email_key else ()
    return [(hold, str(FAILURES[hold.category].label) if hold.category in FAILURES else "") for hold in found]
