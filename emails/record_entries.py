"""Something that happened, as the delivery record tells it: a moment, a title, labels with values."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import dateformat, timezone
from django.utils.dateparse import parse_datetime

Pairs = Sequence[tuple[str, str]]  # label, value
Content = Mapping[str, Any]


@dataclass(frozen=True)
class Entry:
    """Something that happened. `words`: a mail server's own, untouched. `hint`: it proves nothing."""

    at: datetime
    title: str
    by: str = ""
    pairs: Pairs = ()
    words: str = ""
    hint: bool = False


def stamp(moment: datetime) -> str:
    """`Mon 23 Nov 2026, 9:14:05 AM CST`: on paper nothing is left to guess."""
    return dateformat.format(timezone.localtime(moment), "D j M Y, g:i:s A T")


def moment_of(text: str) -> datetime:
    """A time as the facts hold it. Raises ValueError for anything else."""
    found = parse_datetime(text)
    if found is None:
        raise ValueError(f"not a moment: {text}")
    return found


def given(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Without those that have no value."""
    return [(label, value) for label, value in pairs if value]
