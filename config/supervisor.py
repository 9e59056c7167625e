"""Looks after the children of a practice system: starts them again, stops them in order."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass, field

from config.guardian import Guardian
from config.processes import SERVERS, Child, Problem, Requests, Stopped, bury, stop

LOOK_EVERY = 0.2  # s
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # s before a child is started again, doubled each time
PATIENCE = 8.0  # s; a server that needs a longer pause will not come back
STEADY = 60.0  # s of life after which earlier deaths are forgotten


def say(line: str) -> None:
    """One line for the person at the terminal, who may have closed it."""
    try:
        print(line, flush=True)
    except OSError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - for the rest of this process


@dataclass
class Restart:
    """When a child that died is started again, and how long to wait the next time."""

    at: float
    pause: float


@dataclass
class Supervisor:
    guardian: Guardian
    requests: Requests
    parent: int | None = None  # its pid; without it we stop
    services: list[Child] = field(default_factory=list)
    servers: list[Child] = field(default_factory=list)
    background: list[Child] = field(default_factory=list)
    restarts: dict[str, Restart] = field(default_factory=dict)

    def keep(self, child: Child) -> None:
        """Start a child and start it again whenever it ends."""
        self.services.append(child)
        child.start(self.guardian)

    def start_background(self, child: Child) -> None:
        """Start a child that ends by itself; nothing depends on it."""
        self.background.append(child)
        child.start(self.guardian)

    def settle(self, child: Child) -> None:
        """Wait for a background child that something does depend on. Raises Problem if it failed."""
        while child.running:
            self.requests.check()
            time.sleep(LOOK_EVERY)
        self.background.remove(child)
        bury(child, self.guardian)
        if child.exit_code:
            raise Problem(f"{child.name} failed: {child.last_words()} (see {child.log})")

    def watch(self) -> None:
        """Until somebody asks us to stop (Stopped) or a server will not live (Problem)."""
        while True:
            self.requests.check()
            if self.parent and os.getppid() != self.parent:
                say("make is gone.")
                raise Stopped
            self.look()
            time.sleep(LOOK_EVERY)

    def look(self) -> None:
        """Start again what has died; say what has failed."""
        for child in [*self.servers, *self.services]:
            self._revive(child)
        for child in self.background[:]:
            self._note_end(child)

    def _revive(self, child: Child) -> None:
        if child.running:
            return
        now = time.monotonic()
        plan = self.restarts.get(child.name)
        if not plan or (plan.at < child.begun and child.process):
            plan = self._plan(child, plan, now)
        if now >= plan.at:
            child.start(self.guardian)

    def _plan(self, child: Child, last: Restart | None, now: float) -> Restart:
        steady = last is None or now - child.begun > STEADY
        pause = FIRST_PAUSE if steady or last is None else min(2 * last.pause, LONGEST_PAUSE)
        if child.tier == SERVERS and pause > PATIENCE:
            raise Problem(f"{child.name} does not stay up: it {child.ending()} (see {child.log})")
        self.restarts[child.name] = plan = Restart(now + pause, pause)
        say(f"{child.name} {child.ending()} - starting it again in {pause:.0f} s; see {child.log}")
        bury(child, self.guardian)
        return plan

    def _note_end(self, child: Child) -> None:
        if child.running:
            return
        self.background.remove(child)
        if child.exit_code:
            say(f"{child.name} failed: {child.last_words()} (see {child.log}). Everything else goes on.")
        bury(child, self.guardian)

    def stop(self, servers: list[Child]) -> None:
        """Stop everything, the servers last."""
        if self.services:
            say("Stopping ...")
        stop([*self.services, *self.background, *servers], self.guardian, self.requests)
