"""Whoever wants no marketing from us: one press, by RFC 8058, and nothing else ever stops. One more press ends it.

The link names the email it stood in and is signed, so that nobody can unsubscribe somebody else.
"""

from collections.abc import Sequence
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils import timezone

from emails import erased
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
    return OptOut.objects.get_or_create(key=message.to_key, ended_at=None)[1]


def allow(key: str, *, by: str, note: str = "") -> bool:
    """They want it after all: marketing may go to this canonical address again. True if it might not."""
    standing = OptOut.objects.filter(key__in=_forms(key), ended_at=None)
    return bool(standing.update(ended_at=timezone.now(), ended_by=by[:200], note=note[:300]))


def standing(key: str) -> OptOut | None:
    """The wish to get no marketing at this canonical address."""
    return OptOut.objects.filter(key__in=_forms(key), ended_at=None).first() if key else None


def history(key: str) -> Sequence[OptOut]:
    """Every such wish, the latest first."""
    return list(OptOut.objects.filter(key__in=_forms(key))) if key else []


def applies(kind: str, key: str) -> bool:
    """Whether an email of this kind may not go to this canonical address."""
    return kind in MARKETING and standing(key) is not None


def _forms(key: str) -> list[str]:
    """In which it may be kept: as it is, or as what outlives the data of whoever had it."""
    return [key, *erased.marks(key)]
