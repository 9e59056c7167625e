"""Inspections and their people in a real browser: every look, without JavaScript, by keyboard, while they change."""

import pytest
from playwright.sync_api import Dialog, Page, expect

from emails.models import Message
from emails.states import Status
from inspections import agreements, services
from inspections.models import Inspection
from tests.browser.axe import assert_accessible, assert_fits
from tests.browser.conftest import Open
from tests.emails.mailed import make_client, make_failed, make_message, template, told
from tests.factories import in_days, make_draft, make_inspection, make_participant, make_person

LOOKS = [(width, dark) for width in (1280, 360) for dark in (False, True)]
LONG = "cynthia.alexandrovna.montgomery-washington@mail.realestate-partners.example"


def fill() -> Message:
    """One inspection with everything in it, and one not confirmed; the failed message comes back."""
    template("confirmation")
    inspection = make_inspection(status="confirmed", starts_at=in_days(1), address=f"12 Oak St, {'Springfield ' * 12}")
    failed = make_failed(make_client(inspection=inspection))
    make_participant(inspection, role="buyer_agent", name="Cynthia Alexandrovna Montgomery-Washington", email=LONG)
    told(make_message(make_client(inspection=inspection, name="Bob Lee", email="bob@example.com")), Status.DELIVERED)
    make_message(make_client(inspection=inspection, name="Dan", email=""), status=Status.HELD, reason="no_address")
    services.set_notifications(inspection, False, by="Kim Reyes")
    make_message(failed.participant, kind="reminder", status=Status.SKIPPED, reason="off_inspection")
    make_participant(make_inspection(notifications=False), name="Eve", email="eve@example.com")
    return failed


def check(page: Page, axe_source: str) -> None:
    assert_fits(page)
    assert_accessible(page, axe_source)


# --- every look ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_the_list_is_readable_for_everyone(open_page: Open, axe_source: str, width: int, dark: bool) -> None:
    page = open_page("/inspections/", width=width, dark=dark)
    check(page, axe_source)  # the first day
    fill()
    for path in ("/inspections/", "/inspections/?show=past", "/inspections/?q=nothing+like+this"):
        page.goto(path)
        check(page, axe_source)


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_an_inspection_is_readable_for_everyone(open_page: Open, axe_source: str, width: int, dark: bool) -> None:
    failed = fill()
    page = open_page(f"/inspections/{failed.inspection_id}/", width=width, dark=dark)
    check(page, axe_source)
    page.get_by_role("button", name="More actions for Ann Lee").click()
    check(page, axe_source)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="More actions for this inspection").click()
    check(page, axe_source)
    empty = Inspection.objects.get(notifications=False, status="requested")
    for path in (
        f"/inspections/{empty.pk}/",
        f"/inspections/{empty.pk}/?show=problems",
        f"/inspections/{empty.pk}/confirm/",
    ):
        page.goto(path)
        check(page, axe_source)


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_the_forms_are_readable_for_everyone_refusals_too(
    open_page: Open, axe_source: str, width: int, dark: bool
) -> None:
    failed = fill()
    job, person = f"/inspections/{failed.inspection_id}", f"/people/{failed.participant_id}"
    page = open_page("/inspections/add/", width=width, dark=dark)
    for path in ("/inspections/add/", f"{job}/edit/", f"{job}/people/add/", f"{job}/move/", f"{person}/edit/"):
        page.goto(path)
        check(page, axe_source)
        page.locator("main form input:not([type=hidden], [type=checkbox])").first.fill("")
        if path.endswith("move/"):
            page.locator("main form input[name=starts_at]").fill("1926-01-01T09:00")
        page.locator("main form .form-foot button").first.click()
        expect(page.locator(".errors")).to_be_focused()
        assert page.title().startswith("Error: ")
        check(page, axe_source)
    for path in (f"{job}/cancel/", f"{person}/remove/"):
        page.goto(path)
        check(page, axe_source)
    page.goto(f"{job}/")
    page.get_by_role("button", name="More actions for Ann Lee").click()
    page.get_by_role("button", name="Copy portal link").click()
    expect(page.locator("#portal-link")).to_contain_text("/p/")
    check(page, axe_source)


# --- every kind of input ---------------------------------------------------------------------------------------------


def test_adding_confirming_and_fixing_work_without_javascript(open_page: Open) -> None:
    template("confirmation")
    page = open_page("/inspections/", js=False)
    page.get_by_role("link", name="Add inspection").click()
    page.get_by_label("Property address").fill("12 Oak St")
    page.get_by_label("Date and time").fill(f"{in_days(4):%Y-%m-%dT09:00}")
    page.get_by_role("button", name="Add another person").click()
    expect(page.get_by_label("Property address")).to_have_value("12 Oak St")
    page.get_by_label("Person 4: name").fill("Ann Lee")
    page.get_by_role("button", name="Add inspection").click()
    page.get_by_role("link", name="Confirm", exact=True).first.click()
    expect(page.get_by_role("heading", name="Will wait for you")).to_be_visible()
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("link", name="Add address").click()
    page.get_by_label("Email address").fill("ann@example.com")
    page.get_by_role("button", name="Save and resend").click()
    expect(page.locator(".notices")).to_contain_text(
        "2 waiting emails go out now, 1 waiting email goes out at its time to ann@example.com."
    )
    page.get_by_role("button", name="Turn off").click()
    expect(page.get_by_role("heading", name="Notifications: Off")).to_be_visible()


def test_the_menu_opens_and_closes_by_keyboard_and_gives_the_focus_back(open_page: Open) -> None:
    person = make_client()
    template("confirmation")
    page = open_page(f"/inspections/{person.inspection_id}/")
    dots = page.get_by_role("button", name="More actions for Ann Lee")
    dots.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Resend Confirmation Email")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dots).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".notices")).to_contain_text("Confirmation to Ann Lee")
    assert person.messages.get().kind == "confirmation"


# --- while it is looked at -------------------------------------------------------------------------------------------


def test_news_appears_on_an_open_page_is_announced_and_then_it_is_quiet(open_page: Open) -> None:
    message = make_message()
    page = open_page(f"/inspections/{message.inspection_id}/")
    page.get_by_role("button", name="More actions for Ann Lee").click()
    resend = page.get_by_role("button", name="Resend Report")
    resend.focus()
    told(message, Status.DELIVERED)
    expect(page.locator(f"#line-m{message.pk}")).to_contain_text("Delivered")
    expect(page.locator(f"#health-{message.participant_id}")).to_contain_text("Delivered")
    expect(page.locator("#announcer")).to_have_text("Confirmation to Ann Lee: Delivered")
    expect(resend).to_be_focused()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(6_000)
    assert [url for url in asked if "/log/" in url] == []


def test_a13_the_agreement_box_and_the_health_line_follow_a_failure(open_page: Open) -> None:
    agreements.install()
    message = make_message(make_client(inspection=make_inspection(status="confirmed", agreement=agreements.current())))
    page = open_page(f"/inspections/{message.inspection_id}/")
    expect(page.locator("#agreement-state")).to_contain_text("on its way to Ann Lee")
    told(message, Status.BOUNCED, category="address_unknown")
    expect(page.locator("#agreement-state")).to_contain_text("Ann Lee cannot reach the agreement.")
    page.get_by_role("link", name="Fix").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Edit Ann Lee")


def test_what_is_typed_is_not_lost_without_a_question(open_page: Open) -> None:
    inspection, _ = services.save(make_draft(people=(make_person(),)), by="Kim Reyes")
    page = open_page(f"/inspections/{inspection.pk}/edit/")
    page.get_by_label("Property address").press_sequentially(" West")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    with page.expect_event("dialog"):
        page.get_by_role("link", name="Cancel").click(no_wait_after=True)
    assert asked == ["beforeunload"]
    assert page.url.endswith("/edit/")
