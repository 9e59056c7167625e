"""The provider's stop list over HTTP: what is on it, take off, put on.

https://postmarkapp.com/developer/api/suppressions-api
"""

from __future__ import annotations

from typing import Any

from .exchange import Answer, NotJson, Request, postmark_error
from .service import Service
from .suppressions import COMPLAINT, HARD

WRONG = postmark_error(422, 403, "Expected {'Suppressions': [{'EmailAddress': '…'}, …]}.")


NOT_YOURS = "You do not have the required authority to change this suppression."


def dump(service: Service, request: Request) -> Answer:
    """GET /message-streams/outbound/suppressions/dump, optionally ?EmailAddress="""
    wanted = request.query.get("EmailAddress", "").lower()
    if wanted:
        service.suppressions.has(wanted)
    rows = [row for row in service.suppressions.dump() if wanted in ("", row["EmailAddress"])]
    return Answer(200, {"Suppressions": rows})


def delete(service: Service, request: Request) -> Answer:
    """POST /message-streams/outbound/suppressions/delete"""
    addresses = _addresses(request)
    if addresses is None:
        return WRONG
    return Answer(200, {"Suppressions": [_lifted(service, address) for address in addresses]})


def create(service: Service, request: Request) -> Answer:
    """POST /message-streams/outbound/suppressions; `?reason=SpamComplaint` is ours, to practise that case."""
    addresses = _addresses(request)
    if addresses is None:
        return WRONG
    for address in addresses:
        service.suppressions.put(address, _reason(request))
    return _done(addresses, "Suppressed")


def _reason(request: Request) -> str:
    return COMPLAINT if request.query.get("reason") == COMPLAINT else HARD


def _lifted(service: Service, address: str) -> dict[str, Any]:
    if service.suppressions.lift(address):
        return {"EmailAddress": address, "Status": "Deleted", "Message": None}
    return {"EmailAddress": address, "Status": "Failed", "Message": NOT_YOURS}


def _addresses(request: Request) -> list[str] | None:
    try:
        addresses = [row["EmailAddress"] for row in request.json()["Suppressions"]]
    except (NotJson, KeyError, TypeError):
        return None
    return addresses if all(isinstance(address, str) for address in addresses) else None


def _done(addresses: list[str], status: str) -> Answer:
    rows: list[dict[str, Any]] = [{"EmailAddress": address, "Status": status, "Message": None} for address in addresses]
    return Answer(200, {"Suppressions": rows})
