"""What people do in the portal, and what becomes of their emails: the wrong person, and new links."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from emails import builtin, enclosures, holds, reasons
from emails.models import AddressHold, EmailTemplate, Message, Problem
from emails.states import Reason, Status
from inspections import asking, events, links, people, services, signing
from inspections.errors import NotPossible
from inspections.models import InspectionEvent, Participant, PortalLink, Scope, Signature
from tests.emails.mailed import make_client, make_failed, make_message, template, told
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
Type = InspectionEvent.Type
BEEN_THERE = re.compile("was on the portal|opened the portal|opened the client portal")


@pytest.fixture
def office(client: Client) -> Client:
    """Kim, signed in."""
    cache.clear()
    make_company(sender_email="office@oakwood.example")
    client.force_login(make_user(name="Kim Reyes"))
    template("confirmation")
    return client


def delivered(person: Participant, **over: Any) -> Message:
    return told(make_message(person, has_link=True, **over), Status.DELIVERED)


def not_me(person: Participant) -> None:
    """Pressed by whoever got the newest email."""
    newest = person.messages.order_by("pk").last()
    asking.not_me(links.mint(person, purpose=str(newest.uuid) if newest else "test")[0])


def words(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


# --- the wrong person ------------------------------------------------------------------------------------------------


def test_the_newest_email_with_a_link_went_to_the_wrong_person(office: Client) -> None:
    ann = make_client()
    older, newest = delivered(ann), delivered(ann, kind="agreement")
    without = told(make_message(ann, kind="reminder"), Status.DELIVERED)
    not_me(ann)
    for message in (older, newest, without):
        message.refresh_from_db()
    assert [older.category, newest.category, without.category] == ["", "wrong_person", ""]
    problem = Problem.objects.open().get()
    assert (problem.message, problem.category, problem.participant) == (newest, "wrong_person", ann)


def test_the_office_is_told_with_the_way_out(office: Client) -> None:
    ann = make_client()
    delivered(ann)
    not_me(ann)
    for page in ("/", f"/messages/{Message.objects.get().pk}/"):
        said = words(office.get(page))
        assert "Went to the wrong person" in said
        assert "Someone at ann@gmial.com says they are not Ann Lee. Links are switched off." in said
        assert "Use ann@gmail.com and resend" in said or "Correct address and resend" in said
    page = words(office.get(f"/inspections/{ann.inspection.pk}/"))
    assert "“That’s not me” pressed" in page


def test_nothing_more_goes_to_that_address_until_it_is_corrected(office: Client) -> None:
    ann = make_client()
    delivered(ann)
    not_me(ann)
    hold = AddressHold.objects.get(released_at=None)
    assert (hold.key, hold.category) == ("ann@gmial.com", "wrong_person")
    answer = office.post(f"/people/{ann.pk}/resend/confirmation/", {"nonce": "n-1"})
    assert answer.status_code == 409
    assert "Someone at ann@gmial.com said that our mail is not for them." in words(answer)
    services.reschedule(ann.inspection, ann.inspection.starts_at + timedelta(hours=3), by="Kim")
    held = Message.objects.get(kind="rescheduled")
    assert (held.status, held.reason) == (Status.HELD, Reason.ADDRESS_BLOCKED)


def test_correcting_the_address_sends_it_again_and_settles_it(office: Client) -> None:
    ann = make_client()
    message = delivered(ann)
    not_me(ann)
    data = {"email": "ann@gmail.com", "nonce": "n-1", "resend": [message.pk], "then": "resend"}
    office.post(f"/people/{ann.pk}/edit/", data)
    again = Message.objects.get(root=message)
    assert (again.to_address, again.status) == ("ann@gmail.com", Status.QUEUED)
    Message.objects.filter(pk=again.pk).update(status=Status.SENT)
    told(again, Status.DELIVERED)
    assert not Problem.objects.open().exists()


def test_late_news_of_the_delivery_changes_nothing(office: Client) -> None:
    ann = make_client()
    message = make_message(ann, has_link=True)
    not_me(ann)
    told(message, Status.DELIVERED)
    assert (message.status, message.category) == (Status.REJECTED, "wrong_person")
    assert Problem.objects.open().get().message == message


def test_staff_who_know_better_allow_the_address_again(office: Client) -> None:
    ann = make_client()
    delivered(ann)
    not_me(ann)
    assert "It is someone else’s address" in words(office.get("/blocked/"))
    holds.allow(AddressHold.objects.get(), by="Kim")
    holds.release("ann@gmial.com", by="Kim")
    assert office.post(f"/people/{ann.pk}/resend/confirmation/", {"nonce": "n-1"}).status_code == 302


def test_it_is_a_fact_and_no_reason_to_correct() -> None:
    ann = make_client()
    message = delivered(ann)
    not_me(ann)
    message.refresh_from_db()
    assert not reasons.is_correctable(message)


def signed_then_denied(office: Client) -> Participant:
    """Signed by the link of one email, "that's not me" by the link of the next, the signed copy."""
    builtin.install()
    inspection = services.save(make_draft(people=(make_person(email="ann@gmial.com"),)), by="Kim")[0]
    services.confirm(inspection, by="Kim")
    ann = inspection.participants.get()
    for message in inspection.messages.filter(kind__in=["confirmation", "agreement"]).order_by("pk"):
        Message.objects.filter(pk=message.pk).update(status=Status.SENT, sent_at=timezone.now(), has_link=True)
        told(message, Status.DELIVERED)
    first = inspection.messages.get(kind="confirmation")
    signing.sign(ann, consent(ann, link=links.mint(ann, purpose=str(first.uuid))[0]))
    copy = inspection.messages.get(kind="receipt")
    Message.objects.filter(pk=copy.pk).update(status=Status.DELIVERED, sent_at=timezone.now(), has_link=True)
    not_me(ann)
    return ann


def test_signed_by_one_of_their_links_before_the_office_is_told(office: Client) -> None:
    ann = signed_then_denied(office)
    problem = Problem.objects.open().get()
    assert (problem.category, problem.kind) == ("wrong_person", "agreement")  # not the signed copy
    for page in ("/", f"/inspections/{ann.inspection_id}/", f"/messages/{problem.message_id}/"):
        assert asking.SIGNED_BEFORE in words(office.get(page))
    assert "What the server said" not in words(office.get(f"/messages/{problem.message_id}/"))


def test_while_nobody_knows_who_signed_the_signed_copy_is_sent_to_nobody(office: Client) -> None:
    ann = signed_then_denied(office)
    copy = ann.messages.get(kind="receipt")
    with pytest.raises(NotPossible, match="not Ann Lee"):
        enclosures.of(Message.objects.with_people().get(pk=copy.pk))


def test_what_a_strangers_signature_had_settled_is_open_again(office: Client) -> None:
    inspection = make_inspection(status="confirmed", agreement=make_agreement())
    ann = make_client(inspection=inspection)
    make_failed(ann, kind="agreement")
    signing.sign(ann, consent(ann))
    assert not Problem.objects.open().filter(kind="agreement").exists()
    signing.disown(Signature.objects.get(), by="Kim", note="Ann said so")
    assert Problem.objects.open().get(kind="agreement").participant == ann


def test_what_she_signed_herself_since_stays_settled(office: Client) -> None:
    inspection = make_inspection(status="confirmed", agreement=make_agreement())
    ann = make_client(inspection=inspection)
    make_failed(ann, kind="agreement")
    first = signing.sign(ann, consent(ann))
    services.correct(inspection, make_draft(address="9 Elm St"), by="Kim")
    ann.refresh_from_db()
    signing.sign(ann, consent(ann))
    signing.disown(first, by="Kim", note="Ann said so")
    assert not Problem.objects.open().filter(kind="agreement").exists()


def test_a_slip_after_she_signed_puts_her_signature_in_no_doubt(office: Client) -> None:
    ann = make_client(email="ann@gmail.com", inspection=make_inspection(status="confirmed", agreement=make_agreement()))
    right = delivered(ann)
    signing.sign(ann, consent(ann, link=links.mint(ann, purpose=str(right.uuid))[0]))
    people.correct_contact(ann.contact, by="Kim", email="ann@gmial.com")
    ann.refresh_from_db()
    delivered(ann, kind="reminder")
    not_me(ann)
    problem = Problem.objects.open().get(category="wrong_person")
    assert ann.inspection.events.get(type=Type.NOT_ME).data["signed"] is False
    assert asking.SIGNED_BEFORE not in words(office.get(f"/inspections/{ann.inspection_id}/"))
    assert problem.message.kind == "reminder"


def test_a_signed_copy_that_is_the_only_email_is_heard_too(office: Client) -> None:
    builtin.install()
    ann = make_client()
    copy = delivered(ann, kind="receipt", template=EmailTemplate.objects.get(name="Signed agreement"))
    not_me(ann)
    copy.refresh_from_db()
    assert copy.category == "wrong_person"
    assert AddressHold.objects.filter(released_at=None).exists()


def test_a_stranger_on_the_portal_is_no_proof_that_the_client_was_there(office: Client) -> None:
    ann = make_client(inspection=make_inspection(status="confirmed", agreement=make_agreement(), starts_at=in_days(2)))
    message = delivered(ann)
    Message.objects.filter(pk=message.pk).update(sent_at=timezone.now())
    events.record(ann.inspection, Type.PORTAL_VISITED, by=ann.name, participant=ann)
    pages = ("/", f"/inspections/{ann.inspection_id}/", f"/people/{ann.pk}/why/")
    for page in pages:
        assert BEEN_THERE.search(words(office.get(page))), page
    signing.disown(signing.sign(ann, consent(ann)), by="Kim", note="Ann said so")
    for page in pages:
        assert not BEEN_THERE.search(words(office.get(page))), page
    today = words(office.get("/"))
    assert "Signed before" not in today
    assert "Ann Lee cannot reach the agreement." in words(office.get(pages[1]))
    assert "No email with the link got through to Ann Lee." in today
    again = delivered(ann, kind="agreement")
    Message.objects.filter(pk=again.pk).update(created_at=timezone.now(), sent_at=timezone.now())
    assert "cannot reach the agreement" not in words(office.get(pages[1]))


def test_a_link_that_no_email_brought_blames_no_email(office: Client) -> None:
    ann = make_client()
    make_message(ann, status=Status.QUEUED)
    not_me(ann)
    assert not Problem.objects.exists()
    assert not AddressHold.objects.exists()
    assert not PortalLink.objects.active().exists()


def test_whoever_was_given_a_link_in_another_way_stops_no_mail(office: Client) -> None:
    ann = make_client()
    message = delivered(ann)
    shared, _ = links.mint(ann, purpose="Shared by Kim Reyes", scope=Scope.DETAILS)
    asking.not_me(shared)
    message.refresh_from_db()
    assert (message.status, message.category) == (Status.DELIVERED, "")
    assert not AddressHold.objects.exists()
    assert not PortalLink.objects.active().exists()


def test_an_email_to_an_earlier_address_is_not_the_one(office: Client) -> None:
    ann = make_client(email="ann@gmail.com")
    delivered(ann, to_address="ann@gmial.com", to_key="ann@gmial.com")
    not_me(ann)
    assert not Problem.objects.exists()


# --- new links -------------------------------------------------------------------------------------------------------


def dead_link(person: Participant) -> PortalLink:
    link, _ = links.mint(person, purpose="test")
    links.revoke(link, by="Kim")
    return link


def test_somebody_else_gets_no_new_link_by_themselves(office: Client) -> None:
    pat = make_participant(make_client().inspection, name="Pat Moe", email="pat@example.com", role="other")
    asking.new_link("pat@example.com", dead_link(pat))
    assert InspectionEvent.objects.get(type="link_asked").participant == pat
    assert not Message.objects.exists()


def test_a_new_link_goes_to_the_address_on_file(office: Client) -> None:
    ann = make_client(email="ann@gmail.com")
    asking.new_link("ANN@gmail.com", dead_link(ann))
    message = Message.objects.get()
    assert (message.kind, message.to_address, message.created_by) == ("confirmation", "ann@gmail.com", "Ann Lee")
    assert message.status == Status.QUEUED
    assert "New link asked for" in words(office.get(f"/inspections/{ann.inspection.pk}/"))


def test_once_the_report_is_out_it_is_the_report_that_is_sent_again(office: Client) -> None:
    ann = make_client(email="ann@gmail.com")
    agent = make_participant(ann.inspection, name="Lou", email="lou@example.com", role="seller_agent")
    services.publish_report(ann.inspection, by="Kim")
    Message.objects.all().delete()
    asking.new_link("ann@gmail.com", dead_link(ann))
    asking.new_link("lou@example.com", dead_link(agent))
    assert list(Message.objects.order_by("pk").values_list("to_name", "kind")) == [
        ("Ann Lee", "report_ready"),
        ("Lou", "confirmation"),
    ]


def test_nobody_else_gets_anything(office: Client) -> None:
    ann = make_client(email="ann@gmail.com")
    asking.new_link("eve@example.com", dead_link(ann))
    asking.new_link("eve@example.com", None)
    assert not Message.objects.exists()
    said = words(office.get(f"/inspections/{ann.inspection.pk}/"))
    assert "With eve@example.com, which nobody here has. Nothing was sent" in said


def test_asking_cannot_fill_a_mailbox(office: Client, settings: LazySettings) -> None:
    ann = make_client(email="ann@gmail.com")
    link = dead_link(ann)
    for _ in range(8):
        asking.new_link("ann@gmail.com", link)
        Message.objects.filter(status=Status.QUEUED).update(status=Status.SENT)
    assert Message.objects.count() == 3  # an hour
    assert InspectionEvent.objects.filter(type="link_asked").count() == 5  # a day


def test_where_nothing_may_be_sent_asking_is_noted_all_the_same(office: Client) -> None:
    ann = make_participant(make_inspection(status="cancelled"), name="Ann Lee", email="ann@gmail.com")
    asking.new_link("ann@gmail.com", dead_link(ann))
    assert not Message.objects.exists()
    assert ann.events.filter(type="link_asked").exists()


def test_a_couple_with_one_mailbox_each_get_their_own(office: Client) -> None:
    ann = make_client(email="both@example.com")
    make_participant(ann.inspection, name="Bo Lee", email="both@example.com")
    asking.new_link("both@example.com", dead_link(ann))
    assert set(Message.objects.values_list("to_name", flat=True)) == {"Ann Lee", "Bo Lee"}
