"""When a rule's email is due: by the company's clock, through the nights when clocks change, outside quiet hours."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emails import timing
from emails.models import Automation

CHICAGO = ZoneInfo("America/Chicago")
EARLY = datetime(2020, 1, 1, tzinfo=UTC)


def rule(**over: Any) -> Automation:
    return Automation(**{"trigger": "confirmed", "offset": 24} | over)


def at(*when: int, fold: int = 0) -> datetime:
    """A moment by Chicago's clock."""
    return datetime(*when, tzinfo=CHICAGO, fold=fold)  # type: ignore[misc,arg-type]


def due(starts_at: datetime, **over: Any) -> datetime:
    return timing.moment(rule(**over), starts_at, now=EARLY, zone=CHICAGO).due.astimezone(CHICAGO)


@pytest.mark.parametrize(
    ("what", "starts_at", "expected"),
    [
        ({"offset": 24}, at(2026, 12, 2, 10), at(2026, 12, 1, 10)),
        ({"offset": 1, "unit": "days"}, at(2026, 12, 2, 10), at(2026, 12, 1, 10)),
        ({"offset": 2, "unit": "days", "side": "after"}, at(2026, 12, 2, 10), at(2026, 12, 4, 10)),
        ({"offset": 3, "side": "after"}, at(2026, 12, 2, 10), at(2026, 12, 2, 13)),
        # Spring: 8 Mar 2026, 2 AM becomes 3 AM. A day keeps the hour on the clock, 24 hours do not.
        ({"offset": 1, "unit": "days"}, at(2026, 3, 8, 10), at(2026, 3, 7, 10)),
        ({"offset": 24}, at(2026, 3, 8, 10), at(2026, 3, 7, 9)),
        ({"offset": 1, "unit": "days"}, at(2026, 3, 9, 2, 30), at(2026, 3, 8, 3, 30)),
        # Autumn: 1 Nov 2026, 2 AM becomes 1 AM again.
        ({"offset": 24}, at(2026, 11, 1, 10), at(2026, 10, 31, 11)),
        ({"offset": 1, "unit": "days"}, at(2026, 11, 2, 1, 30), at(2026, 11, 1, 1, 30, fold=0)),
        ({"offset": 1, "unit": "days"}, at(2026, 11, 1, 1, 30, fold=1), at(2026, 10, 31, 1, 30)),
    ],
)
def test_an_email_is_due_when_people_expect_it(what: dict[str, Any], starts_at: datetime, expected: datetime) -> None:
    assert due(starts_at, **what).astimezone(UTC) == expected.astimezone(UTC)


NIGHT = {"quiet_from": time(21), "quiet_until": time(8)}


@pytest.mark.parametrize(
    ("quiet", "moment", "expected"),
    [
        (NIGHT, at(2026, 12, 1, 7, 59), at(2026, 12, 1, 8)),
        (NIGHT, at(2026, 12, 1, 8), at(2026, 12, 1, 8)),
        (NIGHT, at(2026, 12, 1, 20, 59), at(2026, 12, 1, 20, 59)),
        (NIGHT, at(2026, 12, 1, 21), at(2026, 12, 2, 8)),
        (NIGHT, at(2026, 12, 1, 0, 0), at(2026, 12, 1, 8)),
        ({"quiet_from": time(12), "quiet_until": time(13)}, at(2026, 12, 1, 12, 30), at(2026, 12, 1, 13)),
        # An end that the clocks skip, and one that comes twice.
        ({"quiet_from": time(22), "quiet_until": time(2, 30)}, at(2026, 3, 8, 1, 30), at(2026, 3, 8, 3, 30)),
        ({"quiet_from": time(22), "quiet_until": time(1, 30)}, at(2026, 11, 1, 1, 10), at(2026, 11, 1, 1, 30)),
        (
            {"quiet_from": time(22), "quiet_until": time(1, 30)},
            at(2026, 11, 1, 1, 10, fold=1),
            at(2026, 11, 1, 1, 30, fold=1),
        ),
    ],
)
def test_quiet_hours_move_it_to_their_end(quiet: dict[str, time], moment: datetime, expected: datetime) -> None:
    assert timing.after_quiet(rule(**quiet), moment, CHICAGO).astimezone(UTC) == expected.astimezone(UTC)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.times(),
    st.times(),
)
def test_whatever_the_quiet_hours_the_end_is_near_and_never_before(moment: datetime, start: time, end: time) -> None:
    start, end = start.replace(second=0, microsecond=0), end.replace(second=0, microsecond=0)
    moved = timing.after_quiet(rule(quiet_from=start, quiet_until=end), moment, CHICAGO)
    assert moment <= moved <= moment + timedelta(hours=25)


WEDNESDAY_10 = at(2026, 12, 2, 10)
TUESDAY_1_PM = at(2026, 12, 1, 13)


def seen(now: datetime, **over: Any) -> timing.Moment:
    return timing.moment(rule(**over), WEDNESDAY_10, now=now, zone=CHICAGO)


def test_booked_tuesday_1_pm_for_wednesday_10_am_the_reminder_of_the_day_before_is_too_late() -> None:
    assert seen(TUESDAY_1_PM).late
    assert not seen(at(2026, 12, 1, 9, 59)).late


def test_within_its_window_it_still_goes_and_leaves_at_once() -> None:
    moment = seen(TUESDAY_1_PM, window=12)
    assert (moment.late, moment.due) == (False, TUESDAY_1_PM)
    assert seen(TUESDAY_1_PM, window=22).late


def test_without_a_window_it_may_be_late_by_half_of_the_time_left() -> None:
    assert seen(EARLY).until == at(2026, 12, 1, 22)
    assert seen(EARLY, offset=2).until == at(2026, 12, 2, 9)
    assert seen(EARLY, offset=2, unit="days", side="after").until == at(2026, 12, 5, 10)


def test_quiet_hours_that_end_after_its_window_leave_no_time_for_it() -> None:
    assert seen(EARLY, offset=14, window=6, **NIGHT).due == at(2026, 12, 1, 20).astimezone(UTC)
    assert seen(EARLY, offset=12, window=6, **NIGHT).late
    assert not seen(EARLY, offset=12, window=1, **NIGHT).late


def test_right_away_is_now_or_the_end_of_the_quiet_hours() -> None:
    now = at(2026, 11, 30, 22)
    assert seen(now, offset=None).due == now
    assert seen(now, offset=None, **NIGHT).due == at(2026, 12, 1, 8).astimezone(UTC)
    assert seen(now, offset=None).until is None
