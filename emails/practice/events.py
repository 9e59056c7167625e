"""What the provider will report about an accepted email, and the webhook that says so.

A plan is computed from the log entry alone, so it comes out the same after a restart: same times,
same words, same ids. Field names: https://postmarkapp.com/developer/webhooks/webhooks-overview
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from . import fates
from .entries import Entry, Recipient
from .fates import Step

SERVER_ID = 1
Payload = dict[str, Any]

# Type: (TypeCode, Name, Description) https://postmarkapp.com/developer/api/bounce-api#bounce-types
BOUNCE_TYPES = {
    "HardBounce": (
        1,
        "Hard bounce",
        "The server was unable to deliver your message (ex: unknown user, mailbox not found).",
    ),
    "Transient": (
        2,
        "Message delayed",
        "The server could not temporarily deliver your message (ex: Message is delayed due to network troubles).",
    ),
    "SpamNotification": (
        512,
        "Spam notification",
        "The message was delivered, but was either blocked by the user, or classified as spam,"
        " bulk mail, or had rejected content.",
    ),
    "SoftBounce": (
        4096,
        "Soft bounce",
        "Unable to temporarily deliver message (i.e. mailbox full, account disabled,"
        " exceeds quota, out of disk space).",
    ),
    "SpamComplaint": (
        100001,
        "Spam complaint",
        "The subscriber explicitly marked this message as spam.",
    ),
    "Blocked": (
        100006,
        "ISP block",
        "Blocked from this ISP due to content or blacklisting.",
    ),
}


@dataclass(frozen=True, slots=True)
class Event:
    """`happened_at` is told in the webhook; it is posted at `due_at`, which switches move."""

    key: str
    entry: Entry
    recipient: Recipient
    step: Step
    happened_at: datetime
    due_at: datetime

    @property
    def says(self) -> str:
        """The report in a word, as the mailbox page shows it."""
        return {"Transient": "deferred"}.get(self.step.type, SAYS[self.step.record_type])

    def payload(self) -> Payload:
        return _common(self) | SHAPES[self.step.record_type](self)


SAYS = {"Delivery": "delivered", "Bounce": "bounced", "SpamComplaint": "complained"}


def plan(entry: Entry, *, delay_ms: int = 0, shuffle: bool = False) -> list[Event]:
    """Everything that will be reported, in the order it happens."""
    events = [
        _event(entry, recipient, step, key=f"{entry.provider_message_id}/{place}/{number}")
        for place, recipient in enumerate(entry.recipients)
        for number, step in enumerate(recipient.fate.steps)
    ]
    times = [event.due_at + timedelta(milliseconds=delay_ms) for event in events]
    if shuffle:
        random.Random(entry.provider_message_id).shuffle(times)  # noqa: S311 - repeatable, not secret
    return [replace(event, due_at=due_at) for event, due_at in zip(events, times, strict=True)]


def _event(entry: Entry, recipient: Recipient, step: Step, *, key: str) -> Event:
    # A provider is never punctual: 0.4 s early to 0.2 s late.
    jitter = fates.number(key, 601) / 1000 - 0.4
    happened_at = entry.accepted_at + timedelta(seconds=step.at + jitter)
    return Event(key, entry, recipient, step, happened_at, happened_at)


def _common(event: Event) -> Payload:
    return {
        "RecordType": event.step.record_type,
        "MessageStream": event.entry.stream,
        "ServerID": SERVER_ID,
        "MessageID": event.entry.provider_message_id,
        "Tag": event.entry.tag,
        "Metadata": dict(event.entry.metadata),
    }


def _delivery(event: Event) -> Payload:
    return {
        "Recipient": event.recipient.email,
        "DeliveredAt": _stamp(event.happened_at),
        "Details": _words(event),
    }


def _bounce(event: Event) -> Payload:
    code, name, description = BOUNCE_TYPES[event.step.type]
    return {
        "ID": 1_000_000_000 + fates.number(event.key, 9_000_000_000),
        "Type": event.step.type,
        "TypeCode": code,
        "Name": name,
        "Description": description,
        "Details": _words(event),
        "Email": event.recipient.email,
        "From": event.entry.sender,
        "BouncedAt": _stamp(event.happened_at),
        "DumpAvailable": False,
        # Unlike Postmark, nothing is put on the stop list by a bounce: practice people stay usable.
        "Inactive": False,
        "CanActivate": False,
        "Subject": event.entry.subject,
        "Content": "",
    }


SHAPES: dict[str, Callable[[Event], Payload]] = {
    "Delivery": _delivery,
    "Bounce": _bounce,
    "SpamComplaint": _bounce,
}


def _words(event: Event) -> str:
    return fates.words(event.recipient.fate, event.step, address=event.recipient.email, sender=event.entry.sender)


def _stamp(moment: datetime) -> str:
    """Postmark writes seven decimals and a Z."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f0Z")


def pending(entries: list[Entry], *, told: set[str], delay_ms: int, shuffle: bool) -> Iterator[Event]:
    """What is still to be reported after a restart. `told`: keys of the events that are settled."""
    for entry in entries:
        for event in plan(entry, delay_ms=delay_ms, shuffle=shuffle):
            if event.key not in told:
                yield event
