"""The log of accepted requests: on disk before the provider answers, indexed in memory.

`accepted.jsonl` is what fault tests count by: a request is in it if and only if the service took
the message, and a message asked for twice is in it twice.
"""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from .entries import Entry, Record, entry
from .jsonl import JsonLines, Line

logger = logging.getLogger(__name__)


class AcceptedLog:
    """Bodies are read from the file when someone looks at one: memory does not grow with them."""

    def __init__(self, path: Path) -> None:
        self._file = JsonLines(path)
        self._lock = threading.Lock()
        self._entries: list[Entry] = []
        self._by_id: dict[str, Entry] = {}
        self._by_metadata: dict[tuple[str, str], list[Entry]] = defaultdict(list)
        for line in self._file.lines():
            self._load(line)

    def append(self, records: Sequence[Record]) -> list[Entry]:
        """Written, but safe only after `sync`. Raises OSError, and then none of them is in the log."""
        with self._lock:
            places = self._file.append(records)
            return [self._add(Line(*place, record)) for place, record in zip(places, records, strict=True)]

    def sync(self) -> None:
        """Returns once everything appended so far is on disk. Raises OSError."""
        self._file.sync()

    def all(self) -> list[Entry]:
        return list(self._entries)

    def get(self, message_id: str) -> Entry | None:
        return self._by_id.get(message_id.lower())

    def body(self, which: Entry) -> Record:
        return self._file.read(which.offset, which.length)

    def newest(self, *, words: str, after: Entry | None, limit: int) -> list[Entry]:
        """Newest first; `after` continues where a page ended."""
        below = after.number if after else len(self._entries)
        older = (self._entries[number] for number in range(below - 1, -1, -1))
        return list(islice((each for each in older if each.matches(words)), limit))

    def with_metadata(self, wanted: dict[str, str]) -> list[Entry]:
        """Newest first, as Postmark's search answers."""
        if not wanted:
            return self._entries[::-1]
        first = next(iter(wanted.items()))
        candidates = self._by_metadata.get(first, ())
        return [each for each in reversed(candidates) if wanted.items() <= each.metadata.items()]

    def close(self) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self._entries)

    def _load(self, line: Line) -> None:
        try:
            self._add(line)
        except (AttributeError, KeyError, TypeError, ValueError):
            logger.warning("accepted.jsonl: the line at byte %s is not a message", line.offset)

    def _add(self, line: Line) -> Entry:
        new = entry(line.data, number=len(self._entries), offset=line.offset, length=line.length)
        self._entries.append(new)
        self._by_id[new.provider_message_id] = new
        for pair in new.metadata.items():
            self._by_metadata[pair].append(new)
        return new
