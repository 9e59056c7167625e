"""What people write into the cells of a file, as values. Each function raises BadText with a sentence."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from inspections.models import Role
from inspections.text import BadText

# Month first: the offices are in the United States, and their spreadsheets rewrite times this way.
_US_TIME = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}),?\s+(\d{1,2}):(\d{2})(?::\d{2})?\s*([AaPp][Mm])?")
_ISO_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{1,2}:\d{2}.*")
_FEE = re.compile(r"\$?\s*(\d{1,3}(?:,\d{3})+|\d+)(\.\d{1,2})?(?:\s*USD)?", re.IGNORECASE)
_YES = {"yes", "y", "true", "1", "on"}
_NO = {"no", "n", "false", "0", "off"}
_ROLES = {
    "client": Role.CLIENT,
    "buyer": Role.CLIENT,
    "buyer agent": Role.BUYER_AGENT,
    "buyers agent": Role.BUYER_AGENT,
    "buying agent": Role.BUYER_AGENT,
    "seller agent": Role.SELLER_AGENT,
    "sellers agent": Role.SELLER_AGENT,
    "selling agent": Role.SELLER_AGENT,
    "listing agent": Role.SELLER_AGENT,
    "coordinator": Role.COORDINATOR,
    "transaction coordinator": Role.COORDINATOR,
    "tc": Role.COORDINATOR,
}


def role(cell: str) -> str:
    """One of `Role`, from the ways people write it."""
    words = re.sub(r"[_\-\s]+", " ", cell.lower().replace("\u2019", "").replace("'", "")).strip()
    if not words:
        raise BadText(f"The role is missing. Use one of: {', '.join(Role.values)}.")
    if words not in _ROLES:
        raise BadText(f"“{cell[:40]}” isn't a role. Use one of: {', '.join(Role.values)}.")
    return _ROLES[words]


def fee(cell: str) -> Decimal | None:
    """Dollars, from "$1,425.00" and the like; None when empty."""
    if not cell.strip():
        return None
    found = _FEE.fullmatch(cell.strip())
    if found is None:
        raise BadText(f"“{cell[:40]}” isn't an amount. Write it like 425.00.")
    return Decimal(found[1].replace(",", "") + (found[2] or ""))


def notifications(cell: str) -> bool | None:
    """yes or no; None, the company's default, when empty."""
    word = cell.strip().lower()
    if word and word not in _YES | _NO:
        raise BadText(f"“{cell[:40]}” isn't yes or no.")
    return word in _YES if word else None


def services(cell: str) -> tuple[str, ...]:
    """Names separated by ; or |."""
    return tuple(part.strip() for part in re.split(r"[;|]", cell) if part.strip())


def is_month_first(cell: str) -> bool:
    """A time that another country would read as another day."""
    return _US_TIME.fullmatch(cell.strip()) is not None


def starts_at(cell: str, zone: ZoneInfo) -> datetime:
    """A moment, from ISO 8601 or "12/1/2026 9:00 AM"; without an offset it is a time in `zone`."""
    text = cell.strip()
    if not text:
        raise BadText("The date and time are missing. Write them like 2026-12-01 09:00.")
    try:
        moment = _us_time(text) or _iso_time(text)
    except ValueError:
        raise BadText(f"“{text[:40]}” isn't a date and time. Write it like 2026-12-01 09:00.") from None
    return moment if moment.tzinfo else _in_zone(moment, zone)


def _us_time(text: str) -> datetime | None:
    found = _US_TIME.fullmatch(text)
    if found is None:
        return None
    month, day, year, hour, minute = (int(part) for part in found.groups()[:5])
    half = (found[6] or "").lower()
    if half and not 1 <= hour <= 12:
        raise ValueError("no such hour")
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    return datetime(year, month, day, hour, minute)  # noqa: DTZ001 - gets the company's zone


def _iso_time(text: str) -> datetime:
    if not _ISO_TIME.fullmatch(text):
        raise ValueError("no time of day")
    date, hour, rest = text[:10], *re.split(r"(?=:)", text[11:], maxsplit=1)
    return datetime.fromisoformat(f"{date}T{hour:0>2}{rest}")


def _in_zone(moment: datetime, zone: ZoneInfo) -> datetime:
    """Refuses the two hours a year that a clock on the wall skips or shows twice."""
    early, late = moment.replace(tzinfo=zone, fold=0), moment.replace(tzinfo=zone, fold=1)
    if early.utcoffset() == late.utcoffset():
        return early
    said = f"{moment:%Y-%m-%d %H:%M}"
    if early.astimezone(UTC).astimezone(zone).replace(tzinfo=None, fold=0) != moment:
        raise BadText(f"{said} doesn't exist in {zone.key}: the clocks go forward then. Please give another time.")
    with_offset = early.isoformat(sep=" ", timespec="minutes")
    raise BadText(f"{said} happens twice in {zone.key}: the clocks go back then. Add the offset, like {with_offset}.")
