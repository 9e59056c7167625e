"""What may be sent. Unknown fields and values of another type are refused, never converted.

Only the shape is checked here; what the values may be is for `inspections.drafts` to say.
"""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

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

from inspections.drafts import Draft, Person

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
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)  # PostgreSQL refuses offsets that Python takes
    except (TypeError, ValueError, OverflowError):
        pass
    raise ValueError("This must be a time with its offset from UTC, such as 2026-12-01T09:00:00-06:00.")


Text = Annotated[str, Strict(), AfterValidator(_one_line)]
Switch = Annotated[bool, Strict()]
Amount = Annotated[Decimal, BeforeValidator(_amount)]
Moment = Annotated[datetime, PlainValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})]


class Body(BaseModel):
    """A JSON object with these fields and no others."""

    model_config = ConfigDict(extra="forbid")


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


class PaymentIn(Body):
    """Money that came. The same `idempotency_key` again means the same payment."""

    amount: Amount
    method: Text
    note: Text = ""
    idempotency_key: Annotated[Text, Field(min_length=1, max_length=255)] | None = None


class ResendIn(Body):
    """The same `idempotency_key` again means the same resend. `confirmed` answers "you sent this a moment ago"."""

    idempotency_key: Annotated[Text, Field(min_length=1, max_length=255)] | None = None
    confirmed: Switch = False


class ContactIn(Body):
    """What is to be corrected about a person; what is left out stays as it is."""

    name: Text = ""
    email: Annotated[Text, AfterValidator(_stated)] = ""
    phone: Text = ""
