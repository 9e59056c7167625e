"""The delivery record in words, for the page and the PDF. Everything is read from the facts that are digested.

Beside them stands what is looked up on the day: the company, people's present roles, names of rules, states of emails.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from emails import imprint, record_papers, selectors_messages
from emails.models import Automation, Kind, Message
from emails.record import Record
from emails.record_entries import Content, Entry, Pairs, given, moment_of, stamp
from emails.selectors_filters import REASONS
from inspections import selectors, visits
from inspections.models import Inspection, InspectionEvent

HINTS = frozenset({"opened", "clicked", "autoresponded", "passed_on", "forwarded"})
_LATE = timedelta(minutes=1)
_PROGRAM = InspectionEvent.Type.AUTOMATIC
TOO_EARLY = "A program that checks mail: the email with this link had not arrived yet, or only just"


@dataclass(frozen=True)
class Email:
    """One email and all its steps."""

    number: int
    title: str
    pairs: Pairs
    steps: Sequence[Entry]


@dataclass(frozen=True)
class Person:
    """Somebody on the inspection, by every name and address that the facts have."""

    number: int
    role: str
    name: str
    addresses: Sequence[str]
    removed_at: datetime | None


@dataclass(frozen=True)
class Told:
    """The whole record."""

    record: Record
    people: Sequence[Person]
    happened: Sequence[Entry]
    emails: Sequence[Email]
    links: Sequence[Entry]
    signatures: Sequence[Entry]
    payments: Sequence[Entry]


@dataclass
class _Known:
    """Names and addresses of a person in the order in which the facts tell them."""

    names: dict[str, None] = field(default_factory=dict)
    addresses: dict[str, None] = field(default_factory=dict)

    def add(self, name: str | None, address: str | None) -> None:
        if name:
            self.names[name] = None
        if address:
            self.addresses[address] = None


def tell(record: Record) -> Told:
    """All of it, in the zone in force."""
    known = _known(record)
    people = _people(record.inspection, known)
    names = {person.number: person.name for person in people}
    seen = visits.as_known_now(record.inspection, _visits(record))
    too_early = {event.pk for event in seen if event.type == _PROGRAM}
    return Told(
        record=record,
        people=people,
        happened=[_happened(content, names, too_early) for content in record.of("event")],
        emails=_emails(record),
        links=record_papers.links(record, names),
        signatures=record_papers.signatures(record, names),
        payments=record_papers.payments(record),
    )


# --- people ----------------------------------------------------------------------------------------------------------


def _known(record: Record) -> Mapping[int, _Known]:
    known: dict[int, _Known] = defaultdict(_Known)
    whose = {content["id"]: content.get("person") for content in record.of("email")}
    for fact in record.facts:
        content = fact.content
        data = content.get("data") or {}
        if content["fact"] == "event":
            _from_event(known, content, data)
        elif content["fact"] == "step" and (person := whose.get(content["email"])):
            email = data.get(imprint.KEY) or {}
            known[person].add(email.get("to_name"), email.get("to_address"))
        elif content["fact"] == "email" and content.get("person"):
            email = content.get(imprint.KEY) or {}
            known[content["person"]].add(email.get("to_name"), email.get("to_address"))
        elif content["fact"] == "signature":
            known[content["person"]].add(content["facts"].get("name"), None)
    return known


def _from_event(known: Mapping[int, _Known], content: Content, data: Content) -> None:
    for person in data.get("people") or ():
        known[person["participant"]].add(person["name"], person["email"])
    if person := content.get("person"):
        if content["type"] == InspectionEvent.Type.PERSON_ADDED:
            known[person].add(data.get("name"), data.get("email"))
        if content["type"] == InspectionEvent.Type.CONTACT_CHANGED and data.get("field") in ("name", "email"):
            for value in (data.get("old"), data.get("new")):
                known[person].add(*((value, None) if data["field"] == "name" else (None, value)))


def _people(inspection: Inspection, known: Mapping[int, _Known]) -> list[Person]:
    """Whoever no fact names yet stands there by the present name."""
    return [
        Person(
            number=person.pk,
            role=person.get_role_display(),
            name=", then ".join(known[person.pk].names) or person.name,
            addresses=list(known[person.pk].addresses) or [person.email] * bool(person.email),
            removed_at=person.removed_at,
        )
        for person in inspection.participants.select_related("contact").order_by("pk")
    ]


# --- what happened to the inspection ---------------------------------------------------------------------------------


def _visits(record: Record) -> Iterator[InspectionEvent]:
    """Its visits, as they were written."""
    for content in record.of("event"):
        if content["type"] in visits.OF_PERSONS:
            at, data = moment_of(content["at"]), content.get("data") or {}
            yield InspectionEvent(pk=content["id"], type=content["type"], at=at, data=data)


def _happened(content: Content, names: Mapping[int, str], too_early: Collection[int]) -> Entry:
    event = InspectionEvent(type=content["type"], data=content.get("data") or {})
    told = selectors.told(event)
    who = names.get(content.get("person", 0), "")
    detail = told.detail or (selectors.begun(event.data) if event.type == InspectionEvent.Type.CREATED else "")
    pairs = [("About", who), ("Detail", detail)]
    if content["id"] in too_early:
        pairs.append(("As known now", TOO_EARLY))
    hint = event.type in {*visits.OF_PERSONS, _PROGRAM}
    return Entry(moment_of(content["at"]), told.what, content["by"], given(pairs), hint=hint)


# --- emails ----------------------------------------------------------------------------------------------------------


def _emails(record: Record) -> list[Email]:
    steps: dict[int, list[Content]] = defaultdict(list)
    for content in record.of("step"):
        steps[content["email"]].append(content)
    rows = Message.objects.filter(inspection=record.inspection).defer("html", "text", "search").in_bulk()
    emails = record.of("email")
    rules = Automation.objects.in_bulk([content["rule"] for content in emails if "rule" in content])
    return [_email(content, steps[content["id"]], rows[content["id"]], rules) for content in emails]


def _email(content: Content, steps: Sequence[Content], row: Message, rules: Mapping[int, Automation]) -> Email:
    kept = [content.get(imprint.KEY), *((step.get("data") or {}).get(imprint.KEY) for step in steps)]
    last: dict[str, Any] = {}
    for email in kept:
        last |= email or {}
    test = "Test: " if content.get("test") else ""
    pairs = [
        ("Subject", last.get("subject", "")),
        ("To", _mailbox(last)),
        ("Asked for by", _asked(content, rules)),
        ("State on the day of this record", str(selectors_messages.shown(row).label)),
        ("Our name for it", content["uuid"]),
    ]
    return Email(content["id"], test + _kind(last.get("kind", "")), given(pairs), _steps(steps))


def _kind(value: str) -> str:
    return str(Kind(value).label) if value in Kind.values else "Email"


def _mailbox(email: Content) -> str:
    name, address = email.get("to_name", ""), email.get("to_address", "")
    return f"{name} <{address}>" if name and address else name or address


def _asked(content: Content, rules: Mapping[int, Automation]) -> str:
    by = content["by"]
    if content.get("retry"):
        return f"Tried again by itself, {by}"
    if resent := content.get("resend_of"):
        return f"{by}, as a resend of email {resent}"
    rule = rules.get(content.get("rule", 0))
    return f"Rule “{rule.name}” (number {rule.pk}), when {by} changed the inspection" if rule else by


def _steps(contents: Iterable[Content]) -> list[Entry]:
    """What one step says like the one before is not said again; what left is always said whole."""
    said: dict[str, str] = {}
    found = []
    for content in contents:
        email = (content.get("data") or {}).get(imprint.KEY) or {}
        now = {
            "To": _mailbox(email),
            "Mail service": content.get("provider", ""),
            "Its name for it": content.get("provider_message_id", ""),
        }
        news = {label: value for label, value in now.items() if value != said.get(label) or "subject" in email}
        said |= {label: value for label, value in now.items() if value}
        found.append(_step(content, email, list(news.items())))
    return found


def _step(content: Content, email: Content, news: Pairs) -> Entry:
    at, by = moment_of(content["at"]), content.get("by", "")
    title, _tone = selectors_messages.step_words(content["type"], content.get("status", ""), by)
    words = content.get("words", "")
    theirs = "provider" in content
    note = "" if theirs or words == email.get("to_address") else words
    pairs = [
        *news,
        *_as_sent(email),
        ("Due", _due(email, at)),
        ("Reason", _reason(email.get("reason") or content.get("category", ""))),
        ("Detail", email.get("note", "") if email.get("reason") else ""),
        ("Note", "" if note == email.get("note") and email.get("reason") else note),
        ("Code", " ".join(_told_values(content, "code", "reject_reason"))),
        ("Program", (content.get("data") or {}).get("user_agent", "")),
        ("Stored", _stored(content, at)),
    ]
    return Entry(at, title, by, given(pairs), words if theirs else "", content["type"] in HINTS)


def _told_values(content: Content, *names: str) -> list[str]:
    return [content[name] for name in names if content.get(name)]


def _as_sent(email: Content) -> Pairs:
    files = ", ".join(
        f"{file.get('name')}{' by link' if file.get('link') else ''} (SHA-256 {file.get('sha256')})"
        for file in email.get("files") or ()
    )
    version = f"{email['template']}, version {email['version']}" if "version" in email else ""
    return [
        ("Subject", email.get("subject", "")),
        ("From", email.get("from_header", "")),
        ("Answers go to", email.get("reply_to", "")),
        ("Template", version),
        ("Form", "Plain version" if email.get("plain") else ""),
        ("Portal link", "Was in it" if email.get("has_link") else ""),
        ("Files", files),
        ("SHA-256 of its HTML", email.get("html_sha256", "")),
        ("SHA-256 of its text", email.get("text_sha256", "")),
    ]


def _due(email: Content, at: datetime) -> str:
    due = moment_of(email["due"]) if "due" in email else at
    return stamp(due) if due - at > _LATE else ""


def _reason(code: str) -> str:
    return str(REASONS.get(code, code))


def _stored(content: Content, at: datetime) -> str:
    stored = moment_of(content["recorded_at"])
    return stamp(stored) if abs(stored - at) > _LATE else ""


# --- is it still so? -------------------------------------------------------------------------------------------------


def answer(added: int | None) -> tuple[str, str]:
    """What a checked digest means: a sentence and its tone."""
    if added is None:
        return "This is not a digest of this record. A letter may be missing, or it belongs to another one.", "red"
    if added:
        return f"{added} fact{'s were' if added > 1 else ' was'} added since. Nothing before was changed.", "blue"
    return "This record is unchanged.", "green"
