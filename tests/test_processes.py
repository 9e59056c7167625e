"""How children are stopped: the leader is asked, later tiers last, stubborn ones killed."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.guardian import Guardian, alive
from config.processes import APPLICATION, SERVERS, Child, Problem, Requests, finish, stop, wait_for
from config.supervisor import Supervisor

NOTES_ITS_END = """
import signal, sys, time
def end(*_):
    open(sys.argv[1], "a").write(sys.argv[2] + "\\n"); sys.exit()
signal.signal(signal.SIGTERM, end)
print("up", flush=True)
time.sleep(60)
"""
IGNORES = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
HAS_A_CHILD = """
import os, signal, time
pid = os.fork()
if pid == 0:
    signal.signal(signal.SIGTERM, lambda *_: print("child was asked", flush=True))
    time.sleep(60)
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
print("up", flush=True)
time.sleep(60)
"""


@pytest.fixture
def guardian() -> Iterator[Guardian]:
    with Guardian() as guardian:
        yield guardian


def child(
    tmp_path: Path, code: str, *words: str, name: str = "child", tier: int = APPLICATION, grace: float = 1
) -> Child:
    command = [sys.executable, "-c", code, *words]
    return Child(name, command, tmp_path / f"{name}.log", tier=tier, grace=grace)


def up(*children: Child) -> None:
    for each in children:
        wait_for(lambda log=each.log: "up" in log.read_text(), each.name, seconds=60, needs=[each], requests=Requests())  # type: ignore[misc]


def test_servers_stop_after_those_who_need_them(tmp_path: Path, guardian: Guardian) -> None:
    order = tmp_path / "order"
    server = child(tmp_path, NOTES_ITS_END, str(order), "server", name="server", tier=SERVERS, grace=60)
    worker = child(tmp_path, NOTES_ITS_END, str(order), "worker", name="worker", grace=60)
    for each in (server, worker):
        each.start(guardian)
    up(server, worker)
    stop([server, worker], guardian)
    assert order.read_text() == "worker\nserver\n"


def test_a_stubborn_child_is_killed_in_the_end(tmp_path: Path, guardian: Guardian) -> None:
    stubborn = child(tmp_path, IGNORES)
    stubborn.start(guardian)
    up(stubborn)
    begun = time.monotonic()
    stop([stubborn], guardian)
    assert 0.9 < time.monotonic() - begun < 30
    assert stubborn.exit_code == -signal.SIGKILL
    assert stubborn.ending() == "was killed (SIGKILL)"


def test_only_the_leader_is_asked_but_the_whole_group_goes(tmp_path: Path, guardian: Guardian) -> None:
    pool = child(tmp_path, HAS_A_CHILD)
    pool.start(guardian)
    up(pool)
    stop([pool], guardian)
    assert "child was asked" not in pool.log.read_text()


def test_the_guardian_ends_what_its_killed_owner_left(tmp_path: Path) -> None:
    guardian = Guardian()
    left = child(tmp_path, IGNORES)
    left.start(guardian)
    folder = tmp_path / "temporary"
    folder.mkdir()
    guardian.remove(folder)
    up(left)
    assert left.process
    assert guardian.process.stdin
    guardian.process.stdin.close()  # what the kernel does when the owner dies
    assert left.process.wait(60) == -signal.SIGKILL
    guardian.process.wait(60)
    assert not folder.exists()


def test_the_guardian_leaves_alone_what_it_was_told_to_forget(tmp_path: Path) -> None:
    with Guardian() as own:
        kept = child(tmp_path, IGNORES)
        kept.start(own)
        other = Guardian()
        assert kept.process
        other.watch(kept.process.pid, stop_signal=signal.SIGTERM, grace=0, tier=0)
        other.forget(kept.process.pid)
        assert other.process.stdin
        other.process.stdin.close()
        other.process.wait(60)
        assert alive(kept.process.pid)
        stop([kept], own)


def test_a_child_that_dies_is_started_again(
    tmp_path: Path, guardian: Guardian, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("config.supervisor.FIRST_PAUSE", 0.1)
    mortal = child(tmp_path, NOTES_ITS_END, str(tmp_path / "order"), "mortal", name="mortal")
    supervisor = Supervisor(guardian, Requests())
    supervisor.keep(mortal)
    up(mortal)
    assert mortal.process
    first = mortal.process.pid
    mortal.process.kill()
    mortal.process.wait()
    supervisor.look()
    time.sleep(0.2)
    supervisor.look()
    assert mortal.running
    assert mortal.process.pid != first
    assert capsys.readouterr().out.startswith("mortal was killed (SIGKILL) - starting it again in ")
    stop([mortal], guardian)


def test_a_server_that_keeps_dying_ends_the_system(
    tmp_path: Path, guardian: Guardian, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.supervisor.FIRST_PAUSE", 0.01)
    monkeypatch.setattr("config.supervisor.PATIENCE", 0.05)
    monkeypatch.setattr("config.supervisor.LOOK_EVERY", 0.01)
    broken = child(tmp_path, "raise SystemExit('FATAL: no space')", name="PostgreSQL", tier=SERVERS)
    broken.start(guardian)
    supervisor = Supervisor(guardian, Requests(), servers=[broken])
    with pytest.raises(Problem, match=r"PostgreSQL does not stay up: it ended \(exit code 1\): FATAL: no space"):
        supervisor.watch()


def test_a_program_that_fails_is_told_in_its_own_words(tmp_path: Path, guardian: Guardian) -> None:
    failing = child(tmp_path, "print('one'); raise SystemExit('Error: the disk is full')", name="migrate")
    with pytest.raises(Problem, match=r"^migrate failed: Error: the disk is full"):
        finish(failing, guardian, Requests(), seconds=60)


def test_one_ctrl_c_that_arrives_twice_is_no_hurry() -> None:
    requests = Requests()
    requests._note(signal.SIGINT, None)
    requests._note(signal.SIGINT, None)
    assert requests.first
    assert not requests.hurry
    requests.first -= 2
    requests._note(signal.SIGINT, None)
    assert requests.hurry
