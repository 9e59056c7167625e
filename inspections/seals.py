"""The seal of a form that anybody with a link can reach: made when its page is shown, for that link and that subject.

Stateless: the form carries it, signed. Its nonce makes it count once, its time tells how long the page was looked at.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.core import signing
from django.utils import timezone

from inspections.models import PortalLink

LIFETIME = timedelta(hours=12)  # as long as the portal stays open
_SALT = "inspections.seals"
_BYTES = 18


@dataclass(frozen=True)
class Seal:
    """What a form brings back: `about` is its subject, such as the digest of the document that was shown."""

    nonce: str
    about: str
    shown_at: datetime


def make(link: PortalLink, about: str) -> str:
    """A seal for a page that is shown now."""
    return signing.dumps([secrets.token_urlsafe(_BYTES), link.pk, about, timezone.now().timestamp()], salt=_SALT)


def read(value: str, link: PortalLink) -> Seal | None:
    """The seal that a form of this link brought; None if it is not ours, of another link, or too old."""
    try:
        nonce, link_id, about, shown = signing.loads(value, salt=_SALT, max_age=LIFETIME)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return Seal(nonce, about, datetime.fromtimestamp(shown, UTC)) if link_id == link.pk else None
