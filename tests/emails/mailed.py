"""Messages in the states that the pages show, as plain functions."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from emails import activity
from emails.builtin import install
from emails.models import EmailTemplate, Message, Problem
from emails.states import Status
from inspections.models import Participant
from inspections.text import canonical
from tests.factories import make_inspection, make_participant


def make_client(**person: Any) -> Participant:
    """A client of a confirmed inspection."""
    about = person.pop("inspection", None) or make_inspection(status="confirmed")
    return make_participant(about, **{"name": "Ann Lee", "email": "ann@gmial.com", "phone": "+1 217 555 0101"} | person)


def make_message(person: Participant | None = None, **over: Any) -> Message:
    """A confirmation, by default on its way since an hour."""
    person = person or make_client()
    hour_ago = timezone.now() - timedelta(hours=1)
    values: dict[str, Any] = {
        "inspection": person.inspection,
        "participant": person,
        "kind": "confirmation",
        "template": template(over.get("kind", "confirmation")),
        "to_name": person.name,
        "to_address": person.email,
        "to_key": canonical(person.email),
        "created_by": "Kim",
        "created_at": hour_ago,
        "send_after": hour_ago,
        "provider": "postmark",
        "status": Status.SENT,
    } | over
    if values["status"] not in (Status.QUEUED, Status.HELD, Status.SKIPPED):
        values.setdefault("sent_at", hour_ago)
        values.setdefault("from_header", "Oakwood Inspections <office@oakwood.example>")
        values.setdefault("subject", "Your inspection is confirmed")
        values.setdefault("html", "<p>Hello Ann</p>")
        values.setdefault("text", "Hello Ann")
    message = activity.create(Message(**values), by="Kim")
    if message.status == Status.SENT:
        activity.add(message, "sent", status=Status.SENT, provider="postmark")
    return message


def template(kind: str) -> EmailTemplate | None:
    """The office's own template of this kind."""
    if not EmailTemplate.objects.exists():
        install()
    return EmailTemplate.objects.filter(kind=kind).first()


def told(message: Message, status: str, **event: Any) -> Message:
    """The provider says what became of it."""
    activity.add(message, status, status=status, provider="postmark", **event)
    activity.learn([message.pk])
    message.refresh_from_db()
    return message


def make_failed(person: Participant | None = None, category: str = "address_unknown", **over: Any) -> Message:
    """A confirmation that came back."""
    words = over.pop("words", "smtp;550 5.1.1 The email account that you tried to reach does not exist")
    return told(make_message(person, **over), Status.BOUNCED, category=category, decided_by="phrase:x", text=words)


def problem_of(message: Message) -> Problem:
    """The open problem of this person."""
    return Problem.objects.open().get(participant=message.participant, kind=message.kind)
