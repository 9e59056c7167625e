"""Correcting a reason, sending in another way, trying a whole domain again, and the portal's language, in a browser."""

import pytest
from playwright.sync_api import Page, expect

from emails.models import Message, WrongReason
from inspections import links
from tests.browser.axe import assert_accessible, assert_fits
from tests.browser.conftest import Open
from tests.emails.mailed import make_client, make_failed
from tests.live import Live

LOOKS = [(width, dark) for width in (1280, 360) for dark in (False, True)]
with_and_without = pytest.mark.parametrize("js", [True, False], ids=["js", "no-js"])


def check(page: Page, axe_source: str) -> None:
    assert_fits(page)
    assert_accessible(page, axe_source)


def turned_away() -> None:
    for n in range(3):
        make_failed(make_client(name=f"Kit {n}", email=f"kit{n}@comcast.net"), "server_problem")


# --- wrong reason? ---------------------------------------------------------------------------------------------------


@with_and_without
def test_a_wrong_reason_is_corrected_and_taken_back(open_page: Open, js: bool) -> None:
    failed = make_failed(make_client(email="ann@example.com"))
    page = open_page(f"/messages/{failed.pk}/", js=js)
    page.get_by_text("Technical details").click()
    page.get_by_role("link", name="Wrong reason? Tell us").click()
    page.get_by_label("Their mail server turned us away").check()
    page.get_by_label("Note").fill("Ann reads mail there every day")
    page.get_by_role("button", name="Correct the reason").click()
    expect(page.get_by_text("It says “Their mail server turned us away” now.")).to_be_visible()
    expect(page.locator("#message-state")).to_contain_text("Reason corrected")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("It says “This address doesn’t exist” again.")).to_be_visible()
    failed.refresh_from_db()
    assert failed.category == "address_unknown"
    assert WrongReason.objects.get().note == "Ann reads mail there every day"


def test_the_form_opens_in_place_and_cancel_gives_the_focus_back(open_page: Open) -> None:
    failed = make_failed()
    page = open_page(f"/messages/{failed.pk}/")
    page.get_by_text("Technical details").click()
    page.get_by_role("link", name="Wrong reason? Tell us").press("Enter")
    expect(page.get_by_label("Note")).to_be_visible()
    assert page.url.endswith(f"/messages/{failed.pk}/")
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_label("Note")).to_be_hidden()
    expect(page.get_by_role("link", name="Wrong reason? Tell us")).to_be_focused()


def test_cancel_on_the_page_of_its_own_leads_back(open_page: Open) -> None:
    failed = make_failed()
    page = open_page(f"/messages/{failed.pk}/reason/")
    page.get_by_role("link", name="Cancel").click()
    page.wait_for_url(f"**/messages/{failed.pk}/")


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_correcting_is_readable_for_everyone(open_page: Open, axe_source: str, width: int, dark: bool) -> None:
    failed = make_failed(words="550 \x1b[31m \u202eabc " + "x" * 300)
    page = open_page(f"/messages/{failed.pk}/", width=width, dark=dark)
    page.get_by_text("Technical details").click()
    page.get_by_role("link", name="Wrong reason? Tell us").click()
    expect(page.get_by_label("Note")).to_be_visible()
    check(page, axe_source)
    page.get_by_role("button", name="Correct the reason").click()
    expect(page.locator(".errors")).to_be_focused()
    check(page, axe_source)
    page.get_by_label("Their mailbox is full").check()
    page.get_by_role("button", name="Correct the reason").click()
    page.get_by_text("It says “Their mailbox is full” now.").wait_for()
    check(page, axe_source)
    page.goto("/settings/wrong-reasons/")
    check(page, axe_source)


# --- sending in another way ------------------------------------------------------------------------------------------


@with_and_without
def test_the_short_version_is_sent_once_however_often_it_is_pressed(open_page: Open, js: bool) -> None:
    failed = make_failed(make_client(email="ann@example.com"), "spam_content")
    page = open_page(f"/messages/{failed.pk}/", js=js)
    page.get_by_role("button", name="Send plain version").dblclick()
    page.get_by_text("Confirmation to Ann Lee is on its way.").first.wait_for()
    assert Message.objects.filter(resend_of=failed, plain=True).count() == 1


@with_and_without
def test_tomorrow_at_eight_can_be_stopped_again(open_page: Open, js: bool) -> None:
    make_failed(make_client(email="ann@example.com"), "mailbox_full")
    page = open_page("/", js=js)
    page.get_by_role("button", name="Try again tomorrow 8 AM").dblclick()
    page.get_by_role("link", name="See it").first.click()
    expect(page.locator("#message-state")).to_contain_text("Scheduled")
    expect(page.locator("#message-state")).to_contain_text("8:00 AM")
    page.get_by_role("button", name="Don’t send it").click()
    page.get_by_text("was not sent").first.wait_for()
    assert [m.status for m in Message.objects.filter(resend_of__isnull=False)] == ["cancelled"]


def test_the_message_to_copy_can_be_selected_without_javascript(open_page: Open) -> None:
    failed = make_failed(make_client(email="ann@example.com"), "recipient_policy")
    page = open_page(f"/messages/{failed.pk}/", js=False)
    page.get_by_role("link", name="Copy the message for Ann Lee").click()
    expect(page.locator("#tell-words")).to_be_in_viewport()
    expect(page.locator("#tell-words")).to_contain_text("office@oakwood.example")
    expect(page.locator("#tell-words-es")).to_contain_text("office@oakwood.example")


# --- a whole domain --------------------------------------------------------------------------------------------------


@with_and_without
def test_all_to_one_domain_are_tried_again(open_page: Open, js: bool) -> None:
    turned_away()
    page = open_page("/", js=js)
    expect(page.get_by_role("heading", name="3 emails to comcast.net not answered since")).to_be_visible()
    page.get_by_role("link", name="Retry all").click()
    expect(page.get_by_role("heading", name="Will be sent again, one after the other")).to_be_visible()
    assert not Message.objects.filter(resend_of__isnull=False).exists()
    page.get_by_role("button", name="Send 3 again").dblclick()
    page.get_by_text("3 emails to comcast.net are on the way.").first.wait_for()
    assert Message.objects.filter(resend_of__isnull=False).count() == 3


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_a_domains_pages_are_readable_for_everyone(open_page: Open, axe_source: str, width: int, dark: bool) -> None:
    turned_away()
    page = open_page("/", width=width, dark=dark)
    for path in ("/", "/today/server_problem/comcast.net/", "/today/server_problem/comcast.net/retry/"):
        page.goto(path)
        check(page, axe_source)
    page.goto("/today/server_problem/nobody.example/retry/")
    check(page, axe_source)


# --- the words -------------------------------------------------------------------------------------------------------


def test_a_status_leads_to_its_words(open_page: Open) -> None:
    failed = make_failed()
    page = open_page(f"/messages/{failed.pk}/")
    page.get_by_role("link", name="What this means").first.click()
    page.wait_for_url("**/words/#address_unknown")
    expect(page.locator("#address_unknown")).to_be_in_viewport()
    expect(page.locator("#address_unknown")).to_contain_text("We stop sending to this address.")


# --- the portal ------------------------------------------------------------------------------------------------------


@with_and_without
def test_a_client_switches_the_portal_to_spanish(open_page: Open, live_worker: Live, axe_source: str, js: bool) -> None:
    _, url = links.mint(make_client(email="ann@example.com"), purpose="test")
    page = open_page(url.removeprefix(live_worker.url), anonymous=True, width=360, js=js)
    expect(page.get_by_role("heading", name="Hello Ann Lee")).to_be_visible()
    page.get_by_role("link", name="Español").click()
    expect(page.get_by_role("heading", name="Hola, Ann Lee")).to_be_visible()
    assert_fits(page)
    page.reload()
    expect(page.get_by_text("Esta inspección está confirmada.")).to_be_visible()
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", name="Hello Ann Lee")).to_be_visible()
    assert {cookie["domain"] for cookie in page.context.cookies()} == {"127.0.0.1"}
