"""Every page with all words a third longer, as a translation may need: nothing sticks out, nothing is cut off."""

from playwright.sync_api import Page

from tests.browser.axe import assert_fits
from tests.browser.conftest import Open
from tests.browser.stretched import cut_off, stretch
from tests.browser.test_every_page import FIXED, MISSING, STATES, WIDTHS, own_pages, told
from tests.live import Live


def look(page: Page, path: str) -> None:
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert_fits(page)
        assert cut_off(page) == [], (path, width)


def test_every_page_has_room_for_longer_words(open_page: Open, live_worker: Live) -> None:
    paths = own_pages(told(live_worker))
    page = open_page("/")
    for path in [*FIXED, *MISSING, *paths]:
        page.goto(path)
        stretch(page)
        look(page, path)


def test_menus_forms_and_errors_have_room_for_longer_words(open_page: Open, live_worker: Live) -> None:
    told(live_worker)
    for width in WIDTHS:
        for name, (path, act) in STATES.items():
            page = open_page(path, width=width)
            act(page)
            stretch(page)
            assert_fits(page)
            assert cut_off(page) == [], (name, width)
