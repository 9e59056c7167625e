"""Tells the app what became of its emails: posts webhooks, tries again, remembers what it told.

Every attempt is a line in `webhooks.jsonl`. An event counts as told once a copy of it was taken,
was given up or was dropped by switch; whatever is not told is posted after a restart.
"""

from __future__ import annotations

import heapq
import itertools
import json
import logging
import threading
import time
from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from .events import Event
from .jsonl import JsonLines
from .switches import Switches

logger = logging.getLogger(__name__)

RETRY_AFTER = (1, 2, 5, 10, 30, 60, *[300] * 9)
"""Seconds; about three quarters of an hour in all. Postmark itself goes on for ten hours."""

WORKERS = 20
TIMEOUT = 10.0


class Post(NamedTuple):
    """One attempt. `status` is None when nobody answered; `outcome` is empty while it goes on."""

    at: str
    copy: int
    attempt: int
    status: int | None
    error: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Job:
    event: Event
    copy: int = 0
    attempt: int = 0


class Poster:
    def __init__(self, *, url: str, secret: str, log: Path, switches: Switches) -> None:
        self._target = Target(url, secret)
        self._switches = switches
        self._log = JsonLines(log)
        self._lock = threading.Condition()
        self._heap: list[tuple[float, int, Job]] = []
        self._due: SimpleQueue[Job] = SimpleQueue()
        self._order = itertools.count()
        self._unfinished = 0
        self._stopped = False
        self._posts: dict[str, list[Post]] = defaultdict(list)
        self._load()

    def start(self) -> None:
        threading.Thread(target=self._clock, name="webhooks-clock", daemon=True).start()
        for number in range(WORKERS):
            threading.Thread(target=self._work, name=f"webhooks-{number}", daemon=True).start()

    def schedule(self, events: Iterable[Event]) -> None:
        now_wall, now = datetime.now(UTC), time.monotonic()
        with self._lock:
            for event in events:
                wait = max(0.0, (event.due_at - now_wall).total_seconds())
                self._push(now + wait, Job(event))
            self._lock.notify()

    def posts(self, key: str) -> list[Post]:
        return list(self._posts.get(key, ()))

    def told(self) -> set[str]:
        return {key for key, posts in self._posts.items() if any(post.outcome for post in posts)}

    def waiting(self) -> int:
        """How many posts are still to be made or under way."""
        return self._unfinished

    def stop(self) -> None:
        """What is under way may end unrecorded and is then posted again after the next start."""
        with self._lock:
            self._stopped = True
            self._lock.notify()

    def _clock(self) -> None:
        """Hand every job to the workers when its time has come."""
        while not self._stopped:
            with self._lock:
                wait = self._heap[0][0] - time.monotonic() if self._heap else None
                if wait is None or wait > 0:
                    self._lock.wait(wait)
                else:
                    self._due.put(heapq.heappop(self._heap)[2])

    def _work(self) -> None:
        while not self._stopped:
            job = self._due.get()
            try:
                self._do(job)
            except Exception as error:  # one bad event must not cost the others
                self._note(job, status=None, error=f"{type(error).__name__}: {error}", outcome="given_up")
            with self._lock:
                self._unfinished -= 1

    def _do(self, job: Job) -> None:
        if job.copy == 0 and job.attempt == 0 and not self._spread(job):
            self._note(job, status=None, error="", outcome="dropped")
            return
        status, error = self._target.post(job.event.payload())
        if status is not None and 200 <= status < 300:
            self._note(job, status=status, error="", outcome="posted")
        elif job.attempt < len(RETRY_AFTER):
            self._note(job, status=status, error=error, outcome="")
            self._again(replace(job, attempt=job.attempt + 1), after=RETRY_AFTER[job.attempt])
        else:
            self._note(job, status=status, error=error, outcome="given_up")

    def _spread(self, job: Job) -> int:
        """Queue the other copies, to be posted at the same time; gives how many there are."""
        copies = int(self._switches.webhooks()["copies"])
        for copy in range(1, copies):
            self._again(replace(job, copy=copy), after=0)
        return copies

    def _again(self, job: Job, *, after: float) -> None:
        with self._lock:
            self._push(time.monotonic() + after, job)
            self._lock.notify()

    def _push(self, due: float, job: Job) -> None:
        self._unfinished += 1
        heapq.heappush(self._heap, (due, next(self._order), job))

    def _note(self, job: Job, *, status: int | None, error: str, outcome: str) -> None:
        now = datetime.now(UTC).isoformat()
        post = Post(now, job.copy, job.attempt + 1, status, error, outcome)
        self._posts[job.event.key].append(post)
        line = {"event": job.event.key, "type": job.event.step.record_type, **post._asdict()}
        try:
            self._log.append([line])
        except OSError as error:
            # A full disk: the event is merely told once more after the next start.
            logger.warning("webhooks.jsonl: %s", error)

    def _load(self) -> None:
        for line in self._log.lines():
            data: dict[str, Any] = line.data
            fields = {name: data.get(name) for name in Post._fields}
            self._posts[str(data.get("event"))].append(Post(**fields))  # type: ignore[arg-type]


class Target:
    """The app's webhook address. Basic authentication, as Anymail asks of Postmark's webhooks."""

    def __init__(self, url: str, secret: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port
        self._path = parts.path or "/"
        self._connection = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._headers = {
            "Authorization": "Basic " + b64encode(secret.encode()).decode(),
            "Content-Type": "application/json",
            "User-Agent": "Postmark",
        }

    def post(self, payload: dict[str, Any]) -> tuple[int | None, str]:
        """The status answered, or None and why nobody answered."""
        connection = self._connection(self._host, self._port, timeout=TIMEOUT)
        try:
            connection.request("POST", self._path, json.dumps(payload), self._headers)
            response = connection.getresponse()
            response.read(65536)
            return response.status, "" if response.status < 300 else response.reason
        except (OSError, HTTPException) as error:
            return None, f"{type(error).__name__}: {error}"
        finally:
            connection.close()
