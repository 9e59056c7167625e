"""The facts speak, the automations listen."""

from typing import Any

from django.dispatch import receiver

from emails import automations, domains_checks, visitors, wake
from inspections.models import InspectionEvent
from inspections.signals import inspection_event

NEW_ADDRESSES = frozenset(
    {InspectionEvent.Type.CREATED, InspectionEvent.Type.PERSON_ADDED, InspectionEvent.Type.CONTACT_CHANGED}
)


@receiver(inspection_event)
def on_inspection_event(event: InspectionEvent, **_: Any) -> None:
    """In the same transaction: a fact without its emails' rows must not exist."""
    automations.react(event)
    visitors.react(event)
    if event.type in NEW_ADDRESSES:
        _look_up_domains(event)


def _look_up_domains(event: InspectionEvent) -> None:
    people = [event.participant] if event.participant else event.inspection.participants.select_related("contact")
    if domains_checks.ask(domains_checks.domain_of(person.contact.email) for person in people):
        wake.look_up()
