"""What became of earlier mail to an address, before somebody relies on it again: agents recur on many inspections."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import dateformat, timezone

from emails.models import Message
from emails.states import Status
from inspections.models import Inspection
from inspections.text import canonical

# What it is called in a sentence. A failure of our own (a template, our mail service) says nothing about the address.
_SAID = {
    Status.BOUNCED: "an email to this address came back",
    Status.SOFT_BOUNCED: "an email to this address could not be delivered",
    Status.REJECTED: "our mail service would not send to this address",
    Status.COMPLAINED: "an email to this address was marked as spam",
}
LONGEST = timedelta(days=365)


@dataclass(frozen=True)
class Failure:
    """The latest email to an address that failed, with nothing delivered there since; `sentence` says it."""

    message: Message
    sentence: str


def failures(addresses: Iterable[str], *, apart_from: Inspection | None = None) -> dict[str, Failure]:
    """By key of the address: how the latest mail to it ended, where it ended badly. One query.

    `apart_from`: an inspection whose own emails are shown beside it anyway.
    """
    keys = {canonical(address) for address in addresses} - {""}
    ended = [*_SAID, Status.DELIVERED]
    since = timezone.now() - LONGEST
    found = Message.objects.filter(to_key__in=keys, status__in=ended, changed_at__gte=since)
    found = found.order_by("to_key", "-pk").distinct("to_key").select_related("inspection").defer("html", "text")
    newest = [message for message in found if message.status in _SAID] if keys else []
    return {m.to_key: Failure(m, sentence(m)) for m in newest if apart_from is None or m.inspection != apart_from}


def note(address: str) -> str:
    """The sentence about one address, for whoever types it; "" if there is nothing to say."""
    found = failures([address]).get(canonical(address))
    return found.sentence if found else ""


def sentence(message: Message) -> str:
    """`Last month an email to this address came back (12 Oak St).`"""
    place = message.inspection.address.partition(",")[0]
    place = place if len(place) <= 60 else f"{place[:59]}…"
    return f"{_when(message.sent_at or message.created_at)} {_SAID[Status(message.status)]} ({place})."


def _when(moment: datetime) -> str:
    day, today = timezone.localtime(moment).date(), timezone.localdate()
    if (today - day).days < 2:
        return "Today" if day == today else "Yesterday"
    if (today - day).days < 14:
        return f"{(today - day).days} days ago"
    months = (today.year - day.year) * 12 + today.month - day.month
    if months < 2:
        return "Last month" if months else "Earlier this month"
    return f"In {dateformat.format(day, 'F' if today.year == day.year else 'F Y')}"
