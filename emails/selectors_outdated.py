"""What somebody was told by email and is no longer so: the date, the address, the fee or a name changed since.

Worked out from the facts each time: what an inspection's events say was before, what is now, and which later email
tells it. No flag is kept that could be wrong.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils import dateformat, timezone

from emails import eligibility, placeholders
from emails.models import Kind, Message, TemplateVersion
from emails.states import IN_OUR_HANDS, Status
from inspections.models import Inspection, InspectionEvent, Participant, Role
from inspections.text import name_key

Type = InspectionEvent.Type

# Which fact of an inspection a placeholder tells.
TELLS: Mapping[str, str] = {
    "ADDRESS": "address",
    "INSPECTION_DATE": "starts_at",
    "INSPECTION_TIME": "starts_at",
    "PRICE": "fee",
    "RECIPIENT_NAME": "name",
    "CLIENT_NAME": "client_name",
    "CLIENT_FIRST_NAME": "client_name",
}
OF_THE_SHORT_VERSION = frozenset({"address", "starts_at", "name"})
FACTS: Mapping[str, str] = {
    "starts_at": "the date",
    "address": "the address",
    "fee": "the fee",
    "name": "the name",
    "client_name": "the client’s name",
}
# What these said is over, or is not a promise.
EXEMPT = frozenset({Kind.CANCELLED, Kind.RECEIPT, Kind.REVIEW_REQUEST, Kind.ONE_OFF})
REACHED = frozenset({Status.SENT, Status.DEFERRED, Status.DELIVERED})
SOON = timedelta(minutes=2)


@dataclass(frozen=True)
class Change:
    """One change of a fact. `who`: the participant whose name it is, 0 for a fact of the inspection."""

    fact: str
    at: datetime
    old: Any
    who: int = 0


@dataclass(frozen=True)
class Outdated:
    """What a sent email tells that is no longer so, and since when."""

    facts: tuple[str, ...]
    at: datetime

    def __str__(self) -> str:
        day = dateformat.format(timezone.localtime(self.at), "D j M")
        return f"Out of date: {_and([FACTS[fact] for fact in self.facts])} changed on {day}"


def outdated(
    inspection: Inspection,
    messages: Sequence[Message],
    events: Sequence[InspectionEvent],
    present: Sequence[Participant],
) -> dict[int, Outdated]:
    """By message: those that told somebody what has changed since, and no later email told them anew.

    `messages` and `events` of the inspection in order, `present` with their contacts. One query, none where nothing
    changed after an email left.
    """
    changes = [change for event in events for change in _changes(event)]
    reached = [message for message in messages if _reached(message) and message.kind not in EXEMPT]
    concerned = [m for m in reached if changes and _left(m) < changes[-1].at and eligibility.is_timely(m)]
    if not concerned:
        return {}
    told, now = _told(messages), {person.pk: person for person in present}
    newest = {(m.participant_id, m.kind): m for m in concerned if m.participant_id in now}.values()
    found = {}
    for message in newest:
        since = {fact: _since(fact, message, inspection, changes, now) for fact in told.get(message.pk, ())}
        stale = {fact: at for fact, at in since.items() if at and not _told_anew(fact, at, message, messages, told)}
        if stale:
            found[message.pk] = Outdated(tuple(fact for fact in FACTS if fact in stale), max(stale.values()))
    return found


def _reached(message: Message) -> bool:
    return message.status in REACHED and message.sent_at is not None


def _left(message: Message) -> datetime:
    return message.sent_at or message.created_at


def _changes(event: InspectionEvent) -> list[Change]:
    """What an event says was otherwise before it."""
    if event.type in (Type.UPDATED, Type.RESCHEDULED):
        before = event.data.get("before") or {}
        return [Change(fact, event.at, before[fact]) for fact in ("starts_at", "address", "fee") if fact in before]
    if event.type == Type.CONTACT_CHANGED and event.data.get("field") == "name" and event.participant_id:
        return [Change("name", event.at, event.data.get("old"), event.participant_id)]
    return []


def _since(
    fact: str,
    message: Message,
    inspection: Inspection,
    changes: Sequence[Change],
    now: Mapping[int, Participant],
) -> datetime | None:
    """When what this email told of a fact ceased to be so; None if it still is, or is so again."""
    later = [change for change in changes if change.at > _left(message)]
    if fact not in ("name", "client_name"):
        ours = [change for change in later if change.fact == fact]
        return ours[-1].at if ours and not _same(ours[0].old, getattr(inspection, fact)) else None
    who = {message.participant_id} if fact == "name" else {p.pk for p in now.values() if p.role == Role.CLIENT}
    moments = []
    for person in who & now.keys():
        theirs = [change for change in later if change.who == person]
        if theirs and name_key(str(theirs[0].old)) != name_key(now[person].name):  # type: ignore[index]
            moments.append(theirs[-1].at)
    return max(moments, default=None)


def _same(old: Any, now: Any) -> bool:
    """A value as an event keeps it, in JSON, is the value that stands now."""
    if isinstance(now, datetime):
        return isinstance(old, str) and datetime.fromisoformat(old) == now
    if isinstance(now, Decimal):
        return isinstance(old, str) and Decimal(old) == now
    return bool(old == now)


def _told(messages: Sequence[Message]) -> dict[int, frozenset[str]]:
    """By message: the facts that it tells, or will tell when it leaves in a moment."""
    waiting = {m.template_id for m in messages if m.status in IN_OUR_HANDS and not m.template_version_id}
    asked = Q(pk__in={m.template_version_id for m in messages if m.template_version_id})
    asked |= Q(template__in=waiting, published_at__isnull=False)
    by_version, by_template = {}, {}
    rows = TemplateVersion.objects.filter(asked).order_by("number").values_list("pk", "template_id", "subject", "body")
    for pk, template, subject, body in rows:
        used = placeholders.used(subject) | placeholders.used(body)
        by_version[pk] = by_template[template] = frozenset(TELLS[name] for name in used if name in TELLS)
    return {m.pk: _facts(m, by_version, by_template) for m in messages}


def _facts(
    message: Message, by_version: Mapping[int, frozenset[str]], by_template: Mapping[int, frozenset[str]]
) -> frozenset[str]:
    if message.plain:
        return OF_THE_SHORT_VERSION
    if message.template_version_id:
        return by_version.get(message.template_version_id, frozenset())
    return by_template.get(message.template_id or 0, frozenset())


def _told_anew(
    fact: str, at: datetime, message: Message, messages: Sequence[Message], told: Mapping[int, frozenset[str]]
) -> bool:
    """A later email told this person the fact as it stands now, or leaves in a moment."""
    others = [m for m in messages if m.participant_id == message.participant_id and fact in told.get(m.pk, ())]
    return any((_reached(m) and _left(m) > at) or _is_leaving(m) for m in others)


def _is_leaving(message: Message) -> bool:
    return message.status in IN_OUR_HANDS and message.send_after <= timezone.now() + SOON


def _and(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
