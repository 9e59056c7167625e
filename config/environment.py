"""Reading settings from the environment, and joining the system that `make run` started.

Nothing here imports Django's settings: `config.settings`, `config.embedded` and
`config.devserver` all stand on it.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent

NOTHING_RUNS = (
    "Nothing is running here: start `make run` in another terminal, "
    "or set DATABASE_URL and the other settings listed in .env.example."
)

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def fail(name: str, problem: str) -> NoReturn:
    """Stop the start with one sentence that names the variable and the way out."""
    raise ImproperlyConfigured(f"{name} {problem}")


def text(name: str, default: str = "") -> str:
    """A variable without surrounding blanks; set but empty counts as not set."""
    return os.environ.get(name, "").strip() or default


def required(name: str, way_out: str) -> str:
    return text(name) or fail(name, f"is not set. {way_out}")


def number(name: str, default: float, *, least: float = 0) -> float:
    """A number of at least `least`; whole numbers come back as int."""
    raw = text(name)
    if not raw:
        return default
    try:
        value = float(raw.replace("_", ""))
    except ValueError:
        fail(name, f"must be a number, such as {default}; it is {raw!r}.")
    if not least <= value < float("inf"):
        fail(name, f"must be {least} or more; it is {raw!r}.")
    return int(value) if value.is_integer() else value


def whole(name: str, default: int, *, least: int = 0) -> int:
    value = number(name, default, least=least)
    if value != int(value):
        fail(name, f"must be a whole number, such as {default}; it is {value}.")
    return int(value)


def flag(name: str, default: bool = False) -> bool:
    raw = text(name).lower()
    if not raw:
        return default
    if raw in {"1", "true", "yes", "on"}:
        return True
    if raw in {"0", "false", "no", "off"}:
        return False
    fail(name, f"must be true or false; it is {raw!r}.")


def words(name: str, default: list[str] | None = None) -> list[str]:
    """A comma-separated list."""
    return [word.strip() for word in text(name).split(",") if word.strip()] or (default or [])


def numbers(name: str, default: list[float]) -> list[float]:
    """A comma-separated list of numbers, none of them negative; "none" is the empty list."""
    if text(name).strip().lower() == "none":
        return []
    try:
        values = [float(word) for word in words(name)] or default
    except ValueError:
        fail(name, f"must be numbers with commas, such as 60,300; it is {text(name)!r}.")
    if min(values) < 0:
        fail(name, f"must not hold a negative number; it is {text(name)!r}.")
    return values


def data_dir() -> Path:
    """Where this installation keeps its files: DATA_DIR, or .data beside manage.py."""
    return Path(text("DATA_DIR", str(BASE_DIR / ".data"))).expanduser().resolve()


def is_loopback(url: str) -> bool:
    return urlsplit(url).hostname in LOOPBACK


def lock_path(folder: Path) -> Path:
    return folder / "lock"


def is_running(folder: Path) -> bool:
    """Whether a devserver holds `folder`. The lock, unlike a pid, ends with its process."""
    try:
        with lock_path(folder).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def recorded(folder: Path) -> dict[str, str]:
    """What the running devserver wrote for those who join it; empty when none runs."""
    try:
        saved = json.loads((folder / "environment.json").read_text())
    except (OSError, ValueError):
        return {}
    if not isinstance(saved, dict) or not is_running(folder):
        return {}
    return {name: str(value) for name, value in saved.items() if name != "pid"}


def record(folder: Path, values: Mapping[str, str]) -> None:
    """Write the settings of the running system, readable by its owner only, all or nothing."""
    path = folder / "environment.json"
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        json.dump({**values, "pid": os.getpid()}, out, indent=1, sort_keys=True)
    draft.replace(path)


def join(folder: Path) -> None:
    """Take the running system's settings where the environment does not say otherwise.

    A DATABASE_URL of another database means another system: nothing is mixed into it.
    """
    saved = recorded(folder)
    wanted = text("DATABASE_URL")
    if wanted and wanted != saved.get("DATABASE_URL"):
        return
    if not saved:
        raise ImproperlyConfigured(NOTHING_RUNS)
    for name, value in saved.items():
        os.environ.setdefault(name, value)
