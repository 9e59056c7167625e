"""Practice only: what the office writes by hand, and what comes of an email that reached somebody else."""

import uuid

from emails import checks, letters
from emails.letters import Written
from emails.models import Kind, Letter
from emails.practice.stories import Story
from emails.states import Status
from inspections import asking, links
from inspections.models import Inspection, Role, User

SUBJECT = "Before we come to {{ADDRESS}}"
WORDS = "<p>Hello {{RECIPIENT_NAME}},</p>\n<p>please leave the gate open and keep the dog inside. Thank you.</p>"


def write(story: Story, inspection: Inspection) -> None:
    """The office writes to the clients."""
    letter = _draft(inspection, f"{WORDS}\n{checks.button(Kind.CONFIRMATION)}")
    letters.send(letter, by=str(letter.author), undo=False)


def begin(story: Story, inspection: Inspection) -> None:
    """The office begins to write, and somebody calls."""
    _draft(inspection, "<p>Hello {{RECIPIENT_NAME}},</p>\n<p>about the radon test:</p>")


def not_them(story: Story, inspection: Inspection) -> None:
    """The address belongs to somebody else, who says so."""
    email = inspection.messages.filter(has_link=True, status=Status.DELIVERED).order_by("pk").last()
    if email and email.participant:
        asking.not_me(links.mint(email.participant, purpose=str(email.uuid))[0])


def _draft(inspection: Inspection, body: str) -> Letter:
    clients = inspection.participants.current().filter(role=Role.CLIENT).select_related("contact", "inspection")
    author = User.objects.filter(is_active=True).order_by("pk")[:1].get()
    written = Written(SUBJECT, body, list(clients))
    return letters.save(inspection, uuid.uuid4(), written, revision=0, page="", by=author)
