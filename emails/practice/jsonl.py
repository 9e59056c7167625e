"""A file of JSON lines that only grows, where a line once answered for is never lost.

Used for the accepted requests (fsync before the answer) and for the webhook posts (no fsync:
a forgotten post is merely posted again).
"""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

logger = logging.getLogger(__name__)


class Line(NamedTuple):
    offset: int
    length: int
    data: dict[str, Any]


class JsonLines:
    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._write_lock = threading.Lock()
        self._sync_lock = threading.Lock()
        self._end = self._mend()
        self._synced = 0

    def append(self, records: Iterable[dict[str, Any]]) -> list[tuple[int, int]]:
        """Write each record as a line; returns (offset, length) of each.

        Raises OSError when the disk refuses: then none of the lines is in the file.
        """
        lines = [json.dumps(record).encode() + b"\n" for record in records]
        with self._write_lock:
            places = list(_places(self._end, lines))
            self._write(b"".join(lines))
            self._end += sum(map(len, lines))
        return places

    def sync(self) -> None:
        """Make everything written so far survive a power cut. Raises OSError.

        Whoever waits here while another caller's fsync runs shares the next one, so that
        parallel requests cost one disk flush between them.
        """
        wanted = self._end
        with self._sync_lock:
            if self._synced >= wanted:
                return
            end = self._end
            os.fsync(self._fd)
            self._synced = end

    def read(self, offset: int, length: int) -> dict[str, Any]:
        data: dict[str, Any] = json.loads(os.pread(self._fd, length, offset))
        return data

    def lines(self) -> Iterator[Line]:
        """Every readable line. One that cannot be read is passed over with a word on stderr."""
        offset = 0
        with self.path.open("rb") as file:
            for raw in file:
                data = _parse(raw)
                if data is None:
                    logger.warning("%s: the line at byte %s is unreadable", self.path, offset)
                else:
                    yield Line(offset, len(raw), data)
                offset += len(raw)

    def close(self) -> None:
        os.close(self._fd)

    def _write(self, block: bytes) -> None:
        written = 0
        try:
            while written < len(block):
                written += os.write(self._fd, block[written:])
        except OSError:
            # A full disk can leave half a line behind; the next one must not be glued to it.
            os.ftruncate(self._fd, self._end)
            raise

    def _mend(self) -> int:
        """Deal with the last line if a kill cut it short, and return where the file ends.

        A cut line was never answered for, so it goes; a whole one lacking its line end stays.
        """
        size = os.fstat(self._fd).st_size
        tail = _tail(self._fd, size)
        if not tail:
            return size
        if _parse(tail) is not None:
            os.write(self._fd, b"\n")
            return size + 1
        os.ftruncate(self._fd, size - len(tail))
        return size - len(tail)


def _places(offset: int, lines: Sequence[bytes]) -> Iterator[tuple[int, int]]:
    for line in lines:
        yield offset, len(line)
        offset += len(line)


def _parse(raw: bytes) -> dict[str, Any] | None:
    try:
        data = json.loads(raw)
    except ValueError:
        return None
    return data if isinstance(data, dict) else None


def _tail(fd: int, size: int) -> bytes:
    """What follows the last line end; empty when the file ends as it should."""
    tail = b""
    while len(tail) < size:
        start = max(0, size - len(tail) - 65536)
        tail = os.pread(fd, size - len(tail) - start, start) + tail
        if b"\n" in tail:
            return tail[tail.rindex(b"\n") + 1 :]
    return tail
