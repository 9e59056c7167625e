"""What `make run` promises: the Ready line, one system per folder, joined by manage.py, no orphans."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import requests

from config import devserver, environment
from config.environment import BASE_DIR
from config.processes import Problem

READY = re.compile(r"Ready: (http://127\.0\.0\.1:\d+/)\n")


def environ(folder: Path, **over: str) -> dict[str, str]:
    """A developer's shell: nothing of this test run's own settings."""
    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "DATA_DIR": str(folder), **over}


@dataclass
class Running:
    process: subprocess.Popen[str]
    folder: Path
    address: str

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def child(self, words: str) -> psutil.Process:
        """The child whose command line has these words; its oldest process."""
        return next(each for each in self.children() if words in " ".join(each.cmdline()))


def start(folder: Path, **over: str) -> Running:
    process = subprocess.Popen(
        [sys.executable, "-m", "config.devserver"],
        cwd=BASE_DIR,
        env=environ(folder, **over),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(line)
        if found := READY.fullmatch(line):
            return Running(process, folder, found[1])
    raise AssertionError("".join(seen))


def refused(folder: Path, **over: str) -> str:
    """The message of a start that is refused; it is one line."""
    result = subprocess.run(
        [sys.executable, "-m", "config.devserver"],
        cwd=BASE_DIR,
        env=environ(folder, **over),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    return result.stderr


def until_gone(processes: list[psutil.Process], *, seconds: float = 45) -> None:
    _, left = psutil.wait_procs(processes, timeout=seconds)
    assert not [each for each in left if each.status() != psutil.STATUS_ZOMBIE]


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = start(tmp_path_factory.mktemp("system"))
    yield running
    processes = running.children()
    running.process.send_signal(signal.SIGTERM)
    assert running.process.stdout is not None
    assert running.process.stdout.read().endswith("Stopping ...\nStopped.\n")
    assert running.process.wait(60) == 0
    until_gone(processes)
    assert not (running.folder / "environment.json").exists()


def test_it_is_ready_when_it_says_so(system: Running) -> None:
    assert requests.get(system.address + "readyz", timeout=60).status_code == 200
    page = requests.get(system.address + "accounts/login/", timeout=60)
    assert page.status_code == 200
    assert "unsafe" not in page.headers["Content-Security-Policy"]


def test_the_web_server_listens_on_this_machine_only(system: Running) -> None:
    web = [each for each in system.child("gunicorn").net_connections() if each.status == psutil.CONN_LISTEN]
    assert {each.laddr.ip for each in web} == {"127.0.0.1"}


def test_a_second_start_says_where_the_first_one_is(system: Running) -> None:
    message = refused(system.folder)
    assert f"Already running at {system.address}" in message


def test_a_port_that_was_asked_for_is_never_replaced(system: Running, tmp_path: Path) -> None:
    port = system.address.rpartition(":")[2].rstrip("/")
    assert refused(tmp_path, PORT=port).startswith(f"Error: Port {port} cannot be used (Address already in use)")


def test_manage_py_beside_it_joins_it(system: Running) -> None:
    code = "from django.conf import settings as s; print(s.BASE_URL, s.PRACTICE_MODE, s.DATABASES['default']['NAME'])"
    output = subprocess.check_output(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", code],
        cwd=BASE_DIR,
        env=environ(system.folder),
        text=True,
    )
    assert output == f"{system.address.rstrip('/')} True desk\n"


def test_secrets_are_for_their_owner_only(system: Running) -> None:
    for name in ("environment.json", "secrets.json"):
        assert (system.folder / name).stat().st_mode & 0o777 == 0o600
    command_lines = " ".join(word for each in system.children() for word in each.cmdline())
    for secret in json.loads((system.folder / "secrets.json").read_text()).values():
        assert secret not in command_lines


@pytest.mark.parametrize("words", ["celery -A config.celery worker", "valkey-server"])
def test_what_dies_is_started_again(words: str, system: Running) -> None:
    victim = system.child(words)
    victim.kill()
    end = time.monotonic() + 20
    while True:
        alive = [each for each in system.children() if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]
        fresh = [each for each in alive if each.create_time() > victim.create_time() + 0.5]
        if any(words in " ".join(each.cmdline()) for each in fresh if each.pid != victim.pid):
            return
        assert time.monotonic() < end, f"no new {words}"
        time.sleep(0.1)


def test_no_orphan_is_left_when_it_is_killed_outright(tmp_path: Path) -> None:
    running = start(tmp_path)
    processes = running.children()
    running.process.kill()
    running.process.wait()
    until_gone(processes)
    # And the next start is not put off by what is lying about.
    again = start(tmp_path)
    again.process.send_signal(signal.SIGINT)
    assert again.process.wait(60) == 0
    for each in (running, again):
        assert each.process.stdout is not None
        each.process.stdout.close()


def test_a_real_provider_is_refused(tmp_path: Path) -> None:
    message = refused(tmp_path, EMAIL_PROVIDER="postmark")
    assert message.startswith("Error: EMAIL_PROVIDER is set to 'postmark', but make run only practises")


def test_the_next_free_port_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        taken = holder.getsockname()[1]
        monkeypatch.setattr(devserver, "FIRST_PORT", taken)
        monkeypatch.setattr(devserver, "LAST_PORT", taken + 20)
        with devserver.listen("") as web:
            assert taken < web.getsockname()[1] <= taken + 20


@pytest.mark.parametrize("port", ["http", "0", "70000", "-1"])
def test_a_senseless_port_is_refused(port: str) -> None:
    with pytest.raises(Problem, match="PORT must be a number from 1 to 65535"):
        devserver.listen(port)


def test_secrets_are_made_once(tmp_path: Path) -> None:
    assert devserver.keep_secrets(tmp_path) == devserver.keep_secrets(tmp_path)


def test_a_full_disk_is_said_before_anything_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devserver, "NEEDED_BYTES", 1 << 60)
    monkeypatch.setenv("EMAIL_PROVIDER", "practice")
    with pytest.raises(Problem, match="nearly full"):
        devserver.check_machine(tmp_path)


def test_the_settings_of_a_system_that_ended_are_not_used(tmp_path: Path) -> None:
    environment.record(tmp_path, {"DATABASE_URL": "postgres://gone/desk"})
    assert environment.recorded(tmp_path) == {}
    with devserver.lock(tmp_path):
        assert environment.recorded(tmp_path) == {"DATABASE_URL": "postgres://gone/desk"}
