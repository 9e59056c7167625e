"""Whom a template is tried on: a real inspection, or one in which everything is awkward at once."""

import copy
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from emails.models import Message
from emails.placeholders import Scene
from emails.rendering import EXAMPLE_LINK
from inspections.models import Company, Contact, Inspection, Participant, Role

AWKWARD = "awkward"
_LONG = "Bartholomew-Alexander Wolfeschlegelsteinhausenbergerdorff <Jr.> & Sons"


def link() -> str:
    """Where a portal link would stand. It opens nothing."""
    return settings.BASE_URL.rstrip("/") + EXAMPLE_LINK


def awkward(company: Company) -> Scene:
    """Two clients, a very long name, no phone, no fee, no inspector, no agent, a long address. Nothing is stored."""
    inspection = Inspection(
        address="1234½ North-West Upper Saint Bartholomew’s Crossing, Apartment 12-B, Lake Havasu City, AZ 86403",
        starts_at=(timezone.now() + timedelta(days=3)).replace(minute=30),
        inspector="",
        services=[],
        fee=None,
    )
    person = Participant(inspection=inspection, contact=Contact(name=_LONG), role=Role.CLIENT)
    without_phone = copy.copy(company)
    without_phone.phone = ""
    people = ((Role.CLIENT, _LONG), (Role.CLIENT, "Bo Li"))
    return Scene(inspection, person, without_phone, link, people)


def real(inspection: Inspection, company: Company) -> Scene:
    """A real inspection, as its first client would read it."""
    people = _people(inspection)
    first = next((person for person in people if person.role == Role.CLIENT), people[0] if people else None)
    return Scene(inspection, first, company, link, [(person.role, person.name) for person in people])


def to(person: Participant, company: Company) -> Scene:
    """One person of an inspection, as they would read it."""
    people = [(one.role, one.name) for one in _people(person.inspection)]
    return Scene(person.inspection, person, company, link, people)


def of(message: Message, company: Company) -> Scene:
    """A message, as its own reader would get it."""
    people = [(person.role, person.name) for person in _people(message.inspection)]
    return Scene(message.inspection, message.participant, company, link, people)


def _people(inspection: Inspection) -> list[Participant]:
    return list(inspection.participants.filter(removed_at=None).select_related("contact").order_by("pk"))
