"""Child processes in groups of their own: start, wait for, stop. And requests to stop us."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from config.environment import BASE_DIR
from config.guardian import Guardian, kill_group

PAUSE = 0.05  # s between two looks

# What stops first, what next, what last: each tier needs the later ones to finish its work.
APPLICATION, PRACTICE_MAIL, SERVERS = range(3)

ERROR_LINE = re.compile(r"error|fatal|refused|denied|cannot|could not|failed|no such", re.IGNORECASE)


class Problem(Exception):
    """Something a person must put right; its text is the whole message."""


class Stopped(Exception):
    """We were asked to stop (Ctrl-C, SIGTERM, SIGHUP) while waiting for something."""


class Requests:
    """Counts requests to stop instead of being interrupted by them."""

    SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __init__(self) -> None:
        self.first = 0.0
        self.hurry = False

    def listen(self) -> None:
        for number in self.SIGNALS:
            signal.signal(number, self._note)

    def _note(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if not self.first:
            self.first = now
        # One Ctrl-C can arrive twice, from the terminal and from make.
        elif now - self.first > 1:
            self.hurry = True

    def check(self) -> None:
        """Raises Stopped once somebody asked."""
        if self.first:
            raise Stopped


@dataclass(eq=False)
class Child:
    """One program we run, its output in a log of its own."""

    name: str
    command: Sequence[str]
    log: Path
    env: Mapping[str, str] | None = None
    stop_signal: int = signal.SIGTERM
    grace: float = 30  # s from the request to stop until the kill
    tier: int = APPLICATION
    feed: bytes = b""  # for its standard input: what `ps` must not show
    pass_fds: tuple[int, ...] = ()
    process: subprocess.Popen[bytes] | None = field(init=False, default=None)
    begun: float = field(init=False, default=0.0)
    log_start: int = field(init=False, default=0)

    def start(self, guardian: Guardian) -> None:
        with self.log.open("ab") as out:
            self.log_start = out.tell()
            self.process = subprocess.Popen(
                self.command,
                cwd=BASE_DIR,
                env=self.env,
                stdin=subprocess.PIPE if self.feed else subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=self.pass_fds,
            )
        guardian.watch(self.process.pid, stop_signal=self.stop_signal, grace=self.grace, tier=self.tier)
        self.begun = time.monotonic()
        if self.feed and self.process.stdin:
            try:
                self.process.stdin.write(self.feed)
                self.process.stdin.close()
            except OSError:
                pass  # It died at once; whoever waits for it will say so.

    @property
    def exit_code(self) -> int | None:
        """None while it runs, or before it ever did."""
        return self.process.poll() if self.process else None

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def ending(self) -> str:
        """How it ended, for a person: the signal that killed it, or what it said last."""
        code = self.exit_code or 0
        if code < 0:
            return f"was killed ({signal.Signals(-code).name})"
        return f"ended (exit code {code}): {self.last_words()}"

    def last_words(self) -> str:
        """The line of its log that says most about why it ended, or the log's name."""
        try:
            with self.log.open("rb") as log:
                log.seek(max(self.log_start, os.path.getsize(self.log) - 20_000))
                lines = [line.strip() for line in log.read().decode(errors="replace").splitlines()]
        except OSError:
            lines = []
        lines = [line for line in lines if line]
        telling = [line for line in lines if ERROR_LINE.search(line)] or lines
        return telling[-1][:300] if telling else "it said nothing"


def stop(children: Sequence[Child], guardian: Guardian, requests: Requests | None = None) -> None:
    """Stop children tier by tier; a hurry cuts the waiting short."""
    for tier in sorted({child.tier for child in children}):
        stop_tier([child for child in children if child.tier == tier], guardian, requests)


def stop_tier(children: list[Child], guardian: Guardian, requests: Requests | None) -> None:
    """Ask every child, wait as long as each may take, kill the rest."""
    begun = time.monotonic()
    started = [child for child in children if child.process]
    for child in started:
        # Only the leader: a pool child that got the signal too would drop its task.
        if child.running and child.process:
            child.process.send_signal(child.stop_signal)
    while any(child.running for child in started):
        late = time.monotonic() - begun
        if all(late > child.grace for child in started if child.running):
            break
        if requests and requests.hurry:
            break
        time.sleep(PAUSE)
    for child in started:
        bury(child, guardian)


def bury(child: Child, guardian: Guardian) -> None:
    """Kill what is left of a child's group and tell the guardian."""
    if not child.process:
        return
    kill_group(child.process.pid)
    child.process.wait()
    guardian.forget(child.process.pid)


def wait_for(
    check: Callable[[], bool],
    what: str,
    *,
    seconds: float,
    needs: Sequence[Child],
    requests: Requests,
) -> None:
    """Look until `check` says yes.

    Raises Problem when the time is over or a child it needs has ended, Stopped when asked to stop.
    """
    end = time.monotonic() + seconds
    while not check():
        requests.check()
        for child in needs:
            if not child.running:
                raise Problem(f"{child.name} did not start: {child.last_words()} (see {child.log})")
        if time.monotonic() > end:
            raise Problem(f"{what} did not come up within {seconds:.0f} s; see {needs[0].log.parent}")
        time.sleep(PAUSE)


def finish(child: Child, guardian: Guardian, requests: Requests, *, seconds: float) -> None:
    """Run a program that ends by itself. Raises Problem when it fails or takes too long."""
    child.start(guardian)
    try:
        end = time.monotonic() + seconds
        while child.running:
            requests.check()
            if time.monotonic() > end:
                raise Problem(f"{child.name} took more than {seconds:.0f} s; see {child.log}")
            time.sleep(PAUSE)
    finally:
        bury(child, guardian)
    if child.exit_code:
        raise Problem(f"{child.name} failed: {child.last_words()} (see {child.log})")
