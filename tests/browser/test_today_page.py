"""Today and one email's page in a real browser: for every eye, on every screen, with every kind of input."""

import re
from contextlib import suppress

import brotli
import pytest
from playwright.sync_api import Error, Page, Route, expect

from emails.models import Message
from emails.states import Status
from tests.browser.axe import assert_accessible, assert_fits
from tests.browser.conftest import Open
from tests.emails.mailed import make_client, make_failed, make_message, told
from tests.factories import in_days, make_inspection

LOOKS = [(width, dark) for width in (1280, 360) for dark in (False, True)]


def fill() -> Message:
    """One of everything that Today shows; the failed one comes back."""
    failed = make_failed(make_client(inspection=make_inspection(status="confirmed", starts_at=in_days(1))))
    make_failed(make_client(name="Bob Lee", email="bob@example.com"), "mailbox_full")
    long = "cynthia.alexandrovna.montgomery-washington@mail.realestate-partners.example"
    make_failed(make_client(name="Cynthia Alexandrovna Montgomery-Washington", email=long), "recipient_policy")
    make_message(make_client(name="Dan", email=""), status=Status.HELD, reason="no_address")
    make_message(make_client(name="Eve", email="eve@example.com"), status=Status.SKIPPED, reason="off_late")
    told(make_message(make_client(name="Fay", email="fay@example.com")), Status.DEFERRED)
    for n in range(3):
        make_failed(make_client(name=f"Kit {n}", email=f"kit{n}@comcast.net"), "sender_reputation")
    return failed


def check(page: Page, axe_source: str) -> None:
    assert_fits(page)
    assert_accessible(page, axe_source)


# --- every look ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_today_is_readable_for_everyone(open_page: Open, axe_source: str, width: int, dark: bool) -> None:
    page = open_page("/", width=width, dark=dark)
    check(page, axe_source)  # empty
    fill()
    page.goto("/")
    check(page, axe_source)
    page.get_by_role("button", name="More actions for Ann Lee").click()
    check(page, axe_source)
    page.get_by_role("link", name="Mark handled").click()
    page.get_by_role("button", name="Mark handled").click()
    expect(page.locator(".errors")).to_be_focused()
    check(page, axe_source)


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_an_emails_page_is_readable_for_everyone(open_page: Open, axe_source: str, width: int, dark: bool) -> None:
    failed = fill()
    page = open_page(f"/messages/{failed.pk}/", width=width, dark=dark)
    page.get_by_text("Technical details").click()
    check(page, axe_source)
    page.get_by_role("link", name="Plain text").click()
    check(page, axe_source)


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/password/reset/", "/nowhere/"])
@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_the_doors_are_readable_for_everyone(
    open_page: Open, axe_source: str, path: str, width: int, dark: bool
) -> None:
    check(open_page(path, width=width, dark=dark, anonymous=True), axe_source)


def test_a_refused_sign_in_is_readable_and_focused(open_page: Open, axe_source: str) -> None:
    page = open_page("/accounts/login/", anonymous=True)
    page.get_by_label("Email").fill("nobody@example.com")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_title(re.compile("^Error: "))
    expect(page.locator(".errors")).to_be_focused()
    check(page, axe_source)


# --- staying up to date ----------------------------------------------------------------------------------------------


def test_news_arrive_while_somebody_types_and_disturb_nothing(open_page: Open) -> None:
    watched = make_message(make_client(name="Gil", email="gil@example.com"))
    fill()
    page = open_page("/")
    page.get_by_role("button", name="More actions for Ann Lee").click()
    page.get_by_role("link", name="Mark handled").click()
    note = page.get_by_label("Note")
    note.press_sequentially("Ann cal")
    make_failed(make_client(name="Newcomer", email="new@gmial.com"))
    told(watched, Status.DELIVERED)
    expect(page.get_by_role("heading", name="Newcomer")).to_be_visible()
    expect(page.locator("#announcer")).to_contain_text("Confirmation to Gil: Delivered")
    expect(note).to_be_focused()
    note.press_sequentially("led")
    expect(note).to_have_value("Ann called")


def test_a_refresh_that_fails_says_so_and_keeps_the_list(open_page: Open, complaints: list[str]) -> None:
    fill()
    page = open_page("/")
    page.route("**/today/list/**", lambda route: route.abort())
    expect(page.locator("#live")).to_contain_text("Couldn’t refresh. You see")
    expect(page.get_by_role("heading", name="Ann Lee")).to_be_visible()
    expect(page.get_by_role("button", name="Try again", exact=True)).to_be_visible()
    page.unroute("**/today/list/**")
    with suppress(Error):  # unless a poll came first, and it is gone
        page.get_by_role("button", name="Try again", exact=True).click(timeout=2_000)
    expect(page.locator("#live")).to_contain_text("Updated")
    complaints.clear()  # the browser and htmx both log the broken connection


def test_a_hidden_tab_asks_for_nothing(open_page: Open) -> None:
    page = open_page("/")
    asked: list[str] = []
    page.add_init_script("Object.defineProperty(document, 'hidden', {value: true})")
    page.reload()
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(6_000)
    assert not [url for url in asked if "/today/list/" in url]


def test_a_session_that_ended_is_said_and_not_swapped_into_the_list(open_page: Open) -> None:
    fill()
    page = open_page("/")
    page.context.clear_cookies()
    expect(page.get_by_text("You have been signed out.")).to_be_visible()
    expect(page.get_by_role("heading", name="Ann Lee")).to_be_visible()


# --- by keyboard, and without JavaScript -----------------------------------------------------------------------------


def test_the_keyboard_alone_walks_opens_and_snoozes(open_page: Open) -> None:
    fill()
    page = open_page("/")
    for _ in range(2):  # the card of one domain comes first
        page.keyboard.press("j")
    expect(page.get_by_role("article", name="Ann Lee")).to_be_focused()
    page.keyboard.press("s")
    expect(page.get_by_text("Ann Lee comes back tomorrow")).to_be_visible()
    page.get_by_role("button", name="Undo").press("Enter")
    expect(page.get_by_role("heading", name="Ann Lee")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Keyboard shortcuts")).to_be_hidden()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()


def test_the_menu_closes_with_escape_and_gives_the_focus_back(open_page: Open) -> None:
    fill()
    page = open_page("/")
    dots = page.get_by_role("button", name="More actions for Ann Lee")
    dots.press("Enter")
    expect(page.get_by_role("button", name="Snooze to tomorrow").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Snooze to tomorrow").first).to_be_hidden()
    expect(dots).to_be_focused()


def test_without_javascript_every_button_works(open_page: Open) -> None:
    fill()
    page = open_page("/", js=False)
    page.get_by_role("button", name="More actions for Ann Lee").click()
    page.get_by_role("button", name="Snooze to tomorrow").click()
    expect(page.get_by_text("Ann Lee comes back tomorrow")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="More actions for Ann Lee").click()
    page.get_by_role("link", name="Mark handled").click()
    page.get_by_label("They have it already").check()
    page.get_by_role("button", name="Mark handled").click()
    expect(page.get_by_text("Ann Lee is marked as handled.")).to_be_visible()
    page.get_by_role("article", name="Bob Lee").get_by_role("button", name="Try again tomorrow 8 AM").click()
    expect(page.get_by_text("Confirmation to Bob Lee goes out")).to_be_visible()


def test_pressed_five_times_it_is_one_email(open_page: Open) -> None:
    fill()
    page = open_page("/")
    button = page.get_by_role("article", name="Bob Lee").get_by_role("button", name="Try again tomorrow 8 AM")
    button.click(click_count=5, delay=10)
    expect(page.get_by_text("Confirmation to Bob Lee goes out").first).to_be_visible()
    assert Message.objects.filter(to_name="Bob Lee", resend_of__isnull=False).count() == 1


def test_an_answer_is_said_though_its_row_has_left_the_page(open_page: Open) -> None:
    fill()
    page = open_page("/")
    row = page.get_by_role("article", name="Bob Lee")

    def after_the_row_is_gone(route: Route) -> None:
        row.evaluate("row => row.closest('li').remove()")
        route.continue_()

    page.route("**/resend/", after_the_row_is_gone)
    row.get_by_role("button", name="Try again tomorrow 8 AM").click()
    expect(page.get_by_text("Confirmation to Bob Lee goes out").first).to_be_visible()


# --- weight ----------------------------------------------------------------------------------------------------------


def test_a_page_is_light_and_asks_nobody_else(open_page: Open) -> None:
    fill()
    page = open_page("/")
    urls: set[str] = set()
    page.on("request", lambda request: urls.add(request.url))
    page.reload()
    page.wait_for_load_state("load")
    home = page.url.rstrip("/")
    ours = {url for url in urls if not url.startswith("data:")}
    assert {url for url in ours if not url.startswith(home)} == set()
    assert sum(len(brotli.compress(page.request.get(url).body())) for url in ours) <= 120_000
