"""How many emails arrived and how many did not, by day; what changed since a moment; what goes out next."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.core.cache import cache
from django.db.models import Count, Q
from django.db.models.functions import TruncDate
from django.utils import timezone

from emails import selectors_messages
from emails.models import Message, MessageEvent
from emails.states import UNDELIVERED, Status

DAYS = 14
KEPT_SECONDS = 600
_HEIGHT, _STEP, _BAR = 72, 24, 14


@dataclass(frozen=True)
class Day:
    """One day's results, and its two bars in the drawing."""

    day: date
    delivered: int
    failed: int
    x: int
    good_y: int
    good_height: int
    bad_y: int
    bad_height: int


def today_counts() -> tuple[int, int]:
    """Delivered and failed since midnight."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    counts = Message.objects.filter(changed_at__gte=midnight, test=False).aggregate(
        delivered=Count("pk", filter=Q(status=Status.DELIVERED)),
        failed=Count("pk", filter=Q(status__in=sorted(UNDELIVERED))),
    )
    return counts["delivered"], counts["failed"]


def yesterday_counts() -> tuple[int, int]:
    """Delivered and failed on the company's last whole day."""
    today = timezone.localdate()
    counted = strip(0, 0)[-2:]
    return next(((day.delivered, day.failed) for day in counted if day.day < today), (0, 0))


def strip(delivered: int, failed: int) -> list[Day]:
    """The last 14 days, today's numbers given; the days before hardly change and are kept for a while."""
    today = timezone.localdate()
    key = f"days:{today}:{timezone.get_current_timezone_name()}"
    return _drawn((cache.get_or_set(key, _days_before, KEPT_SECONDS) or {}) | {today: (delivered, failed)})


def _days_before() -> dict[date, tuple[int, int]]:
    """Delivered and failed on each of the 13 days before today."""
    first = timezone.localdate() - timedelta(days=DAYS - 1)
    start, end = (timezone.make_aware(datetime.combine(d, datetime.min.time())) for d in (first, timezone.localdate()))
    rows = (
        Message.objects.filter(changed_at__gte=start, changed_at__lt=end, test=False)
        .filter(status__in=sorted(UNDELIVERED | {Status.DELIVERED}))
        .order_by()
        .annotate(day=TruncDate("changed_at"))
        .values("day")
        .annotate(
            good=Count("pk", filter=Q(status=Status.DELIVERED)),
            bad=Count("pk", filter=~Q(status=Status.DELIVERED)),
        )
    )
    found = {row["day"]: (row["good"], row["bad"]) for row in rows}
    days = (first + timedelta(days=n) for n in range(DAYS - 1))
    return {day: found.get(day, (0, 0)) for day in days}


def _drawn(counted: dict[date, tuple[int, int]]) -> list[Day]:
    most = max((good + bad for good, bad in counted.values()), default=0) or 1
    days = []
    for place, (day, (good, bad)) in enumerate(counted.items()):
        good_height, bad_height = _tall(good, most), _tall(bad, most)
        good_y = _HEIGHT - good_height
        x = place * _STEP + (_STEP - _BAR) // 2
        days.append(Day(day, good, bad, x, good_y, good_height, good_y - bad_height, bad_height))
    return days


def _tall(count: int, most: int) -> int:
    """Never invisible: one failure among a thousand still shows."""
    return max(3, round(count / most * (_HEIGHT - 8))) if count else 0


def changes_since(since: datetime) -> str:
    """What to announce: `Confirmation to Ann Lee: Delivered`."""
    told = sorted(UNDELIVERED | {Status.DELIVERED, Status.UNKNOWN})
    rows = list(Message.objects.filter(changed_at__gt=since, status__in=told).order_by("changed_at")[:4])
    if len(rows) > 3:
        return "Several emails have news."
    return ". ".join(f"{message}: {selectors_messages.shown(message).label}" for message in rows)


def next_out() -> tuple[int, datetime | None]:
    """How many emails are planned for the next day that has any, and when the first of them leaves."""
    waiting = Message.objects.filter(status=Status.QUEUED, send_after__gt=timezone.now())
    first = waiting.order_by("send_after").values_list("send_after", flat=True).first()
    if first is None:
        return 0, None
    end = timezone.localtime(first).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return waiting.filter(send_after__lt=end).count(), first


def last_answer() -> MessageEvent | None:
    """The newest thing the mail service told us."""
    return MessageEvent.objects.filter(key__isnull=False).order_by("-recorded_at").first()
