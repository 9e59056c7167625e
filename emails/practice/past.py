"""Practice only: move a whole story in time, all its times together, so that yesterday exists.

Nothing is invented: what happened, in which order and how far apart stays as the real workers made it.
"""

from datetime import datetime, timedelta

from django.db import models, transaction
from django.db.models import F, Value
from django.db.models.functions import Replace

from emails import imprint
from emails.models import AddressHold, Letter, Message, MessageEvent, Problem, WebhookPost
from emails.placeholders import clock_words
from inspections import signing
from inspections.models import Company, Inspection, InspectionEvent, Payment, PortalLink, Signature

# Which rows belong to an inspection (the path to it), and which of their columns are times.
TIMES: tuple[tuple[type[models.Model], str, tuple[str, ...]], ...] = (
    (
        Inspection,
        "pk",
        ("starts_at", "created_at", "confirmed_at", "completed_at", "cancelled_at", "report_published_at"),
    ),
    (InspectionEvent, "inspection", ("at",)),
    (
        Message,
        "inspection",
        ("created_at", "send_after", "not_after", "undo_until", "sent_at", "changed_at", "opened_at", "clicked_at"),
    ),
    (MessageEvent, "message__inspection", ("at", "recorded_at")),
    (Problem, "inspection", ("opened_at", "closed_at", "snoozed_until")),
    (AddressHold, "message__inspection", ("since", "released_at")),
    (Letter, "inspection", ("created_at", "saved_at", "sent_at", "send_at", "link_expires_at")),
    (Payment, "inspection", ("recorded_at", "undone_at")),
    (PortalLink, "participant__inspection", ("created_at", "arrived_at", "last_used_at", "revoked_at")),
    (WebhookPost, "events__message__inspection", ("received_at", "read_at")),
)


@transaction.atomic
def move(inspection: Inspection, by: timedelta) -> None:
    """Add `by` to every time of this inspection and its emails, those in the emails' words included."""
    zone = Company.get().zone
    before, after = (clock_words(at.astimezone(zone)) for at in (inspection.starts_at, inspection.starts_at + by))
    for old, new in zip(before, after, strict=True):
        inspection.messages.update(
            **{part: Replace(part, Value(old), Value(new)) for part in ("subject", "html", "text")}
        )
    for model, path, columns in TIMES:
        ids = list(model._default_manager.filter(**{path: inspection.pk}).values_list("pk", flat=True).distinct())
        model._default_manager.filter(pk__in=ids).update(**{column: F(column) + by for column in columns})
    _retell(inspection, by, dict(zip(before, after, strict=True)))
    inspection.refresh_from_db()
    for signature in Signature.objects.filter(participant__inspection=inspection):
        _sign_then(signature, by)


def _sign_then(signature: Signature, by: timedelta) -> None:
    """The same signature at the other time. The database lets none be changed, so it is taken out and put in again."""
    signature.signed_at += by
    signature.ended_at = signature.ended_at and signature.ended_at + by
    signature.disowned_at = signature.disowned_at and signature.disowned_at + by
    document = signing.document(signature.participant) if signature.ended_at is None else None
    if document:  # it names the day, which is another one now
        signature.facts, signature.text, signature.sha256 = document.facts, document.text, document.sha256
    Signature.objects.filter(pk=signature.pk).delete()
    signature.save(force_insert=True)
    for event in signature.participant.events.filter(type=InspectionEvent.Type.SIGNED, data__signature=signature.pk):
        event.data["sha256"] = signature.sha256
        event.save(update_fields=["data"])


def _retell(inspection: Inspection, by: timedelta, words: dict[str, str]) -> None:
    """What events keep of their emails, and of the beginning, has times and words in it too."""
    for step in MessageEvent.objects.filter(message__inspection=inspection, data__has_key=imprint.KEY):
        email = step.data[imprint.KEY]
        if "due" in email:
            email["due"] = _moved(email["due"], by)
        for old, new in words.items() if "subject" in email else ():
            email["subject"] = email["subject"].replace(old, new)
        step.save(update_fields=["data"])
    for event in inspection.events.filter(data__has_key="starts_at"):
        event.data["starts_at"] = _moved(event.data["starts_at"], by)
        event.save(update_fields=["data"])


def _moved(moment: str, by: timedelta) -> str:
    return (datetime.fromisoformat(moment) + by).isoformat()
