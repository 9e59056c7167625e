"""Rows for tests, as plain functions: every test shows the values it is about and no others."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.utils import timezone

from inspections import signing
from inspections.drafts import Draft, Person
from inspections.models import Agreement, Company, Contact, Inspection, Participant, User

_numbers = count(1)
DECEMBER_1 = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)  # 9:00 AM in Chicago

# --- inspections ----------------------------------------------------------------------------------


def in_days(days: float) -> datetime:
    """A moment from now, on the minute."""
    return (timezone.now() + timedelta(days=days)).replace(second=0, microsecond=0)


def make_company(**over: Any) -> Company:
    company = Company.get()
    values = {"name": "Oakwood Inspections", "phone": "(217) 555-0100"} | over
    for field, value in values.items():
        setattr(company, field, value)
    company.save()
    return company


def make_user(**over: Any) -> User:
    values = {"email": f"staff{next(_numbers)}@oakwood.example", "name": "Kim Reyes", "password": "practice-mode"}
    return User.objects.create_user(**values | over)


def make_contact(**over: Any) -> Contact:
    return Contact.objects.create(**{"name": "Ann Lee", "email": f"ann{next(_numbers)}@example.com"} | over)


def make_inspection(**over: Any) -> Inspection:
    values: dict[str, Any] = {
        "address": "12 Oak St, Springfield, IL 62701",
        "starts_at": in_days(5),
        "inspector": "Raj Patel",
        "fee": Decimal("425.00"),
        "services": ["Full inspection"],
    } | over
    if values.get("status") in ("confirmed", "completed"):
        values.setdefault("confirmed_at", timezone.now())
    if values.get("status") == "cancelled":
        values.setdefault("cancelled_at", timezone.now())
    return Inspection.objects.create(**values)


def make_participant(inspection: Inspection | None = None, **over: Any) -> Participant:
    """`name`, `email` and `phone` make the contact, unless `contact` is given."""
    about = {key: over.pop(key) for key in ("name", "email", "phone") if key in over}
    values = {"role": "client"} | over
    values["contact"] = values.get("contact") or make_contact(**about)
    return Participant.objects.create(inspection=inspection or make_inspection(), **values)


def make_person(**over: Any) -> Person:
    values = {"role": "client", "name": "Ann Lee", "email": "ann@example.com", "phone": "+1 217 555 0101"}
    return Person(**values | over)


def make_draft(**over: Any) -> Draft:
    values: dict[str, Any] = {
        "external_id": "A-1001",
        "address": "12 Oak St, Springfield, IL 62701",
        "starts_at": in_days(5),
        "inspector": "Raj Patel",
        "fee": Decimal("425.00"),
        "services": ("Full inspection",),
        "people": (make_person(),),
    }
    return Draft(**values | over)


def make_agreement(**over: Any) -> Agreement:
    """A version of the agreement that no installation has yet."""
    values = {"version": 1000 + next(_numbers), "title": "Inspection agreement", "body": "We look.\n\nYou pay."} | over
    return Agreement.objects.create(**values)


def make_client_who_signs(**over: Any) -> Participant:
    """A client of a confirmed inspection that has an agreement."""
    return make_participant(make_inspection(status="confirmed", agreement=make_agreement()), **over)


def consent(person: Participant, **over: Any) -> signing.Consent:
    """What this client does to sign what they see."""
    document = signing.document(person)
    values: dict[str, Any] = {
        "shown": document.sha256 if document else "",
        "typed_name": person.name,
        "agreed": True,
        "nonce": f"nonce-{next(_numbers)}",
        "ip": "203.0.113.7",
        "agent": "A browser",
    }
    return signing.Consent(**values | over)
