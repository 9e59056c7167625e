"""Labelled replies for measuring and teaching the diagnosis.

`benchmarks/replies/*.jsonl` are ours. `DIAGNOSIS_REPLIES` names further files (separated by the system's path
separator) of JSON Lines with the same fields: smtp_reply, provider, event, reject_reason, enhanced_code, label,
also_ok (labels that count as right too), source, family. The list that "Wrong reason?" exports can be read too.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emails import diagnosis, diagnosis_learned
from emails.diagnosis import Diagnosis
from emails.diagnosis_learned import Counts, Model

OURS = Path(__file__).with_name("replies")
NO_MODEL = Model((), (), {})
SET_ASIDE = 0.2  # share of rows, by whole families, that no rule was written from


@dataclass(frozen=True)
class Row:
    """One reply with what it should be called."""

    reply: str
    hints: dict[str, str]
    label: str
    also_ok: tuple[str, ...]
    source: str
    family: str

    def is_right(self, category: str) -> bool:
        """The label, or one that counts as right too."""
        return category == self.label or category in self.also_ok

    def diagnose(self, model: Model) -> Diagnosis:
        """By the rules as they stand, and this model."""
        return diagnosis.diagnose(self.reply, **self.hints, model=model)


def ours() -> list[Row]:
    """The replies written for this project."""
    return [row for path in sorted(OURS.glob("*.jsonl")) for row in read(path)]


def named() -> list[Row]:
    """The replies in the files that DIAGNOSIS_REPLIES names."""
    return [
        row for name in filter(None, os.environ.get("DIAGNOSIS_REPLIES", "").split(os.pathsep)) for row in read(name)
    ]


def read(path: Path | str) -> Iterator[Row]:
    """Rows of one file. Raises ValueError with the line for a label that is no category."""
    for number, line in enumerate(Path(path).read_text("utf-8").splitlines(), 1):
        data: dict[str, Any] = json.loads(line)
        if data["label"] not in diagnosis.CATEGORIES:
            raise ValueError(f"{path}, line {number}: {data['label']!r} is no category")
        hints = {name: data.get(name) or "" for name in ("provider", "event", "reject_reason", "enhanced_code")}
        source, family = data.get("source") or str(path), data.get("family") or ""
        yield Row(data["smtp_reply"], hints, data["label"], tuple(data.get("also_ok") or ()), source, family)


def set_aside(rows: Iterable[Row]) -> frozenset[str]:
    """The families set aside: in the order of their hashes, until a fifth of the rows is reached."""
    sizes = Counter(row.family for row in rows)
    left = SET_ASIDE * sizes.total()
    chosen = set()
    for family in sorted(sizes, key=lambda name: hashlib.sha256(f"set aside:{name}".encode()).hexdigest()):
        if left <= 0:
            break
        chosen.add(family)
        left -= sizes[family]
    return frozenset(chosen)


def counts(rows: Iterable[Row]) -> Counts:
    """What is learned from rows; those labelled unknown teach nothing."""
    seen = (
        (diagnosis.features_of(row.reply, **row.hints), row.label) for row in rows if row.label != diagnosis.NOTHING[0]
    )
    return diagnosis_learned.learn(seen, at_least=2)


def model(rows: Iterable[Row]) -> Model:
    """A model learned from rows."""
    return diagnosis_learned.model(counts(rows))
