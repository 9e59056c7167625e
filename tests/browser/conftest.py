"""A person in front of a real Chromium: with and without JavaScript, and what the console said."""

from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, expect

from inspections.models import User
from tests.factories import make_company, make_user
from tests.live import Live

expect.set_options(timeout=60_000)  # a busy machine is slow; what comes is seen at once
# Notes leave after some seconds: on a busy machine too, not before a test has pressed what they offer.
UNHURRIED = """{
    const usual = window.setTimeout;
    window.setTimeout = (what, after, ...more) => usual(what, after >= 8000 ? 10 * after : after, ...more);
}"""
PASSWORD = "a-long-practice-password"


@pytest.fixture
def office(live_worker: Live) -> User:
    """The company and one owner who can sign in."""
    make_company(name="Oakwood Inspections", time_zone="America/Chicago")
    return make_user(email="kim@oakwood.example", name="Kim Reyes", password=PASSWORD, is_superuser=True)


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What the browser's console said; nothing, at the end of every test."""
    said: list[str] = []
    yield said
    assert said == []


def listen(page: Page, complaints: list[str]) -> Page:
    def note(message: ConsoleMessage) -> None:
        # Answers of 4xx are asked for by tests of bad input; the browser logs them as errors.
        if message.type in ("error", "warning") and "status of 4" not in message.text:
            complaints.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda problem: complaints.append(str(problem)))
    return page


def signed_in(context: BrowserContext, user: User, live: Live) -> None:
    """The session of somebody who has signed in, without filling in the form every time."""
    client = Client()
    client.force_login(user)
    cookie = client.cookies["sessionid"]
    context.add_cookies([{"name": "sessionid", "value": cookie.value, "url": live.url}])


Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, live_worker: Live, office: User, complaints: list[str]) -> Iterator[Open]:
    """open_page("/path", js=True, width=1280, dark=False): a signed-in page of its own."""
    contexts: list[BrowserContext] = []

    def open_it(path: str, *, js: bool = True, width: int = 1280, dark: bool = False, anonymous: bool = False) -> Page:
        context = browser.new_context(
            base_url=live_worker.url,
            java_script_enabled=js,
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            bypass_csp=False,
        )
        context.set_default_timeout(60_000)
        context.add_init_script(UNHURRIED)
        contexts.append(context)
        if not anonymous:
            signed_in(context, office, live_worker)
        page = listen(context.new_page(), complaints)
        page.goto(path)
        return page

    yield open_it
    for context in contexts:
        for page in context.pages:
            # Closed while it goes from one page to the next, a browser may never answer, and Playwright waits for ever.
            with suppress(Error):
                page.goto("about:blank")
        context.close()
