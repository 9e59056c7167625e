"""One accepted email as the service remembers it; its body stays in the log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from . import fates

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Recipient:
    email: str
    name: str
    fate: fates.Fate


@dataclass(frozen=True, slots=True)
class Entry:
    """`number`: place in the log, from 0. `offset`, `length`: where its line is, in bytes."""

    number: int
    offset: int
    length: int
    provider_message_id: str
    accepted_at: datetime
    to: str
    to_name: str
    sender: str
    subject: str
    metadata: Mapping[str, str]
    tag: str
    stream: str
    recipients: Sequence[Recipient]

    def summary(self) -> Record:
        return {
            "provider_message_id": self.provider_message_id,
            "to": self.to,
            "subject": self.subject,
            "metadata": dict(self.metadata),
            "accepted_at": self.accepted_at.isoformat(),
        }

    def matches(self, words: str) -> bool:
        return all(word in self._haystack() for word in words.casefold().split())

    def _haystack(self) -> str:
        parts = (
            self.to,
            self.to_name,
            self.subject,
            self.provider_message_id,
            *self.metadata.values(),
        )
        return " ".join(parts).casefold()


def record(message: Record, recipients: Sequence[Recipient], *, sender: str, message_id: str) -> Record:
    """What one line of the log holds. `message` is the request as it came, Postmark's field names."""
    return {
        "provider_message_id": message_id,
        "accepted_at": datetime.now(UTC).isoformat(),
        "to": ", ".join(recipient.email for recipient in recipients),
        "to_name": ", ".join(recipient.name for recipient in recipients if recipient.name),
        "subject": message.get("Subject") or "",
        "metadata": {key: str(value) for key, value in (message.get("Metadata") or {}).items()},
        "sender": sender,
        "tag": message.get("Tag") or "",
        "stream": message.get("MessageStream") or "outbound",
        "recipients": [{"email": r.email, "name": r.name, "fate": r.fate.name} for r in recipients],
        "message": message,
    }


def entry(line: Record, *, number: int, offset: int, length: int) -> Entry:
    """Raises KeyError, TypeError or ValueError for a line that is none of ours."""
    return Entry(
        number=number,
        offset=offset,
        length=length,
        accepted_at=datetime.fromisoformat(line["accepted_at"]),
        metadata={str(key): str(value) for key, value in line["metadata"].items()},
        recipients=tuple(_recipient(each) for each in line["recipients"]),
        **{field: str(line[field]) for field in PLAIN_FIELDS},
    )


PLAIN_FIELDS = ("provider_message_id", "to", "to_name", "sender", "subject", "tag", "stream")


def _recipient(line: Record) -> Recipient:
    # A fate that a newer version wrote is not known here: such a message is delivered.
    fate = fates.FATES.get(line["fate"], fates.DELIVERED)
    return Recipient(email=str(line["email"]), name=str(line["name"]), fate=fate)
