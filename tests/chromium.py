"""Finds the browser that the browser tests drive."""

import os
import shutil
from pathlib import Path

MISSING = (
    "The browser tests need Chromium, and there is none here. On Debian and Ubuntu: apt install chromium. "
    "Elsewhere: .venv/bin/python -m playwright install chromium. "
    "Or name one: CHROMIUM=/path/to/chromium make test."
)
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# Without these it looks up hosts outside at every start, which a closed network refuses slowly.
QUIET = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def system_browser() -> str | None:
    """The path of an installed Chromium, or the one that CHROMIUM names."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


def playwright_has_one() -> bool:
    """Whether `playwright install chromium` was run."""
    places = [
        os.environ.get("PLAYWRIGHT_BROWSERS_PATH", ""),
        "~/.cache/ms-playwright",
        "~/Library/Caches/ms-playwright",
    ]
    return any(list(Path(place).expanduser().glob("chromium*")) for place in places if place)


def arguments() -> list[str]:
    # Chromium's sandbox refuses to run as root.
    return [*QUIET, "--no-sandbox"] if os.geteuid() == 0 else QUIET
