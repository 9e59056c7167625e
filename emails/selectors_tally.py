"""Email activity counted: by reason, and by mail domain. Never over more than the newest LOOK_AT emails that fit."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, QuerySet

from emails.models import Message, MessageQuerySet
from emails.models.messages import mail_domain
from emails.selectors_filters import REASONS, Filters, found
from emails.states import SKIP_REASONS, UNDELIVERED, Status

LOOK_AT = 50_000
MOST_ROWS = 200
WITH_REASON = UNDELIVERED | {Status.HELD, Status.SKIPPED}


@dataclass(frozen=True)
class Line:
    """One reason or mail domain, and how many emails."""

    key: str
    label: str
    emails: int
    failed: int
    arrived: int
    newest: datetime

    @property
    def share(self) -> str:
        """Failed of those that were tried: `3 %`."""
        tried = self.failed + self.arrived
        return f"{100 * self.failed / tried:.0f} %" if tried else ""


@dataclass(frozen=True)
class Tally:
    """The lines, most failures first. `since`: with more emails than are counted, the oldest that is; else None."""

    lines: Sequence[Line]
    since: datetime | None
    left_out: int = 0


def by_reason(filters: Filters) -> Tally:
    """Why emails did not arrive, wait or were not sent on purpose."""
    rows, since = _newest(found(filters).filter(status__in=sorted(WITH_REASON)))
    lines: dict[str, list[Line]] = defaultdict(list)
    for status, reason, category, number, newest in _grouped(rows, "status", "reason", "category"):
        code = _code(status, reason, category)
        failed = 0 if code in SKIP_REASONS else number
        lines[code].append(Line(code, str(REASONS.get(code, code)), number, failed, 0, newest))
    return _tally((_sum(parts) for parts in lines.values()), since)


def by_domain(filters: Filters) -> Tally:
    """How each mail domain treats our emails."""
    rows, since = _newest(found(filters).exclude(to_key=""))
    lines: dict[str, list[Line]] = defaultdict(list)
    for domain, status, number, newest in _grouped(rows.annotate(at=mail_domain()), "at", "status"):
        failed = number if status in UNDELIVERED else 0
        arrived = number if status == Status.DELIVERED else 0
        lines[domain].append(Line(domain, domain, number, failed, arrived, newest))
    return _tally((_sum(parts) for parts in lines.values()), since)


def _newest(rows: MessageQuerySet) -> tuple[MessageQuerySet, datetime | None]:
    """The newest LOOK_AT of them, and since when that is if there are more."""
    in_order = rows.order_by("-created_at", "-pk")
    edge = in_order.values_list("created_at", flat=True)[LOOK_AT : LOOK_AT + 1].first()
    return (rows.filter(created_at__gt=edge) if edge else rows), edge


def _grouped(rows: QuerySet[Message], *columns: str) -> Iterable[tuple[Any, ...]]:
    return rows.order_by().values_list(*columns).annotate(number=Count("pk"), newest=Max("created_at"))


def _code(status: str, reason: str, category: str) -> str:
    if status == Status.COMPLAINED:
        return "complained"
    if status in (Status.HELD, Status.SKIPPED):
        return reason
    return category or ("provider_problem" if status == Status.FAILED else "unknown")


def _sum(parts: Sequence[Line]) -> Line:
    first = parts[0]
    return Line(
        first.key,
        first.label,
        sum(part.emails for part in parts),
        sum(part.failed for part in parts),
        sum(part.arrived for part in parts),
        max(part.newest for part in parts),
    )


def _tally(lines: Iterable[Line], since: datetime | None) -> Tally:
    ordered = sorted(lines, key=lambda line: (-line.failed, -line.emails, line.label))
    return Tally(ordered[:MOST_ROWS], since, max(0, len(ordered) - MOST_ROWS))
