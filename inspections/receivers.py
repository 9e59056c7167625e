"""What the facts do to each other."""

from typing import Any

from django.dispatch import receiver

from inspections import signing
from inspections.models import InspectionEvent
from inspections.signals import inspection_event

Type = InspectionEvent.Type
_LEAVING = frozenset({Type.PERSON_REMOVED, Type.ROLE_CHANGED})
_CHANGES = frozenset({Type.UPDATED, Type.RESCHEDULED, Type.CONTACT_CHANGED})


@receiver(inspection_event)
def on_inspection_event(event: InspectionEvent, **_: Any) -> None:
    """In the same transaction: a signature must not stand for what is not so any more."""
    if event.type in _CHANGES:
        signing.review(event.inspection, by=event.by)
    if event.type in _LEAVING:
        signing.complete_without(event)
