"""Share Details in front of a real browser: send or pass on a link that opens a part, and switch it off."""

import re

import pytest
from playwright.sync_api import expect

from emails.models import Message
from emails.states import Status
from inspections.models import Participant, PortalLink
from tests.browser.axe import assert_accessible, assert_fits
from tests.browser.conftest import Open
from tests.emails.mailed import make_client
from tests.factories import make_inspection, make_participant
from tests.live import Live, until

with_and_without = pytest.mark.parametrize("js", [True, False], ids=["js", "no-js"])


@pytest.fixture
def pat(live_worker: Live) -> Participant:
    ann = make_client(name="Ann Lee", email="ann@example.com", inspection=make_inspection(status="confirmed"))
    return make_participant(ann.inspection, name="Pat Moe", email="pat@example.com", role="buyer_agent")


@with_and_without
def test_a12_send_an_agent_the_details_by_email(open_page: Open, pat: Participant, js: bool) -> None:
    page = open_page(f"/inspections/{pat.inspection_id}/", js=js)
    page.get_by_role("link", name="Share Details").click()
    page.get_by_role("link", name=re.compile("Pat Moe")).click()
    expect(page.get_by_label("Sign & pay")).to_be_disabled()
    said = "Pat Moe (buyer’s agent) will see: date, place, inspector. Not: agreement, invoice, report."
    expect(page.get_by_text(said)).to_be_visible()
    page.get_by_label("Details only").check()
    page.get_by_role("button", name="Send by email").click()
    expect(page.get_by_text("Email to Pat Moe is on its way.")).to_be_visible()
    until(lambda: Message.objects.filter(status=Status.DELIVERED).exists(), "it arrived")
    assert PortalLink.objects.get().scope == "details"


@with_and_without
def test_a12_a_link_is_passed_on_opened_and_switched_off(open_page: Open, pat: Participant, js: bool) -> None:
    page = open_page(f"/inspections/{pat.inspection_id}/share/?to={pat.pk}", js=js)
    page.get_by_label("Details only").check()
    page.get_by_role("button", name="Make a link").click()
    address = page.locator("#portal-link").inner_text().strip()
    expect(page.locator("svg.qr-code")).to_be_visible()
    guest = open_page(address, js=js, anonymous=True, width=360)
    expect(guest.get_by_text("Pat Moe", exact=True)).to_be_visible()
    page.get_by_role("link", name="All active links").click()
    expect(page.get_by_role("row").filter(has_text="Shared by Kim Reyes")).not_to_contain_text("Not yet")
    page.get_by_role("button", name=re.compile("Switch off")).click()
    expect(page.get_by_text("Switched off.")).to_be_visible()
    guest.reload()
    expect(guest.get_by_text("Pat Moe", exact=True)).not_to_be_visible()


@with_and_without
def test_a12_a_code_is_read_out(open_page: Open, pat: Participant, js: bool) -> None:
    page = open_page(f"/inspections/{pat.inspection_id}/share/?to={pat.pk}", js=js)
    page.get_by_role("button", name="Make a link").click()
    code = page.locator("#portal-code").inner_text()
    guest = open_page("/p/code/", js=js, anonymous=True, width=360)
    guest.get_by_label("The code that we told you").fill("AAAA AAAA")
    guest.get_by_role("button", name="Open").click()
    expect(guest.get_by_role("alert")).to_be_visible()
    guest.get_by_label("The code that we told you").fill(code.lower())
    guest.get_by_role("button", name="Open").click()
    expect(guest.get_by_text("Pat Moe", exact=True)).to_be_visible()


@with_and_without
def test_a12_somebody_new_is_asked_about_first(open_page: Open, pat: Participant, js: bool) -> None:
    page = open_page(f"/inspections/{pat.inspection_id}/share/", js=js)
    page.get_by_role("link", name="Someone else…").click()
    page.locator("#id_name").fill("Eve Fox")
    page.locator("#id_email").fill("eve@example.com")
    page.get_by_role("button", name="Send by email").click()
    expect(page.get_by_text("is not on this inspection")).to_be_visible()
    page.get_by_role("button", name="Yes, send it").click()
    expect(page.get_by_text("Email to Eve Fox is on its way.")).to_be_visible()
    until(lambda: Message.objects.filter(status=Status.DELIVERED).exists(), "it arrived")
    assert pat.inspection.participants.get(role="other").name == "Eve Fox"


def test_a12_by_keyboard_alone(open_page: Open, pat: Participant) -> None:
    page = open_page(f"/inspections/{pat.inspection_id}/share/")
    page.get_by_role("link", name=re.compile("Pat Moe")).focus()
    page.keyboard.press("Enter")
    page.get_by_label("Details only").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Report only")).to_be_checked()
    page.get_by_role("button", name="Send by email").focus()
    page.keyboard.press("Enter")
    until(lambda: Message.objects.filter(status=Status.DELIVERED).exists(), "it arrived")
    assert PortalLink.objects.get().scope == "report"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_pages_are_accessible_and_fit(open_page: Open, pat: Participant, axe_source: str, dark: bool) -> None:
    base = f"/inspections/{pat.inspection_id}/share/"
    page = open_page(base, dark=dark)

    def look() -> None:
        for width in (360, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            assert_accessible(page, axe_source)
            assert_fits(page)

    look()
    page.goto(f"{base}?to={pat.pk}")
    look()
    page.get_by_role("button", name="Make a link").click()
    look()
    page.goto(f"{base}?to=new")
    page.get_by_role("button", name="Send by email").click()
    look()
    page.locator("#id_name").fill("Eve Fox")
    page.locator("#id_email").fill("eve@example.com")
    page.get_by_role("button", name="Send by email").click()
    look()
    page.goto("/p/code/")
    page.get_by_label("The code that we told you").fill("AAAA AAAA")
    page.get_by_role("button", name="Open").click()
    look()
