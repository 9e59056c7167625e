"""The main job as a person does it: inspections in, one confirmed, delivered; a failure seen, fixed, resent."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from emails.models import Message, Problem
from emails.states import Status
from inspections import services
from inspections.models import Inspection
from tests.browser.clicks import clicks, count_from_here
from tests.browser.conftest import PASSWORD, Open
from tests.factories import make_draft, make_person
from tests.live import Live, until

HOUSE = '"12 Oak St, Springfield, IL 62701",{when},Raj Patel,425.00,Full inspection,yes'
CSV = f"""external_id,address,starts_at,inspector,fee,services,notifications,role,name,email,phone
B-1,{HOUSE},client,Ann Lee,ann@example.com,+1 217 555 0101
B-1,{HOUSE},buyer_agent,Pat Agent,pat@example.net,
"""


def seen(message: Message, status: str) -> None:
    until(lambda: Message.objects.get(pk=message.pk).status == status, f"{message} is {status}")


def failed(live_worker: Live) -> Message:
    """A confirmation that came back: the address does not exist."""
    person = make_person(name="Maria Cole", email="bounce+maria@example.com")
    inspection, _ = services.save(make_draft(external_id="B-2", people=(person,)), by="Kim Reyes")
    services.confirm(inspection, by="Kim Reyes")
    message = inspection.messages.get(kind="confirmation")
    for one in inspection.messages.filter(kind__in=["confirmation", "agreement"]):
        seen(one, Status.BOUNCED)
    return message


def test_from_a_csv_file_to_delivered_on_the_page(open_page: Open) -> None:
    page = open_page("/import/")
    starts = (timezone.now() + timedelta(days=4)).strftime("%Y-%m-%d 09:00")
    page.set_input_files(
        "input[type=file]", {"name": "jobs.csv", "mimeType": "text/csv", "buffer": CSV.format(when=starts).encode()}
    )
    page.get_by_role("button", name="Check the file").click()
    expect(page.locator("main")).to_contain_text("Ann Lee")
    page.get_by_role("button", name="Import").last.click()
    until(Inspection.objects.filter(external_id="B-1").exists, "it is stored")
    inspection = Inspection.objects.get(external_id="B-1")
    page.goto(f"/inspections/{inspection.pk}/confirm/")
    expect(page.locator("main")).to_contain_text("ann@example.com")
    page.locator("main").get_by_role("button", name="Confirm").click()
    page.wait_for_url(f"**/inspections/{inspection.pk}/")
    row = page.get_by_role("row").filter(has_text="ann@example.com").filter(has_text="Confirmation")
    expect(row).to_contain_text("Delivered")


def fix(page: Page, *, address: str) -> None:
    page.get_by_role("link", name="Fix address and resend").click()
    field = page.locator("input[name=email]")
    expect(field).to_have_value("bounce+maria@example.com")
    field.fill(address)
    page.get_by_role("button", name="Save and resend").click()


@pytest.mark.parametrize("js", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a05_a_dead_address_is_fixed_and_resent_in_two_clicks(open_page: Open, live_worker: Live, js: bool) -> None:
    message = failed(live_worker)
    before = Message.objects.filter(pk=message.pk).values().get()
    page = open_page("/", js=js)
    if js:
        count_from_here(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("need you")
    fix(page, address="maria@example.com")
    until(lambda: Message.objects.filter(root=message).exists(), "a new row")
    assert not js or clicks(page) == 2
    again = Message.objects.get(root=message)
    live_worker.wake()
    seen(again, Status.DELIVERED)
    assert Message.objects.filter(pk=message.pk).values().get() == before
    page.goto(f"/messages/{message.pk}/")
    expect(page.locator("main")).to_contain_text("bounce+maria@example.com")
    expect(page.locator(f"main a[href='/messages/{again.pk}/']").first).to_be_visible()
    until(lambda: not Problem.objects.open().exists(), "everything resent arrived")
    page.goto("/")
    expect(page.get_by_text("Maria Cole")).to_have_count(0)


def test_the_job_with_the_keyboard_alone(open_page: Open, live_worker: Live) -> None:
    message = failed(live_worker)
    page = open_page("/")
    page.keyboard.press("j")
    page.keyboard.press("f")
    field = page.locator("input[name=email]")
    expect(field).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("maria@example.com")
    page.keyboard.press("Enter")
    until(lambda: Message.objects.filter(root=message).exists(), "a new row")
    live_worker.wake()
    seen(Message.objects.get(root=message), Status.DELIVERED)


def test_a_failure_shows_on_an_open_page_while_someone_types(open_page: Open, live_worker: Live) -> None:
    failed(live_worker)
    page = open_page("/")
    page.get_by_role("link", name="Fix address and resend").click()
    field = page.locator("input[name=email]")
    field.fill("half typed")
    person = make_person(name="Tom Fields", email="disabled+tom@example.com")
    inspection, _ = services.save(make_draft(external_id="B-3", people=(person,)), by="Kim Reyes")
    services.confirm(inspection, by="Kim Reyes")
    expect(page.get_by_role("heading", name="Tom Fields")).to_be_visible()
    expect(field).to_have_value("half typed")
    expect(field).to_be_focused()


def test_pressing_twice_makes_one_email(open_page: Open, live_worker: Live) -> None:
    message = failed(live_worker)
    page = open_page("/")
    page.get_by_role("link", name="Fix address and resend").click()
    page.locator("input[name=email]").fill("maria@example.com")
    page.get_by_role("button", name="Save and resend").dblclick()
    until(lambda: Message.objects.filter(root=message).exists(), "a new row")
    live_worker.wake()
    seen(Message.objects.get(root=message), Status.DELIVERED)


def test_a10_resend_confirmation_email_by_the_three_dots_and_undo(
    open_page: Open, live_worker: Live, settings: object
) -> None:
    settings.UNDO_SECONDS = 600  # type: ignore[attr-defined]
    person = make_person(name="Ann Lee", email="ann@example.com")
    inspection, _ = services.save(make_draft(external_id="B-4", people=(person,)), by="Kim Reyes")
    services.confirm(inspection, by="Kim Reyes")
    message = inspection.messages.get(kind="confirmation")
    seen(message, Status.DELIVERED)
    page = open_page(f"/inspections/{inspection.pk}/")
    page.get_by_role("button", name="More actions for Ann Lee").click()
    page.get_by_role("button", name="Resend Confirmation Email").click()
    page.get_by_role("button", name="Undo").click()
    until(lambda: Message.objects.get(root=message).status == Status.CANCELLED, "it was stopped")


def test_signing_in_and_being_locked_out(open_page: Open) -> None:
    page = open_page("/", anonymous=True)
    for _ in range(6):
        page.get_by_label("Email").fill("kim@oakwood.example")
        page.get_by_label("Password", exact=True).fill("wrong")
        page.get_by_role("button", name="Sign in").click()
    expect(page.locator("body")).to_contain_text("too many", ignore_case=True)
    page = open_page("/", anonymous=True)
    assert "/accounts/login/" in page.url
    assert PASSWORD not in page.content()
