"""Secret links to the client portal: make, find, switch off. The secret itself is never stored."""

import hashlib
import re
import secrets
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac

from inspections import events
from inspections.errors import NotPossible
from inspections.models import Contact, Inspection, Participant, PortalLink, Scope

LIFETIME = timedelta(days=30)  # after the inspection, and never less than this from now
_TOKEN_BYTES = 32
_SECRET = re.compile(r"((?:\\*/|%2F)p(?:\\*/|%2F))[A-Za-z0-9_-]{30,}", re.IGNORECASE)


def mint(
    participant: Participant,
    *,
    purpose: str,
    scope: Scope = Scope.EVERYTHING,
    expires_at: datetime | None = None,
    by: str = "",
    nonce: str = "",
) -> tuple[PortalLink, str]:
    """A new link and its absolute address, which cannot be had a second time.

    `by` names the person who asked for it, for the timeline; links that go into emails are told by the email. `nonce`
    is a form's: pressed twice, it is one link. Raises NotPossible for somebody who is no longer on the inspection, for
    an end in the past, and for the form of a link that was switched off.
    """
    if participant.removed_at is not None:
        raise NotPossible(f"{participant.name} is no longer on this inspection, so there is no link for them.")
    until = expires_at or default_expiry(participant.inspection)
    if until <= timezone.now():
        raise NotPossible("This link would have ended already. Please choose a later day.")
    token = _token(participant, scope, nonce)
    with transaction.atomic():
        link, made = PortalLink.objects.select_related("participant").get_or_create(
            token_hash=_hash(token),
            defaults={"participant": participant, "purpose": purpose, "scope": scope, "expires_at": until},
        )
        if made and by:
            _record(link, events.Type.LINK_MADE, by)
    if not link.is_active:
        raise NotPossible("This link was switched off meanwhile. Please make a new one.")
    return link, settings.BASE_URL.rstrip("/") + reverse("portal:enter", args=[token])


def _token(participant: Participant, scope: str, nonce: str) -> str:
    """Random. That of a form is derived: whoever knows both the form and our key gets the same one again.

    Neither the form's nonce nor the token is stored, so a copy of the database opens nothing.
    """
    if not nonce:
        return secrets.token_urlsafe(_TOKEN_BYTES)
    digest = salted_hmac("inspections.links", f"{participant.pk}:{scope}:{nonce}", algorithm="sha256").digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def find(token: str) -> PortalLink | None:
    """The link that `token` opens or once opened; look at `is_active`."""
    if len(token) > 2 * _TOKEN_BYTES or not token.isascii():
        return None
    links = PortalLink.objects.select_related("participant__contact", "participant__inspection")
    return links.filter(token_hash=_hash(token)).first()


def masked(words: str) -> str:
    """`words` without the secret of any link in them, however they spell its slashes."""
    return _SECRET.sub(rf"\1{'•' * 8}", words)


def note_use(link: PortalLink) -> None:
    """Somebody, or a link scanner, opened it."""
    PortalLink.objects.filter(pk=link.pk).update(last_used_at=timezone.now())


def note_arrival(participant_id: int, purpose: str, at: datetime) -> None:
    """The email with these links reached its server at `at`. Told twice, the earlier time counts."""
    theirs = PortalLink.objects.filter(participant=participant_id, purpose=purpose)
    theirs.filter(Q(arrived_at=None) | Q(arrived_at__gt=at)).update(arrived_at=at)


def revoke(link: PortalLink, *, by: str) -> bool:
    """Switch a link off. True if it was on."""
    now = timezone.now()
    with transaction.atomic():
        changed = PortalLink.objects.active().filter(pk=link.pk).update(revoked_at=now) == 1
        if changed:
            link.revoked_at = now
            _record(link, events.Type.LINK_REVOKED, by)
    return changed


def revoke_all(*, contact: Contact | None = None, participant: Participant | None = None) -> int:
    """Switch off every link of a person, or of one participation. The caller records why; returns how many."""
    links = PortalLink.objects.active()
    if contact is not None:
        links = links.filter(participant__contact=contact)
    if participant is not None:
        links = links.filter(participant=participant)
    return links.update(revoked_at=timezone.now())


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def default_expiry(inspection: Inspection) -> datetime:
    """When a link to it ends that was given no other end."""
    return max(inspection.starts_at, timezone.now()) + LIFETIME


def _record(link: PortalLink, kind: events.Type, by: str) -> None:
    person = link.participant
    about = {"link": link.pk, "purpose": link.purpose, "scope": link.scope}
    events.record(person.inspection, kind, by=by, participant=person, **about)
