"""Accessibility, checked in the page itself with axe-core."""

from typing import Any

from playwright.sync_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


# Only what is wrong comes back: all else that axe says about a page is half a megabyte, read three times on its way.
# The same of every rule: `resultTypes` spares the words about elements that are right.
RUN = """tags => axe.run(document, {
    runOnly: tags, resultTypes: ["violations"], preload: false, iframes: false
}).then(found => found.violations)"""


def violations(page: Page, source: str) -> list[str]:
    """What axe finds, one line for each kind: rule, what to do, where.

    `source` is the fixture `axe_source`. The pages' Content-Security-Policy lets no style sheet in that a script puts
    there, so axe must not preload ours. The sandboxed frame of an email lets nobody in at all.
    """
    page.wait_for_load_state()  # after a press, the next page may have begun and have nothing in it yet
    if not page.evaluate("'axe' in window"):  # it is still there at the second width
        page.evaluate(f"() => {{ {source} }}")
    return [_line(violation) for violation in page.evaluate(RUN, TAGS)]


def _line(violation: dict[str, Any]) -> str:
    places = ", ".join(" ".join(map(str, node["target"])) for node in violation["nodes"][:5])
    return f"{violation['id']}: {violation['help']} ({places})"


def assert_accessible(page: Page, source: str) -> None:
    """Nothing to complain about, by WCAG 2.2 AA and best practice."""
    assert violations(page, source) == []


def assert_fits(page: Page) -> None:
    """Nothing sticks out to the right."""
    page.wait_for_load_state()
    wide, window = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= window, f"{wide} px wide in a window of {window}"
