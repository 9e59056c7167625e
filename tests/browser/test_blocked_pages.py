"""Blocked addresses and “Why didn’t Ann get it?” as a person uses them, with and without JavaScript."""

import pytest
from django.conf import LazySettings
from playwright.sync_api import Page, expect

from emails import retries
from emails.models import AddressHold, Message, Problem
from emails.states import Status
from inspections import services
from inspections.models import Inspection
from tests.browser.axe import assert_accessible, assert_fits
from tests.browser.conftest import Open
from tests.factories import make_draft, make_person
from tests.live import Live, until

both = pytest.mark.parametrize("js", [True, False], ids=["with JavaScript", "without JavaScript"])


def confirmed(email: str, *, number: str) -> Inspection:
    person = make_person(name="Sam Whitaker", email=email)
    inspection, _ = services.save(make_draft(external_id=number, people=(person,)), by="Kim Reyes")
    services.confirm(inspection, by="Kim Reyes")
    return inspection


def seen(message: Message, status: str) -> None:
    until(lambda: Message.objects.get(pk=message.pk).status == status, f"{message} is {status}")


@both
def test_a15_refused_by_the_mail_service_allowed_again_and_delivered(
    open_page: Open, live_worker: Live, js: bool
) -> None:
    email = f"suppressed+sam{js}@example.com".lower()
    inspection = confirmed(email, number=f"H-{js}")
    first = inspection.messages.get(kind="confirmation")
    seen(first, Status.REJECTED)
    page = open_page(f"/messages/{first.pk}/", js=js)
    page.get_by_role("link", name="Allow again").click()
    expect(page.get_by_role("table")).to_contain_text(email)
    page.get_by_role("button", name="Allow again and resend").click()
    expect(page.locator("body")).to_contain_text("is allowed again.")
    until(lambda: Message.objects.filter(root=first).exists(), "a new row")
    live_worker.wake()
    seen(Message.objects.get(root=first), Status.DELIVERED)
    until(lambda: not Problem.objects.open().filter(message__root=first).exists(), "the problem is closed")
    page.goto("/blocked/")
    expect(page.get_by_text("No blocked addresses")).to_be_visible()


@both
def test_a09_a_complaint_is_allowed_again_with_their_word(open_page: Open, live_worker: Live, js: bool) -> None:
    email = f"complaint+kay{js}@example.com".lower()
    inspection = confirmed(email, number=f"C-{js}")
    first = inspection.messages.get(kind="confirmation")
    seen(first, Status.COMPLAINED)
    page = open_page(f"/messages/{first.pk}/", js=js)
    page.get_by_role("link", name="Allow again").click()
    page.get_by_role("link", name="Allow again").click()
    page.get_by_role("button", name="Allow again").click()
    expect(page.get_by_role("alert")).to_contain_text("How did they ask for it?")
    page.get_by_label("How did they ask for it?").fill("Kay called on Monday")
    page.get_by_role("button", name="Allow again").click()
    expect(page.locator("body")).to_contain_text("is allowed again.")
    hold = AddressHold.objects.get(address=email)
    assert (hold.note, hold.released_by) == ("Kay called on Monday", "Kim Reyes")


def test_a27_added_by_hand_found_and_asked_about(open_page: Open) -> None:
    page = open_page("/blocked/add/")
    page.get_by_label("Email address").fill("ann@localhost")
    page.get_by_label("Why?").fill("She asked us to stop")
    page.get_by_role("button", name="Block this address").click()
    expect(page.get_by_role("alert")).to_contain_text("needs a dot")
    page.get_by_label("Email address").fill("pat@example.com")
    page.get_by_role("button", name="Block this address").click()
    row = page.get_by_role("row").filter(has_text="pat@example.com")
    expect(row).to_contain_text("She asked us to stop")
    row.get_by_role("button", name="Ask").click()
    expect(row).to_contain_text("Not blocked")


def test_a_failure_that_passes_waits_with_its_hour_and_can_be_stopped(
    open_page: Open, live_worker: Live, axe_source: str
) -> None:
    first = confirmed("full+sam@example.com", number="F-1").messages.get(kind="confirmation")
    seen(first, Status.SOFT_BOUNCED)
    # The worker of the tests plans none by itself; both emails have to be back first.
    until(lambda: retries.plan_all() >= 0 and Message.objects.planned_retries().count() == 2, "they are planned again")
    page = open_page("/")
    expect(page.locator("#watched")).to_contain_text("Their mailbox is full. We try again tomorrow")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Nothing needs you")
    assert_accessible(page, axe_source)
    page.goto(f"/messages/{Message.objects.get(resend_of=first).pk}/")
    page.get_by_role("button", name="Don’t send it").click()
    expect(page.locator("body")).to_contain_text("was not sent")
    page.goto("/")
    expect(page.locator("#needs")).to_contain_text("Sam Whitaker")


@both
def test_a01_why_did_sam_not_get_it(open_page: Open, live_worker: Live, axe_source: str, js: bool) -> None:
    inspection = confirmed("bounce+sam@example.com", number=f"W-{js}")
    seen(inspection.messages.get(kind="confirmation"), Status.BOUNCED)
    page = _by_the_dots(open_page, inspection) if js else open_page("/inspections/?q=sam", js=False)
    page.get_by_role("link", name="Why didn’t Sam Whitaker get it?").first.click()
    expect(page.get_by_role("heading", name="This address doesn’t exist")).to_be_visible()
    if js:
        assert_accessible(page, axe_source)
        page.set_viewport_size({"width": 360, "height": 800})
        assert_fits(page)
    page.get_by_role("link", name="Fix address and resend").click()
    page.get_by_label("Email address").fill("sam@example.com")
    page.get_by_role("button", name="Save and resend").click()
    until(lambda: Message.objects.filter(resend_of__isnull=False, to_address="sam@example.com").exists(), "a new row")


def _by_the_dots(open_page: Open, inspection: Inspection) -> Page:
    page = open_page(f"/inspections/{inspection.pk}/")
    page.get_by_role("button", name="More actions for Sam Whitaker").click()
    return page


def test_a_page_never_waits_for_a_mail_service_that_is_gone(
    open_page: Open, live_worker: Live, settings: LazySettings
) -> None:
    page = open_page("/blocked/add/")
    page.get_by_label("Email address").fill("pat@example.com")
    page.get_by_label("Why?").fill("x")
    page.get_by_role("button", name="Block this address").click()
    settings.ANYMAIL = {**settings.ANYMAIL, "POSTMARK_API_URL": "http://127.0.0.1:9/"}
    page.get_by_role("button", name="Allow again").click()
    expect(page.locator("body")).to_contain_text("did not answer yet; we ask again.")
