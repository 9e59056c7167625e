"""Whoever wants no marketing from us: one press, by RFC 8058, and nothing else ever stops.

The link names the email it stood in and is signed, so that nobody can unsubscribe somebody else.
"""

from uuid import UUID

from django.conf import settings
from django.core import signing
from django.urls import reverse

from emails.models import MARKETING, Message, OptOut

_SALT = "emails.optouts"
HEADER = "List-Unsubscribe"
ONE_CLICK = {"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}  # RFC 8058 section 3.1


def address(message: Message) -> str:
    """The absolute address at which this email's reader stops marketing."""
    return settings.BASE_URL.rstrip("/") + reverse("unsubscribe", args=[signing.dumps(message.uuid.hex, salt=_SALT)])


def headers(stop: str) -> dict[str, str]:
    """The header fields of an email that can be unsubscribed from at `stop`."""
    return {HEADER: f"<{stop}>", **ONE_CLICK} if stop else {}


def find(token: str) -> Message | None:
    """The email that a link stood in."""
    try:
        uuid = UUID(signing.loads(token, salt=_SALT))
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return Message.objects.filter(uuid=uuid).exclude(to_key="").select_related("participant__contact").first()


def stop(message: Message) -> bool:
    """No more marketing to this email's address. True if that is new."""
    return OptOut.objects.get_or_create(key=message.to_key)[1]


def applies(kind: str, key: str) -> bool:
    """Whether an email of this kind may not go to this canonical address."""
    return kind in MARKETING and OptOut.objects.filter(key=key).exists()
