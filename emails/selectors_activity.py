"""Email activity: every message, found by words, group, status and days. Nothing here reads the whole table."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from emails import paging, selectors_messages
from emails.models import Message, Problem
from emails.paging import Page, Place
from emails.states import GIVE_UP_AFTER, ON_PURPOSE, SKIP_REASONS, UNDELIVERED, UNFINISHED, Status
from emails.wording import SCHEDULED_FROM, Display
from emails.wording_failures import FAILURES
from emails.wording_statuses import STATUSES, Group
from inspections.text import canonical

PAGE = 50
COUNT_UP_TO = 10_000
COUNT_FOUND_UP_TO = 1_000  # of what words find: each of them has to be looked at
BLIND_REACHED_AFTER = timedelta(hours=24)


@dataclass(frozen=True)
class Filters:
    """What is asked for; empty: everything. `status` is a display code, the days are the company's."""

    q: str = ""
    group: str = ""
    status: str = ""
    since: date | None = None
    until: date | None = None

    def __bool__(self) -> bool:
        return bool(self.q) or self.is_narrow

    @property
    def is_narrow(self) -> bool:
        """More than words is asked for."""
        return bool(self.group or self.status or self.since or self.until)


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
class Activity:
    """A page of the log with the counts beside the group filters."""

    page: Page[Message]
    rows: Sequence[Row]
    counts: Sequence[Count]

    @property
    def is_live(self) -> bool:
        """Something on the newest page is to change within minutes."""
        return self.page.is_first and any(row.is_moving for row in self.rows)

    @property
    def version(self) -> str:
        """Changes when anything on the page does."""
        return _digest(*(f"{row.message.pk}:{row.version}" for row in self.rows), *self.counts)


def activity(filters: Filters, place: Place) -> Activity:
    """The messages at `place`, newest first, and the counts of every group under the same words and days."""
    beside = _found(filters)
    rows = _in_status(_in_group(beside, filters.group), filters.status)
    page = paging.page(
        rows.select_related("inspection").defer("html", "text", "search"), place, by="created_at", size=PAGE
    )
    shown = [Row(message, selectors_messages.shown(message)) for message in page.rows]
    return Activity(page, shown, _counts_found(beside) if filters.q else _counts(beside))


def _found(filters: Filters) -> QuerySet[Message]:
    rows = _saying(filters.q)
    if filters.since:
        rows = rows.filter(created_at__gte=_midnight(filters.since))
    if filters.until:
        rows = rows.filter(created_at__lt=_midnight(filters.until + timedelta(days=1)))
    return rows


def _saying(words: str) -> QuerySet[Message]:
    """Messages that the words find. A whole address that we have written to is looked up as such: that is quick."""
    to_it = Message.objects.filter(to_key=canonical(words))
    return to_it if "@" in words and to_it.exists() else Message.objects.search(words)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _counts(rows: QuerySet[Message]) -> list[Count]:
    up_to = COUNT_UP_TO
    numbers = [(g, _in_group(rows, g).order_by().values("pk")[: up_to + 1].count()) for g in Group]
    return [Count(group, min(number, up_to), number > up_to) for group, number in numbers]


def _counts_found(rows: QuerySet[Message]) -> list[Count]:
    """Of the newest that were found: they are searched for once, not once for each group."""
    newest = list(rows.order_by("-created_at", "-pk").values_list("pk", flat=True)[: COUNT_FOUND_UP_TO + 1])
    some = Message.objects.filter(pk__in=newest[:COUNT_FOUND_UP_TO]).order_by()
    is_capped = len(newest) > COUNT_FOUND_UP_TO
    return [Count(group, _in_group(some, group).count(), is_capped) for group in Group]


# --- groups ----------------------------------------------------------------------------------------------------------


def _in_group(rows: QuerySet[Message], group: str) -> QuerySet[Message]:
    """`needs_you` are the messages of open problems: one that a later email made good needs nobody."""
    unsettled = Problem.objects.open().values("message_id")
    reached = Q(status=Status.DELIVERED) | _sent_blind(older=True)
    match group:
        case Group.NEEDS_YOU:
            return rows.filter(pk__in=unsettled)
        case Group.ON_ITS_WAY:
            return rows.filter(status__in=sorted(UNFINISHED)).exclude(_sent_blind(older=True)).exclude(pk__in=unsettled)
        case Group.REACHED:
            return rows.filter(reached)
        case Group.ON_PURPOSE:
            return rows.filter(status__in=sorted(ON_PURPOSE))
    return rows


def _sent_blind(*, older: bool = False) -> Q:
    """Sent by a plain mail server, which never reports delivery: without a failure for a day it counts as reached."""
    if settings.EMAIL_PROVIDER != "smtp":
        return Q(pk__in=[])
    sent = Q(status=Status.SENT)
    return sent & Q(sent_at__lt=timezone.now() - BLIND_REACHED_AFTER) if older else sent


# --- statuses --------------------------------------------------------------------------------------------------------


def _in_status(rows: QuerySet[Message], code: str) -> QuerySet[Message]:
    """Messages that are shown with this display code; an unknown code finds nothing."""
    if not code:
        return rows
    return rows.filter(_meaning(code))


def _meaning(code: str) -> Q:
    soon, silent = timezone.now() + SCHEDULED_FROM, timezone.now() - timedelta(seconds=settings.NO_NEWS_SECONDS)
    sent, delayed = Q(status=Status.SENT) & ~_sent_blind(), Q(status=Status.DEFERRED)
    given_up = timezone.now() - GIVE_UP_AFTER
    meanings: Mapping[str, Q] = {
        "scheduled": Q(status=Status.QUEUED, send_after__gt=soon),
        "queued": Q(status=Status.QUEUED, send_after__lte=soon) | Q(status=Status.CLAIMED),
        "sending": Q(status=Status.SENDING),
        "unsure": Q(status=Status.UNKNOWN),
        "held": Q(status=Status.HELD),
        "sent": sent & Q(sent_at__gte=silent),
        "no_news": sent & Q(sent_at__lt=silent) | delayed & Q(sent_at__lt=given_up),
        "sent_blind": _sent_blind(),
        "deferred": delayed & ~Q(sent_at__lt=given_up),
        "delivered": Q(status=Status.DELIVERED),
        "maybe_opened": Q(status=Status.DELIVERED, opened_at__isnull=False),
        "auto_reply": Q(status=Status.DELIVERED) & ~Q(auto_reply=""),
        "cancelled": Q(status=Status.CANCELLED),
        "complained": Q(status=Status.COMPLAINED),
        "undelivered": Q(status__in=sorted(UNDELIVERED)),
    }
    if code in SKIP_REASONS:
        return Q(status=Status.SKIPPED, reason=code)
    return meanings.get(code) or _failed(code)


def _failed(code: str) -> Q:
    failed = Q(status__in=sorted(UNDELIVERED - {Status.COMPLAINED})) | Q(status=Status.HELD, reason=code)
    return failed & (Q(category=code) | Q(reason=code)) if code in FAILURES else Q(pk__in=[])


def status_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """The status filter, in the order of an email's life: (heading, [(code, label)])."""
    answered = ("sent_blind", "deferred") if settings.EMAIL_PROVIDER == "smtp" else ("sent", "deferred", "no_news")
    way = ("scheduled", "queued", "sending", "unsure", *answered)
    reached = ("delivered", "maybe_opened", "auto_reply")
    purpose = [code for code, words in STATUSES.items() if words.group == Group.ON_PURPOSE]
    causes = [(code, str(why.label)) for code, why in FAILURES.items() if code not in STATUSES]
    return [
        ("On its way", _labels(way)),
        ("Reached them", _labels(reached)),
        ("Did not arrive", [("undelivered", "Any cause"), *_labels(("held",)), *causes]),
        ("Not sent on purpose", _labels(purpose)),
    ]


def _labels(codes: Sequence[str]) -> list[tuple[str, str]]:
    return [(code, str(STATUSES[code].label)) for code in codes]


def _digest(*parts: object) -> str:
    return hashlib.sha256("\x1f".join(map(str, parts)).encode(errors="replace")).hexdigest()[:16]
