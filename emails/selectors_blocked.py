"""Blocked addresses: which, why, who is behind them, what waits, and what the mail service says. Fixed query count."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from emails import blocks, holds, paging, stoplists, wording_facts
from emails.blocks import Going
from emails.models import AddressHold
from emails.paging import Place
from emails.wording_blocked import REASONS, THERE_WHY
from inspections.models import Contact, Inspection, Participant

PAGE = 50
MOST_PEOPLE = 5
COLUMNS = ("address", "reason", "why", "since", "blocked_by", "people", "here", "there")
# Spreadsheets run what begins with these (OWASP, "CSV injection").
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Filters:
    """What is asked for; empty: everything."""

    q: str = ""
    why: str = ""

    def __bool__(self) -> bool:
        return bool(self.q or self.why)


@dataclass(frozen=True)
class Row:
    """A blocked address. `people`: who has it, on what is still to come or else lately."""

    hold: AddressHold
    going: Going
    people: Sequence[Participant]
    more_people: int

    @property
    def label(self) -> str:
        """Why, in words."""
        return label(self.hold.category)

    @property
    def needs_note(self) -> bool:
        """Somebody pressed “spam”: allowing it again needs their word."""
        return self.hold.category == holds.COMPLAINED

    @property
    def button(self) -> str:
        """`Allow again and resend (2)`."""
        return f"Allow again and resend ({self.going.count})" if self.going.count else "Allow again"

    @property
    def there_why(self) -> str:
        """The mail service's reason in our words."""
        return str(THERE_WHY.get(self.hold.there_why, ""))

    @property
    def only_support(self) -> bool:
        """Allowed here, and the mail service lets go only by its own support."""
        return self.hold.allowed_at is not None and self.hold.there == "blocked" and self.hold.there_why == SPAM


SPAM = "SpamComplaint"


def service() -> str:
    """The mail service's name."""
    return wording_facts.service(settings.MAIL_PROVIDER)


def label(category: str) -> str:
    """Why an address is blocked."""
    return str(REASONS.get(category) or REASONS["unknown"])


def choices() -> list[tuple[str, str]]:
    """The filter by reason."""
    return [("", "Any reason"), *((code, str(words)) for code, words in REASONS.items() if code != "unknown")]


def found(filters: Filters) -> QuerySet[AddressHold]:
    """The addresses that are blocked now."""
    rows = AddressHold.objects.filter(released_at__isnull=True).select_related("message__inspection")
    rows = rows.defer("message__html", "message__text", "message__search")
    if filters.why:
        rows = rows.filter(category=filters.why)
    if filters.q:
        theirs = Contact.objects.search(filters.q).exclude(email_key="").values("email_key")
        rows = rows.filter(Q(address__icontains=filters.q.strip()) | Q(key__in=theirs))
    return rows


def page(filters: Filters, place: Place) -> tuple[paging.Page[AddressHold], list[Row]]:
    """A page, newest first."""
    part = paging.page(found(filters), place, by="since", size=PAGE)
    return part, rows_of(part.rows)


def rows_of(some: Sequence[AddressHold]) -> list[Row]:
    """With all that a row shows."""
    waiting = blocks.going_of(some)
    people = _people({hold.key for hold in some})
    return [
        Row(hold, waiting[hold.key], people[hold.key][:MOST_PEOPLE], len(people[hold.key][MOST_PEOPLE:]))
        for hold in some
    ]


def _people(keys: Iterable[str]) -> dict[str, list[Participant]]:
    """Who has these addresses, soonest inspection first; whoever has none to come, with the latest that was."""
    on = Participant.objects.current().filter(contact__email_key__in=keys, inspection__in=Inspection.objects.open())
    coming: dict[str, list[Participant]] = defaultdict(list)
    past: dict[str, list[Participant]] = defaultdict(list)
    now = timezone.now()
    for person in on.select_related("contact", "inspection").order_by("inspection__starts_at", "pk"):
        (coming if person.inspection.starts_at > now else past)[person.contact.email_key].append(person)
    return defaultdict(list, {key: coming[key] or past[key][-1:] for key in set(coming) | set(past)})


# --- out -------------------------------------------------------------------------------------------------------------


def as_csv() -> Iterator[str]:
    """All of them, newest first; what a spreadsheet would run is kept from running by a quote before it."""
    yield _line(COLUMNS)
    rows = found(Filters()).order_by("-since", "-pk")
    for start in range(0, rows.count(), 500):
        for row in rows_of(list(rows[start : start + 500])):
            yield _line(_cells(row))


def _cells(row: Row) -> list[str]:
    hold = row.hold
    values = [
        hold.address,
        row.label,
        hold.why,
        hold.since.isoformat(timespec="seconds"),
        hold.placed_by,
        "; ".join(dict.fromkeys(person.name for person in row.people)),
        "allowed" if hold.allowed_at else "blocked",
        hold.get_there_display() if stoplists.can_ask() else "",
    ]
    return [f"'{value}" if value.startswith(FORMULA) else value for value in values]


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out).writerow(cells)
    return out.getvalue()
