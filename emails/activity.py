"""The only writer of `Message.status`. Every change leaves a `MessageEvent` beside it.

Below `sending` a status moves by a conditional UPDATE whose row count is looked at. From `sending` up it is
`fold()` of all facts, under the message's row lock. Lock order: message, then hold and problem.
"""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, Min, Q, Value
from django.db.models.functions import Least, Now
from django.utils import timezone

from emails import holds, imprint, problems, searching
from emails.diagnosis import RETRYABLE
from emails.models import Message, MessageEvent, same_email
from emails.states import CANCELLABLE, FACT_RANK, LEFT_US, UNDELIVERED, Reason, Status, fold, rank
from inspections import links

MOST_LEASES_LOST = 5
STOPS_THE_WORKER = "This email stopped our sending part five times, so it is no longer tried."
CORRECTED = "corrected"  # staff say that the reason is another one; without a category: that the rules were right


def create(message: Message, *, type: str = "created", by: str, text: str = "") -> Message:
    """Write a new message with its first event. The caller chose status and reason."""
    message.save()
    searching.index([message.pk])
    add(message, type, by=by, text=text, data=imprint.of(message))
    problems.follow(message)
    return message


def add(message: Message, type: str, *, by: str = "", at: datetime | None = None, **fields: Any) -> MessageEvent:
    """A line on the timeline that changes nothing by itself."""
    return MessageEvent.objects.create(message=message, type=type, by=by, at=at or timezone.now(), **fields)


@transaction.atomic
def move(
    message: Message, to: Status, *, frm: Iterable[str], type: str, by: str, text: str = "", **changes: Any
) -> bool:
    """Move a message that has not left from one of `frm` to `to`; False if it was no longer there."""
    rows = Message.objects.filter(pk=message.pk, status__in=list(frm))
    if message.token is not None and Status.CLAIMED in frm:
        rows = rows.filter(token=message.token)  # another worker may have it by now
    moved = rows.update(status=to, changed_at=Now(), **changes)
    if moved:
        message.refresh_from_db()
        if "to_address" in changes:
            searching.index([message.pk])
        add(message, type, by=by, text=text, data=imprint.of(message))
        problems.follow(message)
    return bool(moved)


def cancel(message: Message, *, by: str, text: str = "") -> bool:
    """Stop it before it leaves. False if it was too late."""
    return move(message, Status.CANCELLED, frm=CANCELLABLE, type="cancelled", by=by, text=text, note=f"{by}"[:500])


def stop_retries(message: Message, *, by: str, text: str) -> int:
    """Something made good what we would try again: the planned tries of this email are not wanted. How many."""
    planned = Message.objects.planned_retries().filter(same_email(message)).exclude(pk=message.pk)
    planned = planned.filter(Q(resend_of__lte=message.pk) | Q(root=message.family_id)).order_by("pk")
    return sum(cancel(retry, by=by, text=text) for retry in planned)


# --- in a worker's hands ---------------------------------------------------------------------------------------------


@transaction.atomic
def claim(limit: int) -> list[Message]:
    """Take up to `limit` due messages under a new token and lease. Others' claims are passed over, never waited for."""
    due = Message.objects.due().select_for_update(skip_locked=True).order_by("send_after", "id")
    ids = _together(due.values_list("pk", "leases_lost")[:limit])
    token = uuid.uuid4()
    Message.objects.filter(pk__in=ids).update(
        status=Status.CLAIMED, token=token, lease_until=_lease(), tries=F("tries") + 1, changed_at=Now()
    )
    return list(Message.objects.with_people().filter(pk__in=ids).order_by("send_after", "id"))


def _together(due: Iterable[tuple[int, int]]) -> list[int]:
    """What may be claimed at once. Whatever may have stopped a worker goes alone, so that no other is blamed for it."""
    ids: list[int] = []
    for pk, leases_lost in due:
        if leases_lost and ids:
            break
        ids.append(pk)
        if leases_lost:
            break
    return ids


def mark_sending(message: Message, **as_sent: Any) -> bool:
    """The last step before the provider is called; False: the lease is gone and so is the right to send."""
    with transaction.atomic():
        ours = Message.objects.filter(
            pk=message.pk, token=message.token, status=Status.CLAIMED, lease_until__gt=Now()
        ).update(status=Status.SENDING, lease_until=_lease(), leases_lost=0, changed_at=Now(), **as_sent)
        if ours:
            searching.index([message.pk])
            add(message, "sending", data=imprint.of(message, status=Status.SENDING, **as_sent))
    return bool(ours)


@transaction.atomic
def put_back(
    message: Message, *, frm: Status, wait: timedelta, burnt: bool, lost: bool = False, type: str = "", **told: Any
) -> bool:
    """Surely not sent: queue it again after `wait`, with an event of `type` if given.

    `burnt` False gives the try back (the provider was busy); `lost`: its worker stopped.
    """
    changes: dict[str, Any] = {} if burnt else {"tries": F("tries") - 1}
    if lost:
        changes["leases_lost"] = F("leases_lost") + 1
    ours = Message.objects.filter(pk=message.pk, token=message.token, status=frm).update(
        status=Status.QUEUED, token=None, lease_until=None, send_after=_in(wait), changed_at=Now(), **changes
    )
    if ours and type:
        add(message, type, **told)
    return bool(ours)


@transaction.atomic
def finish(message: Message, status: Status, *, provider_message_id: str = "", **fact: Any) -> bool:
    """The outcome of a send, told by the worker that made it. False if the row was no longer its own."""
    row = Message.objects.select_for_update().filter(pk=message.pk, token=message.token).first()
    if row is None or rank(row.status) < FACT_RANK:
        return False
    row.token = row.lease_until = None
    row.provider_message_id = row.provider_message_id or _unless_taken(row, provider_message_id)
    add(row, status, status=status, provider=row.provider, provider_message_id=provider_message_id, **fact)
    refold(row)
    return True


def sweep() -> tuple[int, int]:
    """Leases that ran out: a claimed message surely was not sent, one in `sending` perhaps was.

    Returns how many went back to the queue and how many became `unknown`. One that stopped its worker again and again
    is held instead.
    """
    back = doubtful = 0
    for message in Message.objects.expired().order_by("pk")[:500]:
        if message.status == Status.CLAIMED and message.leases_lost + 1 >= MOST_LEASES_LOST:
            _hold_back(message)
        elif message.status == Status.CLAIMED:
            back += put_back(message, frm=Status.CLAIMED, wait=timedelta(0), burnt=False, lost=True, type="lease_lost")
        else:
            doubtful += _doubt(message.pk)
    return back, doubtful


def _hold_back(message: Message) -> None:
    move(
        message,
        Status.HELD,
        frm={Status.CLAIMED},
        type="held",
        by="",
        text=STOPS_THE_WORKER,
        reason=Reason.TEMPLATE_PROBLEM,
        note=STOPS_THE_WORKER,
        token=None,
        lease_until=None,
        leases_lost=F("leases_lost") + 1,
    )


@transaction.atomic
def _doubt(pk: int) -> bool:
    row = Message.objects.select_for_update(skip_locked=True).expired().filter(pk=pk, status=Status.SENDING).first()
    if row is None:
        return False
    add(row, Status.UNKNOWN, status=Status.UNKNOWN, text="The worker stopped before it heard the answer")
    refold(row)
    return True


# --- facts -----------------------------------------------------------------------------------------------------------


@transaction.atomic
def learn(message_ids: Sequence[int]) -> None:
    """New facts about these messages are stored: bring their statuses up to date."""
    for row in Message.objects.select_for_update().filter(pk__in=message_ids).order_by("pk"):
        refold(row)


@transaction.atomic
def vouch(message: Message, status: Status, *, by: str, type: str, text: str = "", category: str = "") -> Message:
    """A fact that a person vouches for, about a message that left or may have left."""
    row = Message.objects.select_for_update().get(pk=message.pk)
    add(row, type, status=status, by=by, text=text, category=category)
    refold(row)
    return row


@transaction.atomic
def correct(message: Message, category: str, *, decided_by: str, by: str, text: str) -> Message:
    """Staff know the reason better than the rules; "" takes their word back. The status stays as the facts have it.

    A later fact of a higher rank brings its own reason. Returns the message as it is now.
    """
    row = Message.objects.select_for_update().get(pk=message.pk)
    add(row, CORRECTED, status=row.status, category=category, decided_by=decided_by[:80], by=by, text=text)
    _, fact = folded(row)
    row.category, row.decided_by = (fact.category, fact.decided_by) if fact else ("", "")
    row.save(update_fields=["category", "decided_by"])
    holds.follow_reason(row, by=by)
    problems.follow_reason(row)
    if row.category not in RETRYABLE:
        stop_retries(row, by=by, text="Trying again would not help")
    return row


def folded(message: Message) -> tuple[str, MessageEvent | None]:
    """Status that the stored facts amount to, and the fact that decides it."""
    facts = list(message.events.exclude(status=""))
    if not facts:
        return (message.status if rank(message.status) < FACT_RANK else Status.SENDING), None
    status = fold(fact.status for fact in facts)
    said = [fact for fact in facts if fact.status == status]
    corrected = max((fact for fact in said if fact.type == CORRECTED), key=lambda fact: fact.pk, default=None)
    return status, corrected if corrected and corrected.category else _witness(said)


def unaided(message: Message) -> MessageEvent | None:
    """The fact that would decide if staff had said nothing about the reason."""
    return _witness(message.events.filter(status=message.status))


def _witness(said: Iterable[MessageEvent]) -> MessageEvent | None:
    """Any order of arrival must choose the same one: a known category first, then the latest, then the key."""
    return max(
        (fact for fact in said if fact.type != CORRECTED),
        key=lambda fact: (fact.category not in ("", "unknown"), fact.at, fact.key or "", fact.pk),
        default=None,
    )


def refold(row: Message) -> None:
    """Set the status from all facts. The caller holds the row's lock."""
    before = row.status, row.category
    status, fact = folded(row)
    if row.has_link and row.participant_id:
        _tell_arrival(row, row.participant_id)
    row.opened_at, row.clicked_at, row.auto_reply = _hints(row)
    if fact is not None:
        row.category = fact.category if status in UNDELIVERED else ""
        row.decided_by = fact.decided_by if status in UNDELIVERED else ""
        row.provider_message_id = row.provider_message_id or _provider_id(row)
        if status in LEFT_US and row.sent_at is None:
            row.sent_at = min(timezone.now(), fact.at)
        if status not in (Status.SENDING, Status.UNKNOWN):
            row.reason = ""
    if status != row.status:
        row.changed_at = timezone.now()
        if row.status == Status.QUEUED:  # a provider knows of it: it left after all, and must not leave again
            row.token = None
    row.status = status
    row.save()
    if (row.status, row.category) == before:
        return  # a hint, or told again: an address that staff let go and a problem they settled stay so
    holds.follow(row)
    problems.follow(row)
    if status == Status.DELIVERED:
        stop_retries(row, by="", text="It arrived after all")


def _tell_arrival(row: Message, participant_id: int) -> None:
    """When it arrived, for the portal. What staff say is no moment, and no provider's clock is ahead of ours."""
    told = row.events.filter(status=Status.DELIVERED, by="")
    at = told.aggregate(at=Min(Least("at", "recorded_at")))["at"]
    purpose = str(row.uuid)
    if at:  # outside of this transaction: a hint must neither cost the facts nor hold anybody up
        transaction.on_commit(lambda: links.note_arrival(participant_id, purpose, at), robust=True)


def _hints(row: Message) -> tuple[datetime | None, datetime | None, str]:
    """First opening, first click, first words of an automatic reply."""
    first: dict[str, MessageEvent] = {}
    for hint in row.events.filter(type__in=["opened", "clicked", "autoresponded"]).order_by("at"):
        first.setdefault(hint.type, hint)
    reply = first.get("autoresponded")
    opened, clicked = (first[kind].at if kind in first else None for kind in ("opened", "clicked"))
    return opened, clicked, reply.text[:200] if reply else ""


def _provider_id(row: Message) -> str:
    told = row.events.exclude(provider_message_id="").filter(provider=row.provider).first()
    return _unless_taken(row, told.provider_message_id) if told else ""


def _unless_taken(row: Message, provider_message_id: str) -> str:
    """A provider that names two messages alike must not cost us the outcome of the second."""
    taken = Message.objects.filter(provider=row.provider, provider_message_id=provider_message_id).exclude(pk=row.pk)
    return "" if taken.exists() else provider_message_id


def _lease() -> ExpressionWrapper:
    return _in(timedelta(seconds=settings.LEASE_SECONDS))


def _in(wait: timedelta) -> ExpressionWrapper:
    """A moment ahead by the database's clock: workers' clocks may differ."""
    return ExpressionWrapper(Now() + Value(wait, output_field=DurationField()), output_field=DateTimeField())
