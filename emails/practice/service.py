"""The service put together: its log, its switches, its stop list and its webhooks."""

from __future__ import annotations

import fcntl
import hmac
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import events
from .entries import Record
from .store import AcceptedLog
from .suppressions import Suppressions
from .switches import Switches
from .webhooks import Poster


class NotSafe(Exception):
    """Accepted, but perhaps gone after a power cut: the caller must be told that nobody knows."""


class InUse(Exception):
    """Another practice mail service writes to the same folder."""


@dataclass(frozen=True, slots=True)
class Config:
    """`webhook_secret`: user:password. `server_token`: the one the app sends to Postmark."""

    data: Path
    webhook_url: str
    webhook_secret: str
    server_token: str


class Service:
    """Raises InUse, or OSError when the folder cannot be written."""

    def __init__(self, config: Config) -> None:
        self.config = config
        config.data.mkdir(parents=True, exist_ok=True)
        self._hold_folder()
        self.stopping = threading.Event()
        self.log = AcceptedLog(config.data / "accepted.jsonl")
        self.switches = Switches(config.data / "switches.json")
        self.suppressions = Suppressions(config.data / "suppressions.json")
        self.poster = Poster(
            url=config.webhook_url,
            secret=config.webhook_secret,
            log=config.data / "webhooks.jsonl",
            switches=self.switches,
        )

    def start(self) -> None:
        timing = self.switches.webhooks()
        told = self.poster.told()
        self.poster.schedule(
            events.pending(self.log.all(), told=told, delay_ms=timing["delay_ms"], shuffle=timing["shuffle"])
        )
        self.poster.start()

    def accept(self, records: Sequence[Record]) -> None:
        """On disk when it returns. Raises OSError, and then none of them was accepted.

        Raises NotSafe when they are in the log, but the disk did not confirm it.
        """
        if not records:
            return
        timing = self.switches.webhooks()
        for entry in self.log.append(records):
            self.poster.schedule(events.plan(entry, delay_ms=timing["delay_ms"], shuffle=timing["shuffle"]))
        try:
            self.log.sync()
        except OSError as error:
            raise NotSafe(f"accepted.jsonl: {error}") from error

    def knows(self, token: str) -> bool:
        """May the caller read emails and set switches? Compared in constant time."""
        known = (self.config.server_token, self.config.webhook_secret)
        return any(hmac.compare_digest(token.encode(), each.encode()) for each in known)

    def stop(self) -> None:
        self.stopping.set()
        self.poster.stop()

    def _hold_folder(self) -> None:
        # Kept open for the life of the process: the kernel lets go of the lock even after kill -9.
        self._lock_fd = os.open(self.config.data / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUse(f"another practice mail service is using {self.config.data}") from None
