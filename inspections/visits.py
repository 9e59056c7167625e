"""Visits of the portal, as far as they tell of the person whose link it was."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from inspections.models import InspectionEvent

_VISITED = InspectionEvent.Type.PORTAL_VISITED
# After these it is known that somebody else has the links, or had them.
_DENIED = frozenset({InspectionEvent.Type.NOT_ME, InspectionEvent.Type.DISOWNED})


@dataclass(frozen=True)
class Presence:
    """When a person was on the portal last, and when it was found last that it was somebody else."""

    visited_at: datetime | None = None
    denied_at: datetime | None = None


def own() -> QuerySet[InspectionEvent]:
    """Visits that nobody has denied since."""
    denied = InspectionEvent.objects.filter(participant=OuterRef("participant"), type__in=_DENIED)
    return InspectionEvent.objects.filter(~Exists(denied.filter(at__gte=OuterRef("at"))), type=_VISITED)


def presences(people: Collection[int]) -> Mapping[int, Presence]:
    """By participant, in one query."""
    events = InspectionEvent.objects.filter(participant__in=people, type__in={_VISITED, *_DENIED}).order_by()
    last = events.values_list("participant").annotate(
        seen=Max("at", filter=Q(type=_VISITED)), denied=Max("at", filter=Q(type__in=_DENIED))
    )
    return defaultdict(Presence, {person: _presence(seen, denied) for person, seen, denied in last})


def presence(events: Iterable[InspectionEvent], person_id: int) -> Presence:
    """The same of one person, from events that were read."""
    theirs = [event for event in events if event.participant_id == person_id]
    seen = max((event.at for event in theirs if event.type == _VISITED), default=None)
    return _presence(seen, max((event.at for event in theirs if event.type in _DENIED), default=None))


def _presence(seen: datetime | None, denied: datetime | None) -> Presence:
    return Presence(None if seen and denied and denied >= seen else seen, denied)
