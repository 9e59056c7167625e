"""The client portal as clients meet it: on a phone, most of them without a thought for what runs in the page."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.conf import LazySettings
from playwright.sync_api import Page, expect

from emails.models import Message, Problem
from emails.states import Status
from inspections import agreements, links, payments, services
from inspections.models import Inspection, InspectionEvent, Participant, PortalLink, Signature
from tests.browser.axe import assert_accessible, assert_fits
from tests.browser.conftest import Open
from tests.browser.test_main_job import seen
from tests.factories import make_draft, make_person
from tests.live import Live, until

Type = InspectionEvent.Type
REPORT = "/healthz"  # any page of this machine


@pytest.fixture(autouse=True)
def _agreement(live_worker: Live) -> None:
    agreements.install()


def confirmed(*people: Any, **over: Any) -> Inspection:
    """A confirmed inspection of Ann and Bo."""
    both = (make_person(name="Ann Lee", email="ann@example.com"), make_person(name="Bo Li", email="bo@example.com"))
    inspection, _ = services.save(make_draft(people=people or both, **over), by="Kim Reyes")
    services.confirm(inspection, by="Kim Reyes")
    return inspection


def person(inspection: Inspection, name: str) -> Participant:
    return inspection.participants.get(contact__name=name)


def link_for(someone: Participant) -> str:
    url = links.mint(someone, purpose="test")[1]
    return "/p/" + url.rstrip("/").rpartition("/")[2] + "/"


def link_in(page: Page, message: Message) -> str:
    """The link in the email as it arrived."""
    body = page.request.get(f"/practice/{message.provider_message_id}/").text()
    found = re.search(r"/p/[\w-]{43}/", body)
    assert found, body[:2000]
    return found[0]


def sign(page: Page, name: str) -> None:
    page.get_by_label("Your full name").fill(name)
    page.get_by_label("I agree to sign electronically").check()
    page.get_by_role("button", name="Sign agreement").click()


def heading(page: Page) -> Any:
    return expect(page.get_by_role("heading", level=1))


@pytest.mark.parametrize("js", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a22_the_button_in_the_email_leads_to_signing_and_paying(open_page: Open, js: bool) -> None:
    """Two clients, each with a link of their own: both sign, the office records the money, the report opens."""
    inspection = confirmed()
    services.publish_report(inspection, by="Kim Reyes", url=f"http://localhost{REPORT}")
    Inspection.objects.filter(pk=inspection.pk).update(report_url=REPORT)
    office = open_page("/")
    for name in ("Ann Lee", "Bo Li"):
        email = inspection.messages.get(kind="confirmation", to_name=name)
        seen(email, Status.DELIVERED)
        page = open_page(link_in(office, Message.objects.get(pk=email.pk)), anonymous=True, js=js, width=360)
        heading(page).to_have_text(f"Hello {name}")
        expect(page.locator(".steps")).to_contain_text("opens when the agreement is signed and the fee is paid")
        page.get_by_role("link", name="Read and sign").click()
        expect(page.locator(".agreement")).to_contain_text("No guarantee")
        sign(page, name)
        heading(page).to_have_text("Thank you. You have signed")
        with page.expect_download() as copy:
            page.get_by_role("link", name="Your signed copy (PDF)").first.click()
        assert copy.value.suggested_filename == "signed-agreement.pdf"
        page.get_by_role("link", name="How to pay").click()
        heading(page).to_have_text("Pay $425.00")
    record_payment(office, inspection)
    page.goto(f"/p/home/{person(inspection, 'Bo Li').pk}/")
    expect(page.locator(".steps")).to_contain_text("Paid. Thank you")
    page.get_by_role("link", name="Open the report").click()
    page.wait_for_url(f"**{REPORT}")
    types = set(inspection.events.values_list("type", flat=True))
    assert {Type.SIGNED, Type.AGREEMENT_SIGNED, Type.PAID, Type.REPORT_OPENED} <= types


def record_payment(office: Page, inspection: Inspection) -> None:
    office.goto(f"/inspections/{inspection.pk}/")
    box = office.locator("section").filter(has=office.get_by_role("heading", name="Agreement and payment"))
    expect(box).to_contain_text("Ann Lee signed")
    expect(box).to_contain_text("Bo Li signed")
    box.get_by_text("Record a payment").click()
    expect(box.get_by_label("Amount in dollars")).to_have_value("425.00")
    box.get_by_role("button", name="Record payment").click()
    expect(office.locator("#agreement-state")).to_contain_text("Paid. The fee was $425.00.")


def test_a13_only_an_email_that_arrived_brings_the_agreement(open_page: Open, live_worker: Live) -> None:
    """The office reads that Ann is cut off, corrects her address, and the new email's link opens the agreement."""
    inspection = confirmed(make_person(name="Ann Lee", email="bounce+ann@example.com"))
    office = open_page(f"/inspections/{inspection.pk}/")
    expect(office.locator("#agreement-state")).to_contain_text("Ann Lee cannot reach the agreement.")
    someone = person(inspection, "Ann Lee")
    office.goto(f"/people/{someone.pk}/edit/")
    office.locator("input[name=email]").fill("ann@example.com")
    office.get_by_role("button", name=re.compile("Save and resend")).click()
    until(lambda: inspection.messages.filter(to_address="ann@example.com").exists(), "it is sent again")
    again = inspection.messages.filter(to_address="ann@example.com", kind="confirmation").latest("pk")
    live_worker.wake()
    seen(again, Status.DELIVERED)
    page = open_page(link_in(office, Message.objects.get(pk=again.pk)), anonymous=True, width=360)
    page.get_by_role("link", name="Read and sign").click()
    sign(page, "Ann Lee")
    heading(page).to_have_text("Thank you. You have signed")


def test_a25_correct_and_sign_again_after_the_fee_changed(open_page: Open) -> None:
    inspection = confirmed()
    page = open_page(link_for(person(inspection, "Ann Lee")), anonymous=True, js=False, width=360)
    page.get_by_role("link", name="Read and sign").click()
    sign(page, "Ann Lee")
    office = open_page(f"/inspections/{inspection.pk}/edit/")
    office.get_by_label("Fee in dollars").fill("500")
    office.get_by_role("button", name="Save").click()
    office.goto(f"/inspections/{inspection.pk}/")
    expect(office.locator("#agreement-state")).to_contain_text("Ann Lee has to sign again.")
    expect(office.locator("#agreement-state")).to_contain_text("fee $425.00 → $500.00")
    page.goto(f"/p/home/{person(inspection, 'Ann Lee').pk}/")
    expect(page.locator(".steps")).to_contain_text("Something changed: please sign again")
    page.get_by_role("link", name="Read and sign again").click()
    expect(page.locator(".notice")).to_contain_text("$425.00 → Now: $500.00")
    sign(page, "Ann Lee")
    heading(page).to_have_text("Thank you. You have signed")
    assert Signature.objects.standing().get().facts["fee"] == "500.00"


def test_what_is_missing_gets_the_focus_and_nothing_typed_is_lost(open_page: Open) -> None:
    page = open_page(link_for(person(confirmed(), "Ann Lee")), anonymous=True, width=360)
    page.get_by_role("link", name="Read and sign").click()
    page.get_by_label("Your full name").fill("Ann L")
    page.get_by_role("button", name="Sign agreement").click()
    expect(page.locator(".errors")).to_be_focused()
    expect(page).to_have_title(re.compile("^Error: "))
    expect(page.get_by_label("Your full name")).to_have_value("Ann L")
    page.get_by_role("link", name="Please tick that you agree").click()
    expect(page.get_by_label("I agree to sign electronically")).to_be_focused()


def test_whoever_is_not_ann_says_so_and_the_office_puts_it_right(open_page: Open, live_worker: Live) -> None:
    inspection = confirmed(make_person(name="Ann Lee", email="ann@example.org"))
    email = inspection.messages.get(kind="confirmation")
    for one in inspection.messages.filter(kind__in=["confirmation", "agreement"]):
        seen(one, Status.DELIVERED)
    office = open_page("/")
    page = open_page(link_in(office, Message.objects.get(pk=email.pk)), anonymous=True, js=False, width=360)
    page.get_by_role("link", name="Not Ann Lee? Tell us").click()
    page.get_by_role("button", name="That’s not me").click()
    heading(page).to_have_text("Thank you for telling us")
    page.goto(f"/p/home/{person(inspection, 'Ann Lee').pk}/")
    heading(page).to_have_text("This link is no longer active")
    office.goto("/")
    row = office.get_by_role("article").filter(has_text="Went to the wrong person")
    row.get_by_role("link", name="Correct address and resend").click()
    office.locator("input[name=email]").fill("ann@example.com")
    office.get_by_role("button", name="Save and resend").click()
    until(lambda: inspection.messages.filter(to_address="ann@example.com").exclude(root=None).exists(), "sent again")
    live_worker.wake()
    until(lambda: not Problem.objects.open().exists(), "it is solved")


def test_a_dead_link_is_replaced_by_mail(open_page: Open, live_worker: Live) -> None:
    inspection = confirmed()
    ann = person(inspection, "Ann Lee")
    first = inspection.messages.get(kind="confirmation", to_name="Ann Lee")
    seen(first, Status.DELIVERED)
    path = link_for(ann)
    links.revoke_all(participant=ann)
    page = open_page(path, anonymous=True, js=False, width=360)
    page.get_by_role("link", name="Send me a new one").click()
    page.get_by_label("Your email address").fill("ann@example.com")
    page.get_by_role("button", name="Send me a new link").click()
    heading(page).to_have_text("Please look in your mail")
    again = inspection.messages.get(root=first)
    live_worker.wake()
    seen(again, Status.DELIVERED)
    page.goto(link_in(open_page("/"), Message.objects.get(pk=again.pk)))
    heading(page).to_have_text("Hello Ann Lee")


def test_a_scanner_with_a_real_browser_signs_nothing_and_a_person_can_afterwards(
    open_page: Open, settings: LazySettings
) -> None:
    settings.PORTAL_SCAN_SECONDS = settings.PORTAL_READ_SECONDS = 600  # however slow this machine is
    inspection = confirmed()
    ann = person(inspection, "Ann Lee")
    path = link_for(ann)
    scanner = open_page(path, anonymous=True)
    home = scanner.url
    for page in ("sign/", "not-me/"):
        scanner.goto(home + page)
        press_everything(scanner)
    assert not Signature.objects.exists()
    assert PortalLink.objects.active().filter(participant=ann).exists()
    assert list(ann.events.values_list("type", flat=True)).count(Type.AUTOMATIC) == 1
    PortalLink.objects.update(created_at=ann.inspection.created_at.replace(year=2020))
    quick = open_page(path, anonymous=True, js=False, width=360)
    quick.get_by_role("link", name="Read and sign").click()
    sign(quick, "Ann Lee")
    expect(quick.locator(".errors")).to_contain_text("That was very quick.")
    settings.PORTAL_SCAN_SECONDS, settings.PORTAL_READ_SECONDS = 0, 1
    quick.wait_for_timeout(1100)  # they read it
    quick.get_by_role("button", name="Sign agreement").click()
    heading(quick).to_have_text("Thank you. You have signed")


def press_everything(page: Page) -> None:
    for field in page.locator("input[type=text], input[type=email]").all():
        field.fill("Ann Lee")
    for box in page.locator("input[type=checkbox]").all():
        box.check()
    page.locator("main form button").last.click()


# --- every page, every state -----------------------------------------------------------------------------------------


def states(inspection: Inspection) -> Iterator[tuple[str, str]]:
    """Every page in every state, as (what it is, its address), one after the other."""
    ann = person(inspection, "Ann Lee")
    home = f"/p/home/{ann.pk}/"
    yield "enter", link_for(ann)
    for page in ("", "sign/", "pay/", "report/", "not-me/"):
        yield "new", home + page
    payments.record(inspection, amount=Decimal("100.00"), method="check", by="Kim")
    yield "partly paid", home + "pay/"
    yield "Spanish", home + "sign/?lang=es"
    yield "English", home + "?lang=en"
    yield "ask", "/p/new-link/"
    yield "asked", "/p/new-link/asked/"
    yield "thanks", "/p/thanks/"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_portal_page_is_accessible_and_fits_a_phone(open_page: Open, axe_source: str, dark: bool) -> None:
    inspection = confirmed()
    page = open_page("/p/thanks/", anonymous=True, width=360, dark=dark)
    for _, address in states(inspection):
        page.goto(address)
        assert_accessible(page, axe_source)
        assert_fits(page)
        small = page.evaluate(
            "[...document.querySelectorAll('a, button, .tick')].map(e => [e.innerText, e.getBoundingClientRect()])"
            ".filter(([, r]) => r.width && r.height < 44).map(([text]) => text)"
        )
        assert small == [], address
    page.goto(f"/p/home/{person(inspection, 'Ann Lee').pk}/sign/")
    page.get_by_role("button", name="Sign agreement").click()
    assert_accessible(page, axe_source)
    sign(page, "Ann Lee")
    assert_accessible(page, axe_source)
    assert_fits(page)


def test_the_first_load_is_small_and_asks_nobody_else(open_page: Open) -> None:
    path = link_for(person(confirmed(), "Ann Lee"))
    page = open_page("/p/thanks/", anonymous=True, width=360)
    sizes: list[int] = []
    hosts: set[str] = set()

    def count(response: Any) -> None:
        hosts.add(response.url.split("/")[2])
        if response.ok:
            sizes.append(len(response.body()))

    page.on("response", count)
    page.goto(path)
    page.wait_for_load_state("networkidle")
    assert len(hosts) == 1
    assert sum(sizes) < 60_000
