"""Everything that the office has, table by table: what is in the file, and the file itself.

A new table is one line of TABLES. Columns are the table's own; what opens a door is in none of them.
"""

import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Field, Model
from django.utils import timezone

from emails import sheets
from emails.models import (
    AddressHold,
    Attachment,
    Automation,
    Desk,
    EmailTemplate,
    Erasure,
    Letter,
    Message,
    MessageEvent,
    OptOut,
    Problem,
    TemplateDraft,
    TemplateVersion,
    WrongReason,
)
from inspections.models import (
    Agreement,
    Company,
    Contact,
    ContactChange,
    Inspection,
    InspectionEvent,
    Participant,
    Payment,
    PortalLink,
    Signature,
    TeamChange,
    User,
)

PART = 250  # rows at once: an email is up to 100 KB
# Keys, what they are made from, who works on a row just now, what the database computes for itself.
NEVER = frozenset(
    {"password", "token", "token_hash", "key_hash", "nonce", "lease_until", "leases_lost", "search", "email_key"}
    | {"to_key", "sign_outs", "needles", "digests", "posts_up_to", "posts_done"}
)


@dataclass(frozen=True)
class Table:
    """One file of it. `without`: columns that are left out beside those of NEVER."""

    name: str
    model: type[Model]
    without: frozenset[str] = frozenset()

    @property
    def columns(self) -> list["Field[Any, Any]"]:
        """In the order of the model."""
        own = self.model._meta.concrete_fields
        return [field for field in own if field.name not in NEVER | self.without]


TABLES = (
    Table("company", Company),
    Table("desk", Desk),
    Table("team", User, frozenset({"is_staff"})),
    Table("team-changes", TeamChange),
    Table("inspections", Inspection),
    Table("inspection-events", InspectionEvent),
    Table("contacts", Contact),
    Table("contact-changes", ContactChange),
    Table("people-on-inspections", Participant),
    Table("portal-links", PortalLink),
    Table("agreements", Agreement),
    Table("signatures", Signature),
    Table("payments", Payment),
    Table("templates", EmailTemplate),
    Table("template-versions", TemplateVersion),
    Table("template-drafts", TemplateDraft),
    Table("automations", Automation),
    Table("letters", Letter),
    Table("letter-files", Attachment, frozenset({"content"})),
    Table("emails", Message),
    Table("email-events", MessageEvent, frozenset({"key", "message_uuid"})),
    Table("problems", Problem),
    Table("blocked-addresses", AddressHold, frozenset({"key"})),
    Table("no-marketing", OptOut),
    Table("wrong-reasons", WrongReason),
    Table("deletions", Erasure),
)


@dataclass(frozen=True)
class Piece:
    """Some lines of one file, with how far that is: up to row `last_id` of table number `table`."""

    file: str
    lines: str
    rows: int
    table: int
    last_id: int


def total() -> int:
    """Rows of all tables."""
    return sum(table.model._default_manager.count() for table in TABLES)


def piece(number: int, last_id: int) -> Piece | None:
    """What comes after a row of a table; with the heading if nothing was written of it. None at the end of all.

    A table that has no more rows passes on to the next. An empty one is a file with a heading alone.
    """
    if number >= len(TABLES):
        return None
    table = TABLES[number]
    names = [field.attname for field in table.columns]
    after = table.model._default_manager.filter(pk__gt=last_id).order_by("pk")
    rows = list(after.values_list("pk", *names)[:PART])
    if not rows and last_id:
        return piece(number + 1, 0)
    heading = "" if last_id else sheets.BOM + sheets.line(names)
    lines = heading + "".join(sheets.line(map(_cell, row[1:])) for row in rows)
    ended = len(rows) < PART
    where = (number + 1, 0) if ended else (number, rows[-1][0])
    return Piece(f"{table.name}.csv", lines, len(rows), *where)


def _cell(value: object) -> str:
    """Times as ISO 8601 in UTC, lists and objects as JSON, nothing as nothing."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else str(value)


# --- the file --------------------------------------------------------------------------------------------------------


class _Out(io.RawIOBase):
    """Where the ZIP is written to: handed on as it comes, never kept as a whole."""

    def __init__(self) -> None:
        self.chunks: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.chunks.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        """What was written since the last time."""
        taken, self.chunks = b"".join(self.chunks), []
        return taken


def _dated(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, timezone.localtime().timetuple()[:6])
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def zipped(parts: Iterable[tuple[str, str]]) -> Iterator[bytes]:
    """A ZIP of `(file, lines)`; parts of one file follow each other."""
    out, current, file = _Out(), "", None
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, lines in parts:
            if name != current:
                if file:
                    file.close()
                file, current = archive.open(_dated(name), "w", force_zip64=True), name
            assert file is not None  # noqa: S101 - a part has a name
            file.write(lines.encode("utf-8", "replace"))
            yield out.take()
        if file:
            file.close()
    yield out.take()
