"""When a rule's email is due, and until when it still helps. By the company's clock where people think in days."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from emails.models import Automation, Side, Unit

_BACKWARDS = {Side.BEFORE: -1, Side.AFTER: 1}


@dataclass(frozen=True)
class Moment:
    """`due` is outside quiet hours. From `until` on (None: never) its time has passed; `late` says that it has."""

    due: datetime
    until: datetime | None
    late: bool
    planned: datetime  # before quiet hours moved it


def moment(rule: Automation, starts_at: datetime, *, now: datetime, zone: ZoneInfo) -> Moment:
    """When an email of `rule` about an inspection at `starts_at` leaves, as seen `now`.

    One whose time has passed already is late, unless the rule has a window that is still open: then it leaves now.
    Without a window an email around the inspection may be late by half of what is left or was said: a reminder of the
    day before until twelve hours before.
    """
    planned = now if rule.offset is None else _apart(rule.offset, rule.unit, rule.side, starts_at, zone)
    due = after_quiet(rule, planned, zone)
    gone = rule.is_timed and due <= now
    if gone and rule.window is not None:
        due = after_quiet(rule, now, zone)
        gone = False
    until = _until(rule, due, starts_at, zone)
    return Moment(due, until, gone or (until is not None and due > until), planned)


def nominal(rule: Automation) -> timedelta:
    """The offset as a length of time, negative before the inspection; a day has 24 hours here."""
    length = timedelta(**{rule.unit: rule.offset or 0})
    return length * _BACKWARDS[Side(rule.side)]


def _until(rule: Automation, due: datetime, starts_at: datetime, zone: ZoneInfo) -> datetime | None:
    if rule.window is not None:
        return _apart(rule.window, Unit.HOURS, rule.window_side, starts_at, zone)
    if rule.offset is None:
        return None
    if rule.side == Side.AFTER:
        return due + nominal(rule) / 2
    return starts_at if due >= starts_at else due + (starts_at - due) / 2


def _apart(number: int, unit: str, side: str, moment: datetime, zone: ZoneInfo) -> datetime:
    """`number` hours (of real time) or days (at the same hour on the clock) before or after `moment`, in UTC."""
    signed = number * _BACKWARDS[Side(side)]
    if unit == Unit.HOURS:
        return moment.astimezone(UTC) + timedelta(hours=signed)
    # A time that the clocks skip becomes the one an hour later, one that comes twice the first of the two.
    return (moment.astimezone(zone).replace(fold=0) + timedelta(days=signed)).astimezone(UTC)


# --- quiet hours -----------------------------------------------------------------------------------------------------


def is_quiet(rule: Automation, at: datetime, zone: ZoneInfo) -> bool:
    """Whether the rule's quiet hours have this moment; they may go past midnight."""
    if rule.quiet_from is None or rule.quiet_until is None:
        return False
    clock = at.astimezone(zone).time()
    if rule.quiet_from < rule.quiet_until:
        return rule.quiet_from <= clock < rule.quiet_until
    return clock >= rule.quiet_from or clock < rule.quiet_until


def after_quiet(rule: Automation, at: datetime, zone: ZoneInfo) -> datetime:
    """`at`, or the end of the quiet hours that it lies in."""
    if rule.quiet_until is None or not is_quiet(rule, at, zone):
        return at
    local = at.astimezone(zone)
    days = (local.date() + timedelta(days=n) for n in (0, 1))
    ends = (_on(on, rule.quiet_until, zone, fold) for on in days for fold in (0, 1))
    return next(end for end in ends if end > at)


def _on(day: date, clock: time, zone: ZoneInfo, fold: int) -> datetime:
    return datetime.combine(day, clock.replace(fold=fold), tzinfo=zone).astimezone(UTC)
