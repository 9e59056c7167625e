"""A small process that cleans up when the one that started it is killed outright.

It holds the read end of a pipe. The owner tells it which process groups exist. The pipe's
end without a goodbye means the owner is gone (kill -9): the groups are stopped, tier by tier
(the application before the servers it needs), and temporary folders removed. It runs in a
session of its own and imports only the standard library.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class Guardian:
    """The owner's side: `with Guardian() as guardian: guardian.watch(pid)`."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            # -P: the folder of this file must not shadow the standard library.
            [sys.executable, "-S", "-P", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            text=True,
        )

    def __enter__(self) -> Guardian:
        return self

    def __exit__(self, *_: object) -> None:
        self._tell({"bye": True})
        try:
            if self.process.stdin:
                self.process.stdin.close()
            self.process.wait(timeout=5)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()

    def watch(self, pid: int, *, stop_signal: int, grace: float, tier: int) -> None:
        """A process group, named by its leader. Lower tiers are stopped first."""
        self._tell({"watch": pid, "signal": stop_signal, "grace": grace, "tier": tier})

    def forget(self, pid: int) -> None:
        self._tell({"forget": pid})

    def remove(self, folder: Path) -> None:
        """A temporary folder that nobody needs once the groups have ended."""
        self._tell({"remove": str(folder)})

    def _tell(self, order: dict[str, Any]) -> None:
        try:
            if self.process.stdin:
                self.process.stdin.write(json.dumps(order) + "\n")
                self.process.stdin.flush()
        except OSError:
            pass  # Somebody killed the guardian: the owner still cleans up after itself.


@dataclass
class Charge:
    """What was left behind."""

    groups: dict[int, dict[str, Any]] = field(default_factory=dict)
    folders: list[str] = field(default_factory=list)

    def obey(self, order: dict[str, Any]) -> None:
        if "watch" in order:
            self.groups[order["watch"]] = order
        elif "forget" in order:
            self.groups.pop(order["forget"], None)
        elif "remove" in order:
            self.folders.append(order["remove"])

    def clean_up(self) -> None:
        for tier in sorted({group["tier"] for group in self.groups.values()}):
            stop_groups([group for group in self.groups.values() if group["tier"] == tier])
        for folder in self.folders:
            shutil.rmtree(folder, ignore_errors=True)


def stop_groups(groups: list[dict[str, Any]]) -> None:
    """Ask the leaders, wait as long as each may take, then kill what is left of the groups.

    Only the leader is asked: a pool child that got the signal too would drop its task.
    """
    begun = time.monotonic()
    for group in groups:
        send(group["watch"], group["signal"])
    waiting = list(groups)
    while waiting:
        waiting = [group for group in waiting if alive(group["watch"]) and time.monotonic() - begun < group["grace"]]
        time.sleep(0.05)
    for group in groups:
        kill_group(group["watch"])
        send(group["watch"], signal.SIGKILL)  # one that leads no group


def send(pid: int, number: int) -> None:
    with suppress(OSError):
        os.kill(pid, number)


def kill_group(pid: int) -> None:
    with suppress(OSError):
        os.killpg(pid, signal.SIGKILL)


def alive(pid: int) -> bool:
    """Whether the process still works; a zombie that nobody buries counts as gone."""
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (OSError, IndexError):
        return True


def serve(lines: Iterable[str]) -> None:
    charge = Charge()
    for line in lines:
        order = json.loads(line)
        if "bye" in order:
            return
        charge.obey(order)
    charge.clean_up()


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    serve(sys.stdin)
