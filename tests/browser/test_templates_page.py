"""Templates, in front of a real browser: see what is wrong, put it right, publish, send again."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from emails import builtin
from emails.models import EmailTemplate, Message, OptOut, TemplateDraft, TemplateVersion
from emails.optouts import address
from emails.states import Status
from inspections import services
from tests.browser.axe import assert_accessible, assert_fits
from tests.browser.conftest import Open
from tests.emails.mailed import make_client, make_message
from tests.factories import make_draft, make_inspection, make_person
from tests.live import Live, until

BUTTON = '<p><a class="button" href="{{CLIENT_PORTAL_LINK}}">Sign &amp; Pay</a></p>'
with_and_without = pytest.mark.parametrize("js", [True, False], ids=["js", "no-js"])
LOOKS = [(width, dark) for width in (1280, 360) for dark in (False, True)]


@pytest.fixture
def confirmation(live_worker: Live) -> EmailTemplate:
    builtin.install()
    return EmailTemplate.objects.get(name="Confirmation")


def spoil(found: EmailTemplate) -> None:
    """A version without its link, from before there were checks."""
    TemplateVersion.objects.create(
        template=found, number=2, subject="Hi", body="<p>Hello</p>", published_at=timezone.now(), created_by="Kim"
    )


def publish(page: Page) -> None:
    page.get_by_role("button", name="Check and publish").click()
    page.get_by_role("button", name="Publish", exact=True).click()


@with_and_without
def test_a17_a_confirmation_without_its_portal_link_cannot_be_published(
    open_page: Open, confirmation: EmailTemplate, js: bool
) -> None:
    page = open_page(f"/templates/{confirmation.pk}/", js=js)
    page.get_by_label("Text").fill("<p>Hello {{CLIENT_NAME}}</p>")
    page.get_by_role("button", name="Check and publish").click()
    expect(page.get_by_role("alert")).to_contain_text("The client portal link is missing.")
    expect(page.get_by_label("Text")).to_have_value("<p>Hello {{CLIENT_NAME}}</p>")
    page.get_by_label("Text").fill(f"<p>Hello {{{{CLIENT_NAME}}}}</p>\n{BUTTON}")
    publish(page)
    expect(page.get_by_text("Published as version 2.")).to_be_visible()
    assert confirmation.current.number == 2


@with_and_without
def test_a18_an_unknown_placeholder_is_refused_with_its_line_and_what_was_meant(
    open_page: Open, confirmation: EmailTemplate, js: bool
) -> None:
    page = open_page(f"/templates/{confirmation.pk}/", js=js)
    page.get_by_label("Text").fill(f"{BUTTON}\n<p>Hello {{{{clinet_name}}}}</p>")
    page.get_by_role("button", name="Check and publish").click()
    said = "Line 2: {{clinet_name}} isn’t known. Did you mean {{client_name}}?"
    expect(page.get_by_role("alert")).to_contain_text(said)
    assert confirmation.current.number == 1


def test_a18_the_checks_and_the_preview_follow_what_is_typed(open_page: Open, confirmation: EmailTemplate) -> None:
    make_client(name="Ann Lee", inspection=make_inspection(status="confirmed"))
    page = open_page(f"/templates/{confirmation.pk}/")
    frame = page.frame_locator("#preview iframe")
    expect(frame.get_by_text("Hello Ann Lee,")).to_be_visible()
    page.get_by_label("Text").fill("<p>Dear {{CLIENT_NAM}}</p>")
    expect(page.locator("#preview")).to_contain_text("Did you mean {{CLIENT_NAME}}?")
    page.get_by_label("Text").fill("<p>Dear {{CLIENT_NAME}}</p>")
    expect(frame.get_by_text("Dear Ann Lee")).to_be_visible()
    page.get_by_role("button", name="Insert the button").click()
    expect(page.locator("#preview")).to_contain_text("Ready to publish")
    page.get_by_label("Show it for").select_option("awkward")
    expect(frame.get_by_text("Bo Li")).to_be_visible()
    page.get_by_label("Subject").focus()
    page.get_by_role("button", name="Insert {{ADDRESS}}").click()
    expect(page.get_by_label("Subject")).to_have_value(re.compile(r"\{\{ADDRESS\}\}"))
    assert not TemplateDraft.objects.exists()


def test_a18_the_preview_works_without_javascript(open_page: Open, confirmation: EmailTemplate) -> None:
    make_client(name="Ann Lee", inspection=make_inspection(status="confirmed"))
    page = open_page(f"/templates/{confirmation.pk}/", js=False)
    page.get_by_label("Text").fill(BUTTON + "<p>Dear {{ client.name }}</p>")
    page.get_by_role("button", name="Preview").click()
    expect(page.frame_locator("#preview iframe").get_by_text("Dear Ann Lee")).to_be_visible()
    expect(page.get_by_label("Text")).to_have_value(BUTTON + "<p>Dear {{ client.name }}</p>")
    assert not TemplateDraft.objects.exists()


@with_and_without
def test_a19_from_the_problem_to_the_template_and_the_email_leaves(
    open_page: Open, confirmation: EmailTemplate, js: bool
) -> None:
    spoil(confirmation)
    inspection, _ = services.save(make_draft(people=(make_person(email="ann@example.com"),)), by="Kim")
    services.confirm(inspection, by="Kim")
    held = inspection.messages.get(kind="confirmation")
    until(lambda: Message.objects.get(pk=held.pk).status == Status.HELD, "it is held")
    page = open_page(f"/messages/{held.pk}/", js=js)
    page.get_by_role("link", name="Open the template").first.click()
    page.get_by_label("Text").fill(f"<p>Hello {{{{CLIENT_NAME}}}}</p>{BUTTON}")
    publish(page)
    expect(page.get_by_text("Published as version 3. 1 waiting email leaves now.")).to_be_visible()
    until(lambda: Message.objects.get(pk=held.pk).status == Status.DELIVERED, "it arrived")
    assert Message.objects.get(pk=held.pk).has_link


@with_and_without
def test_a19_those_who_got_it_without_the_link_are_offered_and_get_it_again(
    open_page: Open, confirmation: EmailTemplate, js: bool
) -> None:
    spoil(confirmation)
    soon = make_inspection(status="confirmed", starts_at=timezone.now() + timedelta(days=2))
    ann = make_message(make_client(name="Ann Lee", email="ann@example.com", inspection=soon), template=confirmation)
    bob = make_message(make_client(name="Bob Ray", email="bob@example.com"), template=confirmation)
    page = open_page(f"/templates/{confirmation.pk}/", js=js)
    page.get_by_label("Text").fill(BUTTON)
    page.get_by_label("Subject").fill("Confirmed")
    publish(page)
    expect(page.get_by_role("heading", name="Left without the link")).to_be_visible()
    page.get_by_label("Bob Ray").uncheck()
    page.get_by_role("button", name="Send the ticked ones again").click()
    expect(page.get_by_text("1 email is on the way again.")).to_be_visible()
    until(lambda: Message.objects.filter(resend_of=ann, status=Status.DELIVERED).exists(), "Ann has it")
    assert not Message.objects.filter(resend_of=bob).exists()


@with_and_without
def test_a29_the_health_of_every_template_is_seen_at_a_glance(
    open_page: Open, confirmation: EmailTemplate, js: bool
) -> None:
    spoil(confirmation)
    page = open_page("/templates/", js=js)
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="Confirmation", exact=True))
    expect(row).to_contain_text("The client portal link is missing.")
    expect(page.get_by_role("row").filter(has_text="Reminder the day before")).to_contain_text("Fine")
    page.get_by_role("link", name="Confirmation", exact=True).click()
    expect(page.locator("#preview")).to_contain_text("Cannot be published yet")


@with_and_without
def test_two_people_who_edit_lose_nothing(open_page: Open, confirmation: EmailTemplate, js: bool) -> None:
    mine, theirs = (open_page(f"/templates/{confirmation.pk}/", js=js) for _ in range(2))
    theirs.get_by_label("Text").fill("Theirs")
    theirs.get_by_role("button", name="Save draft").click()
    expect(theirs.get_by_text("Draft saved.")).to_be_visible()
    mine.locator("#id_body").fill("Mine")
    mine.get_by_role("button", name="Save draft").click()
    expect(mine.get_by_role("alert")).to_contain_text("changed it while you were writing")
    expect(mine.locator("#id_body")).to_have_value("Mine")
    expect(mine.locator("#theirs-body")).to_have_value("Theirs")
    mine.get_by_role("button", name="Save draft").click()
    expect(mine.get_by_text("Draft saved.")).to_be_visible()
    assert TemplateDraft.objects.get().body == "Mine"


def test_a_test_to_me_arrives(open_page: Open, confirmation: EmailTemplate) -> None:
    make_client(name="Ann Lee", inspection=make_inspection(status="confirmed"))
    page = open_page(f"/templates/{confirmation.pk}/")
    page.get_by_role("button", name="Send a test to me").dblclick()
    expect(page.get_by_text("A test is on its way to kim@oakwood.example.")).to_be_visible()
    until(lambda: Message.objects.filter(test=True, status=Status.DELIVERED).count() == 1, "it arrived")


def test_publishing_by_keyboard_alone(open_page: Open, confirmation: EmailTemplate) -> None:
    page = open_page(f"/templates/{confirmation.pk}/")
    page.get_by_label("Text").focus()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(BUTTON)
    page.keyboard.press("Tab")  # the signed agreement goes along or not
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    publish = page.get_by_role("button", name="Publish", exact=True)
    publish.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Published as version 2.")).to_be_visible()


@with_and_without
def test_a_client_stops_marketing_with_one_press(open_page: Open, confirmation: EmailTemplate, js: bool) -> None:
    message = make_message(make_client(email="ann@example.com"), kind="review_request", template=None)
    page = open_page(address(message), js=js, anonymous=True, width=360)
    assert not OptOut.objects.exists()
    page.get_by_role("button", name="Stop these emails").click()
    expect(page.get_by_role("heading", name="Done. No more emails like this")).to_be_visible()
    assert OptOut.objects.get().key == "ann@example.com"


def test_no_barrier_on_any_page_of_templates(open_page: Open, confirmation: EmailTemplate, axe_source: str) -> None:
    make_message(make_client(name="Ann Lee", email="ann@example.com"), template=confirmation)
    message = make_message(make_client(email="b@example.com"), kind="review_request", template=None)
    spoil(confirmation)
    TemplateDraft.objects.create(
        template=confirmation, name="Confirmation", subject="", body="<p>{{NOPE}}\n<b>", saved_by="Kim Reyes"
    )
    own = f"/templates/{confirmation.pk}/"
    look = f"{own}resend/{Message.objects.earliest('pk').pk}/"
    paths = ["/templates/", "/templates/new/", own, f"{own}publish/", f"{own}versions/2/", f"{own}resend/", look]
    for width, dark in LOOKS:
        page = open_page("/templates/", width=width, dark=dark)
        for path in [*paths, address(message)]:
            page.goto(path)
            assert_fits(page)
            assert_accessible(page, axe_source)
        page.goto(own)
        page.get_by_role("button", name="Check and publish").click()
        expect(page.get_by_role("alert")).to_be_visible()
        assert_fits(page)
        assert_accessible(page, axe_source)
