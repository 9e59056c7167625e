"""What the pages read about one person: what did not reach them, which addresses they had."""

from emails import outbox
from emails.models import Message, Problem
from emails.states import UNDELIVERED, Status
from inspections.models import Contact, ContactChange, Participant

MOST_CHANGES = 50


def unsent(person: Participant) -> list[Message]:
    """What did not reach them, the newest of each kind first: also where a resend was undone."""
    found = {message.kind: message for message in outbox.unsent_for(person)}
    still_open = Problem.objects.open().filter(participant=person).select_related("message")
    for problem in still_open:
        message = problem.message
        waits = message.status in UNDELIVERED or message.status == Status.HELD
        if waits and message.kind not in found and _nothing_newer(message):
            found[message.kind] = message
    return [message for message in found.values() if outbox.why_not_about(person.inspection, message.kind) is None]


def _nothing_newer(message: Message) -> bool:
    newer = Message.objects.filter(participant=message.participant_id, kind=message.kind, pk__gt=message.pk)
    return not newer.exclude(status=Status.CANCELLED).exists()


def history(contact: Contact) -> list[ContactChange]:
    """Former details, the latest change first."""
    return list(contact.changes.all()[:MOST_CHANGES])
