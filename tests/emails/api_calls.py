"""Calling the REST API as another program would: by HTTP, with a key, with JSON."""

import json
from dataclasses import dataclass
from typing import Any

from django.test import Client

from emails import builtin, keys
from emails.models import ApiKey

BODY: dict[str, Any] = {
    "external_id": "A-1001",
    "address": "12 Oak St, Springfield, IL 62701",
    "starts_at": "2046-12-01T09:00:00-06:00",
    "inspector": "Raj Patel",
    "fee": "425.00",
    "services": ["Full inspection"],
    "notifications": True,
    "people": [{"role": "client", "name": "Ann Lee", "email": "ann@example.com", "phone": "+1 217 555 0101"}],
}


@dataclass
class Answer:
    """What came back; `body` is the decoded JSON."""

    status: int
    body: Any
    headers: Any

    @property
    def places(self) -> list[list[str | int]]:
        """Which fields a 422 names."""
        return [problem["loc"] for problem in self.body["detail"]]


@dataclass
class Api:
    """A program with a key."""

    secret: str
    client: Client

    def call(self, method: str, path: str, body: Any = None, *, raw: bytes | None = None) -> Answer:
        """`raw` is sent as it is; without either the request has no body but says that it is JSON all the same."""
        data = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.secret}"} if self.secret else {}
        found = self.client.generic(method, f"/api/v1{path}", data, content_type="application/json", headers=headers)
        assert found["Content-Type"].startswith("application/json"), found.content
        return Answer(found.status_code, json.loads(found.content), found.headers)

    def get(self, path: str) -> Answer:
        return self.call("GET", path)

    def post(self, path: str, body: Any = None, *, raw: bytes | None = None) -> Answer:
        return self.call("POST", path, body, raw=raw)

    def patch(self, path: str, body: Any = None) -> Answer:
        return self.call("PATCH", path, body)

    def confirmed(self, **over: Any) -> dict[str, Any]:
        """A stored and confirmed inspection, as the API tells it."""
        added = self.post("/inspections", BODY | over)
        assert added.status == 201, added.body
        found: dict[str, Any] = self.post(f"/inspections/{added.body['id']}/confirm").body
        return found

    def emails(self, inspection: dict[str, Any]) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.get(f"/inspections/{inspection['id']}/emails").body["items"]
        return items


def make_api(name: str = "CRM") -> Api:
    """A program with a new key, in an installation with the built-in templates and rules."""
    builtin.install()
    _, secret = keys.create(name, by="Kim Reyes")
    return Api(secret, Client(raise_request_exception=False))


def key_of(api: Api) -> ApiKey:
    return ApiKey.objects.get(prefix=api.secret[: ApiKey.PREFIX_LENGTH])


def short(value: object) -> str:
    """A name for a case: the characters in question can be seen in it."""
    return ascii(value)[:40]
