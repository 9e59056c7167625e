"""What only a practice service has: reading what was sent, and the switches.

The docs page `docs/decisions/practice-mail-service.md` lists addresses and shapes.
"""

from __future__ import annotations

from typing import Any

from . import events
from .entries import Entry, Recipient
from .exchange import Answer, NotJson, Request
from .service import Service
from .switches import Refused

PAGE = 50
MOST = 500
NO_SUCH_MESSAGE = Answer(404, {"error": "No such message."})


def health(service: Service, request: Request) -> Answer:
    """GET /healthz"""
    body = {"ok": True, "accepted": len(service.log), "webhooks_waiting": service.poster.waiting()}
    return Answer(200, body)


def accepted(service: Service, request: Request) -> Answer:
    """GET /practice/messages.json: every accepted request, oldest first, repeats included."""
    return Answer(200, {"items": [entry.summary() for entry in service.log.all()]})


def messages(service: Service, request: Request) -> Answer:
    """GET /practice/messages?q=&limit=&after=: newest first, one page."""
    after = None
    if request.query.get("after"):
        after = service.log.get(request.query["after"])
        if after is None:
            return NO_SUCH_MESSAGE
    limit = _limit(request.query.get("limit", ""))
    found = service.log.newest(words=request.query.get("q", ""), after=after, limit=limit + 1)
    page = found[:limit]
    following = page[-1].provider_message_id if len(found) > limit else None
    items = [_listed(service, entry) for entry in page]
    return Answer(200, {"items": items, "next": following, "total": len(service.log)})


def message(service: Service, request: Request) -> Answer:
    """GET /practice/messages/<id>: the whole email and the history of its webhooks."""
    entry = service.log.get(request.path.rpartition("/")[2])
    if entry is None:
        return NO_SUCH_MESSAGE
    body = service.log.body(entry)["message"]
    return Answer(200, _listed(service, entry) | _shown(body))


def switches(service: Service, request: Request) -> Answer:
    """GET /practice/switches"""
    return Answer(200, service.switches.state())


def set_switches(service: Service, request: Request) -> Answer:
    """POST /practice/switches: what is left out stays as it is."""
    try:
        return Answer(200, service.switches.update(request.json()))
    except NotJson:
        return Answer(422, {"error": "body: is not JSON", "field": "body"})
    except Refused as refused:
        return Answer(422, {"error": str(refused), "field": refused.field})


def _limit(text: str) -> int:
    return min(max(int(text), 1), MOST) if text.isascii() and text.isdigit() else PAGE


def _listed(service: Service, entry: Entry) -> dict[str, Any]:
    return entry.summary() | {
        "to_name": entry.to_name,
        "from": entry.sender,
        "tag": entry.tag,
        "fate": entry.recipients[0].fate.name,
        "recipients": [_person(each) for each in entry.recipients],
        "events": [_event(service, event) for event in events.plan(entry)],
    }


def _person(recipient: Recipient) -> dict[str, str]:
    fate = recipient.fate
    return {
        "email": recipient.email,
        "name": recipient.name,
        "fate": fate.name,
        "ends": fate.status,
        "category": fate.category,
    }


def _event(service: Service, event: events.Event) -> dict[str, Any]:
    """`outcome`: waiting, posted, given_up or dropped. `posts`: every attempt, oldest first."""
    posts = service.poster.posts(event.key)
    outcomes = [post.outcome for post in posts if post.outcome]
    return {
        "event": event.says,
        "recipient": event.recipient.email,
        "happened_at": event.happened_at.isoformat(),
        "details": event.payload().get("Details", ""),
        "outcome": outcomes[0] if outcomes else "waiting",
        "status": posts[-1].status if posts else None,
        "posts": [post._asdict() for post in posts],
    }


def _shown(body: dict[str, Any]) -> dict[str, Any]:
    return {
        "from": body.get("From") or "",
        "reply_to": body.get("ReplyTo") or "",
        "html": body.get("HtmlBody") or "",
        "text": body.get("TextBody") or "",
        "headers": body.get("Headers") or [],
        "attachments": [_attachment(each) for each in body.get("Attachments") or []],
    }


def _attachment(attachment: dict[str, Any]) -> dict[str, Any]:
    content = str(attachment.get("Content") or "")
    return {
        "name": attachment.get("Name") or "",
        "content_type": str(attachment.get("ContentType") or "application/octet-stream"),
        # Base64: four letters carry three bytes.
        "size": len(content.rstrip("=")) * 3 // 4,
    }
