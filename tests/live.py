"""A live system for tests: a real worker and a real practice mail service, as processes."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import redis
import requests
from django.db import connection

from config.celery import QUEUES, app
from config.guardian import Guardian
from config.postgres import free_port
from config.processes import APPLICATION, PRACTICE_MAIL, Child, Requests, stop, wait_for

# Which of the processes that share the tests out this is; the first where one runs them all.
SHARE = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
# Its databases of the broker: the worker's, and that of the faults, so that no other worker helps out.
# Wake-ups of tests that expect no worker go to number 0, where nobody listens.
BROKER = 1 + 2 * SHARE
FAULTS_BROKER = BROKER + 1


@dataclass
class Live:
    """What a test has in hand."""

    url: str  # of the web server
    mail_url: str  # of the practice mail service
    worker: Child
    broker: redis.Redis

    def wake(self, task: str = "emails.tasks.deliver_due") -> None:
        """There is no beat: a test says itself when a sweep is due."""
        with app.connection_for_write(url=broker_url()) as link:
            app.send_task(task, connection=link)

    def tell(self, *, copies: int) -> None:
        """How often the mail service tells each of its news; with 0 what it had still to say is dropped."""
        switches = {"webhooks": {"copies": copies}}
        headers = {"X-Practice-Token": "practice"}
        requests.post(
            f"{self.mail_url}practice/switches", json=switches, headers=headers, timeout=60
        ).raise_for_status()

    def idle(self) -> bool:
        """Nothing waits and nothing runs: a task is acknowledged only once it is done."""
        waiting = sum(int(self.broker.llen(name)) for name in QUEUES)
        return not waiting and not self.broker.hlen("unacked")


def broker_url(number: int = BROKER) -> str:
    return urlunsplit(urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{number}"))


def database_url() -> str:
    """The test database's, which exists by now."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    return urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))


def until(done: Callable[[], bool], what: str | Callable[[], str], *, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, f"{what() if callable(what) else what}: not within {seconds:.0f} s"
        time.sleep(0.05)


@contextmanager
def running(child: Child, up: Callable[[], bool], guardian: Guardian) -> Iterator[Child]:
    """The child for as long as the block runs; the guardian ends it when we cannot."""
    child.start(guardian)
    try:
        wait_for(up, f"{child.name} was", seconds=180, needs=[child], requests=Requests())
        yield child
    finally:
        stop([child], guardian)


def environ(folder: Path, mail_url: str, base_url: str) -> dict[str, str]:
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": database_url(),
        "REDIS_URL": broker_url(),
        "PRACTICE_MAIL_URL": mail_url,
        "BASE_URL": base_url,
        "DATA_DIR": str(folder),
        # Tests put failed emails where they want them; the worker must not plan more beside them.
        "RETRY_FULL": "none",
        "RETRY_SERVER": "none",
        "RETRY_BACKOFF": "0.2,0.4,0.8",
        "PYTHONUNBUFFERED": "1",
    }


def worker(env: dict[str, str]) -> tuple[Child, Callable[[], bool]]:
    folder = Path(env["DATA_DIR"])
    flags = ["--without-gossip", "--without-mingle", f"--queues={','.join(QUEUES)}", "--concurrency=2"]
    command = [sys.executable, "-m", "celery", "-A", "config.celery", "worker", *flags]
    child = Child("worker", command, folder / "worker.log", env=env, tier=APPLICATION)
    return child, (folder / "worker.ready").exists


def practice_mail(folder: Path, webhooks_to: str) -> tuple[Child, Callable[[], bool], str]:
    """The service as a child, how to see that it is up, and its address."""
    port = free_port()
    command = [sys.executable, "-m", "emails.practice", "--port", str(port), "--data", str(folder)]
    command += ["--webhook-url", f"{webhooks_to}/anymail/postmark/tracking/"]
    log = folder / "practice-mail.log"
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONUNBUFFERED": "1"}
    child = Child("practice-mail", command, log, env=env, tier=PRACTICE_MAIL, grace=5)
    return child, lambda: b"http://" in log.read_bytes(), f"http://127.0.0.1:{port}/"
