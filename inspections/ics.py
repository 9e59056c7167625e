"""One inspection as a calendar file: iCalendar, RFC 5545."""

from datetime import UTC, datetime

from django.utils import timezone

from inspections.models import Inspection, InspectionEvent

_LONGEST = 75  # octets of a line, without its end (RFC 5545, 3.1)


def calendar(inspection: Inspection, *, title: str, company: str, host: str) -> bytes:
    """The file. A later one about the same inspection takes the place of this one in the calendar."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//{_text(company)}//Client portal//EN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:inspection-{inspection.pk}@{host}",
        f"DTSTAMP:{_moment(timezone.now())}",
        f"SEQUENCE:{inspection.events.filter(type=InspectionEvent.Type.RESCHEDULED).count()}",
        f"DTSTART:{_moment(inspection.starts_at)}",
        f"SUMMARY:{_text(title)}",
        f"LOCATION:{_text(inspection.address)}",
        "STATUS:CONFIRMED",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return b"".join(_folded(line) for line in lines)


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(value: str) -> str:
    """A value of the type TEXT (3.3.11)."""
    for mark in ("\\", ";", ","):
        value = value.replace(mark, f"\\{mark}")
    return value.replace("\n", "\\n").replace("\r", "")


def _folded(line: str) -> bytes:
    """The line, in pieces where it is too long; no letter is cut in two."""
    pieces, piece = [], b""
    for letter in line:
        octets = letter.encode()
        if len(piece) + len(octets) > _LONGEST:
            pieces.append(piece)
            piece = b" "
        piece += octets
    return b"\r\n".join([*pieces, piece]) + b"\r\n"
