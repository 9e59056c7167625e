"""What people do in the client portal, and what it means for their emails."""

import logging

from emails import activity, holds, outbox
from emails.limits import Refused
from emails.models import Attach, Kind, Message
from emails.states import LEFT_US, WRONG_PERSON, Status
from inspections import grants
from inspections.asking import SIGNED_BEFORE
from inspections.grants import Thing
from inspections.models import InspectionEvent, Participant, Role, Scope
from inspections.text import canonical

log = logging.getLogger(__name__)

Event = InspectionEvent.Type
_MAY_HAVE_ARRIVED = LEFT_US | {Status.SENDING, Status.UNKNOWN}


def react(event: InspectionEvent) -> None:
    """Do what follows from this event; runs inside the event's own transaction."""
    if event.participant is None:
        return
    if event.type == Event.NOT_ME:
        _went_to_somebody_else(event, event.participant)
    if event.type == Event.LINK_ASKED:
        _send_new_link(event, event.participant)


def _went_to_somebody_else(event: InspectionEvent, person: Participant) -> None:
    """The newest email that brought them a link did not reach its person, and nothing else goes to that address.

    A link that was shared or copied blames no email: it went another way, and the person may well get their mail.
    """
    if not any(str(uuid) == event.data.get("purpose") for uuid in person.messages.values_list("uuid", flat=True)):
        return
    sent = person.messages.filter(has_link=True, status__in=_MAY_HAVE_ARRIVED, test=False)
    sent = sent.filter(to_key=canonical(event.data.get("email", ""))).order_by("-pk")
    # To send the signed copy again is no repair if there is another: whoever signed may be that somebody else.
    message = sent.exclude(template__attach=Attach.SIGNED_AGREEMENT).first() or sent.first()
    if message is None:  # it went to an address that they had before
        return
    text = SIGNED_BEFORE if event.data.get("signed") else ""
    told = activity.vouch(message, Status.REJECTED, by=event.by, type="not_me", text=text, category=WRONG_PERSON)
    if told.category == WRONG_PERSON:  # a complaint outweighs it, and holds the address already
        holds.place(told)


def _send_new_link(event: InspectionEvent, person: Participant) -> Message | None:
    """To the address on file, within the limits of what is sent by hand. Whoever asks hears nothing of a refusal.

    Somebody else had a link that the office chose for them: a new one is the office's to give.
    """
    if person.role == Role.OTHER:
        return None
    try:
        return outbox.send(person, _kind(person), by=event.by, undo=False)
    except Refused as refused:
        log.info("no new link for participant %s: %s", person.pk, type(refused).__name__)
        return None


def _kind(person: Participant) -> Kind:
    """The email that carries the link they need now."""
    may_read = Thing.REPORT in grants.things(Scope.EVERYTHING, person.role)
    published = person.inspection.report_published_at is not None
    return Kind.REPORT_READY if published and may_read else Kind.CONFIRMATION
