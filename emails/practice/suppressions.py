"""The provider's stop list. Only `suppressed@` is on it by itself; others can be put on it.

Unlike at Postmark a bounce or a complaint puts nobody here: practice people must stay usable.
https://postmarkapp.com/developer/api/suppressions-api
"""

from __future__ import annotations

import json
import logging
import threading
from datetime import UTC, datetime
from pathlib import Path

from . import fates
from .switches import replace

HARD, COMPLAINT = "HardBounce", "SpamComplaint"
logger = logging.getLogger(__name__)


class Suppressions:
    """Remembered by address: suppressed since when and why ("time reason"), or lifted (None)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._known: dict[str, str | None] = self._load()

    def has(self, address: str) -> bool:
        """Asking about a `suppressed@` address puts it on the list that `dump` shows."""
        address = address.lower()
        if address not in self._known and fates.for_address(address).name == "suppressed":
            self.put(address)
        return self._known.get(address) is not None

    def put(self, address: str, reason: str = HARD) -> None:
        self._set(address, f"{datetime.now(UTC).isoformat(timespec='seconds')} {reason}")

    def lift(self, address: str) -> bool:
        """False: it stays, because only the service's support takes a spam complaint off."""
        if (self._known.get(address.lower()) or "").endswith(COMPLAINT):
            return False
        self._set(address, None)
        return True

    def dump(self) -> list[dict[str, str]]:
        return [
            {
                "EmailAddress": address,
                "SuppressionReason": since.partition(" ")[2] or HARD,
                "Origin": "Recipient",
                "CreatedAt": since.partition(" ")[0],
            }
            for address, since in sorted(self._known.items())
            if since is not None
        ]

    def _set(self, address: str, since: str | None) -> None:
        with self._lock:
            known = {**self._known, address.lower(): since}
            replace(self._path, known)
            self._known = known

    def _load(self) -> dict[str, str | None]:
        try:
            known = json.loads(self._path.read_text())
        except FileNotFoundError:
            return {}
        except ValueError as error:
            logger.warning("%s is unreadable (%s); the stop list starts anew", self._path, error)
            return {}
        return known if isinstance(known, dict) else {}
