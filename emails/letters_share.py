"""Share Details: give somebody a link that opens a part of an inspection, by email or to be passed on."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation

from emails import letters, wording_share
from emails.letters import Written
from emails.models import Letter, Message
from emails.placeholders import clock_words
from inspections import events, links, people
from inspections.drafts import Person
from inspections.errors import NotPossible
from inspections.models import Company, Inspection, Participant, PortalLink, Role, Scope, User

# Until when a link works: days, counted from the inspection (or from now, once it is over) or from now.
LASTS = {"after30": "30 days after the inspection", "now7": "7 days", "now90": "90 days", "now365": "One year"}


def until(inspection: Inspection, lasts: str) -> datetime:
    """When a link ends that lasts so long. Raises KeyError for none of LASTS."""
    if lasts == "after30":
        return links.default_expiry(inspection)
    days = {"now7": 7, "now90": 90, "now365": 365}[lasts]
    return timezone.now() + timedelta(days=days)


def why_not(scope: str, role: str) -> str:
    """Why a link of this scope is not for somebody in this role, "" if it is."""
    if scope == Scope.SIGN_PAY and role != Role.CLIENT:
        return "Only clients sign and pay."
    return ""


@transaction.atomic
def by_link(
    inspection: Inspection, to: Participant | Person, scope: Scope, ends: datetime, *, by: User, nonce: str
) -> tuple[PortalLink, str]:
    """A link to pass on, and its address, which cannot be had again. The same `nonce` is the same link.

    Raises NotPossible, BadDraft for somebody new. If the link cannot be made nobody comes onto the inspection either.
    """
    person = _someone(inspection, to, scope, by=by)
    return links.mint(person, purpose=f"Shared by {by}"[:40], scope=scope, expires_at=ends, by=str(by), nonce=nonce)


@transaction.atomic
def by_email(
    inspection: Inspection, to: Participant | Person, scope: Scope, ends: datetime, *, by: User, uuid: UUID
) -> Message:
    """An email with such a link, in the person's language. The same `uuid` is the same email.

    Raises Refused, NotPossible, BadDraft for somebody new.
    """
    found = Letter.objects.filter(uuid=uuid, inspection=inspection, sent_at__isnull=False).first()
    if found:
        return letters.send(found, by=str(by))[0]
    person = _someone(inspection, to, scope, by=by)
    with translation.override(person.contact.language or settings.LANGUAGE_CODE):
        subject, body = wording_share.words(scope, clock_words(ends.astimezone(Company.get().zone))[0])
    try:
        letter = letters.save(inspection, uuid, Written(subject, body, [person]), revision=0, page="", by=by)
    except letters.Sent as pressed_twice:  # at once, and the other press was quicker
        return letters.send(pressed_twice.letter, by=str(by))[0]
    letter.scope, letter.link_expires_at = scope, ends
    letter.save(update_fields=["scope", "link_expires_at"])
    message = letters.send(letter, by=str(by))[0]
    about = {"purpose": "Shared by email", "scope": scope, "message": message.pk}
    events.record(inspection, events.Type.LINK_MADE, by=str(by), participant=person, **about)
    return message


def _someone(inspection: Inspection, to: Participant | Person, scope: Scope, *, by: User) -> Participant:
    if refused := why_not(scope, to.role):
        raise NotPossible(refused)
    return to if isinstance(to, Participant) else people.add_person(inspection, to, by=str(by))
