"""Confirm, move, cancel, complete, publish: what is possible when, and what listeners hear."""

from collections.abc import Callable

import pytest
import time_machine

from inspections import services
from inspections.models import Inspection, InspectionEvent
from inspections.services import BadDraft, NotPossible
from inspections.signals import inspection_event
from tests.factories import DECEMBER_1, in_days, make_inspection

pytestmark = pytest.mark.django_db

ACTIONS: dict[str, Callable[[Inspection], bool]] = {
    "confirm": lambda i: services.confirm(i, by="Kim"),
    "move": lambda i: services.reschedule(i, in_days(9), by="Kim"),
    "cancel": lambda i: services.cancel(i, by="Kim"),
    "complete": lambda i: services.complete(i, by="Kim"),
    "publish": lambda i: services.publish_report(i, by="Kim"),
}
# What each action makes of each status: the new status, "same" (nothing to do), or "no" (with a sentence).
TABLE = {
    "confirm": {"requested": "confirmed", "confirmed": "same", "completed": "same", "cancelled": "no"},
    "move": {"requested": "requested", "confirmed": "confirmed", "completed": "no", "cancelled": "no"},
    "cancel": {"requested": "cancelled", "confirmed": "cancelled", "completed": "no", "cancelled": "same"},
    "complete": {"requested": "no", "confirmed": "completed", "completed": "same", "cancelled": "no"},
    "publish": {"requested": "no", "confirmed": "completed", "completed": "completed", "cancelled": "no"},
}


@pytest.mark.parametrize("status", ["requested", "confirmed", "completed", "cancelled"])
@pytest.mark.parametrize("action", list(ACTIONS))
def test_every_action_in_every_status(action: str, status: str, told: list[InspectionEvent]) -> None:
    inspection = make_inspection(status=status)
    after = TABLE[action][status]
    if after == "no":
        with pytest.raises(NotPossible) as refused:
            ACTIONS[action](inspection)
        assert str(refused.value).startswith("This inspection ")
        assert str(refused.value).endswith(".")
    else:
        assert ACTIONS[action](inspection) is (after != "same")
    inspection.refresh_from_db()
    assert inspection.status == (status if after in ("no", "same") else after)
    assert bool(told) is (after not in ("no", "same"))
    assert [event.pk for event in told] == list(InspectionEvent.objects.values_list("pk", flat=True))


def test_confirming_twice_tells_once(told: list[InspectionEvent]) -> None:
    inspection = make_inspection()
    assert services.confirm(inspection, by="Kim Reyes") is True
    assert services.confirm(inspection, by="Raj Patel") is False
    (event,) = told
    assert (event.type, event.by, event.inspection.status) == ("confirmed", "Kim Reyes", "confirmed")
    assert inspection.confirmed_at is not None


def test_a_refusal_says_when_it_was_canceled() -> None:
    with time_machine.travel("2026-11-24T03:30:00Z"):  # still Monday in Chicago
        inspection = make_inspection(status="requested")
        services.cancel(inspection, by="Kim")
    with (
        time_machine.travel("2026-11-25T12:00:00Z"),
        pytest.raises(NotPossible, match="was canceled on Mon 23 Nov, so it can't be confirmed"),
    ):
        services.confirm(inspection, by="Kim")


def test_an_old_refusal_names_the_year() -> None:
    with time_machine.travel("2025-11-24T12:00:00Z"):
        inspection = make_inspection(status="cancelled")
    with time_machine.travel("2026-11-24T12:00:00Z"), pytest.raises(NotPossible, match="Mon 24 Nov 2025"):
        services.confirm(inspection, by="Kim")


def test_a_listener_that_fails_takes_the_change_back() -> None:
    def fail(**kwargs: object) -> None:
        raise RuntimeError("no room")

    inspection = make_inspection()
    inspection_event.connect(fail)
    try:
        with pytest.raises(RuntimeError):
            services.confirm(inspection, by="Kim")
    finally:
        inspection_event.disconnect(fail)
    inspection.refresh_from_db()
    assert inspection.status == "requested"
    assert not InspectionEvent.objects.exists()


def test_moving_a_confirmed_inspection_is_told_as_a_reschedule(told: list[InspectionEvent]) -> None:
    inspection = make_inspection(status="confirmed", starts_at=DECEMBER_1)
    later = DECEMBER_1.replace(hour=20)
    assert services.reschedule(inspection, later, by="Kim") is True
    assert services.reschedule(inspection, later, by="Kim") is False
    (event,) = told
    assert event.type == "rescheduled"
    assert event.data == {
        "before": {"starts_at": "2026-12-01T15:00:00+00:00"},
        "after": {"starts_at": "2026-12-01T20:00:00+00:00"},
    }
    assert event.inspection.starts_at == inspection.starts_at == later


def test_moving_an_unconfirmed_inspection_promised_nothing(told: list[InspectionEvent]) -> None:
    assert services.reschedule(make_inspection(), in_days(9), by="Kim") is True
    assert [event.type for event in told] == ["updated"]


def test_moving_to_no_real_time_is_refused() -> None:
    with pytest.raises(BadDraft) as refused:
        services.reschedule(make_inspection(), in_days(9).replace(tzinfo=None), by="Kim")
    assert set(refused.value.errors) == {"starts_at"}


def test_a_published_report_completes_the_inspection(told: list[InspectionEvent]) -> None:
    inspection = make_inspection(status="confirmed")
    assert services.publish_report(inspection, by="Kim", url="https://reports.example.com/1") is True
    assert [event.type for event in told] == ["completed", "report_published"]
    assert (inspection.status, inspection.report_url) == ("completed", "https://reports.example.com/1")
    assert inspection.completed_at
    assert inspection.report_published_at


def test_publishing_again_is_nothing_new_unless_the_address_changes(told: list[InspectionEvent]) -> None:
    inspection = make_inspection(status="completed")
    services.publish_report(inspection, by="Kim", url="https://reports.example.com/1")
    assert services.publish_report(inspection, by="Kim") is False
    assert services.publish_report(inspection, by="Kim", url="https://reports.example.com/1") is False
    assert services.publish_report(inspection, by="Kim", url="https://reports.example.com/2") is True
    assert [event.type for event in told] == ["report_published", "updated"]


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "reports.example.com", "https://" + "x" * 600]
)
def test_a_senseless_report_address_is_refused(url: str) -> None:
    with pytest.raises(BadDraft) as refused:
        services.publish_report(make_inspection(status="confirmed"), by="Kim", url=url)
    assert set(refused.value.errors) == {"url"}


def test_switching_emails_off_and_on_is_told_once_each(told: list[InspectionEvent]) -> None:
    inspection = make_inspection()
    assert services.set_notifications(inspection, True, by="Maria") is False
    assert services.set_notifications(inspection, False, by="Maria") is True
    assert services.set_notifications(inspection, False, by="Maria") is False
    assert services.set_notifications(inspection, True, by="Maria") is True
    assert [event.type for event in told] == ["notifications_off", "notifications_on"]
    assert inspection.notifications is True
