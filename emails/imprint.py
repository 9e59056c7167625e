"""What an event keeps of its email, so that the story stays true when the row moves on.

A message's row is the present: its address, reason and words are overwritten when it waits, moves or is tried again.
The event beside each change keeps what was so then; the delivery record is read from those. The words themselves go
after their time, so of them only a digest is kept.
"""

import hashlib
from typing import Any

from emails.models import Message, TemplateVersion
from emails.states import FACT_RANK, Status, rank

KEY = "email"  # in `MessageEvent.data`
_ALWAYS = ("kind", "status", "reason", "note", "to_name", "to_address")
_AS_SENT = ("subject", "from_header", "reply_to", "has_link", "plain", "files")


def of(message: Message, **changes: Any) -> dict[str, Any]:
    """For an event's `data`: to whom, what, why not; when it is due if it waits; what it said if it leaves.

    `changes` are those that the row has just got. Empty values are left out.
    """

    def now(name: str) -> Any:
        return changes[name] if name in changes else getattr(message, name)

    told = {name: now(name) for name in _ALWAYS}
    if told["status"] == Status.QUEUED:
        told["due"] = now("send_after").isoformat()
    if rank(told["status"]) >= FACT_RANK:
        told |= {name: now(name) for name in _AS_SENT}
        told |= _version(now("template_version")) | _digests(html=now("html"), text=now("text"))
    return {KEY: {name: value for name, value in told.items() if value not in ("", None, False, [])}}


def _version(version: TemplateVersion | None) -> dict[str, Any]:
    return {"template": version.template.name, "version": version.number} if version else {}


def _digests(**parts: str) -> dict[str, str]:
    return {f"{name}_sha256": hashlib.sha256(words.encode()).hexdigest() for name, words in parts.items() if words}
