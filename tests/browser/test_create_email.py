"""Create Email in front of a real browser: write, look, attach, send; drafts that are not lost."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, Page, expect

from emails import builtin
from emails.models import Letter, Message
from emails.states import Status
from inspections.models import Participant
from tests.browser.axe import assert_accessible, assert_fits
from tests.browser.conftest import Open
from tests.emails.mailed import make_client
from tests.factories import make_inspection, make_participant
from tests.live import Live, until

BUTTON = '<p><a class="button" href="{{CLIENT_PORTAL_LINK}}">Sign &amp; Pay</a></p>'
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
with_and_without = pytest.mark.parametrize("js", [True, False], ids=["js", "no-js"])


@pytest.fixture
def ann(live_worker: Live) -> Participant:
    builtin.install()
    return make_client(name="Ann Lee", email="ann@example.com", inspection=make_inspection(status="confirmed"))


def write(page: Page, subject: str = "A question", body: str = f"<p>Hello {{{{RECIPIENT_NAME}}}}</p>{BUTTON}") -> None:
    page.get_by_label("Subject").fill(subject)
    page.locator("#id_body").fill(body)


def compose(open_page: Open, person: Participant, *, js: bool = True, width: int = 1280) -> Page:
    return open_page(f"/inspections/{person.inspection_id}/email/?to={person.pk}", js=js, width=width)


def delivered(count: int = 1) -> None:
    until(lambda: Message.objects.filter(status=Status.DELIVERED).count() == count, "it arrived")


@with_and_without
def test_a11_write_to_two_people_and_each_gets_their_own(open_page: Open, ann: Participant, js: bool) -> None:
    make_participant(ann.inspection, name="Bob Ray", email="bob@example.com", role="buyer_agent")
    page = open_page(f"/inspections/{ann.inspection_id}/", js=js)
    page.get_by_role("link", name="Create Email").click()
    page.get_by_label(re.compile("Ann Lee")).check()
    page.get_by_label(re.compile("Bob Ray")).check()
    write(page)
    page.get_by_role("button", name=re.compile("^Send to")).click()
    expect(page.get_by_text("Email to Bob Ray is on its way.")).to_be_visible()
    delivered(2)
    texts = {message.to_name: message.text for message in Message.objects.all()}
    assert "Hello Ann Lee" in texts["Ann Lee"]
    assert "Hello Bob Ray" in texts["Bob Ray"]


@with_and_without
def test_a11_the_missing_portal_link_is_noticed_and_put_in(open_page: Open, ann: Participant, js: bool) -> None:
    page = compose(open_page, ann, js=js)
    write(page, body="<p>Hello</p>")
    page.get_by_role("button", name=re.compile("^Send to")).click()
    expect(page.get_by_role("alert")).to_contain_text("No portal link in this email")
    page.get_by_role("button", name="Insert Sign & Pay button").click()
    expect(page.locator("#id_body")).to_have_value(re.compile("CLIENT_PORTAL_LINK"))
    page.get_by_role("button", name=re.compile("^Send to")).click()
    delivered()
    assert Message.objects.get().has_link


@with_and_without
def test_a11_it_can_be_sent_without_the_link(open_page: Open, ann: Participant, js: bool) -> None:
    page = compose(open_page, ann, js=js)
    write(page, body="<p>Hello</p>")
    page.get_by_role("button", name=re.compile("^Send to")).click()
    page.get_by_role("button", name="Send without").click()
    delivered()
    assert not Message.objects.get().has_link


@with_and_without
def test_a11_somebody_else_is_asked_about_first(open_page: Open, ann: Participant, js: bool) -> None:
    page = open_page(f"/inspections/{ann.inspection_id}/email/", js=js)
    page.get_by_text("Someone else", exact=True).click()
    page.locator("#id_other_name").fill("Pat Moe")
    page.locator("#id_other_email").fill("pat@example.com")
    write(page)
    page.get_by_role("button", name=re.compile("^Send to")).click()
    expect(page.get_by_text("is not on this inspection")).to_be_visible()
    page.get_by_role("button", name="Yes, send it to Pat Moe").click()
    delivered()
    assert ann.inspection.participants.get(role="other").name == "Pat Moe"


@with_and_without
def test_a11_a_file_goes_along(open_page: Open, ann: Participant, js: bool, tmp_path: Path) -> None:
    (tmp_path / "plan.pdf").write_bytes(PDF)
    (tmp_path / "page.pdf").write_bytes(b"<html></html>")
    page = compose(open_page, ann, js=js)
    write(page)
    page.get_by_label("Add files").set_input_files([tmp_path / "plan.pdf", tmp_path / "page.pdf"])
    page.get_by_role("button", name="Attach").click()
    expect(page.get_by_role("alert")).to_contain_text("“page.pdf” is not a PDF")
    expect(page.locator("#files")).to_contain_text("1 file, 1 KB in all")
    page.get_by_role("button", name=re.compile("^Send to")).click()
    delivered()
    assert [file["name"] for file in Message.objects.get().files] == ["plan.pdf"]


@with_and_without
def test_a11_it_begins_from_a_template(open_page: Open, ann: Participant, js: bool) -> None:
    page = compose(open_page, ann, js=js)
    page.get_by_label("Start from").select_option(label="Confirmation")
    page.get_by_role("button", name="Use its words").click()
    expect(page.locator("#id_body")).to_have_value(re.compile("CLIENT_PORTAL_LINK"))
    page.get_by_role("button", name=re.compile("^Send to")).click()
    delivered()


@with_and_without
def test_a11_looked_at_on_a_phone_and_as_plain_text(open_page: Open, ann: Participant, js: bool) -> None:
    page = compose(open_page, ann, js=js)
    write(page)
    if not js:
        page.get_by_role("button", name="Preview").click()
    frame = page.frame_locator("#preview iframe")
    expect(frame.get_by_text("Hello Ann Lee")).to_be_visible()
    page.get_by_role("radio", name="Phone").check()
    # While the preview is being replaced there is nothing to measure.
    until(lambda: (page.locator("#preview iframe").bounding_box() or {"width": 1280})["width"] <= 376, "it is narrow")
    page.get_by_role("radio", name="Plain text").check()
    expect(page.locator(".look-text")).to_contain_text("Hello Ann Lee")
    expect(page.locator("#preview iframe")).to_be_hidden()


def test_a11_the_checks_and_the_button_follow_what_is_typed(open_page: Open, ann: Participant) -> None:
    page = open_page(f"/inspections/{ann.inspection_id}/email/")
    write(page, body="<p>Dear {{CLIENT_NAM}}</p>")
    expect(page.locator("#preview")).to_contain_text("Did you mean {{CLIENT_NAME}}?")
    page.get_by_label(re.compile("Ann Lee")).check()
    expect(page.get_by_role("button", name="Send to Ann Lee")).to_be_visible()
    page.locator("#id_body").fill("")
    page.get_by_role("button", name="Insert the button").click()
    expect(page.locator("#preview")).to_contain_text("Ready to send")


def test_a11_whom_it_can_be_shown_for_follows_who_is_ticked(open_page: Open, ann: Participant) -> None:
    make_participant(ann.inspection, name="Bob Ray", email="bob@example.com", role="buyer_agent")
    page = compose(open_page, ann)
    write(page)
    names = page.get_by_label("Show it for").locator("option")
    expect(names).to_have_text(["Ann Lee, Client"])
    page.get_by_label(re.compile("Bob Ray")).check()
    expect(names).to_have_text(["Ann Lee, Client", "Bob Ray, Buyer’s agent"])
    page.get_by_label("Show it for").select_option("Bob Ray, Buyer’s agent")
    greeting = page.frame_locator("#preview iframe")
    expect(greeting.get_by_text("Hello Bob Ray")).to_be_visible()
    page.get_by_label(re.compile("Ann Lee")).uncheck()
    expect(names).to_have_text(["Bob Ray, Buyer’s agent"])
    expect(greeting.get_by_text("Hello Bob Ray")).to_be_visible()


def test_a11_the_draft_saves_itself_and_outlives_the_session(open_page: Open, ann: Participant) -> None:
    page = compose(open_page, ann)
    write(page)
    expect(page.locator("#draft-state")).to_contain_text("Draft saved")
    page.context.clear_cookies(name="sessionid")
    page.locator("#id_body").press_sequentially("!")
    expect(page.get_by_text("You have been signed out.")).to_be_visible()
    expect(page.locator("#id_body")).to_have_value(re.compile("Hello.*!$"))
    again = open_page(f"/inspections/{ann.inspection_id}/")
    expect(again.get_by_text("Draft by Kim Reyes")).to_be_visible()
    again.get_by_role("link", name=re.compile("^Continue")).click()
    expect(again.get_by_label("Subject")).to_have_value("A question")
    again.get_by_role("button", name="Send to Ann Lee").click()
    delivered()


def test_a11_leaving_warns_only_for_what_is_not_saved(open_page: Open, ann: Participant) -> None:
    page = compose(open_page, ann)
    asked: list[str] = []

    def accept(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", accept)
    page.route("**/save/", lambda _: None)  # never answered, so nothing is saved however slow this machine is
    page.get_by_label("Subject").press_sequentially("A")
    page.goto(f"/inspections/{ann.inspection_id}/")
    assert asked == ["beforeunload"]
    page = compose(open_page, ann)
    page.on("dialog", accept)
    page.get_by_label("Subject").press_sequentially("A")
    expect(page.locator("#draft-state")).to_contain_text("Draft saved")
    page.goto(f"/inspections/{ann.inspection_id}/")
    assert len(asked) == 1


@with_and_without
def test_a11_two_windows_lose_nothing(open_page: Open, ann: Participant, js: bool) -> None:
    first = compose(open_page, ann, js=js)
    write(first, subject="First")
    first.get_by_role("button", name="Save draft").last.click()
    expect(first.get_by_text("Draft saved.").first).to_be_visible()
    second = open_page(first.url.replace(first.url.split("/inspections")[0], ""), js=False)
    second.get_by_label("Subject").fill("Second")
    second.get_by_role("button", name="Save draft").last.click()
    first.get_by_label("Subject").fill("Mine")
    first.get_by_role("button", name="Save draft").last.click()
    expect(first.get_by_role("alert")).to_contain_text("saved in another window")
    expect(first.get_by_label("Subject")).to_have_value("Mine")
    first.get_by_role("button", name="Send to Ann Lee").click()
    delivered()
    assert Message.objects.get().subject == "Mine"


def test_a11_a_double_click_is_one_email(open_page: Open, ann: Participant) -> None:
    page = compose(open_page, ann)
    write(page)
    page.get_by_role("button", name="Send to Ann Lee").dblclick()
    delivered()
    assert Message.objects.count() == 1


def test_a11_by_keyboard_alone(open_page: Open, ann: Participant) -> None:
    page = open_page(f"/inspections/{ann.inspection_id}/")
    page.keyboard.press("c")
    expect(page.get_by_role("heading", name="Create Email")).to_be_visible()
    page.get_by_label(re.compile("Ann Lee")).focus()
    page.keyboard.press("Space")
    page.get_by_label("Subject").focus()
    page.keyboard.insert_text("A question")
    page.keyboard.press("Tab")
    page.keyboard.insert_text(f"<p>Hello</p>{BUTTON}")
    send = page.get_by_role("button", name="Send to Ann Lee")
    expect(send).to_be_visible()
    send.focus()
    page.keyboard.press("Enter")
    delivered()


@with_and_without
def test_a11_a_draft_is_discarded(open_page: Open, ann: Participant, js: bool) -> None:
    page = compose(open_page, ann, js=js)
    write(page)
    page.get_by_role("button", name="Save draft").last.click()
    page.goto(f"/inspections/{ann.inspection_id}/")
    page.get_by_role("link", name=re.compile("^Discard")).click()
    page.get_by_role("button", name="Discard it").click()
    expect(page.get_by_text("The draft was discarded.")).to_be_visible()
    assert not Letter.objects.exists()


@with_and_without
def test_too_big_goes_again_with_a_link_instead(open_page: Open, ann: Participant, js: bool, tmp_path: Path) -> None:
    ann.contact.email = "toolarge+ann@example.com"
    ann.contact.email_key = "toolarge+ann@example.com"
    ann.contact.save()
    (tmp_path / "plan.pdf").write_bytes(PDF)
    page = compose(open_page, ann, js=js)
    write(page)
    page.get_by_label("Add files").set_input_files(tmp_path / "plan.pdf")
    page.get_by_role("button", name=re.compile("^Send to")).click()
    until(lambda: Message.objects.filter(status=Status.BOUNCED).exists(), "it came back")
    page.goto(f"/messages/{Message.objects.get().pk}/")
    page.get_by_role("button", name="Resend with a link instead of the file").click()
    until(lambda: Message.objects.filter(by_link=True, has_link=True).exists(), "it went again")
    again = Message.objects.get(by_link=True)
    until(lambda: Message.objects.get(pk=again.pk).status == Status.BOUNCED, "it left")
    assert "plan.pdf" in Message.objects.get(pk=again.pk).text


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_pages_are_accessible_and_fit(
    open_page: Open, ann: Participant, axe_source: str, dark: bool, tmp_path: Path
) -> None:
    (tmp_path / "plan.pdf").write_bytes(PDF)
    make_participant(ann.inspection, name="Bob Ray", email="", role="buyer_agent")
    page = open_page(f"/inspections/{ann.inspection_id}/email/", width=360, dark=dark)
    page.get_by_role("button", name=re.compile("^Send to")).click()
    page.get_by_label("Add files").set_input_files(tmp_path / "plan.pdf")
    page.get_by_role("button", name="Attach").click()
    write(page, body="<p>Hello</p>")
    page.get_by_label(re.compile("Ann Lee")).check()
    page.get_by_role("button", name=re.compile("^Send to")).click()
    expect(page.get_by_role("alert")).to_be_visible()
    letter = Letter.objects.get()
    base = f"/inspections/{ann.inspection_id}/email/{letter.uuid}/"
    for path in (None, base, f"{base}discard/", f"/inspections/{ann.inspection_id}/"):
        if path:
            page.goto(path)
        for width in (360, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            assert_accessible(page, axe_source)
            assert_fits(page)
