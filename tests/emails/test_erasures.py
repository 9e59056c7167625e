"""A person's data is deleted: no trace of them anywhere, what took place stays, late news brings nobody back."""

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone

from emails import activity, erasures, holds, inbox, nightly, optouts, planning, retries
from emails.models import AddressHold, Erasure, Letter, Message, MessageEvent, OptOut, Problem, WebhookPost
from emails.states import Status
from inspections import asking, links, people, services, signing
from inspections.errors import BadField, NotPossible
from inspections.models import Contact, ContactChange, ImportUpload, Participant, PortalLink
from tests.emails.conftest import Post, postmark, tell
from tests.emails.mailed import make_client, make_failed, make_message
from tests.factories import (
    consent,
    in_days,
    make_agreement,
    make_company,
    make_draft,
    make_inspection,
    make_participant,
    make_person,
    make_user,
)

pytestmark = pytest.mark.django_db

NAME, OLD, NOW = "Annabel Quist", "a.quist@former.example", "annabel@present.example"
TRACES = ("Annabel", "a.quist", "annabel@", "555 0177", "5550177")


@pytest.fixture(autouse=True)
def _company() -> None:
    make_company(sender_email="office@oakwood.example")


def person(**inspection: object) -> Participant:
    """Somebody who had another address before."""
    found = make_client(
        inspection=make_inspection(status="confirmed", **inspection), name=NAME, email=OLD, phone="+1 217 555 0177"
    )
    people.correct_contact(found.contact, by="Kim", email=NOW)
    found.refresh_from_db()
    return found


def traces(words: tuple[str, ...] = TRACES) -> list[str]:
    """Tables in which any row, as PostgreSQL prints it, holds one of the words; in bytes, too."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT lower(t::text) FROM "{table}" t')
            rows = [row for (row,) in cursor.fetchall()]
            for word in words:
                forms = (word.lower(), word.lower().encode().hex(), word.encode().hex())
                found += [f"{table}: {word}" for row in rows if any(form in row for form in forms)]
    return found


def finish(erasure: Erasure) -> None:
    """What the workers do."""
    while Erasure.objects.filter(pk=erasure.pk, done_at=None).exists():
        erasures.go_on()


def erase(who: Participant, by: str = "Kim Reyes") -> Erasure:
    erasure = erasures.erase(who.contact, by=by)
    finish(erasure)
    return erasure


# --- what goes -------------------------------------------------------------------------------------------------------


def test_nothing_that_names_them_is_left_anywhere(webhook: Post) -> None:
    ann = person()
    message = make_message(
        ann,
        subject=f"For {NAME}",
        html=f"<p>{NAME}</p>",
        text=f"{NAME} at {NOW}",
        note=NAME,
        provider_message_id="pm-1",
    )
    tell(webhook, message, "Bounce", Details=f"550 5.1.1 <{NOW}> does not exist")
    tell(webhook, message, "Bounce", Details=f"550 5.1.1 <{NOW}> does not exist")  # told twice: a post without events
    webhook(b'{"RecordType": "Bounce", "Email": "%s", broken' % NOW.encode())
    inbox.drain()
    make_message(ann, kind="reminder", status=Status.QUEUED)
    links.mint(ann, purpose="copy", by="Kim")
    agent = make_participant(ann.inspection, name="Pat Moss", email="pat@example.com", role="buyer_agent")
    make_message(agent, subject=f"Inspection for {NAME.upper()}", html=f"<p>{NAME}, {NOW}</p>", text=f"{NAME} {NOW}")
    letter = Letter.objects.create(inspection=ann.inspection, subject=f"Hi {NAME}", body=NOW)
    letter.people.add(ann)
    letter.attachments.create(name=f"{NAME}.pdf", content_type="application/pdf", size=3, sha256="x", content=b"abc")
    ImportUpload.objects.create(name=f"{NAME}.csv", content=NOW.encode(), by=make_user())
    services.save(make_draft(external_id="B-2", people=(make_person(name=NAME, email=NOW),)), by="API")
    problem = Problem.objects.open().filter(participant=ann).get()
    Problem.objects.filter(pk=problem.pk).update(closed_note=f"Called {NAME}")
    assert traces()
    for contact in Contact.objects.filter(name=NAME):
        finish(erasures.erase(contact, by="Kim Reyes"))
    assert traces() == []


def test_what_took_place_stays(webhook: Post) -> None:
    ann = person()
    message = tell(webhook, make_message(ann, provider_message_id="pm-1"), "Delivery")
    when, told, rows = message.sent_at, message.events.count(), Message.objects.count()
    erase(ann)
    message.refresh_from_db()
    assert (message.status, message.sent_at, message.kind) == (Status.DELIVERED, when, "confirmation")
    assert message.events.count() == told
    assert Message.objects.count() == rows
    assert ann.inspection.participants.filter(contact__name="Deleted person").exists()
    assert nightly.differences() == []


def test_waiting_emails_are_stopped_and_problems_closed() -> None:
    ann = person()
    failed = make_failed(ann)
    waiting = make_message(ann, kind="reminder", status=Status.QUEUED, send_after=in_days(2))
    held = make_message(ann, kind="agreement", status=Status.HELD, reason="no_address")
    erase(ann)
    for stopped in (waiting, held):
        stopped.refresh_from_db()
        assert stopped.status == Status.CANCELLED
    assert not Problem.objects.open().exists()
    failed.refresh_from_db()
    assert failed.status == Status.BOUNCED


def test_they_come_off_inspections_that_are_not_over_and_their_links_are_off() -> None:
    ann = person()
    past = make_participant(make_inspection(starts_at=in_days(-60), status="completed"), contact=ann.contact)
    link, address = links.mint(ann, purpose="copy")
    erase(ann)
    ann.refresh_from_db()
    past.refresh_from_db()
    assert ann.removed_at is not None
    assert past.removed_at is None
    assert PortalLink.objects.get(pk=link.pk).revoked_at is not None
    assert Client().get(address.removeprefix("http://testserver")).status_code == 410


def test_a_hold_loses_whom_it_was_about() -> None:
    ann = person()
    make_failed(ann)
    assert holds.active(NOW)
    erase(ann)
    hold = AddressHold.objects.get()
    assert (hold.key, hold.address, hold.category) == ("", "", "address_unknown")
    assert hold.released_at is not None
    assert holds.active(NOW) is None


def test_the_wish_to_get_no_marketing_outlives_the_address() -> None:
    ann = person()
    optouts.stop(make_message(ann))
    erase(ann)
    assert traces() == []
    assert optouts.applies("review_request", NOW)
    assert not optouts.applies("review_request", "somebody@else.example")


def test_whoever_shares_the_mailbox_keeps_everything() -> None:
    ann = person()
    bob = make_participant(ann.inspection, name="Bob Quist", email=NOW)
    theirs = make_message(bob, text="Hello Bob")
    make_failed(ann)
    OptOut.objects.create(key=NOW)
    erase(ann)
    theirs.refresh_from_db()
    assert (theirs.to_address, theirs.text) == (NOW, "Hello Bob")
    assert holds.active(NOW)
    assert OptOut.objects.filter(key=NOW).exists()


def test_another_persons_words_stay_as_they_were() -> None:
    ann = person()
    other = make_message(make_client(name="Ann Lee", email="ann@example.com"), text="Annabel Quistson was here")
    erase(ann)
    other.refresh_from_db()
    assert other.text == "Annabel Quistson was here"


# --- while something moves -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [Status.CLAIMED, Status.SENDING])
def test_not_while_an_email_is_leaving(status: Status) -> None:
    ann = person()
    moving = make_message(ann, status=Status.QUEUED)
    activity.claim(1)
    Message.objects.filter(pk=moving.pk).update(status=status)
    with pytest.raises(NotPossible, match="is leaving at this moment"):
        erasures.erase(ann.contact, by="Kim")
    ann.contact.refresh_from_db()
    assert ann.contact.name == NAME
    assert not Erasure.objects.exists()


def test_twice_is_once() -> None:
    ann = person()
    make_message(ann)
    first = erase(ann)
    again = erasures.erase(ann.contact, by="Raj")
    assert again.pk == first.pk
    assert Erasure.objects.get().by == "Kim Reyes"


@pytest.mark.parametrize("record", ["Delivery", "Bounce", "SpamComplaint", "Open"])
def test_late_news_is_taken_and_does_not_bring_the_address_back(webhook: Post, record: str) -> None:
    ann = person()
    message = make_message(ann, provider_message_id="pm-1")
    late = postmark(message, record)
    erase(ann)
    assert webhook(late) == 200
    inbox.drain()
    message.refresh_from_db()
    assert traces() == []
    expected = {"Delivery": "delivered", "Bounce": "bounced", "SpamComplaint": "complained", "Open": "sent"}
    assert message.status == expected[record]
    assert not Problem.objects.open().exists()
    assert not AddressHold.objects.filter(released_at=None).exists()


def test_the_same_late_news_twice_leaves_nothing_either(webhook: Post) -> None:
    ann = person()
    message = make_message(ann, provider_message_id="pm-1")
    late = postmark(message, "Bounce")
    erase(ann)
    for _ in range(2):
        webhook(late)
    inbox.drain()
    assert traces() == []
    assert MessageEvent.objects.filter(type="bounced").count() == 1


def test_late_news_about_no_email_of_ours_leaves_nothing(webhook: Post) -> None:
    ann = person()
    stranger = postmark(make_message(ann), "Bounce", MessageID="elsewhere", Metadata={})
    erase(ann)
    webhook(stranger)
    inbox.drain()
    inbox.adopt_orphans()
    assert traces() == []


def test_a_post_that_waited_unread_leaves_nothing(webhook: Post) -> None:
    ann = person()
    message = make_message(ann, provider_message_id="pm-1")
    webhook(postmark(message, "Bounce"))
    erase(ann)
    inbox.drain()
    assert traces() == []
    message.refresh_from_db()
    assert message.status == Status.BOUNCED


def test_news_for_somebody_elses_address_is_not_taken(webhook: Post) -> None:
    ann = person()
    message = make_message(ann, provider_message_id="pm-1")
    erase(ann)
    webhook(postmark(message, "Bounce", Email="other@example.com"))
    inbox.drain()
    message.refresh_from_db()
    assert message.status == Status.SENT


def test_an_emptied_post_is_not_read_again(webhook: Post) -> None:
    ann = person()
    tell(webhook, make_message(ann, provider_message_id="pm-1"), "Delivery")
    erase(ann)
    post = WebhookPost.objects.get()
    inbox.replay(post)
    post.refresh_from_db()
    assert post.state == WebhookPost.State.DONE


def test_nothing_is_tried_again(settings: object) -> None:
    ann = person()
    make_failed(ann, category="mailbox_full")
    erase(ann)
    assert retries.plan_all() == 0
    assert not Message.objects.filter(status=Status.QUEUED).exists()


def test_a_row_that_was_written_meanwhile_is_found(webhook: Post) -> None:
    ann = person()
    before = Participant.objects.select_related("contact", "inspection").get(pk=ann.pk)
    erase(ann)
    kept = make_message(ann).template
    assert kept is not None
    planning.enqueue(planning.Plan(before, "confirmation", kept, by="Rule"))  # it had read the address before
    assert traces()
    erasures.go_on()
    assert traces() == []
    assert not Message.objects.filter(status=Status.QUEUED).exists()


def test_nobody_types_an_address_back_in() -> None:
    ann = person()
    erase(ann)
    with pytest.raises(BadField, match="data was deleted"):
        people.correct_contact(ann.contact, by="Kim", email=NOW)


def test_whoever_comes_back_is_somebody_new(webhook: Post) -> None:
    erase(person())
    again = make_client(name=NAME, email=NOW)
    message = tell(webhook, make_message(again, provider_message_id="pm-9"), "Delivery")
    assert message.events.filter(recipient=NOW).exists()
    assert erasures.go_on() == 0
    message.refresh_from_db()
    assert message.to_address == NOW


@pytest.mark.django_db(transaction=True)
def test_two_at_once_and_a_correction_between_leave_one_deletion() -> None:
    ann = person()
    make_message(ann)
    acts: list[Callable[[], object]] = [
        lambda: erasures.erase(Contact.objects.get(pk=ann.contact_id), by="Kim"),
        lambda: erasures.erase(Contact.objects.get(pk=ann.contact_id), by="Raj"),
        lambda: people.correct_contact(Contact.objects.get(pk=ann.contact_id), by="Sam", email="annabel@third.example"),
    ]
    gate = threading.Barrier(len(acts))
    failed: list[Exception] = []

    def run(act: Callable[[], object]) -> None:
        try:
            connection.ensure_connection()
            gate.wait(timeout=60)
            act()
        except BadField:
            pass  # the correction came second
        except Exception as problem:
            failed.append(problem)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert failed == []
    finish(Erasure.objects.get())
    assert traces() == []


# --- after a restore -------------------------------------------------------------------------------------------------


def listed() -> str:
    out = StringIO()
    call_command("list_erasures", stdout=out)
    return out.getvalue()


def test_after_a_restore_it_is_done_again(tmp_path: Path) -> None:
    ann = person()
    make_message(ann, text=f"Hello {NAME}")
    before = Contact.objects.values().get(pk=ann.contact_id)
    first = erase(ann)
    told = listed()
    assert not [word for word in TRACES if word in told]
    (tmp_path / "erasures.jsonl").write_text(told)
    Erasure.objects.all().delete()  # as the backup has it
    Contact.objects.filter(pk=ann.contact_id).update(
        **{name: before[name] for name in ("name", "email", "email_key", "phone")}, erased_at=None
    )
    Message.objects.update(to_address=NOW, to_key=NOW, text=NAME, erased_at=None)
    for _ in range(2):
        call_command("repeat_erasures", str(tmp_path / "erasures.jsonl"), stdout=StringIO())
    again = Erasure.objects.get()
    finish(again)
    assert traces() == []
    assert (again.at, again.by) == (first.at, first.by)


def test_a_number_that_was_given_anew_is_somebody_else(tmp_path: Path) -> None:
    ann = person()
    told = {"contact": ann.contact_id, "made": (timezone.now() - timedelta(days=9)).isoformat(), "by": "Kim"}
    (tmp_path / "list").write_text(json.dumps(told | {"at": told["made"]}))
    out = StringIO()
    call_command("repeat_erasures", str(tmp_path / "list"), stdout=out)
    assert "0 deleted, 1 not in this database" in out.getvalue()
    ann.contact.refresh_from_db()
    assert ann.contact.name == NAME


@pytest.mark.parametrize("line", ["nonsense", "{}", '{"contact": "x", "made": "y", "at": "z", "by": ""}'])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "list").write_text(line)
    with pytest.raises(CommandError, match="Line 1 is not one"):
        call_command("repeat_erasures", str(tmp_path / "list"))


# --- the page --------------------------------------------------------------------------------------------------------


@pytest.fixture
def owner(client: Client) -> Client:
    client.force_login(make_user(name="Kim Reyes", is_superuser=True))
    return client


def test_the_page_says_what_goes_and_what_stays_and_changes_nothing(owner: Client) -> None:
    ann = person()
    make_message(ann)
    html = owner.get(f"/contacts/{ann.contact_id}/erase/").content.decode()
    for words in ("What goes", "What stays", "1 email", "come off the list of 1 inspection"):
        assert words in html
    ann.contact.refresh_from_db()
    assert ann.contact.name == NAME


def test_it_needs_the_tick(owner: Client) -> None:
    ann = person()
    answer = owner.post(f"/contacts/{ann.contact_id}/erase/", {})
    assert answer.status_code == 422
    assert "Please tick that you know this." in answer.content.decode()
    assert not Erasure.objects.exists()


def test_an_owner_deletes_and_the_page_says_so(owner: Client) -> None:
    ann = person()
    for _ in range(2):
        html = owner.post(f"/contacts/{ann.contact_id}/erase/", {"sure": "on"}, follow=True).content.decode()
    assert "Their data was deleted" in html
    assert "Kim Reyes" in html
    assert f"/people/{ann.pk}/edit/" not in html
    assert Erasure.objects.count() == 1


def test_the_page_says_when_something_is_leaving(owner: Client) -> None:
    ann = person()
    moving = make_message(ann, status=Status.QUEUED)
    activity.claim(1)
    Message.objects.filter(pk=moving.pk).update(lease_until=Now() + timedelta(minutes=2))
    html = owner.get(f"/contacts/{ann.contact_id}/erase/").content.decode()
    assert "is leaving at this moment" in html
    answer = owner.post(f"/contacts/{ann.contact_id}/erase/", {"sure": "on"})
    assert answer.status_code == 422
    assert "Wait a minute, then try again." in answer.content.decode()


def test_a_colleague_sees_whom_to_ask(owner: Client) -> None:
    ann = person()
    sam = Client()
    sam.force_login(make_user(name="Sam Ortiz"))
    html = sam.get(f"/contacts/{ann.contact_id}/").content.decode()
    assert "Ask an owner (Kim)." in html
    assert f"/contacts/{ann.contact_id}/erase/" not in html
    assert sam.post(f"/contacts/{ann.contact_id}/erase/", {"sure": "on"}).status_code == 403


def test_every_page_about_them_still_opens(owner: Client) -> None:
    ann = person()
    failed = make_failed(ann)
    make_message(ann, kind="reminder", status=Status.QUEUED)
    erase(ann)
    for path in (
        "/",
        "/emails/",
        "/emails/?view=domain",
        "/contacts/",
        f"/contacts/{ann.contact_id}/",
        f"/inspections/{ann.inspection_id}/",
        f"/people/{ann.pk}/why/",
        f"/people/{ann.pk}/edit/",
        *(f"/messages/{pk}/" for pk in Message.objects.values_list("pk", flat=True)),
        "/blocked/",
        "/health/",
    ):
        assert owner.get(path, follow=True).status_code == 200, path
    html = owner.get(f"/messages/{failed.pk}/").content.decode()
    assert "The text is gone for good." in html
    assert "What to tell" not in html
    assert "/resend/" not in html
    assert owner.post(f"/messages/{failed.pk}/resend/").status_code in (302, 409, 422)
    assert not Message.objects.filter(status=Status.QUEUED).exists()
    assert ContactChange.objects.exists()


def test_what_staff_wrote_about_their_signature_goes() -> None:
    found = make_client(inspection=make_inspection(status="confirmed", agreement=make_agreement()))
    signing.disown(signing.sign(found, consent(found)), by="Kim", note="Mrs Quist called")
    erasures.erase(found.contact, by="Kim")
    assert not traces(("Mrs Quist",))


def test_whoever_signed_and_asked_for_a_link_is_not_left_as_the_one_who_did_it() -> None:
    found = make_client(inspection=make_inspection(status="confirmed", agreement=make_agreement()), name="Annabel Roe")
    make_participant(found.inspection, role="buyer_agent", email="pat@example.com")
    people.correct_contact(found.contact, by="Kim", email=NOW)
    make_failed(found, "mailbox_full")
    people.correct_contact(found.contact, by="Kim", name=NAME)
    found.refresh_from_db()
    signing.sign(found, consent(found, typed_name="Ann\u00e1bel Quist"))
    asking.new_link(NOW, None)
    asked = Message.objects.get(created_by=NAME)
    erasures.erase(found.contact, by="Kim")
    while not Erasure.objects.get().done_at:
        erasures.go_on()
    asked.refresh_from_db()
    assert asked.created_by == "Deleted person"
    assert {trace.split(":")[0] for trace in traces(("Annabel", "bel quist"))} == {"inspections_signature"}
