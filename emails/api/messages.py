"""Emails: list those of an inspection with what happened to them, send one again."""

from typing import Any

from django.http import Http404
from ninja import Router, Status

from emails import outbox
from emails.api.answers import EmailList, EmailOut, ResendOut
from emails.api.auth import ApiRequest, actor, nonce
from emails.api.bodies import ResendIn
from emails.api.inspections import find as find_inspection
from emails.api.refusals import COMMON, Refusal, TooSoon
from emails.limits import Refused
from emails.models import Message

router = Router(tags=["Emails"])

RESENT: dict[int, Any] = {202: ResendOut, 409: Refusal, 429: TooSoon, **COMMON}


@router.get("/inspections/{int:inspection_id}/emails", response={200: EmailList, **COMMON})
def list_emails(request: ApiRequest, inspection_id: int) -> Status[EmailList]:
    """Every email of an inspection, also those that were not sent, each with its timeline; oldest first."""
    inspection = find_inspection(inspection_id)
    messages = inspection.messages.filter(test=False).order_by("pk").prefetch_related("events")
    return Status(200, EmailList(items=[EmailOut.of(message) for message in messages]))


@router.get("/emails/{int:email_id}", response={200: EmailOut, **COMMON})
def read_email(request: ApiRequest, email_id: int) -> Status[EmailOut]:
    """One email with its timeline."""
    return Status(200, EmailOut.of(_find(email_id)))


@router.post("/emails/{int:email_id}/resend", response=RESENT)
def resend_email(request: ApiRequest, email_id: int, body: ResendIn | None = None) -> Status[ResendOut]:
    """Send it again, to the person's current address. The same `idempotency_key` again gives the same id."""
    message = _find(email_id)
    wanted = body or ResendIn()
    key = nonce(request, wanted.idempotency_key)
    _refuse_another(message, key)
    again = outbox.resend(message, by=actor(request), nonce=key, undo=False, confirmed=wanted.confirmed)
    return Status(202, ResendOut(id=again.pk))


def _find(email_id: int) -> Message:
    messages = Message.objects.select_related("inspection", "participant__contact").prefetch_related("events")
    message = messages.filter(pk=email_id).first()
    if message is None:
        raise Http404(f"There is no email {email_id}.")
    return message


def _refuse_another(message: Message, key: str | None) -> None:
    """The outbox refuses this too, in the words of a page."""
    said = Message.objects.filter(nonce=key).first() if key else None
    if said and said.family_id != message.family_id:
        raise Refused("This idempotency_key was used for another email. Please use a new one.")
