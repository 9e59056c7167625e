"""Practice only: clients sign, and the office writes down what they paid."""

from decimal import Decimal

from emails.models import new_nonce
from emails.practice.stories import Story
from inspections import events, links, payments, signing
from inspections.models import Inspection, Method, Participant, Role

BY = "Sam Ortiz"
PART = Decimal("200.00")


def sign_one(story: Story, inspection: Inspection) -> None:
    """The first of the clients signs."""
    for person in _clients(inspection)[:1]:
        _sign(person)


def sign_all(story: Story, inspection: Inspection) -> None:
    """Every client signs."""
    for person in _clients(inspection):
        _sign(person)


def pay(story: Story, inspection: Inspection) -> None:
    """What is due comes as a check."""
    if due := payments.due(inspection):
        payments.record(inspection, amount=due, method=Method.CHECK, note="Check 1042", by=BY)


def pay_some(story: Story, inspection: Inspection) -> None:
    """A part of it, by card."""
    payments.record(inspection, amount=PART, method=Method.CARD, by=BY)


def _clients(inspection: Inspection) -> list[Participant]:
    people = inspection.participants.current().filter(role=Role.CLIENT)
    return list(people.select_related("contact", "inspection__agreement").order_by("pk"))


def _sign(person: Participant) -> None:
    """On the portal, as they read it."""
    document = signing.document(person)
    if document is None:
        return
    link, _ = links.mint(person, purpose="practice")
    links.note_use(link)
    events.record(person.inspection, events.Type.PORTAL_VISITED, by=person.name, participant=person, link=link.pk)
    consent = signing.Consent(document.sha256, person.name, agreed=True, nonce=new_nonce(), link=link)
    signing.sign(person, consent)
