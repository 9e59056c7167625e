"""Faults are made for real: processes are killed, connections cut, servers made to hang."""

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests
from django.conf import LazySettings
from pytest_django.live_server_helper import LiveServer

from config.guardian import Guardian
from config.processes import APPLICATION, Child
from emails import wake
from tests import live
from tests.faults.proxy import Proxy


class House:
    """A system whose parts a test may kill. `folder` holds logs; the mail service keeps its own log there."""

    def __init__(self, folder: Path, guardian: Guardian, web_url: str, broker_url: str) -> None:
        self.folder, self.guardian, self.web_url = folder, guardian, web_url
        self.broker = Proxy(broker_url)
        self.stack = ExitStack()
        (folder / "mail").mkdir()
        mail, up, self.mail_url = live.practice_mail(folder / "mail", web_url)
        self.stack.enter_context(live.running(mail, up, guardian))

    def environ(self, name: str) -> dict[str, str]:
        home = self.folder / name
        home.mkdir()
        # Only here does anybody wait for a lease to run out; elsewhere a slow machine would be taken for a dead worker.
        own = {"REDIS_URL": self.broker.url, "LEASE_SECONDS": "2"}
        return live.environ(home, self.mail_url, self.web_url) | own

    def worker(self, name: str = "worker", **env: str) -> Child:
        child, up = live.worker(self.environ(name) | env)
        self.stack.enter_context(live.running(child, up, self.guardian))
        return child

    def beat(self) -> Child:
        env = self.environ("beat")
        log = Path(env["DATA_DIR"]) / "beat.log"
        child = Child(
            "beat", [sys.executable, "-m", "celery", "-A", "config.celery", "beat"], log, env=env, tier=APPLICATION
        )
        self.stack.enter_context(live.running(child, lambda: True, self.guardian))
        return child

    def switch(self, **changes: Any) -> None:
        headers = {"X-Practice-Token": "practice"}
        requests.post(f"{self.mail_url}practice/switches", json=changes, headers=headers, timeout=60).raise_for_status()

    def accepted(self, message: str) -> list[dict[str, Any]]:
        """Every request about this message that the mail service took, by its own log."""
        log = self.folder / "mail" / "accepted.jsonl"
        lines = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
        return [line for line in lines if line["metadata"].get("message") == message]


def kill_group(child: Child) -> None:
    """kill -9 of a process and all it started."""
    assert child.process
    os.killpg(child.process.pid, signal.SIGKILL)
    child.process.wait(timeout=60)


@pytest.fixture
def house(
    transactional_db: None,
    live_server: LiveServer,
    guardian: Guardian,
    settings: LazySettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[House]:
    house = House(tmp_path, guardian, live_server.url, live.broker_url(live.FAULTS_BROKER))
    settings.REDIS_URL = house.broker.url
    settings.BASE_URL = live_server.url
    monkeypatch.setattr(wake, "_quiet_until", 0.0)
    settings.WAKE_SOCKET_TIMEOUT = 0.5  # the real one: a broker that hangs keeps nobody waiting
    wake._forget()
    with house.stack:
        yield house
    wake._forget()
    house.broker.down()
