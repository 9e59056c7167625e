"""Reading the examples of wrong reasons: the page for owners, and files that a test bench can read."""

import json
from collections.abc import Iterator

from django.db.models import QuerySet

from emails import sheets
from emails.models import WrongReason

# First what the classifier is asked with, and the right answer; then where it comes from.
COLUMNS = (
    "smtp_reply",
    "provider",
    "event",
    "reject_reason",
    "enhanced_code",
    "label",
    "old",
    "rule",
    "note",
    "at",
)


def standing() -> QuerySet[WrongReason]:
    """What staff still stand by, newest first."""
    return WrongReason.objects.filter(withdrawn_at=None).select_related("message")


def as_jsonl() -> Iterator[str]:
    """One JSON object a line, oldest first."""
    for example in _oldest_first():
        yield json.dumps(_row(example), ensure_ascii=False) + "\n"


def as_csv() -> Iterator[str]:
    """The same as CSV; what a spreadsheet would run is kept from running by a quote before it."""
    yield sheets.line(COLUMNS)
    for example in _oldest_first():
        yield sheets.line(_row(example).values())


def _oldest_first() -> Iterator[WrongReason]:
    return standing().select_related(None).order_by("pk").iterator(chunk_size=500)


def _row(example: WrongReason) -> dict[str, str]:
    values = {name: getattr(example, name) for name in COLUMNS if name != "at"}
    return {**values, "at": example.at.isoformat(timespec="seconds")}
