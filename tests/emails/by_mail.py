"""Emails that left by SMTP and the reports about them, for tests that read a mailbox."""

from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings as now
from django.utils import timezone

from config.mailbox import Mailbox as Where
from emails import activity, inbox, mailbox
from emails.models import Mailbox, Message
from emails.states import Status
from inspections.text import canonical
from tests.emails.imap_server import Person
from tests.factories import make_participant

FOLDER = Path(__file__).parent.parent / "fixtures" / "reports"
OURS = UUID("6f1c0a52-3f1b-4d0e-9b1e-2f6a7c8d9e01")


def where() -> Where:
    """The mailbox that is set up."""
    found: Where | None = now.BOUNCE_MAILBOX
    assert found
    return found


def sent(to: str = "ann@example.com", uuid: UUID = OURS, **over: Any) -> Message:
    """An email that our mail server took."""
    person = make_participant(email=to)
    values: dict[str, Any] = {
        "uuid": uuid,
        "inspection": person.inspection,
        "participant": person,
        "kind": "confirmation",
        "to_name": person.name,
        "to_address": to,
        "to_key": canonical(to),
        "created_by": "Kim",
        "provider": "smtp",
        "provider_message_id": f"desk.{uuid}@oakwood.example",
        "status": Status.SENT,
        "sent_at": timezone.now(),
    }
    message = Message.objects.create(**values | over)
    activity.add(message, message.status, status=message.status, provider="smtp")
    return message


def report(name: str) -> bytes:
    return (FOLDER / f"{name}.eml").read_bytes()


def about(message: Message, name: str = "google_address_unknown") -> bytes:
    """A report about another email and recipient than those in the file."""
    mail = report(name).replace(str(OURS).encode(), str(message.uuid).encode())
    return mail.replace(b"ann@example.com", message.to_address.encode())


def read(office: Person, *mails: bytes) -> int:
    """The mails arrive, the mailbox is polled, the worker reads. How many reports were taken in."""
    if mails:
        office.put(*mails, folder="Reports")
    taken = mailbox.poll()
    while inbox.drain():  # it stops after a while, and a slow machine is not done by then
        pass
    return taken


def again(message: Message) -> Message:
    message.refresh_from_db()
    return message


def box() -> Mailbox:
    return Mailbox.objects.get()
