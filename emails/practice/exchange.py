"""What goes between the socket and the endpoints: a request taken apart, an answer to be sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from .service import Service


class NotJson(ValueError):
    pass


@dataclass(frozen=True, slots=True)
class Request:
    """`query` has the last value of each parameter. `headers` ignore case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Message[str, str]
    body: bytes = b""

    def json(self) -> Any:
        """Raises NotJson, also for JSON nested deeper than Python can follow."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise NotJson(str(error)) from error


@dataclass(frozen=True, slots=True)
class Answer:
    """After `delay_ms`: send it, leave the caller waiting, or cut the connection."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_ms: int = 0
    then: Literal["answer", "hang", "reset"] = "answer"


def postmark_error(status: int, code: int, message: str, **headers: str) -> Answer:
    """https://postmarkapp.com/developer/api/overview#error-codes"""
    return Answer(status, {"ErrorCode": code, "Message": message}, headers)


Endpoint = Callable[["Service", Request], Answer]
