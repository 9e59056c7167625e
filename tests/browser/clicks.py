"""How often a person pressed something, counted over all pages that they went through."""

from playwright.sync_api import Page

_COUNT = """addEventListener("click", (event) => {
  if (event.isTrusted) sessionStorage.clicks = 1 + Number(sessionStorage.clicks || 0);
}, true);"""


def count_from_here(page: Page) -> None:
    """Begin at zero, on this page and all that follow. Needs JavaScript."""
    page.add_init_script(_COUNT)
    page.reload()
    page.evaluate("sessionStorage.clicks = 0")


def clicks(page: Page) -> int:
    return int(page.evaluate("Number(sessionStorage.clicks)"))
