"""Practice only: what clients, their servers and our own mishaps do to emails that left.

News comes as Postmark posts it and is read by the worker; a lost answer is what a worker leaves that was killed.
"""

import json
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from emails import activity, inbox, outbox, rendering
from emails.models import Automation, Message, Trigger
from emails.outbox import How
from emails.practice import past
from emails.practice.stories import Story
from emails.states import Status
from inspections import events, links, services
from inspections.models import Company, Inspection, User

BY = "Kim Reyes"
SAM = "Sam Ortiz"


# --- news ------------------------------------------------------------------------------------------------------------


def open_(story: Story, inspection: Inspection) -> None:
    """Their mail program loads the pictures."""
    for message in _sent(inspection):
        _post(message, "Delivery", Recipient=message.to_address, DeliveredAt=_now(), Details="smtp;250 2.0.0 OK")
        _post(message, "Open", Recipient=message.to_address, ReceivedAt=_now(), FirstOpen=True, UserAgent="Mozilla/5.0")


def reply(story: Story, inspection: Inspection) -> None:
    """They are away, and their mailbox says so."""
    for message in _sent(inspection):
        _post(message, "Delivery", Recipient=message.to_address, DeliveredAt=_now(), Details="smtp;250 2.0.0 OK")
        words = "I am out of the office until Monday."
        _post(message, "Bounce", Type="AutoResponder", Email=message.to_address, BouncedAt=_now(), Details=words)


def stall(story: Story, inspection: Inspection) -> None:
    """Their server asks to wait, and goes on asking."""
    words = "smtp;451 4.7.1 Greylisting in action, please come back later"
    for message in _sent(inspection):
        _post(message, "Bounce", Type="Transient", Email=message.to_address, BouncedAt=_now(), Details=words)


def refuse(story: Story, inspection: Inspection) -> None:
    """Their server refuses in words that mean nothing to anybody."""
    for message in _sent(inspection):
        words = "smtp;550 Error 17-B"
        _post(message, "Bounce", Type="Unknown", Email=message.to_address, BouncedAt=_now(), Details=words)


def _sent(inspection: Inspection) -> Iterable[Message]:
    return inspection.messages.filter(status=Status.SENT).order_by("pk")


def _post(message: Message, record: str, **news: Any) -> None:
    post = {"RecordType": record, "MessageID": message.provider_message_id, "Metadata": {"message": str(message.uuid)}}
    inbox.store("postmark", json.dumps(post | news).encode(), {"Content-Type": "application/json"})


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# --- mishaps ---------------------------------------------------------------------------------------------------------


def lose(story: Story, inspection: Inspection) -> None:
    """Sent again by a worker that is killed during the call: nobody knows whether it left."""
    message = _during_the_call(inspection)
    if message:
        Message.objects.filter(pk=message.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
        activity.sweep()


def fail(story: Story, inspection: Inspection) -> None:
    """Sent again while the mail service takes nothing, until no try is left."""
    message = _during_the_call(inspection)
    if message:
        words = "The mail service is offline for maintenance."
        activity.finish(message, Status.FAILED, category="provider_problem", decided_by="send", text=words)


def _during_the_call(inspection: Inspection) -> Message | None:
    """What arrived, sent again by a worker of our own that has it under way now."""
    first = inspection.messages.filter(status=Status.DELIVERED).order_by("pk").first()
    if first is None:
        return None
    again = outbox.resend(first, by=BY, undo=False, confirmed=True, how=How(at=timezone.now() + timedelta(minutes=10)))
    token, soon = uuid.uuid4(), timezone.now() + timedelta(minutes=1)
    waiting = Message.objects.filter(pk=again.pk, status=Status.QUEUED)
    if not again.template or not waiting.update(status=Status.CLAIMED, token=token, lease_until=soon, tries=5):
        return None
    message = Message.objects.with_people().get(pk=again.pk)
    version = again.template.current
    rendered = rendering.render(message, version, Company.get())
    activity.mark_sending(
        message,
        template_version=version,
        subject=rendered.subject,
        html=rendered.masked(rendered.html),
        text=rendered.masked(rendered.text),
        has_link=rendered.has_link,
        from_header=first.from_header,
    )
    return message


def vouch(story: Story, inspection: Inspection) -> None:
    """Somebody asked, and it had arrived."""
    for message in inspection.messages.filter(status=Status.UNKNOWN):
        outbox.settle(message, arrived=True, by=SAM)


def age(story: Story, inspection: Inspection) -> None:
    """Hours go by without an answer."""
    past.move(inspection, -timedelta(hours=6))


# --- people ----------------------------------------------------------------------------------------------------------


def visit(story: Story, inspection: Inspection) -> None:
    """They open the portal."""
    for person in inspection.participants.filter(removed_at=None):
        link, _ = links.mint(person, purpose="practice")
        links.note_use(link)
        events.record(inspection, events.Type.PORTAL_VISITED, by=person.name, participant=person, link=link.pk)


def hire(story: Story, inspection: Inspection) -> None:
    """The client joins the office: what goes to a colleague's address is not sent to a client."""
    for person in story.people:
        if not User.objects.filter(email=person.email).exists():
            User.objects.create_user(person.email, name=person.name)


def move_while_off(story: Story, inspection: Inspection) -> None:
    """The rule about new dates is off for this one move; nobody else sees that."""
    with transaction.atomic():
        rules = Automation.objects.filter(trigger=Trigger.RESCHEDULED, enabled=True)
        off = list(rules.values_list("pk", flat=True))
        rules.update(enabled=False)
        services.reschedule(inspection, inspection.starts_at + timedelta(days=1), by=SAM)
        Automation.objects.filter(pk__in=off).update(enabled=True)


def silence(story: Story, inspection: Inspection) -> None:
    """Notifications off: what was still to go out is not sent."""
    services.set_notifications(inspection, False, by=SAM)
