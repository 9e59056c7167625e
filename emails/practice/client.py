"""How the app talks to its practice mail service about anything but sending.

Sending goes through Anymail, as in production; this is for the practice mailbox page, its
switches and the two `/practice/*.json` addresses of the REST API.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import requests
from django.conf import settings

TIMEOUT = 2.0

Json = dict[str, Any]


class PracticeServiceDown(Exception):
    """The text is a sentence for the office."""


class SwitchesRefused(ValueError):
    """`field` names the switch, the text says what is wrong with it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def messages(*, after: str = "", limit: int = 50, q: str = "") -> Json:
    """A page of the mailbox, newest first: {"items": [...], "next": id or None, "total": n}."""
    return _json(_call("GET", "messages", params={"after": after, "limit": limit, "q": q}))


def message(provider_message_id: str) -> Json | None:
    """One email whole, with html, text, headers and the history of its webhooks."""
    response = _call("GET", f"messages/{quote(provider_message_id, safe='')}")
    return None if response.status_code == 404 else _json(response)


def accepted() -> list[Json]:
    """Every request the service accepted, oldest first, repeats included."""
    items: list[Json] = _json(_call("GET", "messages.json"))["items"]
    return items


def switches() -> Json:
    return _json(_call("GET", "switches"))


def set_switches(changes: Json) -> Json:
    """Merge a part of the switches; gives all of them. Raises SwitchesRefused."""
    response = _call("POST", "switches", json=changes)
    if response.status_code == 422:
        refused = response.json()
        raise SwitchesRefused(refused["field"], refused["error"])
    return _json(response)


def _call(method: str, path: str, **options: Any) -> requests.Response:
    url = f"{settings.PRACTICE_MAIL_URL.rstrip('/')}/practice/{path}"
    headers = {"X-Practice-Token": settings.ANYMAIL.get("POSTMARK_SERVER_TOKEN", "practice")}
    with requests.Session() as session:
        # A proxy set for the internet does not reach this computer's own loopback.
        session.trust_env = False
        try:
            return session.request(method, url, headers=headers, timeout=TIMEOUT, **options)
        except requests.RequestException as error:
            raise PracticeServiceDown(
                "The practice mail service does not answer. It starts with make run;"
                " if that is running, look at its output."
            ) from error


def _json(response: requests.Response) -> Json:
    if response.status_code != 200:
        raise PracticeServiceDown(f"The practice mail service answered with an error ({response.status_code}).")
    data: Json = response.json()
    return data
