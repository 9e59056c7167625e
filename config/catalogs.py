"""Compiles the translations at set-up: `locale/*/LC_MESSAGES/django.po` -> `django.mo`, without GNU gettext.

    python -m config.catalogs

The sources are committed, what is made from them is not. Nothing is done where it is up to date.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import polib

BASE_DIR = Path(__file__).resolve().parent.parent


def sources() -> list[Path]:
    """The committed catalogues."""
    return sorted((BASE_DIR / "locale").glob("*/LC_MESSAGES/*.po"))


def compile_all() -> int:
    """Compile what is older than its source. Returns how many were made; two at once do no harm."""
    made = 0
    for source in sources():
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        draft = target.with_suffix(f".{os.getpid()}.tmp")
        polib.pofile(str(source)).save_as_mofile(str(draft))
        draft.replace(target)
        made += 1
    return made


def main() -> int:
    try:
        compile_all()
    except (OSError, ValueError) as problem:
        print(f"Error: the translations could not be compiled: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
