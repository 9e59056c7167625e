"""Which address is answered by what, and who may call it."""

from __future__ import annotations

import re
from typing import NamedTuple

from . import control, searching, sending, stoplist
from .exchange import Answer, Endpoint, Request, postmark_error
from .service import Service

# Names a browser can only have typed, or a program called: a page at another name that points here
# (DNS rebinding) must not read the emails.
OWN_NAMES = ("127.0.0.1", "localhost")


class Route(NamedTuple):
    method: str
    path: str
    access: str
    endpoint: Endpoint


STREAM = "/message-streams/[a-z0-9-]+/suppressions"
ROUTES = (
    Route("GET", "/healthz", "open", control.health),
    Route("POST", "/email", "postmark", sending.send),
    Route("POST", "/email/batch", "postmark", sending.send_batch),
    Route("GET", "/messages/outbound", "postmark", searching.search),
    Route("GET", f"{STREAM}/dump", "postmark", stoplist.dump),
    Route("POST", f"{STREAM}/delete", "postmark", stoplist.delete),
    Route("POST", STREAM, "postmark", stoplist.create),
    Route("GET", r"/practice/messages\.json", "practice", control.accepted),
    Route("GET", "/practice/messages", "practice", control.messages),
    Route("GET", "/practice/messages/[A-Za-z0-9-]+", "practice", control.message),
    Route("GET", "/practice/switches", "practice", control.switches),
    Route("POST", "/practice/switches", "practice", control.set_switches),
)

NO_POSTMARK_TOKEN = postmark_error(
    401,
    10,
    "No Account or Server API tokens were supplied in the HTTP headers."
    " Please add a header for either X-Postmark-Server-Token or X-Postmark-Account-Token.",
)
NO_PRACTICE_TOKEN = Answer(401, {"error": "Send X-Practice-Token with the server token or the webhook secret."})
STRANGE_NAME = postmark_error(403, 403, "Call this service by 127.0.0.1 or localhost.")
NOT_FOUND = postmark_error(404, 404, "There is nothing at this address.")
WRONG_METHOD = postmark_error(405, 405, "This address does not take that method.")


def answer(service: Service, request: Request) -> Answer:
    if request.headers.get("Host", "localhost").partition(":")[0] not in OWN_NAMES:
        return STRANGE_NAME
    at_path = [route for route in ROUTES if re.fullmatch(route.path, request.path)]
    route = next((route for route in at_path if route.method == request.method), None)
    if route is None:
        return WRONG_METHOD if at_path else NOT_FOUND
    return _refusal(service, request, route.access) or route.endpoint(service, request)


def _refusal(service: Service, request: Request, access: str) -> Answer | None:
    token = request.headers.get("X-Postmark-Server-Token", "")
    if access == "postmark" and not token:
        return NO_POSTMARK_TOKEN
    if access == "practice" and not service.knows(request.headers.get("X-Practice-Token", token)):
        return NO_PRACTICE_TOKEN
    return None
