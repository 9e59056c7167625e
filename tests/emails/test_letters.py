"""Letters: what staff write by hand, from the draft to the outbox and to the mail service."""

import hashlib
import uuid
from base64 import b64decode
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from emails import delivery, letters, markup, nightly, outbox, problems
from emails.letters import Written
from emails.models import Attachment, Desk, Letter, Message, Problem
from emails.outbox import How, Refused
from emails.states import Reason, Status
from inspections import grants, links, people
from inspections.drafts import Person
from inspections.grants import Thing
from inspections.models import Company, Inspection, Participant, PortalLink, Scope, User
from tests.emails.mailed import told
from tests.emails.practice_mail import Running
from tests.factories import in_days, make_company, make_inspection, make_participant, make_user

pytestmark = pytest.mark.django_db

BUTTON = '<p><a class="button" href="{{CLIENT_PORTAL_LINK}}">Sign &amp; Pay</a></p>'
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


@pytest.fixture
def kim() -> User:
    make_company()
    return make_user(name="Kim Reyes", email="kim@oakwood.example")


@pytest.fixture
def ann(kim: User) -> Participant:
    return make_participant(make_inspection(status="confirmed"), name="Ann Lee", email="ann@example.com")


def beside(person: Participant, **over: Any) -> Participant:
    """Somebody else on the same inspection."""
    values = {"name": "Bob Ray", "email": "bob@example.com", "role": "buyer_agent"}
    return make_participant(person.inspection, **values | over)


def draft(kim: User, *readers: Participant, **over: Any) -> Letter:
    written = {"subject": "A question", "body": f"<p>Hello {{{{RECIPIENT_NAME}}}}</p>{BUTTON}", "people": readers}
    inspection = over.pop("inspection", None) or readers[0].inspection
    return letters.save(inspection, uuid.uuid4(), Written(**written | over), revision=0, page="p", by=kim)


def posted(mail: Running, message: Message) -> dict[str, Any]:
    """What the mail service got."""
    taken: dict[str, Any] = mail.logged(str(message.uuid))[0]["message"]
    return taken


# --- as people write -------------------------------------------------------------------------------------------------


def is_link(name: str) -> bool:
    return name == "CLIENT_PORTAL_LINK"


@pytest.mark.parametrize(
    ("written", "html"),
    [
        ("Hello Ann,\n\nsee you.", "<p>Hello Ann,</p>\n\n<p>see you.</p>"),
        ("Hello\r\nAnn", "<p>Hello<br>\nAnn</p>"),
        ("<h1>Hi</h1>\n\nAnn & <b>Bob</b>", "<h1>Hi</h1>\n\n<p>Ann & <b>Bob</b></p>"),
        ("<p>One</p>\n<p>Two</p>", "<p>One</p>\n<p>Two</p>"),
        ("See {{ CLIENT_PORTAL_LINK }}", '<p>See <a href="{{ CLIENT_PORTAL_LINK }}">{{ CLIENT_PORTAL_LINK }}</a></p>'),
        ('<a href="{{CLIENT_PORTAL_LINK}}">Sign</a>', '<p><a href="{{CLIENT_PORTAL_LINK}}">Sign</a></p>'),
        ("{{ADDRESS}}", "<p>{{ADDRESS}}</p>"),
        ("", ""),
        (" \n\n ", " \n\n "),
    ],
)
def test_what_is_typed_as_in_any_email_becomes_paragraphs(written: str, html: str) -> None:
    made = markup.paragraphs(written, links=is_link)
    assert made == html
    assert made.count("\n") == written.count("\n")
    assert markup.paragraphs(made, links=is_link) == made


def test_a11_plain_words_and_a_bare_link_arrive_as_an_email(kim: User, ann: Participant, mail: Running) -> None:
    letter = draft(kim, ann, body="Hello {{RECIPIENT_NAME}},\n\nplease sign here: {{CLIENT_PORTAL_LINK}}\nThank you")
    assert not letters.look(letter, [ann], Company.get()).lacks_link
    (message,) = letters.send(letter, by="Kim Reyes", undo=False)
    delivery.deliver_due()
    message.refresh_from_db()
    assert message.has_link
    sent = posted(mail, message)
    assert "Hello Ann Lee,</p>" in sent["HtmlBody"]
    assert "Hello Ann Lee,\n\nplease sign here: http" in sent["TextBody"]


# --- sending ---------------------------------------------------------------------------------------------------------


def test_a11_each_person_gets_an_email_of_their_own_with_their_own_link(
    kim: User, ann: Participant, mail: Running
) -> None:
    bob = beside(ann)
    made = letters.send(draft(kim, ann, bob), by="Kim Reyes", undo=False)
    assert [(m.to_address, m.kind, m.template, m.status) for m in made] == [
        ("ann@example.com", "one_off", None, Status.QUEUED),
        ("bob@example.com", "one_off", None, Status.QUEUED),
    ]
    delivery.deliver_due()
    bodies = {}
    for message in made:
        message.refresh_from_db()
        assert (message.status, message.subject, message.has_link) == (Status.SENT, "A question", True)
        bodies[message.to_name] = posted(mail, message)
    assert "Hello Ann Lee" in bodies["Ann Lee"]["HtmlBody"]
    assert "Hello Bob Ray" in bodies["Bob Ray"]["TextBody"]
    assert PortalLink.objects.get(participant=ann).purpose == str(made[0].uuid)
    assert PortalLink.objects.get(participant=bob).purpose == str(made[1].uuid)


def test_a11_the_copy_that_is_kept_does_not_hold_the_secret(kim: User, ann: Participant, mail: Running) -> None:
    message = letters.send(draft(kim, ann), by="Kim", undo=False)[0]
    delivery.deliver_due()
    message.refresh_from_db()
    token = posted(mail, message)["TextBody"].partition("/p/")[2].partition("/")[0]
    assert links.find(token) is not None
    assert token not in message.html + message.text


def test_a11_pressed_twice_it_is_one_email_each(kim: User, ann: Participant) -> None:
    letter = draft(kim, ann, beside(ann))
    assert letters.send(letter, by="Kim") == letters.send(letter, by="Sam")
    assert Message.objects.count() == 2


def test_a_sent_letter_never_changes(kim: User, ann: Participant) -> None:
    letter = draft(kim, ann)
    letters.send(letter, by="Kim")
    with pytest.raises(letters.Sent):
        letters.save(ann.inspection, letter.uuid, Written("Other", "Other"), revision=letter.revision, page="p", by=kim)
    letters.drop(letter, 1)
    assert not letters.discard(letter)
    letter.refresh_from_db()
    assert letter.subject == "A question"


def test_all_rows_or_none(kim: User, ann: Participant) -> None:
    letter = draft(kim, ann, beside(ann))
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN RAISE 'no room'; END $$ LANGUAGE plpgsql;"
            "CREATE TRIGGER refuse BEFORE INSERT ON emails_message FOR EACH ROW"
            " WHEN (NEW.to_address = 'bob@example.com') EXECUTE FUNCTION refuse()"
        )
    with pytest.raises(DatabaseError):
        letters.send(letter, by="Kim")
    letter.refresh_from_db()
    assert (Message.objects.count(), letter.sent_at) == (0, None)


def test_one_who_cannot_be_reached_stops_all_and_is_named(kim: User, ann: Participant) -> None:
    letter = draft(kim, ann, beside(ann, email=""))
    with pytest.raises(Refused, match="Bob Ray: Bob Ray has no usable email address"):
        letters.send(letter, by="Kim")
    assert not Message.objects.exists()


def test_at_a_time_it_waits_and_can_be_stopped(kim: User, ann: Participant) -> None:
    at = in_days(1)
    message = letters.send(draft(kim, ann, send_at=at), by="Kim")[0]
    assert (message.send_after, message.undo_until) == (at, None)
    assert outbox.cancel(message, by="Kim")


def test_nothing_goes_out_about_a_canceled_inspection(kim: User, ann: Participant) -> None:
    letter = draft(kim, ann)
    Inspection.objects.update(status="cancelled", cancelled_at=timezone.now())
    with pytest.raises(Refused, match="canceled"):
        letters.send(letter, by="Kim")


def test_nothing_is_attached_to_what_another_window_sent(kim: User, ann: Participant) -> None:
    letter = draft(kim, ann)
    letters.send(Letter.objects.get(pk=letter.pk), by="Kim")
    with pytest.raises(letters.Sent):
        letters.attach(letter, "plan.pdf", PDF)
    assert not Attachment.objects.exists()


def test_who_left_meanwhile_gets_nothing(kim: User, ann: Participant) -> None:
    letter = draft(kim, ann, beside(ann))
    people.remove_person(ann, by="Sam")
    assert [message.to_name for message in letters.send(letter, by="Kim")] == ["Bob Ray"]


def test_a11_somebody_else_comes_onto_the_inspection_by_it(kim: User, ann: Participant) -> None:
    letter = draft(kim, inspection=ann.inspection)
    message = letters.send(letter, by="Kim", add=Person("other", "Pat Moe", "pat@example.com"))[0]
    assert message.participant is not None
    assert (message.participant.role, message.to_address) == ("other", "pat@example.com")
    assert ann.inspection.events.filter(type="person_added", by="Kim").exists()


@pytest.mark.parametrize("scope", list(Scope))
@pytest.mark.parametrize("role", ["client", "buyer_agent", "seller_agent", "coordinator", "other"])
def test_the_link_of_an_email_opens_what_the_letter_says(
    kim: User, ann: Participant, mail: Running, scope: Scope, role: str
) -> None:
    person = beside(ann, role=role, name="Pat Moe", email="pat@example.com")
    letter = draft(kim, person)
    ends = in_days(9)
    Letter.objects.filter(pk=letter.pk).update(scope=scope, link_expires_at=ends)
    letters.send(letter, by="Kim", undo=False)
    delivery.deliver_due()
    link = PortalLink.objects.get(participant=person)
    assert (link.scope, link.expires_at) == (scope, ends)
    opened = grants.things(link.scope, person.role)
    assert opened == grants.things(scope, role)
    assert role == "client" or not opened & {Thing.AGREEMENT, Thing.INVOICE}


def test_a_link_that_would_have_ended_holds_the_email_with_its_reason(
    kim: User, ann: Participant, mail: Running
) -> None:
    letter = draft(kim, ann)
    message = letters.send(letter, by="Kim", undo=False)[0]
    Letter.objects.filter(pk=letter.pk).update(link_expires_at=timezone.now() - timedelta(minutes=1))
    delivery.deliver_due()
    message.refresh_from_db()
    assert (message.status, message.reason) == (Status.HELD, Reason.TEMPLATE_PROBLEM)
    assert "would have ended" in message.note
    assert not PortalLink.objects.exists()


# --- sending again ---------------------------------------------------------------------------------------------------


def sent(kim: User, person: Participant, **over: Any) -> Message:
    message = letters.send(draft(kim, person, **over), by="Kim", undo=False)[0]
    delivery.deliver_due()
    message.refresh_from_db()
    return message


def test_sent_again_it_keeps_its_words_and_files(kim: User, ann: Participant, mail: Running) -> None:
    letter = draft(kim, ann)
    letters.attach(letter, "plan.pdf", PDF)
    message = letters.send(letter, by="Kim", undo=False)[0]
    delivery.deliver_due()
    again = outbox.resend(message, by="Sam", undo=False, confirmed=True)
    delivery.deliver_due()
    again.refresh_from_db()
    assert (again.letter, again.files) == (letter, Message.objects.get(pk=message.pk).files)
    assert [file["Name"] for file in posted(mail, again)["Attachments"]] == ["plan.pdf"]


def test_two_letters_to_one_person_are_two_problems(kim: User, ann: Participant, mail: Running) -> None:
    first, second = sent(kim, ann), sent(kim, ann, subject="Another question")
    told(first, Status.BOUNCED, category="mailbox_full")
    told(second, Status.DELIVERED)
    assert Problem.objects.open().get().message == first
    third = sent(kim, ann, subject="A third")
    told(third, Status.BOUNCED, category="mailbox_full")
    assert Problem.objects.open().count() == 2
    assert [m.pk for m in outbox.unsent_for(ann)] == [first.pk, third.pk]
    problems.close_all(Problem.objects.open(), by="Kim", note="")


def test_another_letter_is_not_asked_about_the_last_one(kim: User, ann: Participant, mail: Running) -> None:
    sent(kim, ann)
    assert sent(kim, ann).status == Status.SENT


# --- files -----------------------------------------------------------------------------------------------------------


def test_files_go_along_and_the_message_remembers_them(kim: User, ann: Participant, mail: Running) -> None:
    letter = draft(kim, ann)
    letters.attach(letter, "plan.pdf", PDF)
    letters.attach(letter, "Señal año.txt", b"one\ntwo\n")
    message = letters.send(letter, by="Kim", undo=False)[0]
    delivery.deliver_due()
    message.refresh_from_db()
    assert message.files == [
        {"name": "plan.pdf", "size": len(PDF), "sha256": hashlib.sha256(PDF).hexdigest()},
        {"name": "Señal año.txt", "size": 8, "sha256": hashlib.sha256(b"one\ntwo\n").hexdigest()},
    ]
    got = posted(mail, message)["Attachments"]
    assert [(file["Name"], file["ContentType"].partition(";")[0], b64decode(file["Content"])) for file in got] == [
        ("plan.pdf", "application/pdf", PDF),
        ("Señal año.txt", "text/plain", b"one\ntwo\n"),
    ]


def test_what_is_beyond_five_megabytes_is_offered_by_link(kim: User, ann: Participant, mail: Running) -> None:
    letter = draft(kim, ann, body="<p>Hello</p>")
    big = PDF.replace(b"<<>>", b"x" * (4 * 1024 * 1024), 1)
    assert not letters.attach(letter, "a.pdf", big).as_link
    assert letters.attach(letter, "b.pdf", big + b"%%EOF").as_link
    message = letters.send(letter, by="Kim", undo=False)[0]
    delivery.deliver_due()
    message.refresh_from_db()
    got = posted(mail, message)
    assert [file["Name"] for file in got["Attachments"]] == ["a.pdf"]
    assert "b.pdf (4 MB)" in got["TextBody"]
    assert "/p/" in got["TextBody"]
    assert (message.has_link, message.files[1]["link"]) == (True, True)


def test_too_big_for_them_it_goes_again_with_a_link_instead(kim: User, ann: Participant, mail: Running) -> None:
    letter = draft(kim, ann, body="<p>Hello</p>")
    letters.attach(letter, "plan.pdf", PDF)
    message = letters.send(letter, by="Kim", undo=False)[0]
    delivery.deliver_due()
    message.refresh_from_db()
    told(message, Status.BOUNCED, category="message_too_large")
    again = outbox.resend(message, by="Kim", undo=False, how=How(by_link=True))
    delivery.deliver_due()
    again.refresh_from_db()
    assert not posted(mail, again).get("Attachments")
    assert "plan.pdf" in posted(mail, again)["TextBody"]
    assert again.files[0]["link"] is True
    assert again.has_link


def test_what_was_to_offer_its_files_by_link_and_was_stopped_can_be_sent_again(kim: User, ann: Participant) -> None:
    letter = draft(kim, ann, body="<p>Hello</p>")
    letters.attach(letter, "plan.pdf", PDF)
    message = letters.send(letter, by="Kim", undo=False)[0]
    Message.objects.filter(pk=message.pk).update(status=Status.BOUNCED, files=[{"name": "plan.pdf"}])
    stopped = outbox.resend(message, by="Kim", how=How(by_link=True))
    assert outbox.cancel(stopped, by="Kim")
    assert outbox.resend(stopped, by="Kim").by_link


def test_without_a_file_there_is_no_link_instead(kim: User, ann: Participant, mail: Running) -> None:
    message = sent(kim, ann)
    told(message, Status.BOUNCED, category="message_too_large")
    with pytest.raises(Refused, match="No file went along"):
        outbox.resend(message, by="Kim", how=How(by_link=True))


# --- drafts ----------------------------------------------------------------------------------------------------------


def save(letter: Letter, subject: str, kim: User, **over: Any) -> Letter:
    values: dict[str, Any] = {"revision": letter.revision, "page": "one"} | over
    return letters.save(letter.inspection, letter.uuid, Written(subject), by=kim, **values)


def test_a_stale_save_is_noticed_and_keeps_nothing(kim: User, ann: Participant) -> None:
    letter = draft(kim, ann)
    save(letter, "Mine", kim)
    with pytest.raises(letters.Stale):
        save(letter, "Theirs", kim, page="two")
    letter.refresh_from_db()
    assert letter.subject == "Mine"


def test_what_a_window_saved_by_itself_is_no_news_to_it(kim: User, ann: Participant) -> None:
    letter = draft(kim, ann)
    save(letter, "By itself", kim, by_itself=True)
    assert save(letter, "By hand", kim).subject == "By hand"
    with pytest.raises(letters.Stale):  # the window is left: what comes late from it is not wanted
        save(letter, "Late", kim, by_itself=True)


def test_a_draft_that_was_thrown_away_comes_back_with_what_is_typed(kim: User, ann: Participant) -> None:
    letter = draft(kim, ann)
    letters.discard(letter)
    again = save(letter, "Still here", kim)
    assert (again.subject, again.revision) == ("Still here", letter.revision + 1)


def test_a_letter_of_another_inspection_is_not_there(kim: User, ann: Participant) -> None:
    letter = draft(kim, ann)
    with pytest.raises(Letter.DoesNotExist):
        letters.save(make_inspection(), letter.uuid, Written("x"), revision=1, page="p", by=kim)


# --- keeping ---------------------------------------------------------------------------------------------------------


def test_words_and_files_are_removed_after_their_time_and_the_record_stays(
    kim: User, ann: Participant, mail: Running
) -> None:
    letter = draft(kim, ann)
    letters.attach(letter, "plan.pdf", PDF)
    message = letters.send(letter, by="Kim", undo=False)[0]
    delivery.deliver_due()
    told(message, Status.DELIVERED)
    old = timezone.now() - timedelta(days=Desk.get().keep_texts_days + 1)
    Message.objects.update(created_at=old, sent_at=old)
    Letter.objects.update(sent_at=old)
    forgotten = draft(kim, ann)
    Letter.objects.filter(pk=forgotten.pk).update(saved_at=old)
    fresh = draft(kim, ann)
    nightly.run()
    letter.refresh_from_db()
    message.refresh_from_db()
    assert (letter.body, Attachment.objects.count(), message.html) == ("", 0, "")
    assert message.files[0]["name"] == "plan.pdf"
    assert list(Letter.objects.drafts()) == [fresh]
    with pytest.raises(Refused, match="removed after their time"):
        outbox.resend(message, by="Kim", confirmed=True)


def test_what_still_waits_keeps_its_words(kim: User, ann: Participant) -> None:
    letter = draft(kim, ann, send_at=in_days(200))
    letters.send(letter, by="Kim")
    old = timezone.now() - timedelta(days=Desk.get().keep_texts_days + 1)
    Message.objects.update(created_at=old)
    Letter.objects.update(sent_at=old)
    nightly.run()
    letter.refresh_from_db()
    assert letter.body
