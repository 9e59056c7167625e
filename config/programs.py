"""The programs of a practice system: how each is called, where it logs, how it ends."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from config.environment import BASE_DIR
from config.processes import PRACTICE_MAIL, Child

STATIC_SOURCES = ("static", ".assets/vendor", "requirements.txt")
STATIC_ROOT = BASE_DIR / ".assets" / "static"
STAMP = BASE_DIR / ".assets" / "static.stamp"


@dataclass
class Maker:
    """Makes the children of one practice system, which share their settings."""

    folder: Path
    logs: Path
    environ: dict[str, str]
    web_socket: int

    def services(self) -> list[Child]:
        """What runs all the time."""
        return [self.practice_mail(), self.web(), self.worker(), self.beat()]

    def web(self) -> Child:
        options = {
            "--bind": f"fd://{self.web_socket}",
            "--worker-class": "gthread",
            "--workers": "2",
            "--threads": "4",
            "--timeout": "60",
            "--graceful-timeout": "10",
            "--keep-alive": "5",
        }
        # No access log: paths of the portal are secrets. Preloaded: Django is imported once.
        flags = ["--preload", "--no-control-socket"]
        words = [word for pair in options.items() for word in pair]
        return self._child("web", "gunicorn", "config.wsgi", *words, *flags, pass_fds=(self.web_socket,), grace=15)

    def worker(self) -> Child:
        # SIGTERM is Celery's warm shutdown: a send that is under way is finished.
        return self._celery(
            "worker",
            "worker",
            "--concurrency=2",
            "--queues=send,events,reports",
            "--without-gossip",
            "--without-mingle",
            grace=30,
        )

    def beat(self) -> Child:
        return self._celery("beat", "beat", grace=10)

    def practice_mail(self) -> Child:
        # By its own module, not manage.py: it loads no models and is there at once.
        child = self._child("practice-mail", "emails.practice", grace=10)
        child.tier = PRACTICE_MAIL
        return child

    def preparation(self) -> Child:
        return self._child("prepare", "config.prepare", grace=10)

    def practice_data(self) -> Child:
        return self._manage("practice-data", "practice_data")

    def assets(self) -> Child | None:
        """Collects the static files, when they changed since the last time."""
        if STAMP.exists() and STAMP.read_text() == fingerprint() and STATIC_ROOT.is_dir():
            return None
        STAMP.unlink(missing_ok=True)
        # It needs settings, but neither database nor broker, which may not be up yet.
        child = self._manage("collectstatic", "collectstatic", "--noinput", "--clear", "--verbosity=0")
        nowhere = {"DATABASE_URL": "postgres://127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1/0"}
        child.env = {**nowhere, **(child.env or {})}
        return child

    def assets_made(self) -> None:
        STAMP.parent.mkdir(exist_ok=True)
        STAMP.write_text(fingerprint())

    def _celery(self, name: str, *words: str, grace: float) -> Child:
        return self._child(name, "celery", "-A", "config.celery", *words, grace=grace)

    def _manage(self, name: str, *words: str) -> Child:
        return self._command(name, [sys.executable, "manage.py", *words])

    def _child(self, name: str, module: str, *words: str, grace: float, pass_fds: tuple[int, ...] = ()) -> Child:
        child = self._command(name, [sys.executable, "-m", module, *words])
        child.grace, child.pass_fds = grace, pass_fds
        return child

    def _command(self, name: str, command: list[str]) -> Child:
        env = {**os.environ, **self.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONUNBUFFERED": "1"}
        return Child(name, command, self.logs / f"{name}.log", env=env, grace=10)


def fingerprint() -> str:
    """Changes when a static file of ours or a package does."""
    digest = hashlib.sha256()
    for path in sorted(_files()):
        state = path.stat()
        digest.update(f"{path} {state.st_size} {state.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _files() -> Iterator[Path]:
    for name in STATIC_SOURCES:
        source = BASE_DIR / name
        if source.is_file():
            yield source
        else:
            yield from (path for path in source.rglob("*") if path.is_file())
    for app in ("inspections", "emails"):
        yield from (path for path in (BASE_DIR / app / "static").rglob("*") if path.is_file())
