"""Which messages are asked for: words, group, status, reason and origin, as conditions of the database."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from emails import selectors_hints
from emails.models import Message, MessageQuerySet, Problem
from emails.states import GIVE_UP_AFTER, ON_PURPOSE, SKIP_REASONS, UNDELIVERED, UNFINISHED, Status
from emails.wording import SCHEDULED_FROM
from emails.wording_failures import FAILURES
from emails.wording_statuses import STATUSES, Group, Text
from inspections.models import Inspection
from inspections.text import canonical

BLIND_REACHED_AFTER = timedelta(hours=24)
HINTS = ("portal_visited", "signed", "paid")


@dataclass(frozen=True)
class Filters:
    """What is asked for; empty: everything. `status` and `reason` are display codes, the days are the company's.

    `ids` are messages that were ticked: no others then.
    """

    q: str = ""
    group: str = ""
    status: str = ""
    reason: str = ""
    template: int = 0
    rule: int = 0
    domain: str = ""
    inspector: str = ""
    since: date | None = None
    until: date | None = None
    ids: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.q) or self.is_narrow

    @property
    def is_narrow(self) -> bool:
        """More than words is asked for."""
        return any(getattr(self, field.name) for field in fields(self) if field.name != "q")

    @property
    def has_more(self) -> bool:
        """More than words and a group is asked for."""
        return any(getattr(self, field.name) for field in fields(self) if field.name not in ("q", "group"))

    @property
    def stored(self) -> dict[str, Any]:
        """As JSON can hold it; `of_stored` reads it."""
        return {name: str(value) if isinstance(value, date) else value for name, value in asdict(self).items() if value}

    @classmethod
    def of_stored(cls, stored: Mapping[str, Any]) -> "Filters":
        """What `stored` was made of."""
        days = {name: date.fromisoformat(stored[name]) for name in ("since", "until") if stored.get(name)}
        return cls(**{**stored, **days, "ids": tuple(stored.get("ids", ()))})


def found(filters: Filters) -> MessageQuerySet:
    """The messages that all of it fits."""
    return _in_reason(_in_status(in_group(beside(filters), filters.group), filters.status), filters.reason)


def beside(filters: Filters) -> MessageQuerySet:
    """The same whatever their group, status and reason are."""
    rows = Message.objects.all().filter(pk__in=filters.ids) if filters.ids else _saying(filters.q)
    if filters.since:
        rows = rows.filter(created_at__gte=midnight(filters.since))
    if filters.until:
        rows = rows.filter(created_at__lt=midnight(filters.until + timedelta(days=1)))
    if filters.domain:
        rows = rows.at_domain(filters.domain)
    same = {"template_id": filters.template, "rule_id": filters.rule, "inspection__inspector": filters.inspector}
    return rows.filter(**{column: value for column, value in same.items() if value})


def _saying(words: str) -> MessageQuerySet:
    """Messages that the words find. A whole address that we have written to is looked up as such: that is quick."""
    to_it = Message.objects.filter(to_key=canonical(words))
    return to_it if "@" in words and to_it.exists() else Message.objects.search(words)


def midnight(day: date) -> datetime:
    """The beginning of a day in the company's zone."""
    return timezone.make_aware(datetime.combine(day, time.min))


# --- groups ----------------------------------------------------------------------------------------------------------


def in_group(rows: MessageQuerySet, group: str) -> MessageQuerySet:
    """Those of one group. `needs_you` are the messages of open problems: what a later email made good needs nobody."""
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


def _in_status(rows: MessageQuerySet, code: str) -> MessageQuerySet:
    """Messages that are shown with this display code; an unknown code finds nothing."""
    if not code:
        return rows
    return rows.filter(_meaning(code))


def _meaning(code: str) -> Q:
    soon, silent = timezone.now() + SCHEDULED_FROM, timezone.now() - timedelta(seconds=settings.NO_NEWS_SECONDS)
    given_up = timezone.now() - GIVE_UP_AFTER
    sent, delayed = Q(status=Status.SENT) & ~_sent_blind(), Q(status=Status.DEFERRED)
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
        **{hint: selectors_hints.meaning(hint) for hint in HINTS if hint == code},
        "cancelled": Q(status=Status.CANCELLED),
        "skipped": Q(status=Status.SKIPPED),
        "undelivered": Q(status__in=sorted(UNDELIVERED)),
    }
    return meanings.get(code, Q(pk__in=[]))


# --- reasons ---------------------------------------------------------------------------------------------------------


def _in_reason(rows: MessageQuerySet, code: str) -> MessageQuerySet:
    """Messages that did not arrive, wait or were not sent for this reason; an unknown one finds nothing."""
    if not code:
        return rows
    if code in SKIP_REASONS:
        return rows.filter(status=Status.SKIPPED, reason=code)
    if code == "complained":
        return rows.filter(status=Status.COMPLAINED)
    if code not in FAILURES:
        return rows.none()
    failed = sorted(UNDELIVERED - {Status.COMPLAINED})
    return rows.filter(Q(status__in=failed, category=code) | Q(status=Status.HELD, reason=code))


REASONS: Mapping[str, Text] = {
    **{code: why.label for code, why in FAILURES.items() if code not in STATUSES},
    **{code: STATUSES[code].label for code in STATUSES if code in SKIP_REASONS},
}


def reason_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """The reason filter: (heading, [(code, label)])."""
    causes = [(code, str(label)) for code, label in REASONS.items() if code not in SKIP_REASONS]
    purpose = [(code, str(label)) for code, label in REASONS.items() if code in SKIP_REASONS]
    return [("Did not arrive", causes), ("Not sent on purpose", purpose)]


def status_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """The status filter, in the order of an email's life: (heading, [(code, label)])."""
    answered = ("sent_blind", "deferred") if settings.EMAIL_PROVIDER == "smtp" else ("sent", "deferred", "no_news")
    way = ("scheduled", "queued", "sending", "unsure", *answered)
    reached = ("delivered", "maybe_opened", "auto_reply", *HINTS)
    return [
        ("On its way", _labels(way)),
        ("Reached them", _labels(reached)),
        ("Did not arrive", [("undelivered", "Did not arrive, any reason"), *_labels(("held",))]),
        ("Not sent on purpose", [("skipped", "Not sent on purpose, any reason"), *_labels(("cancelled",))]),
    ]


def _labels(codes: Sequence[str]) -> list[tuple[str, str]]:
    return [(code, str(STATUSES[code].label)) for code in codes]


def inspectors() -> list[str]:
    """Everybody who has inspected anything, by name; the first 200."""
    names = Inspection.objects.exclude(inspector="").order_by("inspector").values_list("inspector", flat=True)
    return list(names.distinct()[:200])
