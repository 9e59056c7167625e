"""Rules and notifications as a person works with them: without JavaScript too, on a phone, by day and by night."""

import re

import pytest
from playwright.sync_api import Page, expect

from emails import automations_rules
from emails.models import Automation, Message
from emails.states import Reason, Status
from inspections import services
from inspections.models import Inspection
from tests.browser.axe import assert_accessible, assert_fits
from tests.browser.conftest import Open, signed_in
from tests.factories import in_days, make_draft, make_person, make_user
from tests.live import Live, until

either_way = pytest.mark.parametrize("js", [True, False], ids=["with JavaScript", "without JavaScript"])


def booked(**over: object) -> Inspection:
    return services.save(make_draft(**over), by="Maria Cole")[0]


def confirmed(**over: object) -> Inspection:
    inspection = booked(**over)
    services.confirm(inspection, by="Maria Cole")
    return inspection


def statuses(inspection: Inspection) -> set[tuple[str, str]]:
    return {(m.kind, m.status) for m in inspection.messages.all()}


# --- A20, A21, A28 ---------------------------------------------------------------------------------------------------


@either_way
def test_a20_with_notifications_off_each_email_says_so_and_can_be_sent_now(
    open_page: Open, live_worker: Live, js: bool
) -> None:
    inspection = booked(notifications=False)
    page = open_page(f"/inspections/{inspection.pk}/confirm/", js=js)
    expect(page.locator("main")).to_contain_text("Notifications are off.")
    page.locator("main").get_by_role("button", name="Confirm", exact=True).click()
    page.wait_for_url(f"**/inspections/{inspection.pk}/")
    row = page.get_by_role("row").filter(has_text="Confirmation").filter(has_text="ann@example.com")
    expect(row).to_contain_text("Not sent: notifications are off")
    expect(row).to_contain_text("Notifications were off from the start, when Maria Cole added this inspection.")
    row.get_by_role("link", name="Send it now").click()
    page.get_by_role("button", name="Send it now").first.click()
    live_worker.wake()
    until(lambda: ("confirmation", Status.DELIVERED) in statuses(inspection), "the confirmation is delivered")
    assert {s for kind, s in statuses(inspection) if kind == "agreement"} == {Status.SKIPPED}


@either_way
def test_a21_turning_notifications_on_offers_what_was_missed_and_sends_only_what_is_ticked(
    open_page: Open, live_worker: Live, js: bool
) -> None:
    inspection = confirmed(notifications=False)
    page = open_page(f"/inspections/{inspection.pk}/", js=js)
    page.get_by_role("link", name="Turn on").click()
    boxes = page.get_by_role("checkbox")
    expect(boxes).to_have_count(3)
    page.get_by_role("checkbox", name="Agreement").uncheck()
    page.get_by_role("button", name="Turn on and send what is ticked").click()
    page.wait_for_url(f"**/inspections/{inspection.pk}/")
    expect(page.locator("main")).to_contain_text("Notifications: On")
    live_worker.wake()
    until(lambda: ("confirmation", Status.DELIVERED) in statuses(inspection), "the confirmation is delivered")
    expected = {("confirmation", Status.SKIPPED), ("confirmation", Status.DELIVERED), ("agreement", Status.SKIPPED)}
    assert statuses(inspection) == expected | {("reminder", Status.QUEUED)}


def test_a21_a_reminder_whose_time_has_passed_is_not_offered(open_page: Open) -> None:
    inspection = confirmed(notifications=False, starts_at=in_days(0.5))
    page = open_page(f"/inspections/{inspection.pk}/missed/")
    expect(page.get_by_role("checkbox")).to_have_count(2)
    expect(page.locator("main")).not_to_contain_text("Reminder")
    page.get_by_role("button", name="Turn on, send nothing").click()
    page.wait_for_url(f"**/inspections/{inspection.pk}/")
    inspection.refresh_from_db()
    assert inspection.notifications
    assert {m.status for m in inspection.messages.all()} == {Status.SKIPPED}


@either_way
def test_a21_switching_on_before_confirming_shows_what_will_go_out(open_page: Open, js: bool) -> None:
    inspection = booked(notifications=False)
    page = open_page(f"/inspections/{inspection.pk}/confirm/", js=js)
    page.get_by_role("button", name="Turn notifications on").click()
    expect(page.get_by_role("heading", name="Will go out")).to_be_visible()
    assert not Message.objects.exists()


def test_a28_turning_notifications_off_leaves_a_row_with_who_and_when(open_page: Open) -> None:
    inspection = confirmed()
    page = open_page(f"/inspections/{inspection.pk}/")
    page.get_by_role("button", name="Turn off").click()
    row = page.get_by_role("row").filter(has_text="Reminder")
    expect(row).to_contain_text("Not sent: notifications are off")
    expect(row).to_contain_text(
        re.compile(r"Kim Reyes turned notifications off for this inspection at \d+:\d\d [AP]M\.")
    )


# --- rules -----------------------------------------------------------------------------------------------------------


@either_way
def test_a_rule_is_made_tried_turned_on_and_sends(open_page: Open, live_worker: Live, js: bool) -> None:
    inspection = booked()
    page = open_page("/automations/", js=js)
    page.get_by_role("link", name="New rule").click()
    page.get_by_label("When an inspection").select_option("after")
    page.get_by_label("Send", exact=True).select_option(label="New date")
    page.get_by_label("Name of the rule").fill("A day after")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".errors")).to_contain_text("Please say how long before or after.")
    page.get_by_label("How long before or after").fill("1")
    page.get_by_label("Hours or days").select_option("days")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/automations/")
    card = page.get_by_role("article").filter(has_text="A day after")
    expect(card).to_contain_text("1 day after an inspection, send New date to Client.")
    card.get_by_role("link", name="Try it").click()
    page.get_by_label("Inspection", exact=True).select_option(str(inspection.pk))
    page.get_by_role("button", name="Show").click()
    expect(page.locator("main")).to_contain_text("Would send 1 email: New date to Ann Lee.")
    page.get_by_role("button", name="Turn it on").click()
    assert not Message.objects.exists()
    services.confirm(inspection, by="Kim Reyes")
    planned = inspection.messages.get(rule__name="A day after")
    assert planned.status == Status.QUEUED
    assert planned.send_after > inspection.starts_at


@either_way
def test_what_goes_next_stands_on_the_inspection_and_can_be_stopped(open_page: Open, js: bool) -> None:
    inspection = confirmed()
    page = open_page(f"/inspections/{inspection.pk}/", js=js)
    coming = page.locator("#next-emails")
    expect(coming).to_contain_text("Reminder to Ann Lee")
    expect(coming).to_contain_text("Reminder the day before")
    coming.get_by_role("button", name="Don’t send it").click()
    expect(page.locator("main")).to_contain_text("Stopped.")
    assert inspection.messages.get(kind="reminder").status == Status.CANCELLED


@either_way
def test_deleting_a_rule_lists_what_it_stops(open_page: Open, js: bool) -> None:
    inspection = confirmed()
    rule = Automation.objects.get(name="Reminder the day before")
    page = open_page(f"/automations/{rule.pk}/", js=js)
    page.get_by_role("link", name="Delete").click()
    expect(page.locator("main")).to_contain_text("1 planned email will not go out")
    expect(page.get_by_role("row").filter(has_text="Ann Lee")).to_contain_text("12 Oak St")
    page.get_by_role("button", name="Delete the rule").click()
    page.wait_for_url("**/automations/")
    expect(page.get_by_role("heading", name="Reminder the day before")).to_have_count(0)
    message = inspection.messages.get(kind="reminder")
    assert (message.status, message.reason) == (Status.SKIPPED, Reason.RULE_OFF)


def test_two_rules_that_send_the_same_within_an_hour_are_marked(open_page: Open) -> None:
    rule = Automation.objects.get(name="Confirmation")
    again = automations_rules.copy(rule)
    page = open_page("/automations/")
    expect(page.locator(".rule-clash")).to_have_count(0)
    page.get_by_role("button", name=f"Turn on {again.name}").click()
    expect(page.locator(".rule-clash")).to_have_count(2)
    expect(page.locator(".rule-clash").first).to_contain_text("sends the same email to the same people within an hour")


@either_way
def test_a_ready_rule_is_previewed_and_added_off(open_page: Open, js: bool) -> None:
    booked()
    page = open_page("/automations/", js=js)
    page.get_by_role("link", name="Preview Reminder two days before").click()
    expect(page.locator("main")).to_contain_text("If the date does not suit you any more, please tell us today.")
    assert not Automation.objects.filter(name="Reminder two days before").exists()
    page.get_by_role("button", name="Add this rule").click()
    page.wait_for_url("**/automations/")
    assert not Automation.objects.get(name="Reminder two days before").enabled


def test_the_office_reads_the_rules_and_is_told_whom_to_ask(open_page: Open, live_worker: Live) -> None:
    reader = make_user(email="sam@oakwood.example", name="Sam Ortiz")
    rule = Automation.objects.get(name="Confirmation")
    page = open_page("/", anonymous=True)
    signed_in(page.context, reader, live_worker)
    page.goto("/automations/")
    expect(page.locator("main")).to_contain_text("Ask an owner (Kim).")
    expect(page.get_by_role("link", name="New rule")).to_have_count(0)
    page.goto(f"/automations/{rule.pk}/")
    expect(page.get_by_role("button", name="Save")).to_have_count(0)
    assert page.goto("/automations/new/").status == 403  # type: ignore[union-attr]


LOOKS = [(width, dark) for width in (1280, 360) for dark in (False, True)]


def _wrong(page: Page) -> None:
    page.get_by_label("Name of the rule").fill("")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".errors")).to_be_visible()


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_every_look_of_the_pages(open_page: Open, axe_source: str, width: int, dark: bool) -> None:
    booked(external_id="N-1", people=(make_person(name="Ann " + "Montgomery" * 8),))
    quiet = confirmed(external_id="N-2", notifications=False)
    inspection = confirmed(external_id="N-3")
    rule = Automation.objects.get(name="Reminder the day before")
    again = automations_rules.copy(rule)
    automations_rules.switch(again, True, by="Kim")
    page = open_page("/automations/", width=width, dark=dark)
    for path in (
        "/automations/",
        "/automations/new/",
        f"/automations/{rule.pk}/",
        f"/automations/{rule.pk}/try/?inspection={quiet.pk}",
        f"/automations/{rule.pk}/try/",
        f"/automations/{rule.pk}/delete/",
        "/automations/ready/prepare/",
        f"/inspections/{quiet.pk}/missed/",
        f"/inspections/{quiet.pk}/",
        f"/inspections/{inspection.pk}/missed/",
        f"/inspections/{inspection.pk}/",
    ):
        page.goto(path)
        assert_fits(page)
        assert_accessible(page, axe_source)
    page.goto("/automations/new/")
    _wrong(page)
    assert_accessible(page, axe_source)
    page.goto("/automations/")
    page.get_by_role("button", name="More actions for").first.click()
    assert_accessible(page, axe_source)
