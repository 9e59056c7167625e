"""The facts speak, the automations listen."""

from typing import Any

from django.dispatch import receiver

from emails import automations
from inspections.models import InspectionEvent
from inspections.signals import inspection_event


@receiver(inspection_event)
def on_inspection_event(event: InspectionEvent, **_: Any) -> None:
    """In the same transaction: a fact without its emails' rows must not exist."""
    automations.react(event)
