"""Finding an accepted email again: Postmark's message search, GET /messages/outbound.

https://postmarkapp.com/developer/api/messages-api#outbound-message-search
"""

from __future__ import annotations

from typing import Any

from .entries import Entry, Recipient
from .exchange import Answer, Request, postmark_error
from .service import Service

MOST = 500
DEEPEST = 10_000


def search(service: Service, request: Request) -> Answer:
    """GET /messages/outbound: how the app finds out whether a send of unknown outcome was taken."""
    try:
        count, offset = int(request.query["count"]), int(request.query["offset"])
    except (KeyError, ValueError):
        return postmark_error(422, 600, "You need to specify 'count' and 'offset' as numbers.")
    if not 0 < count <= MOST or not offset >= 0 or count + offset > DEEPEST:
        return postmark_error(422, 600, f"'count' is at most {MOST}, 'count' and 'offset' {DEEPEST}.")
    found = [each for each in service.log.with_metadata(_wanted(request)) if _fits(each, request)]
    page = found[offset : offset + count]
    return Answer(200, {"TotalCount": len(found), "Messages": [_found(each) for each in page]})


def _wanted(request: Request) -> dict[str, str]:
    prefix = "metadata_"
    return {name.removeprefix(prefix): value for name, value in request.query.items() if name.startswith(prefix)}


def _fits(entry: Entry, request: Request) -> bool:
    """The other filters of Postmark that mean something here."""
    recipient = request.query.get("recipient", "").lower()
    tag = request.query.get("tag", "")
    return (not recipient or any(each.email.lower() == recipient for each in entry.recipients)) and (
        not tag or entry.tag == tag
    )


def _found(entry: Entry) -> dict[str, Any]:
    return {
        "Tag": entry.tag,
        "MessageID": entry.provider_message_id,
        "To": [_person(each) for each in entry.recipients],
        "Cc": [],
        "Bcc": [],
        "Recipients": [each.email for each in entry.recipients],
        "ReceivedAt": entry.accepted_at.isoformat(),
        "From": entry.sender,
        "Subject": entry.subject,
        "Attachments": [],
        "Status": "Sent",
        "TrackOpens": False,
        "TrackLinks": "None",
        "Metadata": dict(entry.metadata),
        "Sandboxed": False,
        "MessageStream": entry.stream,
    }


def _person(recipient: Recipient) -> dict[str, str | None]:
    return {"Email": recipient.email, "Name": recipient.name or None}
