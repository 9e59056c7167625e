"""What fields refuse, as sentences for people."""

from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError

from inspections.text import BadText, email_address, single_line


def validate_line(value: str) -> None:
    """Refuse text that would break a header or hide something."""
    try:
        single_line(value, limit=10_000)
    except BadText as problem:
        raise ValidationError(str(problem)) from None


def validate_address(value: str) -> None:
    """Refuse what is not exactly one deliverable-looking email address."""
    try:
        email_address(value)
    except BadText as problem:
        raise ValidationError(str(problem)) from None


def validate_zone(value: str) -> None:
    """Refuse a time zone that this machine does not know."""
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ValidationError(f"There is no time zone “{value}”.") from None
