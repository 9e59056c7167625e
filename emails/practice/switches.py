"""The switches a person or a test sets to make the provider misbehave. Kept over a restart."""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)

Check = Callable[[Any], str]
"""Gives the complaint in words, or an empty string."""

ANSWERS = ("429", "500", "503", "timeout", "reset_after_accept")
DEFAULTS: dict[str, Any] = {
    "answer": None,
    "share": 1.0,
    "delay_ms": 0,
    "webhooks": {"copies": 1, "delay_ms": 0, "shuffle": False},
    "brake": False,
}


class Refused(ValueError):
    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field, self.message = field, message


class Switches:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._asked = 0
        self._state = self._load()

    def state(self) -> dict[str, Any]:
        with self._lock:
            return deepcopy(self._state)

    def webhooks(self) -> dict[str, Any]:
        webhooks: dict[str, Any] = self.state()["webhooks"]
        return webhooks

    def update(self, changes: Any) -> dict[str, Any]:
        """Merge a part of the switches; gives the whole. Raises Refused naming the field."""
        _check(changes, CHECKS, path="")
        with self._lock:
            merged = _merge(self._state, changes)
            self._save(merged)
            self._state, self._asked = merged, 0
            return deepcopy(merged)

    def next_answer(self) -> str | None:
        """The fault for this request, or None. A share of 0.5 hits every second request exactly."""
        with self._lock:
            answer, share = self._state["answer"], self._state["share"]
            before, asked = self._asked, self._asked + 1
            self._asked = asked
        # The small summand: ten tenths added as floats are a hair less than one.
        hit = int(asked * share + 1e-9) > int(before * share + 1e-9)
        return answer if hit else None

    def _load(self) -> dict[str, Any]:
        try:
            saved = json.loads(self._path.read_text())
            _check(saved, CHECKS, path="")
        except FileNotFoundError:
            return deepcopy(DEFAULTS)
        except ValueError as error:
            logger.warning("%s is unreadable (%s); all switches are off", self._path, error)
            return deepcopy(DEFAULTS)
        return _merge(DEFAULTS, saved)

    def _save(self, state: dict[str, Any]) -> None:
        replace(self._path, state)


def replace(path: Path, data: Any) -> None:
    """Write the file whole or not at all."""
    new = path.with_suffix(".new")
    with new.open("w") as file:
        json.dump(data, file)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _whole(low: int, high: int) -> Check:
    def check(value: Any) -> str:
        fits = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
        return "" if fits else f"must be a whole number from {low} to {high}"

    return check


def _share(value: Any) -> str:
    fits = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
    return "" if fits else "must be a number from 0 to 1"


def _flag(value: Any) -> str:
    return "" if isinstance(value, bool) else "must be true or false"


def _answer(value: Any) -> str:
    fits = value is None or (isinstance(value, str) and value in ANSWERS)
    return "" if fits else f"must be null or one of {', '.join(ANSWERS)}"


CHECKS: dict[str, Any] = {
    "answer": _answer,
    "share": _share,
    "delay_ms": _whole(0, 120_000),
    # 0 copies: the provider forgets to tell us.
    "webhooks": {"copies": _whole(0, 100), "delay_ms": _whole(0, 3_600_000), "shuffle": _flag},
    "brake": _flag,
}


def _check(changes: Any, checks: dict[str, Any], *, path: str) -> None:
    if not isinstance(changes, dict):
        raise Refused(path or "body", "must be an object")
    for name, value in changes.items():
        field = f"{path}.{name}" if path else name
        check = checks.get(name)
        if check is None:
            raise Refused(field, f"is not a switch; these are: {', '.join(checks)}")
        if isinstance(check, dict):
            _check(value, check, path=field)
        elif complaint := check(value):
            raise Refused(field, complaint)


def _merge(state: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    merged = deepcopy(state)
    for name, value in changes.items():
        merged[name] = merged[name] | value if isinstance(value, dict) else value
    return merged
