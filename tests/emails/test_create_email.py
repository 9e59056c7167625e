"""Create Email: the page on which staff write to people of an inspection, without a browser."""

import re
import uuid
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from emails import builtin, letters
from emails.letters import Written
from emails.models import Attachment, EmailTemplate, Letter, Message
from emails.states import Status
from inspections.models import Inspection, Participant, User
from tests.emails.mailed import make_client, make_failed, told
from tests.factories import make_company, make_inspection, make_participant, make_user

pytestmark = pytest.mark.django_db

BUTTON = '<p><a class="button" href="{{CLIENT_PORTAL_LINK}}">Sign &amp; Pay</a></p>'
BODY = f"<p>Hello {{{{RECIPIENT_NAME}}}}</p>\n{BUTTON}"
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


@pytest.fixture
def kim() -> User:
    make_company()
    return make_user(name="Kim Reyes", email="kim@oakwood.example")


@pytest.fixture
def office(client: Client, kim: User) -> Client:
    client.force_login(kim)
    return client


@pytest.fixture
def ann(kim: User) -> Participant:
    return make_client(name="Ann Lee", email="ann@example.com")


def new(office: Client, inspection: Inspection, query: str = "") -> str:
    """Open a page to write on; where its form posts to."""
    html = office.get(f"/inspections/{inspection.pk}/email/{query}").content.decode()
    return re.findall(rf'action="(/inspections/{inspection.pk}/email/[0-9a-f-]+/)"', html)[0]


def typed(*to: Participant, **over: Any) -> dict[str, Any]:
    values = {"to": [str(person.pk) for person in to], "subject": "A question", "body": BODY, "revision": "0"}
    return values | {"page": "one", "act": "save", "template": ""} | over


def text(html: bytes) -> str:
    return html.decode()


# --- sending ---------------------------------------------------------------------------------------------------------


def test_a11_write_and_send(office: Client, ann: Participant) -> None:
    answer = office.post(new(office, ann.inspection), typed(ann, act="send"), follow=True)
    message = Message.objects.get()
    assert (message.to_address, message.kind, message.created_by) == ("ann@example.com", "one_off", "Kim Reyes")
    assert message.subject == "A question"
    assert message.undo_until is not None
    assert "Email to Ann Lee is on its way." in text(answer.content)
    assert not Letter.objects.drafts().exists()


def test_a11_nobody_is_ticked_but_whom_the_address_names(office: Client, ann: Participant) -> None:
    page = f"/inspections/{ann.inspection_id}/email/"
    ticked = re.compile(rf'value="{ann.pk}" id="to-{ann.pk}" checked')
    assert not ticked.search(text(office.get(page).content))
    assert ticked.search(text(office.get(f"{page}?to={ann.pk}").content))


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"subject": ""}, "Subject: Please enter one. It is empty."),
        ({"body": " "}, "Please write something. It is empty."),
        (
            {"body": f"{BUTTON}\n{{{{clinet_name}}}}"},
            "Line 2: {{clinet_name}} isn’t known. Did you mean {{client_name}}?",
        ),
        ({"body": f"<p>{{{{AGENT_NAME}}}}</p>{BUTTON}"}, "{{AGENT_NAME}} is empty for Ann Lee."),
        ({"body": f"<p>Hello{BUTTON}"}, "&lt;p&gt; is not closed."),
        ({"body": BUTTON + "x" * 110_000}, "Mail programs cut what is over 102 KB."),
        ({"to": []}, "Please tick at least one person."),
        ({"send_at": "2020-01-01T09:00"}, "That time has passed."),
        ({"send_at": "2090-01-01T09:00"}, "more than a year away"),
        ({"send_at": "tomorrow"}, "Please enter a date and time"),
    ],
)
def test_what_stops_it_is_said_and_the_draft_is_kept(
    office: Client, ann: Participant, over: dict[str, Any], said: str
) -> None:
    answer = office.post(new(office, ann.inspection), typed(ann, act="send") | over)
    assert answer.status_code == 422
    assert said in text(answer.content)
    assert not Message.objects.exists()
    assert Letter.objects.drafts().count() == 1


def test_a11_without_a_portal_link_it_asks(office: Client, ann: Participant) -> None:
    address = new(office, ann.inspection)
    words = typed(ann, act="send", body="<p>Hello</p>")
    answer = office.post(address, words)
    assert answer.status_code == 422
    assert "No portal link in this email" in text(answer.content)
    office.post(address, words | {"act": "add-link", "revision": "1"})
    assert Letter.objects.get().body == f"<p>Hello</p>\n{BUTTON}"
    office.post(address, words | {"act": "send-anyway", "revision": "3"})
    assert Message.objects.get().letter.body == "<p>Hello</p>"  # type: ignore[union-attr]


def test_pressed_twice_and_in_two_windows_it_is_one_email(office: Client, ann: Participant) -> None:
    address = new(office, ann.inspection)
    for page in ("one", "one", "two"):
        answer = office.post(address, typed(ann, act="send", page=page), follow=True)
    assert Message.objects.count() == 1
    assert "sent this email already. It went out once." in text(answer.content)


def test_a_person_without_a_usable_address_cannot_be_ticked(office: Client, ann: Participant) -> None:
    bob = make_participant(ann.inspection, name="Bob Ray", email="")
    html = text(office.get(f"/inspections/{ann.inspection_id}/email/").content)
    assert f'value="{bob.pk}" id="to-{bob.pk}" disabled' in html
    assert "Bob Ray has no usable email address." in html
    answer = office.post(new(office, ann.inspection), typed(ann, bob, act="send"))
    assert answer.status_code == 422
    assert not Message.objects.exists()


def test_somebody_of_another_inspection_is_not_written_to(office: Client, ann: Participant) -> None:
    other = make_client(name="Eve", email="eve@example.com")
    assert office.post(new(office, ann.inspection), typed(other, act="send")).status_code == 422
    assert not Message.objects.exists()


def test_a_canceled_inspection_says_why_not(office: Client, kim: User) -> None:
    person = make_client(inspection=make_inspection(status="cancelled"))
    html = text(office.get(f"/inspections/{person.inspection_id}/email/").content)
    assert "The inspection was canceled" in html
    assert office.post(new(office, person.inspection), typed(person, act="send")).status_code == 409


def test_signed_out_nothing_is_seen_or_sent(client: Client, office: Client, ann: Participant) -> None:
    address = new(office, ann.inspection)
    for path in (address, f"{address}save/", f"{address}preview/", f"{address}discard/"):
        assert Client().post(path, typed(ann, act="send")).status_code == 302
    assert not Letter.objects.exists()


def test_at_a_time(office: Client, ann: Participant) -> None:
    day = timezone.localdate() + timedelta(days=3)
    office.post(new(office, ann.inspection), typed(ann, act="send", send_at=f"{day}T09:00"))
    zone = ZoneInfo("America/Chicago")  # the company's
    assert Message.objects.get().send_after == datetime.combine(day, time(9), tzinfo=zone)
    html = text(office.get(f"/inspections/{ann.inspection_id}/").content)
    assert "Next emails" in html


# --- somebody else ---------------------------------------------------------------------------------------------------


OTHER = {"other_name": "Pat Moe", "other_email": "pat@example.com"}


def test_a11_somebody_else_is_asked_about_first(office: Client, ann: Participant) -> None:
    address = new(office, ann.inspection)
    answer = office.post(address, typed(ann, act="send", **OTHER))
    html = text(answer.content)
    assert answer.status_code == 200
    assert "Pat Moe</bdi> is not on this inspection." in html
    assert "Pat Moe (someone else) will see: date, place, inspector. Not: agreement, invoice, report." in html
    assert not Message.objects.exists()
    office.post(address, {"act": "confirmed", "revision": "1"})
    assert set(Message.objects.values_list("to_name", flat=True)) == {"Ann Lee", "Pat Moe"}
    assert ann.inspection.participants.get(role="other").name == "Pat Moe"
    office.post(address, {"act": "confirmed"})
    assert Message.objects.count() == 2


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"other_name": "Pat Moe"}, "Please enter an email address."),
        ({"other_email": "pat@example.com"}, "Please enter a name."),
        ({"other_name": "Pat", "other_email": "pat@gmial.com"}, "Did you mean pat@gmail.com?"),
        ({"other_name": "Pat", "other_email": "kim@oakwood.example"}, "your own"),
        ({"other_name": "Pat", "other_email": "a@x.example, b@x.example"}, "one email address only"),
    ],
)
def test_somebody_else_needs_a_name_and_an_address(
    office: Client, ann: Participant, other: dict[str, str], said: str
) -> None:
    address = new(office, ann.inspection)
    answer = office.post(address, typed(act="send", **other))
    if answer.status_code == 200:  # what only the drafts' rules know is said after the question
        answer = office.post(address, {"act": "confirmed", "revision": "1"})
    assert answer.status_code == 422
    assert said in text(answer.content)
    assert not Message.objects.exists()
    assert not ann.inspection.participants.filter(role="other").exists()


# --- drafts ----------------------------------------------------------------------------------------------------------


def test_a_draft_is_on_the_inspection_and_outlives_the_session(office: Client, ann: Participant) -> None:
    address = new(office, ann.inspection)
    office.post(f"{address}save/", typed(ann), headers={"HX-Request": "true"})
    office.logout()
    assert office.get(address).status_code == 302
    office.force_login(make_user(name="Sam Ortiz", email="sam@oakwood.example"))
    html = text(office.get(f"/inspections/{ann.inspection_id}/").content)
    assert "Draft by <bdi>Kim Reyes</bdi>" in html
    assert address in html
    page = text(office.get(address).content)
    assert "A question" in page
    assert "Hello {{RECIPIENT_NAME}}" in page
    assert f'id="to-{ann.pk}" checked' in page


def test_what_saves_itself_says_so_and_brings_the_new_revision(office: Client, ann: Participant) -> None:
    address = new(office, ann.inspection)
    answer = office.post(f"{address}save/", typed(ann))
    assert "Draft saved" in text(answer.content)
    assert 'name="revision" id="id_revision" value="1"' in text(answer.content)
    assert answer["HX-Trigger"] == "draft-saved"


def test_saved_in_another_window_both_texts_are_shown(office: Client, ann: Participant) -> None:
    address = new(office, ann.inspection)
    office.post(address, typed(ann, body="Theirs", page="one"))
    quiet = office.post(f"{address}save/", typed(ann, body="Mine", page="two"))
    assert "saved this draft in another window" in text(quiet.content)
    answer = office.post(address, typed(ann, body="Mine", page="two"))
    html = text(answer.content)
    assert answer.status_code == 409
    assert "Theirs</textarea>" in html
    assert "Mine</textarea>" in html
    assert Letter.objects.get().body == "Theirs"
    office.post(address, typed(ann, body="Mine", page="two", revision="1"))
    assert Letter.objects.get().body == "Mine"


def test_a_window_that_is_late_changes_nothing_that_was_sent(office: Client, ann: Participant) -> None:
    address = new(office, ann.inspection)
    office.post(address, typed(ann, act="send"))
    answer = office.post(f"{address}save/", typed(ann, body="Late"))
    assert "Sent already by <bdi>Kim Reyes</bdi>" in text(answer.content)
    assert Letter.objects.get().body == BODY


def test_a_draft_is_discarded_after_a_question(office: Client, ann: Participant) -> None:
    address = new(office, ann.inspection)
    office.post(address, typed(ann))
    assert "Discard this draft?" in text(office.get(f"{address}discard/").content)
    assert Letter.objects.exists()
    office.post(f"{address}discard/")
    assert not Letter.objects.exists()
    assert office.get(address).status_code == 200  # an empty page to write on


def test_a_draft_of_another_inspection_is_not_reached(office: Client, kim: User, ann: Participant) -> None:
    other = make_client(name="Eve", email="eve@example.com")
    letter = letters.save(other.inspection, uuid.uuid4(), Written("Secret", "x"), revision=0, page="", by=kim)
    address = f"/inspections/{ann.inspection_id}/email/{letter.uuid}/"
    assert "Secret" not in text(office.get(address).content)
    for path in (address, f"{address}save/"):
        assert office.post(path, typed(ann)).status_code == 404
    assert office.post(f"{address}discard/").status_code == 404
    letter.refresh_from_db()
    assert letter.subject == "Secret"


@pytest.mark.parametrize("body", ["{{", "<p", "\x00 {{NOPE}}", "</textarea><script>", "x" * 200_000])
def test_a_draft_may_hold_anything(office: Client, ann: Participant, body: str) -> None:
    address = new(office, ann.inspection)
    assert office.post(address, typed(ann, body=body, revision="x")).status_code == 302
    assert Letter.objects.get().body == body.replace("\x00", "")
    assert "<script>" not in text(office.get(address).content).replace("<script src", "")


# --- beginning from something ----------------------------------------------------------------------------------------


def test_it_begins_from_a_template(office: Client, ann: Participant) -> None:
    builtin.install()
    template = EmailTemplate.objects.get(name="Confirmation")
    address = new(office, ann.inspection)
    office.post(address, typed(ann, act="use", template=str(template.pk), subject="", body=""))
    letter = Letter.objects.get()
    assert letter.subject == template.current.subject
    assert "{{CLIENT_PORTAL_LINK}}" in letter.body
    assert letter.template == template


def test_it_begins_in_the_language_of_whom_it_goes_to(office: Client, ann: Participant) -> None:
    builtin.install()
    ann.contact.language = "es"
    ann.contact.save()
    template = EmailTemplate.objects.get(name="Confirmation")
    office.post(new(office, ann.inspection), typed(ann, act="use", template=str(template.pk), subject="", body=""))
    assert "Firmar y pagar" in Letter.objects.get().body


def test_what_is_typed_is_not_replaced_without_a_question(office: Client, ann: Participant) -> None:
    builtin.install()
    template = EmailTemplate.objects.get(name="Confirmation")
    address = new(office, ann.inspection)
    answer = office.post(address, typed(ann, act="use", template=str(template.pk)))
    assert answer.status_code == 409
    assert "Replace what you wrote?" in text(answer.content)
    assert Letter.objects.get().body == BODY
    office.post(address, typed(ann, act="replace", template=str(template.pk), revision="1"))
    assert Letter.objects.get().subject == template.current.subject


def test_marketing_is_not_sent_by_hand(office: Client, ann: Participant) -> None:
    builtin.install()
    request = EmailTemplate.objects.create(name="Review", kind="review_request")
    request.versions.create(number=1, subject="x", body="y", published_at=ann.inspection.created_at, created_by="Kim")
    address = new(office, ann.inspection)
    assert office.post(address, typed(ann, act="use", template=str(request.pk))).status_code == 422


def test_its_words_can_be_written_again(office: Client, ann: Participant) -> None:
    office.post(new(office, ann.inspection), typed(ann, act="send"))
    sent = Letter.objects.get()
    html = text(office.get(f"/messages/{Message.objects.get().pk}/").content)
    again = f"/inspections/{ann.inspection_id}/email/?again={sent.uuid}"
    assert again.replace("&", "&amp;") in html
    page = text(office.get(again).content)
    assert "A question" in page
    assert str(sent.uuid) not in page


# --- looking at it ---------------------------------------------------------------------------------------------------


def test_the_preview_shows_it_as_each_person_gets_it(office: Client, ann: Participant) -> None:
    bob = make_participant(ann.inspection, name="Bob Ray", email="bob@example.com")
    address = new(office, ann.inspection)
    for person in (ann, bob):
        answer = office.post(f"{address}preview/", typed(ann, bob, example=str(person.pk)))
        assert f"Hello {person.name}" in text(answer.content)
    assert "Send to Ann Lee, Bob Ray" in text(answer.content)
    assert not Letter.objects.exists()


def test_what_is_not_written_yet_is_no_fault(office: Client, ann: Participant) -> None:
    fresh = text(office.get(f"/inspections/{ann.inspection.pk}/email/").content)
    assert "Still to do" in fresh
    assert "Can’t be sent yet" not in fresh
    wrong = text(office.post(new(office, ann.inspection), typed(act="preview", body="<p>{{NOPE}}</p>")).content)
    assert "Can’t be sent yet" in wrong


def test_the_preview_needs_no_javascript_and_keeps_nothing(office: Client, ann: Participant) -> None:
    answer = office.post(new(office, ann.inspection), typed(ann, act="preview", body="<p>{{NOPE}}</p>"))
    assert "isn’t known" in text(answer.content)
    assert not Letter.objects.exists()


def test_a_test_goes_to_the_one_who_asks(office: Client, ann: Participant) -> None:
    address = new(office, ann.inspection)
    for _ in range(2):
        office.post(address, typed(ann, act="test", nonce="n-1"))
    test = Message.objects.get()
    assert (test.to_address, test.test, test.status) == ("kim@oakwood.example", True, Status.QUEUED)
    assert test.subject == "[Test] A question"
    assert "Hello Ann Lee" in test.html
    office.post(f"{address}discard/")
    test.refresh_from_db()
    assert test.letter is None


def test_a_test_of_something_broken_is_not_sent(office: Client, ann: Participant) -> None:
    answer = office.post(new(office, ann.inspection), typed(ann, act="test", body="{{NOPE}}"))
    assert answer.status_code == 422
    assert "Not sent. Line 1" in text(answer.content)


# --- files -----------------------------------------------------------------------------------------------------------


def attach(office: Client, address: str, ann: Participant, name: str, content: bytes, **over: Any) -> Any:
    return office.post(address, typed(ann, act="attach", files=SimpleUploadedFile(name, content), **over))


def test_files_are_attached_shown_and_taken_out(office: Client, ann: Participant) -> None:
    address = new(office, ann.inspection)
    assert attach(office, address, ann, "plan.pdf", PDF).status_code == 302
    html = text(office.get(address).content)
    assert "plan.pdf" in html
    assert "1 file, 1 KB in all" in html
    office.post(address, typed(ann, act=f"drop:{Attachment.objects.get().pk}", revision="1"))
    assert not Attachment.objects.exists()


def test_a_file_goes_along_when_send_is_pressed_at_once(office: Client, ann: Participant) -> None:
    address = new(office, ann.inspection)
    office.post(address, typed(ann, act="send", files=SimpleUploadedFile("plan.pdf", PDF)))
    assert Message.objects.get().letter.attachments.get().name == "plan.pdf"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("page.pdf", b"<html><script>1</script></html>", "is not a PDF, whatever its name says"),
        ("tool.exe", b"MZ", "of a sort that we don’t send"),
        ("big.txt", b"x" * 26 * 1024 * 1024, "26 MB. At most 25 MB is possible."),
    ],
)
def test_a_file_that_is_not_taken_is_said_and_the_draft_kept(
    office: Client, ann: Participant, name: str, content: bytes, said: str
) -> None:
    answer = attach(office, new(office, ann.inspection), ann, name, content)
    assert answer.status_code == 422
    assert said in text(answer.content)
    assert not Attachment.objects.exists()
    assert Letter.objects.get().subject == "A question"


def test_a_file_can_be_offered_by_link_instead(office: Client, ann: Participant) -> None:
    address = new(office, ann.inspection)
    attach(office, address, ann, "plan.pdf", PDF)
    pk = Attachment.objects.get().pk
    office.post(address, typed(ann, act=f"link:{pk}", revision="1"))
    assert Attachment.objects.get().as_link
    html = text(office.get(address).content)
    assert "offered by link in the portal" in html
    assert "plan.pdf (1 KB)" in html  # the preview names it
    office.post(address, typed(ann, act=f"along:{pk}", revision="2"))
    assert not Attachment.objects.get().as_link


def test_at_most_ten_files(office: Client, ann: Participant) -> None:
    address = new(office, ann.inspection)
    for number in range(10):
        attach(office, address, ann, f"{number}.txt", f"{number}".encode(), revision=str(number))
    answer = attach(office, address, ann, "more.txt", b"more", revision="10")
    assert "at most 10 files" in text(answer.content)


def test_a_file_is_downloaded_and_never_shown(office: Client, ann: Participant) -> None:
    office.post(new(office, ann.inspection), typed(ann))
    letters.attach(Letter.objects.get(), "Señal \r\nX: y.txt", b"words")
    answer = office.get(f"/letters/files/{Attachment.objects.get().pk}/")
    assert answer.content == b"words"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"].startswith("attachment; filename")
    assert "\n" not in answer["Content-Disposition"]
    assert answer["Content-Type"] == "text/plain"
    assert Client().get(f"/letters/files/{Attachment.objects.get().pk}/").status_code == 302


# --- seen elsewhere --------------------------------------------------------------------------------------------------


def test_it_is_in_the_log_in_the_activity_on_its_page_and_by_the_why_page(office: Client, ann: Participant) -> None:
    address = new(office, ann.inspection)
    office.post(address, typed(ann, act="send", files=SimpleUploadedFile("plan.pdf", PDF)))
    message = Message.objects.get()
    for path in (
        f"/inspections/{ann.inspection_id}/",
        "/emails/?q=question",
        f"/messages/{message.pk}/",
        f"/people/{ann.pk}/why/?kind=one_off",
    ):
        answer = office.get(path)
        assert answer.status_code == 200
        assert "Email" in text(answer.content)
    assert "A question" in text(office.get(f"/inspections/{ann.inspection_id}/").content)
    assert "A question" in text(office.get("/emails/?q=question").content)


def test_too_big_for_their_server_offers_a_link_instead_of_the_file(office: Client, ann: Participant) -> None:
    failed = make_failed(ann, "message_too_large", kind="one_off", template=None, files=[{"name": "a.pdf", "size": 9}])
    html = text(office.get(f"/messages/{failed.pk}/").content)
    assert "Resend with a link instead of the file" in html
    without = make_failed(ann, "message_too_large", kind="one_off", template=None)
    assert "Resend with a link instead" not in text(office.get(f"/messages/{without.pk}/").content)


def test_pressed_it_goes_again_with_the_link(office: Client, kim: User, ann: Participant) -> None:
    letter = letters.save(ann.inspection, uuid.uuid4(), Written("Plan", BODY, [ann]), revision=0, page="", by=kim)
    letters.attach(letter, "plan.pdf", PDF)
    message = letters.send(letter, by="Kim", undo=False)[0]
    Message.objects.update(files=[{"name": "plan.pdf", "size": 9, "sha256": "x"}], status=Status.SENT)
    told(message, Status.BOUNCED, category="message_too_large", decided_by="phrase:x")
    office.post(f"/messages/{message.pk}/resend/", {"how": "link", "nonce": "n-1"})
    again = Message.objects.get(resend_of=message)
    assert (again.by_link, again.letter) == (True, letter)


def test_what_was_spoiled_while_the_question_stood_is_not_sent(office: Client, ann: Participant) -> None:
    address = new(office, ann.inspection)
    office.post(address, typed(ann, act="send", **OTHER))
    Letter.objects.update(body="{{NOPE}}")
    answer = office.post(address, {"act": "confirmed", "revision": "1"})
    assert answer.status_code == 422
    assert "isn’t known" in text(answer.content)
    assert not Message.objects.exists()


def test_yes_is_said_to_what_was_read_and_to_nobody_else(office: Client, ann: Participant) -> None:
    address = new(office, ann.inspection)
    asked = text(office.post(address, typed(ann, act="send", **OTHER)).content)
    said = re.findall(r'name="revision" value="(\d+)"', asked)[0]
    office.post(address, typed(ann, page="two", revision=said, other_name="Zed", other_email="zed@example.org"))
    answer = office.post(address, {"act": "confirmed", "revision": said})
    assert answer.status_code == 409
    assert "saved in another window" in text(answer.content)
    assert not Message.objects.exists()


def test_what_no_database_holds_is_no_error(office: Client, ann: Participant) -> None:
    address = new(office, ann.inspection)
    values = typed(ann, page="o\0ne", nonce="n\0-1", other_name="\0", template="\0", send_at="\0", example="\0")
    assert office.post(f"{address}save/", values).status_code == 200
    assert office.post(address, values | {"act": "test", "revision": "1"}).status_code == 302
    assert Message.objects.get().test
