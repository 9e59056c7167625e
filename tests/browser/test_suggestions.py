"""A typing mistake, from the form to the repair, as a person meets it."""

import pytest
from playwright.sync_api import expect

from emails.models import Message
from emails.states import Status
from inspections.models import Contact, Inspection
from tests.browser.axe import assert_accessible, assert_fits
from tests.browser.clicks import clicks, count_from_here
from tests.browser.conftest import Open
from tests.emails.mailed import make_client, make_failed
from tests.factories import in_days, make_inspection
from tests.live import Live, until


@pytest.mark.parametrize("js", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a14_a_typing_mistake_is_one_click_from_failed_to_delivered(
    open_page: Open, live_worker: Live, js: bool
) -> None:
    house = make_inspection(status="confirmed", starts_at=in_days(2))
    message = make_failed(make_client(inspection=house, name="Ann Lee", email="ann@gmial.com"), "domain_problem")
    page = open_page("/", js=js)
    if js:
        count_from_here(page)
    page.get_by_role("button", name="Use ann@gmail.com and resend").click()
    expect(page.get_by_text("goes out to ann@gmail.com")).to_be_visible()
    assert not js or clicks(page) <= 2
    until(lambda: Message.objects.filter(root=message).exists(), "a new row")
    live_worker.wake()
    again = Message.objects.get(root=message)
    until(lambda: Message.objects.get(pk=again.pk).status == Status.DELIVERED, "it is delivered")
    assert Message.objects.get(pk=again.pk).to_address == "ann@gmail.com"
    assert Contact.objects.get(name="Ann Lee").email == "ann@gmail.com"
    page.goto("/")
    expect(page.get_by_text("Ann Lee")).to_have_count(0)


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (360, True)])
def test_a14_the_form_asks_when_the_field_is_left_and_again_on_save(
    open_page: Open, axe_source: str, width: int, dark: bool
) -> None:
    page = open_page("/inspections/add/", width=width, dark=dark)
    page.get_by_label("Property address").fill("12 Oak St")
    page.get_by_label("Date and time").fill("2046-12-01T09:00")
    real = page.locator("input[name=people-0-email]")
    for address in ("ann@kw.com", "ann@ymail.com"):
        with page.expect_response("**/addresses/check/**"):
            real.fill(address)
            real.press("Tab")
        expect(page.get_by_text("Did you mean")).to_have_count(0)
    for number, address in enumerate(["ann@gmial.com", "bob@yahho.com", "cy@hotmial.com"]):
        page.locator(f"input[name=people-{number}-name]").fill(f"Person {number}")
        field = page.locator(f"input[name=people-{number}-email]")
        field.fill(address)
        field.press("Tab")
    expect(page.get_by_text("Did you mean ann@gmail.com?")).to_be_visible()
    assert_fits(page)
    assert_accessible(page, axe_source)
    page.get_by_role("button", name="Use it").first.click()
    expect(page.locator("input[name=people-0-email]")).to_have_value("ann@gmail.com")
    page.get_by_role("button", name="Keep bob@yahho.com").click()
    page.get_by_role("button", name="Add inspection").click()
    expect(page.locator(".errors")).to_contain_text("Did you mean cy@hotmail.com?")
    assert_fits(page)
    assert_accessible(page, axe_source)
    page.get_by_role("button", name="Use cy@hotmail.com").click()
    until(Inspection.objects.exists, "it is stored")
    people = Inspection.objects.get().participants.values_list("contact__email", flat=True)
    assert set(people) == {"ann@gmail.com", "bob@yahho.com", "cy@hotmail.com"}


def test_the_question_in_a_row_of_today_keeps_the_focus_and_its_form(open_page: Open) -> None:
    make_failed(make_client(name="Ann Lee", email="ann@smithhomes.com"))
    page = open_page("/")
    page.get_by_role("link", name="Fix address and resend").click()
    field = page.locator("input[name=email]")
    field.fill("ann@gmial.com")
    field.press("Tab")
    page.get_by_role("button", name="Use it").click()
    expect(field).to_have_value("ann@gmail.com")
    expect(field).to_be_focused()
    page.get_by_role("button", name="Save and resend").click()
    until(lambda: Contact.objects.filter(email="ann@gmail.com").exists(), "it is corrected")
