"""The mail service's own list of addresses that it refuses to send to: ask about one, take it off.

Only Postmark's can be asked here; with other services people are told to look there. No call waits long, none is made
inside a transaction, and whatever goes wrong is the answer “silent”.
https://postmarkapp.com/developer/api/suppressions-api
"""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import requests
from django.conf import settings
from django.utils.dateparse import parse_datetime

from emails.models import AddressHold

log = logging.getLogger(__name__)

POSTMARK = "https://api.postmarkapp.com/"
STREAM = "message-streams/outbound/suppressions"
CONNECT, READ = 0.4, 0.8  # of the patience; each of them ends before it
State = AddressHold.There


@dataclass(frozen=True)
class There:
    """What the service says: `why` is its own word (HardBounce, SpamComplaint, ManualSuppression)."""

    state: str
    why: str = ""
    since: datetime | None = None


SILENT = There(State.SILENT)
OPEN = There(State.OPEN)


def can_ask() -> bool:
    """The service in use tells us what is on its list."""
    return bool(settings.MAIL_PROVIDER == "postmark")


def look(address: str) -> There:
    """Whether the service refuses this address."""
    found = _rows("GET", f"{STREAM}/dump", params={"EmailAddress": address})
    if found is None:
        return SILENT
    for row in found:
        if str(row.get("EmailAddress", "")).lower() == address.lower():
            since = str(row.get("CreatedAt") or "")[:40]
            return There(State.BLOCKED, str(row.get("SuppressionReason") or "")[:40], _moment(since))
    return OPEN


def lift(address: str) -> There:
    """Take it off the list, and say whether it is off. Only Postmark's support lifts a spam complaint."""
    rows = _rows("POST", f"{STREAM}/delete", json={"Suppressions": [{"EmailAddress": address}]})
    if not rows:
        return SILENT
    return OPEN if rows[0].get("Status") == "Deleted" else look(address)


def patience() -> float:
    """Seconds; a page never waits longer, whatever the line does."""
    return float(settings.STOP_LIST_PATIENCE_SECONDS)


def within(call: Callable[[str], There], address: str, *, seconds: float | None = None) -> There:
    """The answer, or SILENT if it takes longer than a person should wait. The call goes on beside."""
    try:
        return _threads().submit(call, address).result(timeout=patience() if seconds is None else seconds)
    except TimeoutError:
        return SILENT


def _rows(method: str, path: str, **options: Any) -> list[dict[str, Any]] | None:
    url = f"{settings.ANYMAIL.get('POSTMARK_API_URL', POSTMARK).rstrip('/')}/{path}"
    headers = {"Accept": "application/json", "X-Postmark-Server-Token": settings.ANYMAIL["POSTMARK_SERVER_TOKEN"]}
    with requests.Session() as session:
        # A proxy set for the internet does not reach this computer's own loopback.
        session.trust_env = not settings.PRACTICE_MODE
        timeout = (CONNECT * patience(), READ * patience())
        try:
            answer = session.request(
                method, url, headers=headers, timeout=timeout, allow_redirects=False, stream=False, **options
            )
            rows = answer.json()["Suppressions"] if answer.status_code == 200 else None
        except (requests.RequestException, ValueError, KeyError, TypeError) as problem:
            log.warning("the mail service's list could not be asked: %s", type(problem).__name__)
            return None
    return rows if isinstance(rows, list) and all(isinstance(row, dict) for row in rows) else None


def _moment(text: str) -> datetime | None:
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found and found.tzinfo else None


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(4, thread_name_prefix="stoplist")
