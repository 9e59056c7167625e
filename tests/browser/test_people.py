"""The People box and what belongs to it, as a person uses them, with and without JavaScript."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from emails.models import Message
from emails.states import Status
from inspections import services
from inspections.models import Participant
from tests.browser.axe import assert_accessible, assert_fits
from tests.browser.conftest import Open
from tests.emails.mailed import make_client, make_failed, make_message, template, told
from tests.factories import in_days, make_contact, make_inspection, make_participant, make_user
from tests.live import Live, until

pytestmark = pytest.mark.parametrize("js", [True, False], ids=["js", "plain"])


def pat_twice() -> tuple[Participant, Participant]:
    """An agent on two confirmed inspections, whose email of the first came back."""
    template("confirmation")
    pat = make_contact(name="Pat Kim", email="bounce+pat@example.com")
    here, there = (
        make_participant(
            make_inspection(status="confirmed", starts_at=in_days(n), address=f"{n} Elm Ave, Springfield"),
            contact=pat,
            role="buyer_agent",
        )
        for n in (2, 3)
    )
    make_failed(here)
    return here, there


def test_a04_a_correction_for_one_inspection_only(open_page: Open, axe_source: str, js: bool) -> None:
    here, there = pat_twice()
    page = open_page(f"/people/{here.pk}/edit/", js=js, width=360)
    page.get_by_label("Email address").fill("pat.kim@example.net")
    page.get_by_label("On this inspection only").check()
    page.get_by_role("button", name="Save and resend 1 failed email").click()
    expect(page.get_by_text("Saved for this inspection only.").first).to_be_visible()
    again = Message.objects.get(root__isnull=False)
    assert again.to_address == "pat.kim@example.net"
    until(lambda: Message.objects.get(pk=again.pk).status == Status.DELIVERED, "delivered")
    there.refresh_from_db()
    assert there.email == "bounce+pat@example.com"
    page.goto(f"/people/{here.pk}/edit/")
    history = page.get_by_role("row").filter(has_text="pat.kim@example.net")
    expect(history).to_contain_text("bounce+pat@example.com")
    expect(history).to_contain_text("Kim Reyes")
    expect(history).to_contain_text("Edit page")
    if js:
        assert_accessible(page, axe_source)
    assert_fits(page)
    page.goto(f"/contacts/{there.contact_id}/")
    expect(page.get_by_role("main")).to_contain_text("Only on 2 Elm Ave")


def test_a10_what_is_not_possible_stays_in_the_menu_with_the_way_out(open_page: Open, js: bool) -> None:
    template("confirmation")
    person = make_participant(make_inspection(), name="Grace Kim", email="")
    page = open_page(f"/inspections/{person.inspection_id}/", js=js)
    page.get_by_role("button", name="More actions for Grace Kim").click()
    menu = page.locator(f"#menu-{person.pk}")
    for name in (
        "Resend Confirmation Email",
        "Resend Agreement",
        "Resend Report",
        "See all emails to Grace Kim",
        "Allow sending again",
    ):
        expect(menu.get_by_role("button", name=name)).to_have_attribute("aria-disabled", "true")
    expect(menu).to_contain_text("The inspection isn’t confirmed yet. Confirm it")
    expect(menu).to_contain_text("There is no email address. Add one")
    menu.get_by_role("link", name="Change role").click()
    expect(page.get_by_label("Role on this inspection")).to_be_visible()


def test_a16_our_own_address_is_refused_and_another_persons_is_named_and_kept(open_page: Open, js: bool) -> None:
    make_user(email="raj@oakwood.example", name="Raj")
    make_contact(name="Bob Lee", email="family@example.com")
    job = make_inspection()
    page = open_page(f"/inspections/{job.pk}/people/add/", js=js)
    page.get_by_label("Name").fill("Ann Lee")
    page.get_by_role("textbox", name="Email").fill("RAJ@oakwood.example")
    page.get_by_role("button", name="Add person").click()
    expect(page.locator(".errors")).to_contain_text(
        "This is your own office’s address: Ann Lee would not see the email."
    )
    page.get_by_role("textbox", name="Email").fill("family@example.com")
    if js:
        page.get_by_role("textbox", name="Phone").focus()
        expect(page.locator(".did-you-mean")).to_contain_text("This is the address of Bob Lee.")
    page.get_by_role("button", name="Add person").click()
    expect(page.get_by_text("family@example.com is also used for Bob Lee.").first).to_be_visible()
    page.locator(".notice").get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Ann Lee was taken off this inspection.").first).to_be_visible()
    assert not job.participants.current().exists()


def test_a23_the_last_email_and_its_state_and_maybe_opened_is_only_a_hint(open_page: Open, js: bool) -> None:
    person = make_client(email="ann@example.com")
    message = told(make_message(person), Status.DELIVERED)
    Message.objects.filter(pk=message.pk).update(opened_at=timezone.now())
    page = open_page(f"/inspections/{person.inspection_id}/", js=js)
    line = page.locator(f"#health-{person.pk}")
    expect(line).to_contain_text("Delivered, maybe opened")
    expect(line).to_contain_text("so it is not proof.")
    page.get_by_role("button", name="More actions for Ann Lee").click()
    page.get_by_role("button", name="Resend Confirmation Email").click()
    until(Message.objects.filter(root=message).exists, "it is sent again")


def test_a24_a_missing_client_is_found_added_and_gone(open_page: Open, axe_source: str, js: bool) -> None:
    job = make_inspection()
    make_participant(job, role="seller_agent", name="Unknown", email="")
    page = open_page(f"/inspections/{job.pk}/", js=js, width=360, dark=True)
    findings = page.get_by_role("list", name="What is missing")
    expect(findings).to_contain_text("No client is on this inspection, so nobody can sign or pay.")
    expect(findings).to_contain_text("“Unknown” is no name.")
    expect(findings).to_contain_text("Unknown has no email address.")
    if js:
        assert_accessible(page, axe_source)
    assert_fits(page)
    findings.get_by_role("link", name="Add the client").click()
    page.get_by_label("Name").fill("Ann Lee")
    page.get_by_role("textbox", name="Email").fill("ann@example.com")
    page.get_by_role("button", name="Add person").click()
    expect(page.get_by_role("list", name="What is missing")).not_to_contain_text("No client")


def test_a25_a_change_after_sending_is_marked_and_resent_with_one_press(
    open_page: Open, live_worker: Live, axe_source: str, js: bool
) -> None:
    person = make_client(email="ann@example.com")
    version = template("confirmation").current  # type: ignore[union-attr]
    message = told(make_message(person, template_version=version), Status.DELIVERED)
    page = open_page(f"/inspections/{person.inspection_id}/edit/", js=js)
    page.get_by_label("Property address").fill("14 Oak St, Springfield")
    page.locator("main form .form-foot button").first.click()
    line = page.locator(f"#health-{person.pk}")
    expect(line).to_contain_text("Out of date: the address changed on")
    expect(page.locator("#log-lines")).to_contain_text("Out of date: the address changed on")
    if js:
        assert_accessible(page, axe_source)
    assert_fits(page)
    line.get_by_role("button", name="Resend Confirmation").click()
    until(lambda: Message.objects.filter(root=message, status=Status.DELIVERED).exists(), "it arrived")
    page.goto(f"/inspections/{person.inspection_id}/")
    expect(page.locator("main")).not_to_contain_text("Out of date")
    services.cancel(person.inspection, by="Kim Reyes")


def test_a_contact_is_found_and_opened(open_page: Open, axe_source: str, js: bool) -> None:
    pat_twice()
    for number in range(60):
        make_contact(name=f"Person {number:02}")
    page = open_page("/contacts/", js=js, width=360)
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_role("link", name="Person 59")).to_be_visible()
    page.get_by_role("link", name="Previous").click()
    expect(page.get_by_role("link", name="Person 59")).to_have_count(0)
    page.get_by_label("Name, email or phone").fill("pat")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text("Mail to it is on hold")
    page.get_by_role("link", name="Pat Kim").click()
    expect(page.get_by_role("main")).to_contain_text("Still on hold")
    expect(page.get_by_role("main")).to_contain_text("2 Elm Ave")
    if js:
        assert_accessible(page, axe_source)
    assert_fits(page)
    page.get_by_role("link", name="Edit", exact=True).click()
    expect(page.get_by_text("Where does the change count?")).to_be_visible()
