"""What `make run` runs: the whole system on this machine, in practice mode.

PostgreSQL and Valkey (unless DATABASE_URL and REDIS_URL name others), the practice mail
service, the web server, a worker and beat. No real mail can leave.
"""

from __future__ import annotations

import fcntl
import http.client
import json
import os
import shutil
import socket
import sys
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex, token_urlsafe
from typing import IO

from config import environment, postgres, programs
from config.embedded import Servers
from config.guardian import Guardian
from config.processes import Problem, Requests, Stopped, finish, wait_for
from config.supervisor import Supervisor, say

FIRST_PORT, LAST_PORT = 8000, 8099
NEEDED_BYTES = 200 * 1024 * 1024
DEMO = "Sign in as office@example.com with the password practice-mode"


@dataclass
class House:
    """One running system: its folder, its secrets, its web socket."""

    folder: Path
    secrets: dict[str, str]
    web: socket.socket
    mail_port: int

    @property
    def port(self) -> int:
        return int(self.web.getsockname()[1])

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    def settings(self, servers: dict[str, str]) -> dict[str, str]:
        """All that `manage.py` beside us needs, too. What the environment says comes first."""
        ours = {
            **servers,
            "SECRET_KEY": self.secrets["SECRET_KEY"],
            "WEBHOOK_SECRET": self.secrets["WEBHOOK_SECRET"],
            "EMAIL_PROVIDER": "practice",
            "BASE_URL": self.address,
            "PRACTICE_MAIL_URL": f"http://127.0.0.1:{self.mail_port}/",
            "DATA_DIR": str(self.folder),
        }
        kept = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "SECRET_KEY_FALLBACKS", "WEBHOOK_SECRET", "ALLOWED_HOSTS")
        return {**ours, **{name: os.environ[name] for name in kept if os.environ.get(name)}}


def check_machine(folder: Path) -> None:
    """Refuse early, with one sentence, what would fail obscurely later."""
    if not (3, 11) <= sys.version_info[:2] < (3, 14):
        raise Problem(f"Python 3.11, 3.12 or 3.13 is needed; this is {sys.version.split()[0]}.")
    if environment.text("EMAIL_PROVIDER", "practice") != "practice":
        raise Problem(
            f"EMAIL_PROVIDER is set to {os.environ['EMAIL_PROVIDER']!r}, but make run only practises and sends no "
            "real mail. Unset it, or see .env.example for an installation that sends."
        )
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
    except OSError as problem:
        raise Problem(f"DATA_DIR cannot be used: {problem}") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise Problem(f"DATA_DIR cannot be written to: {folder}")
    if free < NEEDED_BYTES:
        raise Problem(f"The disk of {folder} is nearly full: {free >> 20} MB free, {NEEDED_BYTES >> 20} MB needed.")


def lock(folder: Path) -> IO[str]:
    """Claim the folder for as long as the file stays open. Raises Problem when somebody else has it."""
    held = environment.lock_path(folder).open("a")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        address = environment.recorded(folder).get("BASE_URL")
        where = f"at {address}/" if address else "(it is still starting)"
        raise Problem(f"Already running {where} with DATA_DIR {folder}. Stop it there with Ctrl-C.") from None
    return held


def listen(wanted: str) -> socket.socket:
    """The web server's socket, taken at once, so that nobody else gets the port meanwhile."""
    if not wanted:
        for port in range(FIRST_PORT, LAST_PORT + 1):
            try:
                return _bind(port)
            except OSError:
                continue
        raise Problem(f"All ports from {FIRST_PORT} to {LAST_PORT} are taken: set PORT to a free one.")
    if not wanted.isdecimal() or not 0 < int(wanted) < 65536:
        raise Problem(f"PORT must be a number from 1 to 65535; it is {wanted!r}.")
    try:
        return _bind(int(wanted))
    except OSError as problem:
        raise Problem(f"Port {wanted} cannot be used ({problem.strerror}): set PORT to another, or unset it.") from None


def _bind(port: int) -> socket.socket:
    web = socket.socket()
    try:
        web.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        web.bind(("127.0.0.1", port))
        web.listen(128)
    except OSError:
        web.close()
        raise
    return web


def keep_secrets(folder: Path) -> dict[str, str]:
    """The secrets of this practice system, made once."""
    path = folder / "secrets.json"
    made = {
        "SECRET_KEY": token_urlsafe(50),
        "WEBHOOK_SECRET": f"practice:{token_urlsafe(24)}",
        "SERVERS": token_hex(16),
    }
    try:
        kept = json.loads(path.read_text())
        if isinstance(kept, dict) and kept.keys() >= made.keys():
            return kept
    except (OSError, ValueError):
        pass
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        json.dump(made, out)
    draft.replace(path)
    return made


def turn_logs(logs: Path) -> None:
    """Every start writes new logs and keeps the last ones once."""
    logs.mkdir(exist_ok=True)
    for log in logs.glob("*.log"):
        log.replace(log.with_name(f"{log.name}.1"))


def ready(house: House) -> bool:
    """Whether the database answers through the web server and a worker has reported."""
    if not (house.folder / "worker.ready").exists():
        return False
    try:
        with closing(http.client.HTTPConnection("127.0.0.1", house.port, timeout=2)) as link:
            link.request("GET", "/readyz")
            return link.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False


def bring_up(house: House, servers: Servers, supervisor: Supervisor, requests: Requests) -> None:
    """Everything up to the Ready line."""
    make = programs.Maker(house.folder, house.logs, house.settings(servers.environ), house.web.fileno())
    guardian = servers.guardian
    assets = make.assets()
    if assets:
        say("Preparing style sheets and scripts ...")
        assets.start(guardian)
        supervisor.background.append(assets)
    say("Starting PostgreSQL and Valkey ...")
    servers.start()
    supervisor.servers = servers.children
    make.environ.update(house.settings(servers.environ))
    say("Preparing the database ...")
    finish(make.preparation(), guardian, requests, seconds=300)
    if assets:
        supervisor.settle(assets)
        make.assets_made()
    environment.record(house.folder, house.settings(servers.environ))
    say("Starting the web server, the worker and the practice mail service ...")
    (house.folder / "worker.ready").unlink(missing_ok=True)
    for child in make.services():
        supervisor.keep(child)
    wait_for(
        lambda: ready(house),
        "The system was",
        seconds=180,  # a busy machine is slow, not broken
        needs=supervisor.services,
        requests=requests,
    )
    say(f"Ready: {house.address}/")
    say(DEMO)
    supervisor.start_background(make.practice_data())


def run(requests: Requests, *, with_parent: bool) -> None:
    """Bring everything up, look after it until asked to stop, take everything down."""
    folder = environment.data_dir()
    with ExitStack() as cleanup:
        check_machine(folder)
        cleanup.enter_context(lock(folder))
        (folder / "environment.json").unlink(missing_ok=True)
        web = cleanup.enter_context(listen(environment.text("PORT")))
        turn_logs(folder / "logs")
        house = House(folder, keep_secrets(folder), web, postgres.free_port())
        guardian = cleanup.enter_context(Guardian())
        servers = Servers(
            folder=folder,
            logs=house.logs,
            guardian=guardian,
            requests=requests,
            password=house.secrets["SERVERS"],
        )
        supervisor = Supervisor(guardian, requests, parent=os.getppid() if with_parent else None)
        try:
            bring_up(house, servers, supervisor, requests)
            supervisor.watch()
        finally:
            (folder / "environment.json").unlink(missing_ok=True)
            supervisor.stop(servers.children)


def main(arguments: list[str]) -> int:
    os.umask(0o077)  # logs and mail are nobody else's business
    requests = Requests()
    requests.listen()
    try:
        run(requests, with_parent="--with-parent" in arguments)
    except Stopped:
        say("Stopped.")
        return 0
    except Problem as problem:
        print(f"Error: {problem}", file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
