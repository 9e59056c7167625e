"""Taking an email the way Postmark's API does: POST /email and POST /email/batch.

Shapes: https://postmarkapp.com/developer/api/email-api
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from . import addresses
from .addresses import Illegal
from .entries import record
from .exchange import Answer, NotJson, Request, postmark_error
from .service import Service

logger = logging.getLogger(__name__)

BATCH_LIMIT = 500
INACTIVE = "Inactive recipients are ones that have generated a hard bounce, a spam complaint, or a manual suppression."


NOT_JSON = postmark_error(422, 402, "Received invalid JSON input.")
WRONG_JSON = postmark_error(
    422,
    403,
    f"The JSON is not what this endpoint takes: one message, or in a batch up to {BATCH_LIMIT}.",
)
NO_ROOM = postmark_error(503, 100, "The practice mail service could not write its log; the message was not taken.")

# Answers by switch that mean: not accepted. In each of them nothing is logged and nothing is sent.
REFUSALS = {
    "429": postmark_error(429, 429, "Rate limit exceeded. Please slow down.", **{"Retry-After": "1"}),
    "500": postmark_error(500, 500, "Internal server error."),
    "503": postmark_error(503, 100, "The API is offline for maintenance."),
}
AFTERWARDS = {"timeout": "hang", "reset_after_accept": "reset"}


class WrongJson(ValueError):
    pass


def send(service: Service, request: Request) -> Answer:
    """POST /email"""
    return _send(service, request, single=True)


def send_batch(service: Service, request: Request) -> Answer:
    """POST /email/batch: each message is taken or refused by itself."""
    return _send(service, request, single=False)


def _send(service: Service, request: Request, *, single: bool) -> Answer:
    fault = service.switches.next_answer()
    if fault in REFUSALS:
        return REFUSALS[fault]
    try:
        messages = _messages(request.json(), single=single)
    except NotJson:
        return NOT_JSON
    except WrongJson:
        return WRONG_JSON
    try:
        results, taken = _take(service, messages)
    except OSError as problem:
        logger.error("accepted.jsonl: %s", problem)
        return NO_ROOM
    return _answered(service, results if not single else results[0], taken=taken, fault=fault)


def _answered(service: Service, result: Any, *, taken: int, fault: str | None) -> Answer:
    single_refusal = isinstance(result, dict) and result["ErrorCode"] != 0
    status = 422 if single_refusal else 200
    if not taken:
        return Answer(status, result)
    then: Any = AFTERWARDS.get(fault or "", "answer")
    return Answer(status, result, delay_ms=service.switches.state()["delay_ms"], then=then)


def _messages(data: Any, *, single: bool) -> list[dict[str, Any]]:
    """Raises WrongJson."""
    messages = [data] if single else data
    if not isinstance(messages, list) or not all(isinstance(each, dict) for each in messages):
        raise WrongJson
    if len(messages) > BATCH_LIMIT:
        raise WrongJson
    return messages


def _take(service: Service, messages: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], int]:
    """Log what can be taken, then answer for each. Raises OSError if the disk refuses."""
    results: list[dict[str, Any]] = []
    records = []
    for message in messages:
        try:
            result, line = _one(service, message)
        except Illegal as illegal:
            result, line = {"ErrorCode": 300, "Message": str(illegal)}, None
        results.append(result)
        if line:
            records.append(line)
    service.accept(records)
    return results, len(records)


def _one(service: Service, message: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """What to answer, and the line to log unless the message is refused. Raises Illegal."""
    _check(message)
    sender = addresses.sender(message)
    everyone = addresses.recipients(message)
    active = [each for each in everyone if not service.suppressions.has(each.email)]
    inactive = [each.email for each in everyone if each not in active]
    if not active:
        return {"ErrorCode": 406, "Message": _inactive(inactive, ALL_INACTIVE)}, None
    message_id = str(uuid.uuid4())
    line = record(message, active, sender=sender, message_id=message_id)
    return _taken(message, inactive, message_id=message_id), line


ALL_INACTIVE = "You tried to send to recipient(s) that have been marked as inactive. Found inactive addresses"
SOME_INACTIVE = "Message OK, but will not deliver to these inactive addresses"


def _inactive(inactive: Sequence[str], opening: str) -> str:
    # Anymail finds the addresses in this sentence; there is no field for them.
    return f"{opening}: {', '.join(address.lower() for address in inactive)}. {INACTIVE}"


def _taken(message: dict[str, Any], inactive: Sequence[str], *, message_id: str) -> dict[str, Any]:
    return {
        "To": message.get("To") or "",
        "SubmittedAt": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z"),
        "MessageID": message_id,
        "ErrorCode": 0,
        "Message": _inactive(inactive, SOME_INACTIVE) if inactive else "OK",
    }


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _metadata(value: Any) -> bool:
    """At most 10 fields; names of up to 20, values of up to 80 characters."""
    return isinstance(value, dict) and len(value) <= 10 and all(map(_metadata_field, value.items()))


def _metadata_field(field: tuple[str, Any]) -> bool:
    name, value = field
    return 0 < len(name) <= 20 and isinstance(value, str | int | float) and len(str(value)) <= 80


def _pairs(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) and _text(each.get("Name")) for each in value)


FIELDS: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("From", "To", "Cc", "Bcc", "ReplyTo", "Subject", "TextBody", "HtmlBody"), _text),
    **dict.fromkeys(("Tag", "MessageStream"), _text),
    "Metadata": _metadata,
    "Headers": _pairs,
    "Attachments": _pairs,
}


def _check(message: dict[str, Any]) -> None:
    """Raises Illegal."""
    for name, fits in FIELDS.items():
        value = message.get(name)
        if value is not None and not fits(value):
            raise Illegal(f"Invalid {name.lower()} content. The value of '{name}' is not valid.")
    if not (message.get("TextBody") or message.get("HtmlBody")):
        raise Illegal("Provide either email TextBody or HtmlBody or both.")
