"""Keys for the REST API: make, recognise, switch off. The key itself is shown once and never stored."""

import hashlib
import secrets
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from emails.models import ApiKey
from inspections.text import MAX_NAME, BadText, single_line

MAX_KEY_NAME = 100  # "API key <name>" has to fit where timelines keep who did it
NOTE_USE_EVERY = timedelta(minutes=1)
_BYTES = 32


def create(name: str, *, by: str) -> tuple[ApiKey, str]:
    """A new key and its secret, 64 characters of [0-9a-f], which cannot be had a second time.

    Raises BadText for a name that is empty, too long or not one line.
    """
    name = single_line(name, limit=MAX_KEY_NAME)
    if not name:
        raise BadText("Please give the key a name, such as the program that will use it.")
    secret = secrets.token_hex(_BYTES)  # hex: a double click selects it whole, and it never starts with a dash
    key = ApiKey.objects.create(
        name=name, prefix=secret[: ApiKey.PREFIX_LENGTH], key_hash=_hash(secret), created_by=by[:MAX_NAME]
    )
    return key, secret


def authenticate(secret: str) -> ApiKey | None:
    """The key that `secret` belongs to, if it is in force. Whatever is given, the same steps are taken."""
    key = ApiKey.objects.filter(key_hash=_hash(secret), revoked_at=None).first()
    if key is not None:
        _note_use(key)
    return key


def revoke(key: ApiKey) -> bool:
    """Switch a key off for good. True if it was on."""
    now = timezone.now()
    revoked = ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now) == 1
    if revoked:
        key.revoked_at = now
    return revoked


def _note_use(key: ApiKey) -> None:
    now = timezone.now()
    before = now - NOTE_USE_EVERY
    if key.last_used_at is None or key.last_used_at < before:
        unnoted = Q(last_used_at=None) | Q(last_used_at__lt=before)
        ApiKey.objects.filter(unnoted, pk=key.pk).update(last_used_at=now)


def _hash(secret: str) -> str:
    # Without salt or stretching: 256 random bits cannot be guessed, and the lookup needs an index.
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()
