"""What every page shares: times in the company's zone, status pills, icons, navigation, notes with Undo."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from django import template
from django.conf import settings
from django.contrib.messages.storage.base import Message as Note
from django.http import HttpRequest
from django.utils import dateformat, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timesince import timesince
from heroicons.templatetags.heroicons import heroicon_outline

from emails import files, record_entries, selectors_messages
from emails.models import Message, new_nonce
from emails.wording import Display

register = template.Library()


# --- Times -------------------------------------------------------------------------------------


def _local(value: datetime) -> datetime:
    return timezone.localtime(value) if timezone.is_aware(value) else value


def _time_element(value: datetime, words: str) -> SafeString:
    utc = value.astimezone(UTC)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', utc.isoformat(), f"{utc:%Y-%m-%d %H:%M:%S} UTC", words
    )


def words_for(value: datetime) -> str:
    """`Mon 23 Nov, 9:14 AM` in the company's zone; with the year when it is not this one."""
    local = _local(value)
    year = "" if local.year == timezone.localtime().year else " Y"
    return dateformat.format(local, f"D j M{year}, g:i A")


@register.filter
def when(value: datetime | None) -> str:
    """A moment, as `<time>`; nothing for None."""
    return _time_element(value, words_for(value)) if value else ""


@register.filter
def exactly(value: datetime) -> str:
    """`Mon 23 Nov 2026, 9:14:05 AM CST`."""
    return _time_element(value, record_entries.stamp(value))


@register.filter
def when_words(value: datetime | None) -> str:
    """The same as plain words, for attributes and text to copy."""
    return words_for(value) if value else ""


@register.filter
def day(value: datetime | None) -> str:
    """`Mon 23 Nov`."""
    return _time_element(value, dateformat.format(_local(value), "D j M")) if value else ""


@register.filter
def clock(value: datetime | None) -> str:
    """`9:14:05 AM`, for "Updated …"."""
    return _time_element(value, dateformat.format(_local(value), "g:i:s A")) if value else ""


@register.filter
def clock_words(value: datetime) -> str:
    """The same as plain words."""
    return dateformat.format(_local(value), "g:i:s A")


@register.filter
def lately(value: datetime) -> str:
    """`9:14 AM` if it was today, else with the day."""
    local = _local(value)
    today = local.date() == timezone.localtime().date()
    return _time_element(value, dateformat.format(local, "g:i A") if today else words_for(value))


@register.filter
def ago(value: datetime | None) -> str:
    """`2 minutes ago`, as an extra beside the time itself."""
    if not value:
        return ""
    if (timezone.now() - value).total_seconds() < 60:
        return _time_element(value, "just now")
    return _time_element(value, f"{timesince(value, depth=1)} ago")


@register.filter
def ends_quiet(message: Message) -> bool:
    """It leaves at the end of its rule's quiet hours."""
    rule = message.rule
    return bool(rule and rule.quiet_until and _local(message.send_after).time() == rule.quiet_until)


# --- Icons and pills ---------------------------------------------------------------------------

TONE_ICONS = {
    "red": "exclamation-circle",
    "amber": "exclamation-triangle",
    "green": "check-circle",
    "blue": "information-circle",
    "grey": "minus-circle",
}


@lru_cache(maxsize=256)
def _drawn(name: str, size: int) -> str:
    return heroicon_outline(name, size=size, aria_hidden="true", focusable="false")


@register.simple_tag
def icon(name: str, size: int = 20) -> SafeString:
    """A decorative icon: the words beside it carry the meaning."""
    return mark_safe(_drawn(str(name), size))  # noqa: S308 - drawn from the package's own files


@register.simple_tag
def tone_icon(tone: str, size: int = 20) -> SafeString:
    """The icon that belongs to a tone, so that colour never speaks alone."""
    return icon(TONE_ICONS.get(tone, "minus-circle"), size)


@register.inclusion_tag("_pill.html")
def pill(display: object) -> dict[str, object]:
    """A status: icon, word and colour. Takes a `wording.Display`."""
    return {"display": display}


@register.filter
def display(message: Message) -> Display:
    """Label, sentence, tone, icon and group of a message."""
    return selectors_messages.shown(message)


@register.inclusion_tag("_pill.html")
def message_pill(message: Message) -> dict[str, object]:
    """The pill of a message."""
    return {"display": selectors_messages.shown(message)}


@register.filter
def size_words(size: int) -> str:
    """`1.2 MB`."""
    return files.size_words(size)


@register.filter
def tel(number: str) -> str:
    """A phone number as a `tel:` link wants it."""
    return "".join(ch for ch in number if ch.isdigit() or ch == "+")


@register.filter
def pretty_json(value: object) -> str:
    """Raw data for the technical details; the template escapes it."""
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True, default=str)


_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


@register.filter
def visible(words: str) -> str:
    """A server's words with what hides or turns text around made visible: `␀` for NUL, `[U+202E]` for right-to-left.

    Tabs and line breaks stay as they are.
    """
    return _INVISIBLE.sub(lambda found: _picture(ord(found.group())), words)


def _picture(code: int) -> str:
    if code < 0x20:
        return chr(0x2400 + code)  # Unicode's block “Control Pictures”
    return "\u2421" if code == 0x7F else f"[U+{code:04X}]"


# --- Notes (Django's messages) -------------------------------------------------------------------

_TONES = {"success": "green", "info": "blue", "warning": "amber", "error": "red", "debug": "grey"}


@register.filter
def tone(note: Note) -> str:
    """Tone of a note."""
    return _TONES.get(note.level_tag, "blue")


@register.filter
def extras(note: Note) -> dict[str, object]:
    """Undo address or way out that `replies` packed into the note; empty for ordinary notes."""
    try:
        found = json.loads(note.extra_tags or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


# --- Navigation ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Page:
    """An entry of the main navigation; `short` puts it into the bottom bar of small screens."""

    path: str
    label: str
    icon: str
    short: str = ""
    owns: tuple[str, ...] = ()
    current: bool = False


PAGES = (
    Page("/", "Today", "inbox", "Today"),
    Page("/inspections/", "Inspections", "home-modern", "Inspections"),
    Page("/contacts/", "Contacts", "users"),
    Page("/emails/", "Email activity", "envelope", "Activity", ("/messages/",)),
    Page("/automations/", "Automations", "bolt"),
    Page("/blocked/", "Blocked addresses", "no-symbol"),
    Page("/templates/", "Templates", "document-text"),
    Page("/health/", "Sending health", "signal"),
    Page("/import/", "Import", "arrow-up-tray"),
    Page("/settings/", "Settings", "cog-6-tooth"),
)


def _is_current(page: Page, path: str) -> bool:
    if page.path == "/":
        return path == "/"
    return path.startswith((page.path, *page.owns))


@register.simple_tag(takes_context=True)
def nav_pages(context: template.Context) -> list[Page]:
    """The pages of the menu, the current one marked."""
    request: HttpRequest | None = context.get("request")
    path = request.path if request else ""
    return [Page(p.path, p.label, p.icon, p.short, p.owns, current=_is_current(p, path)) for p in PAGES]


@register.simple_tag
def practice_mode() -> bool:
    """Whether mail stays on this computer."""
    return bool(getattr(settings, "PRACTICE_MODE", False))


@register.simple_tag
def nonce_field() -> SafeString:
    """Hidden field that makes a form count once, however often it is pressed."""
    return format_html('<input type="hidden" name="nonce" value="{}">', new_nonce())
