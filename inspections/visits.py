"""Visits of the portal, as far as they tell of the person whose link it was."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from inspections.models import InspectionEvent

_VISITED = InspectionEvent.Type.PORTAL_VISITED
# After these it is known that somebody else has the links, or had them.
_DENIED = frozenset({InspectionEvent.Type.NOT_ME, InspectionEvent.Type.DISOWNED})


def own() -> QuerySet[InspectionEvent]:
    """Those that nobody has denied since."""
    denied = InspectionEvent.objects.filter(participant=OuterRef("participant"), type__in=_DENIED)
    return InspectionEvent.objects.filter(~Exists(denied.filter(at__gte=OuterRef("at"))), type=_VISITED)


def last_own(events: Iterable[InspectionEvent], person_id: int) -> datetime | None:
    """The same of events that were read, in their order: when this person was there last."""
    seen = None
    for event in events:
        if event.participant_id == person_id:
            seen = event.at if event.type == _VISITED else None if event.type in _DENIED else seen
    return seen
