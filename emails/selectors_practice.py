"""What the practice mailbox shows: the service's JSON as rows, with our own message beside each."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from emails.models import Message
from emails.practice import client
from emails.wording_practice import FATES, NEWS, TOLD, FateWords
from emails.wording_statuses import Text

Json = Mapping[str, Any]
PAGE = 25
_ID = re.compile(r"[A-Za-z0-9-]{1,100}")  # nothing that would make it another address of the service


@dataclass(frozen=True)
class News:
    """One thing that the service reports, or will report, about an email."""

    what: Text
    at: datetime | None
    told: Text
    tone: str
    words: str
    status: int | None
    tries: int


@dataclass(frozen=True)
class Captured:
    """One email in the practice mailbox. `message_id` is ours, None if we don't know it."""

    provider_message_id: str
    at: datetime | None
    to: str
    to_name: str
    subject: str
    fate: FateWords
    news: Sequence[News]
    message_id: int | None

    @property
    def told(self) -> Text:
        """How far the last of its news has come; "" if there is none."""
        return self.news[-1].told if self.news else ""


@dataclass(frozen=True)
class Mailbox:
    """A page of captured emails, newest first. `older` is what to ask for next, "" at the end."""

    rows: Sequence[Captured]
    older: str
    total: int


def mailbox(*, q: str, after: str) -> Mailbox:
    """A page of the mailbox; the first if there is no email `after`. Raises PracticeServiceDown."""
    known = after if _ID.fullmatch(after) and client.message(after) else ""
    found = client.messages(q=q, after=known, limit=PAGE)
    items = found["items"]
    ours = _ours(items)
    return Mailbox([_captured(item, ours) for item in items], found["next"] or "", found["total"])


def captured(provider_message_id: str) -> tuple[Captured, Json] | None:
    """One email, and all that the service holds of it; None if it has none of that name. Raises PracticeServiceDown."""
    item = client.message(provider_message_id)
    return (_captured(item, _ours([item])), item) if item else None


def _captured(item: Json, ours: Mapping[str, int]) -> Captured:
    return Captured(
        provider_message_id=item["provider_message_id"],
        at=_time(item["accepted_at"]),
        to=item["to"],
        to_name=item["to_name"],
        subject=item["subject"],
        fate=FATES.get(item["fate"], FATES["delivered"]),
        news=[_news(event) for event in item["events"]],
        message_id=ours.get(_uuid_of(item)),
    )


def _news(event: Json) -> News:
    told, tone = TOLD.get(event["outcome"], TOLD["waiting"])
    what = NEWS.get(event["event"], event["event"])
    return News(what, _time(event["happened_at"]), told, tone, event["details"], event["status"], len(event["posts"]))


def _ours(items: Sequence[Json]) -> dict[str, int]:
    """Our messages among them, by the name that we gave the service. One query."""
    names = {name for item in items if (name := _uuid_of(item))}
    found = Message.objects.filter(uuid__in=names).values_list("uuid", "pk")
    return {str(name): pk for name, pk in found}


def _uuid_of(item: Json) -> str:
    try:
        return str(UUID(item["metadata"].get("message", "")))
    except ValueError:
        return ""


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
