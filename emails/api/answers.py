"""What comes back."""

from datetime import datetime
from decimal import Decimal
from typing import Self

from django.conf import settings
from pydantic import BaseModel

from emails import selectors_papers
from emails.models import Message, MessageEvent
from emails.selectors_messages import STEPS
from inspections.models import Company, Contact, Inspection, Participant, Payment
from inspections.suggestions import slips_of


class PersonOut(BaseModel):
    """Somebody on an inspection. `contact_id` is the same on all inspections of that person.

    `suggestion` is the address that was probably meant, null where there is nothing to ask; nothing is ever refused
    for it. `signed_at`: since when a client's signature stands, null for none.
    """

    id: int
    contact_id: int
    role: str
    name: str
    email: str
    phone: str
    suggestion: str | None = None
    signed_at: datetime | None = None

    @classmethod
    def of(cls, person: Participant, *, suggestion: str | None, signed_at: datetime | None) -> Self:
        """One that was selected with its contact."""
        contact = person.contact
        return cls(
            id=person.pk,
            contact_id=contact.pk,
            role=person.role,
            name=contact.name,
            email=contact.email,
            phone=contact.phone,
            suggestion=suggestion,
            signed_at=signed_at,
        )


class InspectionOut(BaseModel):
    """An inspection with the people who are on it now. `url` is its page in this app; amounts are US dollars."""

    id: int
    external_id: str | None
    status: str
    address: str
    starts_at: datetime
    inspector: str
    fee: Decimal | None
    paid: Decimal
    due: Decimal
    services: list[str]
    notifications: bool
    url: str
    people: list[PersonOut]

    @classmethod
    def of(cls, inspection: Inspection) -> Self:
        """Reads the people; the time comes out in the company's zone."""
        people = list(inspection.participants.current().select_related("contact").order_by("id"))
        signed = {pk: one.signature for pk, one in selectors_papers.signings(people).items() if one.signature}
        money = selectors_papers.money(inspection)
        slips = {pk: slip.meant for pk, slip in slips_of(person.contact for person in people).items()}
        return cls(
            id=inspection.pk,
            external_id=inspection.external_id,
            status=inspection.status,
            address=inspection.address,
            starts_at=inspection.starts_at.astimezone(Company.get().zone),
            inspector=inspection.inspector,
            fee=inspection.fee,
            paid=money.paid,
            due=money.due,
            services=inspection.services,
            notifications=inspection.notifications,
            url=f"{settings.BASE_URL}/inspections/{inspection.pk}/",
            people=[
                PersonOut.of(
                    person,
                    suggestion=slips.get(person.contact_id),
                    signed_at=signed[person.pk].signed_at if person.pk in signed else None,
                )
                for person in people
            ],
        )


class InspectionList(BaseModel):
    """All that match."""

    items: list[InspectionOut]


class PaymentOut(BaseModel):
    """A payment as recorded, and where that leaves the inspection."""

    id: int
    amount: Decimal
    method: str
    note: str
    recorded_at: datetime
    paid: Decimal
    due: Decimal

    @classmethod
    def of(cls, payment: Payment) -> Self:
        """One that was recorded."""
        money = selectors_papers.money(payment.inspection)
        return cls(
            id=payment.pk,
            amount=payment.amount,
            method=payment.method,
            note=payment.note,
            recorded_at=payment.recorded_at,
            paid=money.paid,
            due=money.due,
        )


class EventOut(BaseModel):
    """A line of an email's timeline; after the colon stand the words of the server, or of whoever did it."""

    at: datetime
    type: str
    text: str

    @classmethod
    def of(cls, event: MessageEvent) -> Self:
        """One line."""
        told_by_provider = not event.by
        step, _ = STEPS.get((told_by_provider and event.status) or event.type, ("News from the mail service", ""))
        return cls(at=event.at, type=event.type, text=f"{step}: {event.text}" if event.text else step)


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
    """A person as known now, which held emails leave because of the correction, and what was probably meant."""

    id: int
    name: str
    email: str
    phone: str
    released: list[int]
    suggestion: str | None = None

    @classmethod
    def of(cls, contact: Contact, *, released: list[int]) -> Self:
        """A contact after its correction."""
        slip = slips_of([contact]).get(contact.pk)
        return cls(
            id=contact.pk,
            name=contact.name,
            email=contact.email,
            phone=contact.phone,
            released=released,
            suggestion=slip.meant if slip else None,
        )
