"""Rules over the life of an inspection: every firing leaves one row, what waits follows, nothing goes late or twice."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone

from emails import (
    automations_rules,
    builtin,
    delivery,
    outbox,
    selectors_automations,
    selectors_messages,
    sentences,
)
from emails.models import Automation, EmailTemplate, Message, Trigger
from emails.practice import past
from emails.states import Reason, Status
from inspections import people, services
from inspections.models import Company, Inspection, InspectionEvent
from tests.emails.mailed import told
from tests.emails.practice_mail import Running
from tests.factories import in_days, make_company, make_draft, make_person, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _company() -> None:
    make_company(sender_email="office@oakwood.example", time_zone="America/Chicago")
    builtin.install()


def make_rule(**over: Any) -> Automation:
    values: dict[str, Any] = {"name": "Mine", "trigger": Trigger.CONFIRMED, "roles": ["client"], "offset": 48} | over
    values.setdefault("template", EmailTemplate.objects.get(name="Reminder"))
    return Automation.objects.create(**values)


def booked(**over: Any) -> Inspection:
    return services.save(make_draft(**over), by="Maria")[0]


def confirmed(**over: Any) -> Inspection:
    inspection = booked(**over)
    services.confirm(inspection, by="Maria")
    return inspection


def row(inspection: Inspection, rule: Automation) -> Message:
    return inspection.messages.get(rule=rule)


def standing(inspection: Inspection, rule: Automation) -> tuple[str, str]:
    message = row(inspection, rule)
    return message.status, message.reason


# --- notifications ---------------------------------------------------------------------------------------------------


def why_not_sent(inspection: Inspection, rule: Automation) -> str:
    with timezone.override(Company.get().zone):
        return selectors_messages.shown(row(inspection, rule)).sentence


def test_a20_nobody_is_said_to_have_turned_off_what_never_was_on() -> None:
    Company.objects.update(notifications=False)
    rule = make_rule()
    inspection = booked()
    services.confirm(inspection, by="Kim")
    assert why_not_sent(inspection, rule) == (
        "Notifications were off from the start, when Maria added this inspection."
    )


def test_a28_who_turned_notifications_off_and_when() -> None:
    rule = make_rule()
    inspection = booked()
    with time_machine.travel("2026-11-03T15:12:00Z", tick=False):
        services.set_notifications(inspection, False, by="Kim Reyes of Oakwood")
    services.confirm(inspection, by="Maria")
    assert why_not_sent(inspection, rule) == (
        "Kim Reyes of Oakwood turned notifications off for this inspection on Tue 3 Nov, 9:12 AM."
    )
    Message.objects.update(note="Kim Reyes")  # a row of an older release
    assert why_not_sent(inspection, rule) == "Kim Reyes turned notifications off for this inspection."
    Message.objects.update(note="")
    assert why_not_sent(inspection, rule) == "Notifications were off for this inspection when this was due."


# --- conditions, windows, quiet hours --------------------------------------------------------------------------------


def test_a_service_that_is_not_booked_leaves_a_row_that_says_so() -> None:
    rule = make_rule(service="Radon test")
    inspection = confirmed()
    assert standing(inspection, rule) == (Status.SKIPPED, Reason.CONDITION)
    assert row(inspection, rule).note == "inspections with “Radon test”"


def test_a_service_booked_later_brings_its_reminder_back_and_one_dropped_takes_it_away() -> None:
    rule = make_rule(service="radon test")
    inspection = confirmed()
    services.correct(inspection, make_draft(services=("Full inspection", "Radon test")), by="Kim")
    assert standing(inspection, rule) == (Status.QUEUED, "")
    services.correct(inspection, make_draft(services=("Full inspection",)), by="Kim")
    assert standing(inspection, rule) == (Status.SKIPPED, Reason.CONDITION)


def test_a_first_time_client_is_one_without_an_earlier_inspection() -> None:
    rule = make_rule(first_time=True)
    assert standing(confirmed(external_id="1", starts_at=in_days(5)), rule)[0] == Status.QUEUED
    assert standing(confirmed(external_id="2", starts_at=in_days(9)), rule)[1] == Reason.CONDITION


def test_a_move_takes_a_reminder_out_of_its_window_and_back_into_it_as_the_same_row() -> None:
    rule = make_rule(offset=48)
    inspection = confirmed(starts_at=in_days(5))
    services.reschedule(inspection, in_days(1), by="Kim")
    assert standing(inspection, rule) == (Status.SKIPPED, Reason.WINDOW_MISSED)
    services.reschedule(inspection, in_days(6), by="Kim")
    message = row(inspection, rule)
    assert (message.status, message.send_after) == (Status.QUEUED, inspection.starts_at - timedelta(hours=48))
    assert message.not_after == inspection.starts_at - timedelta(hours=24)


def test_completing_stops_reminders_but_not_what_comes_after() -> None:
    before, after = make_rule(), make_rule(name="After", offset=1, unit="days", side="after")
    inspection = confirmed()
    services.complete(inspection, by="Kim")
    assert row(inspection, before).status == Status.CANCELLED
    assert row(inspection, after).status == Status.QUEUED


def test_a_worker_that_was_down_for_a_day_sends_nothing_late(mail: Running) -> None:
    rule = make_rule(offset=24)
    inspection = confirmed(starts_at=in_days(2))
    past.move(inspection, -timedelta(hours=23))
    past.move(inspection, -timedelta(hours=14))  # due 13 hours ago: more than half of its day is gone
    message = row(inspection, rule)
    delivery.deliver_due()
    assert standing(inspection, rule) == (Status.SKIPPED, Reason.WINDOW_MISSED)
    assert mail.logged(str(message.uuid)) == []


def test_a_worker_that_was_down_for_an_hour_sends_it_all_the_same(mail: Running) -> None:
    rule = make_rule(offset=24)
    inspection = confirmed(starts_at=in_days(2))
    past.move(inspection, -timedelta(hours=25))
    delivery.deliver_due()
    assert row(inspection, rule).status == Status.SENT


def test_what_staff_send_by_hand_goes_whatever_the_rule_says(mail: Running) -> None:
    rule = make_rule(offset=24)
    inspection = confirmed(starts_at=in_days(5))
    outbox.send_now(row(inspection, rule), by="Kim")
    Automation.objects.filter(pk=rule.pk).update(enabled=False)
    delivery.deliver_due()
    assert row(inspection, rule).status == Status.SENT


def test_quiet_hours_hold_a_confirmation_until_their_end(mail: Running) -> None:
    local = timezone.localtime(timezone=make_company().zone)
    start, end = (local - timedelta(hours=1)).time(), (local + timedelta(hours=2)).time().replace(microsecond=0)
    rule = make_rule(offset=None, quiet_from=start, quiet_until=end)
    inspection = confirmed()
    message = row(inspection, rule)
    assert timezone.localtime(message.send_after, make_company().zone).time() == end
    # A worker that comes back in the middle of the night waits for the morning too.
    Message.objects.filter(pk=message.pk).update(send_after=Now() - timedelta(minutes=1))
    delivery.deliver_due()
    message.refresh_from_db()
    assert (message.status, mail.logged(str(message.uuid))) == (Status.QUEUED, [])
    assert message.send_after > timezone.now()


# --- rules change ----------------------------------------------------------------------------------------------------


def test_turning_a_rule_off_stops_what_it_planned_and_on_again_brings_it_back() -> None:
    rule = make_rule()
    inspection = confirmed()
    assert automations_rules.switch(rule, False, by="Kim") == 1
    assert standing(inspection, rule) == (Status.SKIPPED, Reason.RULE_OFF)
    assert automations_rules.switch(rule, False, by="Kim") == 0
    assert automations_rules.switch(rule, True, by="Kim") == 1
    assert standing(inspection, rule) == (Status.QUEUED, "")


def test_turning_a_rule_on_sends_nothing_that_was_missed() -> None:
    rule = Automation.objects.get(name="Confirmation")
    automations_rules.switch(rule, False, by="Kim")
    inspection = confirmed()
    assert automations_rules.switch(rule, True, by="Kim") == 0
    assert standing(inspection, rule) == (Status.SKIPPED, Reason.RULE_OFF)


def test_a_changed_rule_takes_what_it_planned_with_it() -> None:
    rule = make_rule(offset=48)
    inspection = confirmed()
    rule.offset, rule.template = 72, EmailTemplate.objects.get(name="New date")
    assert automations_rules.save(rule, by="Kim") == 1
    message = row(inspection, rule)
    assert message.send_after == inspection.starts_at - timedelta(hours=72)
    assert message.template == rule.template
    rule.roles = ["coordinator"]
    automations_rules.save(rule, by="Kim")
    assert standing(inspection, rule) == (Status.SKIPPED, Reason.RULE_OFF)


def test_a_deleted_rule_stops_what_it_planned_and_keeps_its_name_in_the_log() -> None:
    rule = make_rule()
    inspection = confirmed()
    assert automations_rules.delete(rule, by="Kim") == 1
    message = row(inspection, rule)
    assert (message.status, message.reason, message.note) == (Status.SKIPPED, Reason.RULE_OFF, "Mine")
    assert message.events.latest("pk").text == "The rule was deleted"
    assert not confirmed(external_id="later").messages.filter(rule=rule).exists()
    make_rule()  # its name is free again


def test_a_built_in_rule_that_was_renamed_or_deleted_does_not_come_back() -> None:
    Automation.objects.filter(name="Agreement").update(name="Our agreement")
    automations_rules.delete(Automation.objects.get(name="New date"), by="Kim")
    builtin.install()
    names = set(Automation.objects.standing().values_list("name", flat=True))
    assert {"Our agreement"} <= names
    assert not {"Agreement", "New date"} & names


def test_a_copy_is_off_and_has_a_name_of_its_own() -> None:
    rule = make_rule()
    names = [automations_rules.copy(rule).name for _ in range(3)]
    assert names == ["Mine (copy)", "Mine (copy 2)", "Mine (copy 3)"]
    assert not Automation.objects.filter(name__startswith="Mine (").filter(enabled=True).exists()


def test_somebody_who_comes_back_does_not_get_the_reminder_twice(mail: Running) -> None:
    rule = make_rule(offset=24)
    inspection = confirmed(starts_at=in_days(5))
    outbox.send_now(row(inspection, rule), by="Kim")
    delivery.deliver_due()
    person = inspection.participants.get()
    people.remove_person(person, by="Kim")
    people.add_person(inspection, make_person(), by="Kim")
    again = inspection.messages.filter(rule=rule).latest("pk")
    assert (again.status, again.reason) == (Status.SKIPPED, Reason.DUPLICATE)


def test_only_triggers_whose_event_can_happen_are_offered() -> None:
    assert {trigger.value for trigger in sentences.offered()} == set(Trigger.values) & set(InspectionEvent.Type.values)


# --- rules that meet -------------------------------------------------------------------------------------------------


@pytest.fixture
def owner(client: Client) -> Client:
    client.force_login(make_user(name="Kim Reyes", is_superuser=True))
    return client


def met(rule: Automation) -> list[tuple[str, str]]:
    return [(clash.other.name, clash.what) for clash in selectors_automations.clashes_of(rule)]


@pytest.mark.parametrize(
    ("over", "what"),
    [
        ({"offset": 24}, "the same email"),
        ({"offset": 1, "unit": "days"}, "the same email"),
        ({"offset": 24, "template": "Reminder two days before"}, "the same kind of email"),
        ({"offset": 24, "roles": ["client", "buyer_agent"]}, "the same email"),
        ({"offset": 25}, ""),
        ({"offset": 24, "side": "after"}, ""),
        ({"offset": 24, "roles": ["buyer_agent"]}, ""),
        ({"offset": 24, "template": "Confirmation"}, ""),
        ({"offset": None}, ""),
    ],
)
def test_rules_meet_if_they_send_the_same_to_the_same_people_within_an_hour(over: dict[str, Any], what: str) -> None:
    builtin.add_ready("two-days")
    if "template" in over:
        over = over | {"template": EmailTemplate.objects.get(name=over["template"])}
    rule = make_rule(**over)
    assert met(rule) == ([("Reminder the day before", what)] if what else [])


def test_the_list_and_the_page_of_a_rule_warn_of_the_other(owner: Client) -> None:
    rule = make_rule(offset=24, enabled=False)
    warning = "</a>” sends the same email to the same people within an hour"
    assert warning not in owner.get("/automations/").content.decode()
    assert f"{warning} of this one, if you turn this one on." in owner.get(f"/automations/{rule.pk}/").content.decode()
    owner.post(f"/automations/{rule.pk}/switch/", {"on": "1"})
    assert owner.get("/automations/").content.decode().count(warning) == 2
    assert f"{warning}." in owner.get(f"/automations/{rule.pk}/").content.decode()


def test_the_list_says_when_a_rule_last_sent_what_it_plans_and_what_failed(owner: Client) -> None:
    inspection = confirmed()
    confirmation = inspection.messages.get(rule__name="Confirmation")
    told(confirmation, Status.BOUNCED, category="address_unknown")
    page = owner.get("/automations/").content.decode()
    assert "Last email left" in page
    assert "1 planned, the next" in page
    assert "1 did not arrive in 30 days." in page
