"""Who calls: `Authorization: Bearer <key>`, and no other way in."""

import hashlib

from django.http import HttpRequest
from ninja.security import HttpBearer

from emails import keys
from emails.models import ApiKey


class ApiRequest(HttpRequest):
    """A request whose key was recognised."""

    auth: ApiKey


class BearerKey(HttpBearer):
    """A key made in Settings or by `manage.py create_api_key`."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        """The key, or None: the answer is 401."""
        return keys.authenticate(token.strip())


def actor(request: ApiRequest) -> str:
    """The name that timelines show."""
    return f"API key {request.auth.name}"


def nonce(request: ApiRequest, idempotency_key: str | None, *, what: str = "") -> str | None:
    """Keys of two programs cannot meet; hashed, so that any length fits the column."""
    if not idempotency_key:
        return None
    return f"api{what}:{request.auth.pk}:{hashlib.sha256(idempotency_key.encode()).hexdigest()}"
