"""What the pages read about inspections: the words for what happened to one."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import dateformat, timezone
from django.utils.dateparse import parse_datetime

from inspections.asking import SIGNED_BEFORE
from inspections.models import InspectionEvent, Role, Scope

Type = InspectionEvent.Type

_FIELDS = {
    "address": "Address",
    "starts_at": "Time",
    "inspector": "Inspector",
    "fee": "Fee",
    "services": "Services",
    "report_url": "Report link",
    "agreement": "Agreement",
    "email": "Email",
    "name": "Name",
    "phone": "Phone",
    "language": "Language",
}
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # an email's: links in emails name it
_SCOPES: dict[str, str] = {value: str(label) for value, label in Scope.choices}
_ROLES: dict[str, str] = {value: str(label) for value, label in Role.choices}


@dataclass(frozen=True)
class Told:
    """A fact in words: `who` it is about, `what` happened, the `detail` beside it."""

    what: str
    detail: str = ""
    who: str = ""


def told(event: InspectionEvent) -> Told:
    """An event as people read it. Needs `event.participant.contact` at hand."""
    who = event.participant.name if event.participant else ""
    words = _WORDS.get(event.type)
    return Told(event.get_type_display(), words(event.data) if words else "", who)


def begun(data: dict[str, Any]) -> str:
    """What was known when an inspection was added; "" if that was not kept."""
    facts = [f"{label}: {_value(data[name])}" for name, label in _FIELDS.items() if name in data]
    people = [f"{person.get('name', '')} ({_person(person)})" for person in data.get("people", [])]
    return ". ".join([*facts, *people])


def _changed(data: dict[str, Any]) -> str:
    before, after = data.get("before") or {}, data.get("after") or {}
    return ". ".join(f"{_FIELDS.get(name, name)}: {_value(before.get(name))} → {_value(after[name])}" for name in after)


def _contact(data: dict[str, Any]) -> str:
    only_here = ". On this inspection only" if data.get("only_here") else ""
    field = _FIELDS.get(data.get("field", ""), "Detail")
    return f"{field}: {_value(data.get('old'))} → {_value(data.get('new'))}{only_here}"


def _role(data: dict[str, Any]) -> str:
    return f"{_ROLES.get(data.get('old', ''), 'none')} → {_ROLES.get(data.get('new', ''), 'none')}"


def _person(data: dict[str, Any]) -> str:
    parts = (_ROLES.get(data.get("role", ""), ""), data.get("email", ""))
    return ", ".join(part for part in parts if part)


def _link(data: dict[str, Any]) -> str:
    purpose, scope = str(data.get("purpose", "")), str(data.get("scope", ""))
    said = "In an email" if _UUID.fullmatch(purpose) else purpose
    return f"{said}: {_SCOPES[scope]}" if scope in _SCOPES else said


def _money(data: dict[str, Any]) -> str:
    return f"${data.get('amount', '?')}, {data.get('method', '')}"


def _asked(data: dict[str, Any]) -> str:
    return f"With {data['address']}, which nobody here has. Nothing was sent" if data.get("address") else ""


def _fields(names: list[str]) -> list[str]:
    return [_FIELDS.get(name, name).lower() for name in names]


def _signature(data: dict[str, Any]) -> str:
    fields = data.get("fields", [])
    return "Changed since: " + ", ".join(_fields(fields)) if fields else ""


def _not_theirs(data: dict[str, Any]) -> str:
    said = f"Someone at {data.get('email') or 'their address'} says so. Links are switched off"
    return f"{said}. {SIGNED_BEFORE}" if data.get("signed") else said


_WORDS: dict[str, Callable[[dict[str, Any]], str]] = {
    Type.UPDATED: _changed,
    Type.RESCHEDULED: _changed,
    Type.CONTACT_CHANGED: _contact,
    Type.ROLE_CHANGED: _role,
    Type.PERSON_ADDED: _person,
    Type.PERSON_REMOVED: _person,
    Type.LINK_MADE: _link,
    Type.LINK_REVOKED: _link,
    Type.SIGNED: lambda data: f"Signed as “{data.get('typed_name', '')}”, version {data.get('version', '?')}",
    Type.SIGNATURE_ENDED: _signature,
    Type.DISOWNED: lambda data: f"“{data['note']}”" if data.get("note") else "",
    Type.NOT_ME: _not_theirs,
    Type.LINK_ASKED: _asked,
    Type.PAYMENT: _money,
    Type.PAYMENT_UNDONE: _money,
}


def _value(value: Any) -> str:
    if value in (None, "", []):
        return "none"
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    moment = _moment(value) if isinstance(value, str) else None
    return when(moment) if moment else str(value)


def _moment(value: str) -> datetime | None:
    try:
        found = parse_datetime(value) if "T" in value else None
    except ValueError:
        return None
    return found if found and timezone.is_aware(found) else None


def when(moment: datetime) -> str:
    """`Mon 23 Nov, 9:14 AM` in the zone in force."""
    local = timezone.localtime(moment)
    year = "" if local.year == timezone.localtime().year else " Y"
    return dateformat.format(local, f"D j M{year}, g:i A")
