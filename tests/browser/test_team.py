"""A colleague comes into the office, and a client goes out of it: without JavaScript, as a person would."""

from playwright.sync_api import Page

from inspections.models import User
from tests.browser.conftest import Open
from tests.factories import make_participant

PASSWORD = "another-long-password"


def mail_to(page: Page, name: str) -> str:
    """The link in the captured invitation."""
    page.goto("/practice/")
    page.get_by_role("link", name="Choose your password").first.click()
    assert f"Hello {name}" in page.locator("pre").first.inner_text()
    return page.locator("pre a").first.get_attribute("href") or ""


def test_a_colleague_is_added_chooses_a_password_and_signs_in(open_page: Open) -> None:
    page = open_page("/settings/team/", js=False)
    page.get_by_role("textbox", name="Name").fill("Raj Patel")
    page.get_by_role("textbox", name="Email").fill("raj@oakwood.example")
    page.get_by_role("button", name="Add and invite").click()
    page.get_by_text("Raj Patel is on the team now").wait_for()
    link = mail_to(page, "Raj")
    raj = open_page(link, js=False, anonymous=True)
    raj.locator("input[name=password1]").fill(PASSWORD)
    raj.locator("input[name=password2]").fill(PASSWORD)
    raj.get_by_role("button", name="Save the new password").click()
    raj.get_by_role("link", name="Sign in").click()
    raj.locator("input[name=login]").fill("raj@oakwood.example")
    raj.locator("input[name=password]").fill(PASSWORD)
    raj.get_by_role("button", name="Sign in").click()
    raj.get_by_role("heading", level=1).wait_for()
    raj.goto("/settings/team/")
    assert raj.get_by_role("button", name="Switch off Kim Reyes").get_attribute("aria-disabled") == "true"
    page.goto("/settings/team/")
    page.get_by_role("button", name="Switch off Raj Patel").click()
    raj.goto("/settings/team/")
    assert "/accounts/login/" in raj.url
    assert not User.objects.get(email="raj@oakwood.example").is_active


def test_a_clients_data_is_deleted_after_the_question(open_page: Open) -> None:
    ann = make_participant(name="Ann Lee", email="ann@example.com")
    page = open_page(f"/contacts/{ann.contact_id}/", js=False)
    page.get_by_role("link", name="Delete their data").click()
    page.get_by_role("button", name="Delete for good").click()
    page.get_by_role("heading", name="Please check this").wait_for()
    page.get_by_label("I know that nobody can bring this back").check()
    page.get_by_role("button", name="Delete for good").click()
    page.get_by_role("heading", name="Deleted person").wait_for()
    assert "ann@example.com" not in page.content()
