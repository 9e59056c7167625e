"""The delivery record in a real browser: every look, on paper, without JavaScript; and what other pages print."""

import io
import unicodedata

from playwright.sync_api import Page, expect
from pypdf import PdfReader

from emails import activity, record
from emails.models import Message
from emails.states import Status
from inspections import services
from tests.browser.axe import assert_accessible, assert_fits
from tests.browser.conftest import Open
from tests.emails.mailed import make_client, make_failed, make_message, told

CHECKED = f"?check={'0' * 64}"
WORDS = "smtp;550 5.1.1 no such user here"


def lived() -> Message:
    """A failed email beside a delivered one, with a name of another script and a very long word from a server."""
    failed = make_failed(make_client(name="José Núñez"), words=WORDS)
    other = make_client(inspection=failed.inspection, name="李小龙", email="li@example.net")
    message = told(make_message(other), Status.DELIVERED, text="smtp;250 " + "x" * 300)
    activity.add(message, "opened", provider="postmark")
    services.set_notifications(failed.inspection, False, by="Kim Reyes")
    return failed


def on_paper(page: Page) -> str:
    """What the browser prints, as text without line breaks."""
    reader = PdfReader(io.BytesIO(page.pdf(format="Letter")))
    # Printed, “ff” is one letter.
    return " ".join(unicodedata.normalize("NFKC", "".join(part.extract_text() for part in reader.pages)).split())


def printed(words: str, paper: str) -> bool:
    """Wherever a line ends: a long address breaks inside."""
    return words.replace(" ", "") in paper.replace(" ", "")


def hidden_on_paper(page: Page) -> None:
    page.emulate_media(media="print")
    for gone in (".side", ".bottom-bar", "main .btn", "main input:not([type=hidden])"):
        for part in page.locator(gone).all():
            expect(part).to_be_hidden()


def test_record_is_readable_for_everyone(open_page: Open, axe_source: str) -> None:
    path = f"/inspections/{lived().inspection_id}/record/"
    for width, dark, query in ((1280, False, ""), (360, True, ""), (360, False, "?check=abc"), (1280, True, CHECKED)):
        page = open_page(path + query, width=width, dark=dark)
        assert_accessible(page, axe_source)
        assert_fits(page)


def test_record_is_reached_printed_and_checked_without_javascript(open_page: Open) -> None:
    inspection = lived().inspection
    page = open_page(f"/inspections/{inspection.pk}/", js=False)
    page.get_by_role("link", name="Delivery record").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Delivery record")
    with page.expect_download() as download:
        page.get_by_role("link", name="Get the PDF").click()
    paper = PdfReader(download.value.path())
    assert WORDS in " ".join(" ".join(part.extract_text() for part in paper.pages).split())
    found = record.load(inspection)
    page.get_by_label("SHA-256 from the foot of the paper").fill("abc")
    page.get_by_role("button", name="Check").click()
    expect(page.locator(".errors")).to_contain_text("64 characters")
    assert page.title().startswith("Error: ")
    page.get_by_label("SHA-256 from the foot of the paper").fill(found.sha256.upper())
    page.get_by_role("button", name="Check").click()
    expect(page.locator("main .note")).to_have_text("This record is unchanged.")
    services.set_notifications(inspection, True, by="Kim Reyes")
    page.reload()
    expect(page.locator("main .note")).to_contain_text("1 fact was added since.")


def test_record_printed_by_the_browser_has_everything_and_no_screen_parts(open_page: Open) -> None:
    failed = lived()
    page = open_page(f"/inspections/{failed.inspection_id}/record/")
    paper = on_paper(page)
    for words in (WORDS, "José Núñez", "ann@gmial.com", "li@example.net", "Hint, no proof:", "Emails switched off"):
        assert printed(words, paper), words
    digest = record.load(failed.inspection).sha256
    assert paper.replace(" ", "").count(digest) == 2
    assert printed(f"(/messages/{failed.pk}/)", paper)
    for words in ("Get the PDF", "Email activity", "SHA-256 from the foot"):
        assert words not in paper
    hidden_on_paper(page)


def test_record_print_of_inspection_and_message_opens_what_is_closed(open_page: Open) -> None:
    failed = lived()
    page = open_page(f"/inspections/{failed.inspection_id}/")
    paper = on_paper(page)
    for words in ("Email activity log", f"(/messages/{failed.pk}/)", "Emails switched off", "Delivery record"):
        assert printed(words, paper), words
    hidden_on_paper(page)
    page = open_page(f"/messages/{failed.pk}/")
    expect(page.locator(".server-words")).to_be_hidden()
    paper = on_paper(page)
    assert paper.count(WORDS) >= 2  # among the details that are closed on the screen
    assert "Hello Ann" in paper
    hidden_on_paper(page)
