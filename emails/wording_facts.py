"""The facts of a message as its sentences hold them: names, times, the mail service."""

import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from django.utils import dateformat
from django.utils.translation import gettext

from emails.states import GIVE_UP_AFTER, Status
from emails.wording_failures import FAILURES
from emails.wording_statuses import Text

FROM_THE_START = "from the start: "  # of a note about notifications that were off; who added the inspection follows
_SERVICES = {"amazon_ses": "Amazon SES", "sendgrid": "SendGrid", "sparkpost": "SparkPost", "smtp": "our mail server"}


@dataclass(frozen=True)
class MessageFacts:
    """All that the words depend on. Times are aware; `zone` is the company's."""

    status: str
    now: datetime
    zone: tzinfo = UTC
    reason: str = ""
    category: str = ""
    note: str = ""
    to_name: str = ""
    to_address: str = ""
    from_address: str = ""
    subject: str = ""
    language: str = ""
    provider: str = ""
    tries: int = 0
    retry: int = 0
    created_at: datetime | None = None
    send_after: datetime | None = None
    undo_until: datetime | None = None
    sent_at: datetime | None = None
    changed_at: datetime | None = None
    opened_at: datetime | None = None
    visited_at: datetime | None = None
    signed_at: datetime | None = None
    paid_at: datetime | None = None
    auto_reply: str = ""
    vouched_by: str = ""
    no_news_after: timedelta = timedelta(hours=4)
    unsure_after: timedelta = timedelta(minutes=15)


def said(sentence: Text, plain: Text, values: Mapping[str, str]) -> str:
    """The sentence with its facts, or the plainer one if a fact is missing."""
    text = str(sentence)
    missing = [name for _text, name, _spec, _how in string.Formatter().parse(text) if name and not values[name]]
    return (str(plain) if missing and plain else text).format_map(values)


def filling(facts: MessageFacts) -> dict[str, str]:
    """By placeholder; "" for what is not known."""
    local, _, domain = facts.to_address.rpartition("@")
    times = {
        "when": facts.send_after,
        "queued": facts.created_at,
        "sent": facts.sent_at or facts.changed_at,
        "changed": facts.changed_at,
        "opened": facts.opened_at,
        "visited": facts.visited_at,
        "signed": facts.signed_at,
        "paid": facts.paid_at,
        "due": _due(facts),
        "giving_up": facts.sent_at and facts.sent_at + GIVE_UP_AFTER,
    }
    return {
        **{name: moment(at, facts) if at else "" for name, at in times.items()},
        **{f"at_{name}": _at(at, facts) if at else "" for name, at in times.items()},
        "soon": _soon(facts.send_after, facts) if facts.send_after else "",
        "domain": domain or gettext("their server"),
        "local": local,
        "address": facts.to_address,
        "name": facts.to_name or gettext("them"),
        "from_address": facts.from_address,
        "subject": facts.subject,
        "service": service(facts.provider),
        "tries": str(max(1, facts.tries)),
        "hours": str(int(age(facts.sent_at or facts.changed_at, facts).total_seconds() // 3600)),
        "who": facts.note,
        "silenced": _silenced(facts),
        "note": facts.note,
        "vouched_by": facts.vouched_by,
        "reply": facts.auto_reply[:80],
        "missing": _missing(facts),
    }


def _missing(facts: MessageFacts) -> str:
    why = FAILURES.get(facts.reason) if facts.status == Status.HELD else None
    if why is None or not why.missing:
        return ""
    domain = facts.to_address.rpartition("@")[2]
    named = {
        "address": facts.to_address,
        "name": facts.to_name or "This person",
        "note": facts.note,
        "domain": domain or "this domain",
    }
    return said(why.missing, why.plain, named)


def _silenced(facts: MessageFacts) -> str:
    """The note tells who switched notifications off: with the time, older ones without, or that they never were on."""
    if facts.reason != "off_inspection" or not facts.note:
        return ""
    if facts.note.startswith(FROM_THE_START):
        who = facts.note.removeprefix(FROM_THE_START)
        return gettext("Notifications were off from the start, when {who} added this inspection").format(who=who)
    time, _, who = facts.note.partition(" ")
    try:
        when = " " + _at(datetime.fromisoformat(time), facts)
    except ValueError:
        when, who = "", facts.note
    return gettext("{who} turned notifications off for this inspection{when}").format(who=who, when=when)


def _due(facts: MessageFacts) -> datetime | None:
    """For a missed window the note is its time."""
    try:
        return datetime.fromisoformat(facts.note) if facts.reason == "off_late" else facts.send_after
    except ValueError:
        return None


def age(since: datetime | None, facts: MessageFacts) -> timedelta:
    """How long ago it was; nothing for what never was."""
    return facts.now - since if since else timedelta(0)


def moment(at: datetime, facts: MessageFacts) -> str:
    """`Mon 23 Nov, 9:14 AM` in the company's zone; today only `9:14 AM`."""
    local, today = at.astimezone(facts.zone), facts.now.astimezone(facts.zone)
    clock = f"{local.hour % 12 or 12}:{local:%M} {'AM' if local.hour < 12 else 'PM'}"
    if local.date() == today.date():
        return clock
    day = gettext("D j M") if local.year == today.year else gettext("D j M Y")
    return f"{dateformat.format(local, day)}, {clock}"


def _soon(at: datetime, facts: MessageFacts) -> str:
    """`tomorrow 9:14 AM`, else as `moment` has it."""
    tomorrow = facts.now.astimezone(facts.zone).date() + timedelta(days=1)
    words = moment(at, facts)
    return f"tomorrow {words.rpartition(', ')[2]}" if at.astimezone(facts.zone).date() == tomorrow else words


def service(provider: str) -> str:
    """The mail service's name as people write it."""
    return _SERVICES.get(provider) or provider.replace("_", " ").capitalize() or "the mail service"


def _at(at: datetime, facts: MessageFacts) -> str:
    """`at 9:14 AM` or `on Mon 23 Nov, 9:14 AM`."""
    words = moment(at, facts)
    return f"on {words}" if "," in words else f"at {words}"
