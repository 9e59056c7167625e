"""Storing facts and telling whoever listens: the row first, then the signal, in the caller's transaction."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from inspections.models import Inspection, InspectionEvent, Participant
from inspections.signals import inspection_event
from inspections.text import MAX_NAME

Type = InspectionEvent.Type


def new(
    inspection: Inspection, kind: Type, *, by: str, participant: Participant | None = None, **data: Any
) -> InspectionEvent:
    """An event not yet stored; `data` may hold times and amounts."""
    return InspectionEvent(
        inspection=inspection, participant=participant, type=kind, by=by[:MAX_NAME], data=_plain(data)
    )


def record(
    inspection: Inspection, kind: Type, *, by: str, participant: Participant | None = None, **data: Any
) -> InspectionEvent:
    """Store one event and tell the listeners."""
    event = new(inspection, kind, by=by, participant=participant, **data)
    tell([event])
    return event


def tell(events: Iterable[InspectionEvent]) -> None:
    """Store events in one statement, then tell the listeners of each, in order."""
    with transaction.atomic():
        for event in InspectionEvent.objects.bulk_create(events):
            inspection_event.send(sender=InspectionEvent, event=event)


def _plain(value: Any) -> Any:
    """`value` as JSON can hold it: times in ISO format, amounts as text."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
