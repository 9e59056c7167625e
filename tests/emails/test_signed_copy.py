"""Emails that carry the signed agreement: whose template says so, and what happens before it is signed."""

import hashlib

import pytest
from django.conf import LazySettings
from django.test import Client

from emails import builtin, delivery, outbox, planning, templates
from emails.models import EmailTemplate, Message
from emails.outbox import How
from emails.planning import Plan
from emails.states import Reason, Status
from inspections import pdf, signing
from inspections.models import Participant
from tests.emails.practice_mail import Running
from tests.emails.test_templates import GOOD, typed
from tests.factories import consent, make_client_who_signs, make_company, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann(settings: LazySettings) -> Participant:
    settings.LEASE_SECONDS = 60  # the first PDF of a process reads its fonts
    make_company()
    builtin.install()
    return make_client_who_signs(name="Ann Lee", email="ann@example.com")


def receipt() -> EmailTemplate:
    """A template that sends the signed agreement along."""
    template = EmailTemplate.objects.get(name="Confirmation")
    EmailTemplate.objects.filter(pk=template.pk).update(attach="signed_agreement")
    template.refresh_from_db()
    return template


def send(person: Participant) -> Message:
    message = planning.enqueue(Plan(person, "confirmation", receipt(), "Kim"))
    delivery.deliver_due()
    message.refresh_from_db()
    return message


def test_each_client_gets_their_own_signed_copy(ann: Participant, mail: Running) -> None:
    signature = signing.sign(ann, consent(ann))
    message = send(ann)
    content = pdf.signed(signature)
    assert message.files == [
        {"name": "Signed agreement.pdf", "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    ]
    sent = mail.logged(str(message.uuid))[0]["message"]["Attachments"]
    assert [(one["Name"], one["ContentType"]) for one in sent] == [("Signed agreement.pdf", "application/pdf")]


def test_before_it_is_signed_it_waits_and_says_why_and_then_leaves(ann: Participant, mail: Running) -> None:
    message = send(ann)
    assert (message.status, message.reason) == (Status.HELD, Reason.TEMPLATE_PROBLEM)
    assert message.note == "Ann Lee has not signed the agreement, so there is no signed copy to send along."
    signing.sign(ann, consent(ann))
    delivery.deliver_due()
    message.refresh_from_db()
    assert message.status == Status.SENT
    assert message.files[0]["name"] == "Signed agreement.pdf"


def test_too_big_for_them_it_goes_by_link(ann: Participant, mail: Running) -> None:
    signing.sign(ann, consent(ann))
    again = outbox.resend(send(ann), by="Kim", undo=False, confirmed=True, how=How(by_link=True))
    delivery.deliver_due()
    again.refresh_from_db()
    sent = mail.logged(str(again.uuid))[0]["message"]
    assert not sent.get("Attachments")
    assert "Signed agreement.pdf" in sent["TextBody"]
    assert again.files[0]["link"] is True


def test_owners_choose_it_in_the_editor_and_it_counts_when_published(client: Client, ann: Participant) -> None:
    client.force_login(make_user(name="Kim Reyes", is_superuser=True))
    found = EmailTemplate.objects.get(name="Confirmation")
    client.post(f"/templates/{found.pk}/", typed(found, body=GOOD, attach="signed_agreement"))
    found.refresh_from_db()
    assert found.attach == ""
    page = client.get(f"/templates/{found.pk}/publish/").content.decode()
    assert "The signed agreement (PDF)" in page
    templates.publish(found, revision=found.revision, by="Kim")
    found.refresh_from_db()
    assert found.attach == "signed_agreement"
    assert 'value="signed_agreement" selected' in client.get(f"/templates/{found.pk}/").content.decode()


def test_nothing_else_can_go_along(client: Client, ann: Participant) -> None:
    client.force_login(make_user(name="Kim Reyes", is_superuser=True))
    found = EmailTemplate.objects.get(name="Confirmation")
    assert client.post(f"/templates/{found.pk}/", typed(found, attach="/etc/passwd")).status_code == 422
