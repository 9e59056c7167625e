"""`python -m config.embedded exec`: real servers for as long as a command runs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg2
import pytest
import redis

from config import postgres
from config.embedded import Servers
from config.environment import BASE_DIR
from config.guardian import Guardian
from config.processes import Requests

SHOW = """
import json, os
print(json.dumps([os.environ["DATABASE_URL"], os.environ["REDIS_URL"]]), flush=True)
"""
SHOW_AND_STAY = SHOW + "import time; time.sleep(60)"


def environ(**over: str) -> dict[str, str]:
    """As on a fresh machine: the servers of this test run are not mentioned."""
    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **over}


def embedded(code: str, **over: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "config.embedded", "exec", "--", sys.executable, "-c", code]
    return subprocess.Popen(command, cwd=BASE_DIR, env=environ(**over), stdout=subprocess.PIPE, text=True)


def told(process: subprocess.Popen[str]) -> tuple[str, str]:
    """What the command printed: the addresses of the database and the broker."""
    assert process.stdout is not None
    database, broker = json.loads(process.stdout.readline())
    return database, broker


def reachable(database: str) -> bool:
    try:
        psycopg2.connect(database, connect_timeout=2).close()
    except psycopg2.OperationalError:
        return False
    return True


def until_unreachable(database: str, *, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while reachable(database):
        assert time.monotonic() < end, "the server still answers"
        time.sleep(0.1)


def end(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    process.stdout.close()
    return process.wait(120)


def test_it_passes_on_the_exit_code() -> None:
    assert end(embedded("raise SystemExit(7)")) == 7


def test_the_servers_are_real_and_ready_when_the_command_starts() -> None:
    code = """
import os, psycopg2, redis
cursor = psycopg2.connect(os.environ["DATABASE_URL"]).cursor()
cursor.execute("SELECT current_setting('server_version_num')::int >= 180000 AND 'é' < 'z' IS NOT NULL")
assert cursor.fetchone() == (True,)
assert redis.Redis.from_url(os.environ["REDIS_URL"]).ping()
"""
    assert end(embedded(code)) == 0


def test_servers_that_are_named_are_left_alone() -> None:
    process = embedded(SHOW, DATABASE_URL="postgres://own/db", REDIS_URL="redis://own/0")
    assert told(process) == ("postgres://own/db", "redis://own/0")
    assert end(process) == 0


def test_nothing_is_left_when_the_command_has_ended(tmp_path: Path) -> None:
    process = embedded(SHOW, TMPDIR=str(tmp_path))
    database, _ = told(process)
    assert end(process) == 0
    assert not reachable(database)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_when_it_is_killed(number: signal.Signals, tmp_path: Path) -> None:
    process = embedded(SHOW_AND_STAY, TMPDIR=str(tmp_path))
    database, _ = told(process)
    command = psutil.Process(process.pid).children()
    process.send_signal(number)
    end(process)
    until_unreachable(database)
    _, alive = psutil.wait_procs(command, timeout=60)
    assert not alive
    deadline = time.monotonic() + 10
    while list(tmp_path.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_command_is_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    command = [sys.executable, "-m", "config.embedded", "exec", "--", "no-such-command"]
    assert subprocess.run(command, cwd=BASE_DIR, env=environ(), check=False).returncode == 127
    assert capfd.readouterr().err == "Error: [Errno 2] No such file or directory: 'no-such-command'\n"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Servers]:
    """Servers that keep their data, as those of `make run`."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)
    with Guardian() as guardian:
        servers = Servers(tmp_path, tmp_path / "logs", guardian, Requests(), password="secret")
        yield servers
        servers.stop()


def again(servers: Servers) -> None:
    servers.children.clear()
    servers.start()


def test_data_outlives_a_crash_and_a_strangers_pid_in_the_lock_file(own: Servers) -> None:
    own.start()
    with psycopg2.connect(own.environ["DATABASE_URL"]) as link, link.cursor() as cursor:
        cursor.execute("CREATE TABLE kept AS SELECT 1")
    for child in own.children:
        assert child.process
        child.process.kill()
        child.process.wait()
    remains = own.folder / "postgres" / "data" / "postmaster.pid"
    # After a reboot the number in the file may be somebody else's: ours, here.
    lines = remains.read_text().splitlines()
    remains.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    again(own)
    with psycopg2.connect(own.environ["DATABASE_URL"]) as link, link.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM kept")
        assert cursor.fetchone() == (1,)


def test_an_interrupted_set_up_is_simply_done_again(own: Servers) -> None:
    (own.folder / "postgres" / "data.new" / "base").mkdir(parents=True)
    own.start()
    assert reachable(own.environ["DATABASE_URL"])


def test_a_taken_port_is_not_the_end(own: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    own.start()
    broker = redis.Redis.from_url(own.environ["REDIS_URL"])
    taken = broker.connection_pool.connection_kwargs["port"]
    broker.close()
    ports = [taken, postgres.free_port()]
    monkeypatch.setattr(postgres, "free_port", lambda: ports.pop(0))
    monkeypatch.setenv("DATABASE_URL", "postgres://named/elsewhere")
    second = Servers(own.folder / "second", own.folder / "logs2", own.guardian, own.requests, password="other")
    try:
        second.start()
        assert not ports
    finally:
        second.stop()
