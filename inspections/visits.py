"""Visits of the portal, as far as they tell of the person whose link it was."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from inspections.models import InspectionEvent

_VISITED = InspectionEvent.Type.PORTAL_VISITED
# After these it is known that somebody else had every link. One that signed before the last change is no such thing.
_DENIED = Q(type=InspectionEvent.Type.NOT_ME) | Q(type=InspectionEvent.Type.DISOWNED, data__stood=True)


@dataclass(frozen=True)
class Presence:
    """When a person was on the portal last, and when it was found last that it was somebody else."""

    visited_at: datetime | None = None
    denied_at: datetime | None = None


def own() -> QuerySet[InspectionEvent]:
    """Visits that nobody has denied since."""
    denied = InspectionEvent.objects.filter(_DENIED, participant=OuterRef("participant"))
    return InspectionEvent.objects.filter(~Exists(denied.filter(at__gte=OuterRef("at"))), type=_VISITED)


def presences(people: Collection[int]) -> Mapping[int, Presence]:
    """By participant, in one query."""
    events = InspectionEvent.objects.filter(Q(type=_VISITED) | _DENIED, participant__in=people).order_by()
    last = events.values_list("participant").annotate(
        seen=Max("at", filter=Q(type=_VISITED)), denied=Max("at", filter=~Q(type=_VISITED))
    )
    return defaultdict(Presence, {person: _presence(seen, denied) for person, seen, denied in last})


def presence(events: Iterable[InspectionEvent], person_id: int) -> Presence:
    """The same of one person, from events that were read."""
    theirs = [event for event in events if event.participant_id == person_id]
    seen = max((event.at for event in theirs if event.type == _VISITED), default=None)
    return _presence(seen, max((event.at for event in theirs if _denies(event)), default=None))


def _denies(event: InspectionEvent) -> bool:
    disowned = event.type == InspectionEvent.Type.DISOWNED and event.data.get("stood", False)
    return disowned or event.type == InspectionEvent.Type.NOT_ME


def _presence(seen: datetime | None, denied: datetime | None) -> Presence:
    return Presence(None if seen and denied and denied >= seen else seen, denied)
