"""What goes in and what comes out. Unknown fields and values of another type are refused, never converted.

Only shape is checked here; what the values may be is for `inspections.drafts` to say.
"""

import re
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Self

from django.conf import settings
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    Strict,
    WithJsonSchema,
)

from emails.models import Message, MessageEvent
from inspections.drafts import Draft, Person
from inspections.models import Company, Contact, Inspection, Participant

_AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,2})?", re.ASCII)


def _one_line(value: str) -> str:
    if value.splitlines() not in ([], [value]):
        raise ValueError("This must fit on one line: please remove the line break.")
    if any(ch == "\0" or "\ud800" <= ch <= "\udfff" for ch in value):
        raise ValueError("There is a character in this text that cannot be stored.")
    return value


def _stated(value: str) -> str:
    if not value.strip():
        raise ValueError("Please enter an email address.")
    return value


def _amount(value: Any) -> Decimal:
    text = str(value) if isinstance(value, str | int | Decimal) and not isinstance(value, bool) else ""
    if not _AMOUNT.fullmatch(text):
        raise ValueError('This must be an amount with at most two decimals, such as "425.00".')
    return Decimal(text)


def _moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError("This must be a time with its offset from UTC, such as 2026-12-01T09:00:00-06:00.")
    return moment


Text = Annotated[str, Strict(), AfterValidator(_one_line)]
Switch = Annotated[bool, Strict()]
Amount = Annotated[Decimal, BeforeValidator(_amount)]
Moment = Annotated[datetime, PlainValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})]


class Body(BaseModel):
    """A JSON object with these fields and no others."""

    model_config = ConfigDict(extra="forbid")


# --- in --------------------------------------------------------------------------------------------------------------


class NoFields(Body):
    """Nothing, or an empty object."""


class PersonIn(Body):
    """Somebody on an inspection. No address means "not known"."""

    role: Text
    name: Text
    email: Text | None = None
    phone: Text | None = None

    def person(self) -> Person:
        """As the services take it."""
        return Person(role=self.role, name=self.name, email=self.email or "", phone=self.phone or "")


class InspectionIn(Body):
    """All about an inspection. What is left out of an update stays as it is."""

    external_id: Text | None = None
    address: Text
    starts_at: Moment
    inspector: Text | None = None
    fee: Amount | None = None
    services: list[Text] = []
    notifications: Switch | None = None
    people: list[PersonIn] = []

    def draft(self) -> Draft:
        """As the services take it."""
        return Draft(
            external_id=self.external_id,
            address=self.address,
            starts_at=self.starts_at,
            inspector=self.inspector or "",
            fee=self.fee,
            services=tuple(self.services),
            notifications=self.notifications,
            people=tuple(person.person() for person in self.people),
        )


class RescheduleIn(Body):
    """Another time."""

    starts_at: Moment


class PublishIn(Body):
    """Where the report is, if not in the portal."""

    url: Text = ""


class ResendIn(Body):
    """The same `idempotency_key` again means the same resend. `confirmed` answers "you sent this a moment ago"."""

    idempotency_key: Annotated[Text, Field(min_length=1, max_length=255)] | None = None
    confirmed: Switch = False


class ContactIn(Body):
    """What is to be corrected about a person; what is left out stays as it is."""

    name: Text = ""
    email: Annotated[Text, AfterValidator(_stated)] = ""
    phone: Text = ""


# --- out -------------------------------------------------------------------------------------------------------------


class PersonOut(BaseModel):
    """Somebody on an inspection. `contact_id` is the same on all inspections of that person."""

    id: int
    contact_id: int
    role: str
    name: str
    email: str
    phone: str

    @classmethod
    def of(cls, person: Participant) -> Self:
        """One that was selected with its contact."""
        contact = person.contact
        return cls(
            id=person.pk,
            contact_id=contact.pk,
            role=person.role,
            name=contact.name,
            email=contact.email,
            phone=contact.phone,
        )


class InspectionOut(BaseModel):
    """An inspection with the people who are on it now. `url` is its page in this app."""

    id: int
    external_id: str | None
    status: str
    address: str
    starts_at: datetime
    inspector: str
    fee: Decimal | None
    services: list[str]
    notifications: bool
    url: str
    people: list[PersonOut]

    @classmethod
    def of(cls, inspection: Inspection) -> Self:
        """Reads the people; the time comes out in the company's zone."""
        people = inspection.participants.current().select_related("contact").order_by("id")
        return cls(
            id=inspection.pk,
            external_id=inspection.external_id,
            status=inspection.status,
            address=inspection.address,
            starts_at=inspection.starts_at.astimezone(Company.get().zone),
            inspector=inspection.inspector,
            fee=inspection.fee,
            services=inspection.services,
            notifications=inspection.notifications,
            url=f"{settings.BASE_URL}/inspections/{inspection.pk}/",
            people=[PersonOut.of(person) for person in people],
        )


class InspectionList(BaseModel):
    """All that match."""

    items: list[InspectionOut]


class EventOut(BaseModel):
    """A line of an email's timeline; `text` holds the server's own words where it said something."""

    at: datetime
    type: str
    text: str

    @classmethod
    def of(cls, event: MessageEvent) -> Self:
        """One line."""
        return cls(at=event.at, type=event.type, text=event.text)


class EmailOut(BaseModel):
    """An email to one person, sent or not. `reason` says why not, `category` why it did not arrive."""

    id: int
    inspection_id: int
    kind: str
    to: str
    person_id: int | None
    status: str
    reason: str
    category: str
    resend_of: int | None
    created_at: datetime
    sent_at: datetime | None
    provider_message_id: str
    timeline: list[EventOut]

    @classmethod
    def of(cls, message: Message) -> Self:
        """One whose events were prefetched, oldest first."""
        return cls(
            id=message.pk,
            inspection_id=message.inspection_id,
            kind=message.kind,
            to=message.to_address,
            person_id=message.participant_id,
            status=message.status,
            reason=message.reason,
            category=message.category,
            resend_of=message.resend_of_id,
            created_at=message.created_at,
            sent_at=message.sent_at,
            provider_message_id=message.provider_message_id,
            timeline=[EventOut.of(event) for event in message.events.all()],
        )


class EmailList(BaseModel):
    """All emails of an inspection, oldest first."""

    items: list[EmailOut]


class ResendOut(BaseModel):
    """The email that was queued; follow it at `/emails/{id}`."""

    id: int


class ContactOut(BaseModel):
    """A person as known now, and which held emails leave because of the correction."""

    id: int
    name: str
    email: str
    phone: str
    released: list[int]

    @classmethod
    def of(cls, contact: Contact, *, released: list[int]) -> Self:
        """A contact after its correction."""
        return cls(id=contact.pk, name=contact.name, email=contact.email, phone=contact.phone, released=released)


# --- refusals --------------------------------------------------------------------------------------------------------


class Refusal(BaseModel):
    """Why not, in a sentence."""

    detail: str


class TooSoon(Refusal):
    """`can_confirm`: the same request with `"confirmed": true` would be obeyed."""

    can_confirm: bool


class FieldProblem(BaseModel):
    """What is wrong with one value: `loc` is the way to it, such as ["body", "people", 0, "email"]."""

    loc: list[str | int]
    msg: str


class BadFields(BaseModel):
    """Every problem that was found."""

    detail: list[FieldProblem]
