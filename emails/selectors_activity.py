"""Email activity: every message, found by words, group, status and days. Nothing here reads the whole table."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import TextChoices

from emails import paging, selectors_messages
from emails.models import Message, MessageQuerySet
from emails.paging import Page, Place
from emails.selectors_filters import Filters, beside, found, in_group
from emails.states import UNFINISHED
from emails.wording import Display
from emails.wording_statuses import Group

PAGE = 50
COUNT_UP_TO = 10_000
COUNT_FOUND_UP_TO = 1_000  # of what words find: each of them has to be looked at


class View(TextChoices):
    """One row an email, or one a reason or mail domain."""

    LIST = "", "List"
    REASON = "reason", "By reason"
    DOMAIN = "domain", "By mail domain"


class Sort(StrEnum):
    """In which order."""

    NEWEST = ""
    OLDEST = "oldest"
    INSPECTION = "inspection"

    @property
    def column(self) -> str:
        """What the rows are ordered by."""
        return "inspection__starts_at" if self is Sort.INSPECTION else "created_at"


@dataclass(frozen=True)
class Row:
    """A message with its words; `version` changes when anything that is shown does."""

    message: Message
    shown: Display

    @property
    def is_moving(self) -> bool:
        """More is to be heard of it soon: not next week, and not long overdue."""
        return self.message.status in UNFINISHED and self.shown.code not in ("scheduled", "no_news")

    @property
    def version(self) -> str:
        """Short digest of what the row shows."""
        m, shown = self.message, self.shown
        return _digest(m.status, m.subject, m.to_name, m.to_address, shown.label, shown.sentence)


@dataclass(frozen=True)
class Count:
    """How many at least; not capped: exactly so many."""

    group: Group
    number: int
    is_capped: bool

    @property
    def words(self) -> str:
        """`12`, `10,000+`; "" for "perhaps none, perhaps some"."""
        return f"{self.number:,}{'+' * self.is_capped}" if self.number or not self.is_capped else ""


@dataclass(frozen=True)
class Total:
    """Which rows of how many are shown, each counted up to a limit."""

    first: int
    last: int
    number: int
    is_capped: bool

    @property
    def words(self) -> str:
        """`1–50 of 12,340`, `51–100 of 50,000+`; `50 further on, of 50,000+` where nobody counts any more."""
        number = f"{self.number:,}{'+' * self.is_capped}"
        if self.first > self.number:
            return f"{self.last - self.first + 1} further on, of {number}"
        return f"{self.first:,}–{self.last:,} of {number}"


@dataclass(frozen=True)
class Activity:
    """A page of the log with the counts beside the group filters."""

    page: Page[Message]
    rows: Sequence[Row]
    counts: Sequence[Count]
    total: Total

    @property
    def is_live(self) -> bool:
        """Something on the newest page is to change within minutes."""
        return self.page.is_first and any(row.is_moving for row in self.rows)

    @property
    def version(self) -> str:
        """Changes when anything on the page does."""
        return _digest(*(f"{row.message.pk}:{row.version}" for row in self.rows), *self.counts, self.total)


def activity(filters: Filters, place: Place, sort: Sort = Sort.NEWEST) -> Activity:
    """The messages at `place` in this order, and the counts of every group under the same other filters."""
    rows, oldest = found(filters), sort is Sort.OLDEST
    page = paging.page(
        rows.select_related("inspection", "rule", "template").defer("html", "text", "search", "inspection__search"),
        place,
        by=sort.column,
        size=PAGE,
        oldest=oldest,
    )
    displays = selectors_messages.shown_all(page.rows)
    shown = [Row(message, displays[message.pk]) for message in page.rows]
    others = beside(filters)
    counts = _counts_found(others) if filters.q else _counts(others)
    return Activity(page, shown, counts, _total(rows, page, sort, by_words=bool(filters.q)))


def _total(rows: MessageQuerySet, page: Page[Message], sort: Sort, *, by_words: bool) -> Total:
    up_to = COUNT_FOUND_UP_TO if by_words else COUNT_UP_TO
    number = rows.order_by().values("pk")[: up_to + 1].count()
    first = 1
    if not page.is_first and page.rows:
        first += paging.ahead(rows, page.rows[0], by=sort.column, at_most=up_to + 1, oldest=sort is Sort.OLDEST)
    return Total(first, first + len(page.rows) - 1, min(number, up_to), number > up_to)


def _counts(rows: MessageQuerySet) -> list[Count]:
    up_to = COUNT_UP_TO
    numbers = [(g, in_group(rows, g).order_by().values("pk")[: up_to + 1].count()) for g in Group]
    return [Count(group, min(number, up_to), number > up_to) for group, number in numbers]


def _counts_found(rows: MessageQuerySet) -> list[Count]:
    """Of the newest that were found: they are searched for once, not once for each group."""
    newest = list(rows.order_by("-created_at", "-pk").values_list("pk", flat=True)[: COUNT_FOUND_UP_TO + 1])
    some = Message.objects.filter(pk__in=newest[:COUNT_FOUND_UP_TO]).order_by()
    is_capped = len(newest) > COUNT_FOUND_UP_TO
    return [Count(group, in_group(some, group).count(), is_capped) for group in Group]


def _digest(*parts: object) -> str:
    return hashlib.sha256("\x1f".join(map(str, parts)).encode(errors="replace")).hexdigest()[:16]
