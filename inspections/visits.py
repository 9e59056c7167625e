"""Visits of the portal, as far as they tell of the person whose link it was."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import BigIntegerField, Exists, Max, OuterRef, Q, QuerySet
from django.db.models.functions import Cast

from inspections.models import Inspection, InspectionEvent, PortalLink

PROGRAM = "A program"  # whom the timeline names
_VISITED = InspectionEvent.Type.PORTAL_VISITED
OF_PERSONS = (_VISITED, InspectionEvent.Type.REPORT_OPENED)
# After these it is known that somebody else had every link. One that signed before the last change is no such thing.
_DENIED = Q(type=InspectionEvent.Type.NOT_ME) | Q(type=InspectionEvent.Type.DISOWNED, data__stood=True)


@dataclass(frozen=True)
class Presence:
    """When a person was on the portal last, and when it was found last that it was somebody else."""

    visited_at: datetime | None = None
    denied_at: datetime | None = None


def haste() -> timedelta:
    """How long after a link's making, arrival or opening nobody is taken for a person."""
    return timedelta(seconds=settings.PORTAL_SCAN_SECONDS)


def own() -> QuerySet[InspectionEvent]:
    """Visits that nobody has denied since, and that are no program's as far as known now."""
    denied = InspectionEvent.objects.filter(_DENIED, participant=OuterRef("participant"))
    found = InspectionEvent.objects.filter(~Exists(denied.filter(at__gte=OuterRef("at"))), type=_VISITED)
    return found.filter(~_too_early())


def as_known_now(inspection: Inspection, events: Iterable[InspectionEvent]) -> list[InspectionEvent]:
    """Its events to be shown: visits by a link before its email had arrived, or at once after, are a program's.

    When an email arrived is told later, so the stored events stay as they were written. What comes back is not to be
    saved.
    """
    arrived = PortalLink.objects.filter(participant__inspection=inspection, arrived_at__isnull=False)
    arrivals = dict(arrived.values_list("pk", "arrived_at"))
    told = list(events)
    for event in told:
        at = arrivals.get(event.data.get("link")) if event.type in OF_PERSONS else None
        if at and event.at < at + haste():
            event.type, event.by = InspectionEvent.Type.AUTOMATIC, PROGRAM
    return told


def presences(people: Collection[int]) -> Mapping[int, Presence]:
    """By participant, in one query."""
    told = Q(type=_VISITED) & ~_too_early() | _DENIED
    events = InspectionEvent.objects.filter(told, participant__in=people).order_by()
    last = events.values_list("participant").annotate(
        seen=Max("at", filter=Q(type=_VISITED)), denied=Max("at", filter=~Q(type=_VISITED))
    )
    return defaultdict(Presence, {person: _presence(seen, denied) for person, seen, denied in last})


def presence(events: Iterable[InspectionEvent], person_id: int) -> Presence:
    """The same of one person, from events `as_known_now`."""
    theirs = [event for event in events if event.participant_id == person_id]
    seen = max((event.at for event in theirs if event.type == _VISITED), default=None)
    return _presence(seen, max((event.at for event in theirs if _denies(event)), default=None))


def _too_early() -> Exists:
    link = Cast(OuterRef("data__link"), BigIntegerField())
    early = PortalLink.objects.filter(pk=link, participant=OuterRef("participant"))
    return Exists(early.filter(arrived_at__gt=OuterRef("at") - haste()))


def _denies(event: InspectionEvent) -> bool:
    disowned = event.type == InspectionEvent.Type.DISOWNED and event.data.get("stood", False)
    return disowned or event.type == InspectionEvent.Type.NOT_ME


def _presence(seen: datetime | None, denied: datetime | None) -> Presence:
    return Presence(None if seen and denied and denied >= seen else seen, denied)
