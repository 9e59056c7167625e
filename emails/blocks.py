"""Allowing an address again, and what follows: the mail service lets go too, what waited leaves, what failed is resent.

The hold is the queue: `there_due_at` says that the service is to be asked or that mail has still to be sent off. Each
step is repeatable, so that a worker can finish what a page began. Locks are taken one row at a time.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from emails import eligibility, holds, outbox, problems, releases, stoplists, wake
from emails.limits import Refused
from emails.models import AddressHold, Message, Problem
from emails.states import Reason, Status
from emails.stoplists import State, There

FAILED = (Status.REJECTED, Status.BOUNCED, Status.SOFT_BOUNCED, Status.FAILED)
LEASE = timedelta(seconds=60)
ASK_AGAIN = timedelta(seconds=30)
STILL_BLOCKED = timedelta(hours=1)
STRAGGLERS = timedelta(hours=1)
SHIFT = 20.0  # s; a task's turn


@dataclass(frozen=True)
class Going:
    """What leaves once an address is allowed; `stale` had waited too long."""

    held: Sequence[Message] = ()
    failed: Sequence[Message] = ()
    stale: Sequence[Message] = ()

    @property
    def count(self) -> int:
        """How many emails leave."""
        return len(self.held) + len(self.failed)


@dataclass
class Settled:
    """How far it came: `state` is what the mail service said, "" if it cannot be asked."""

    released: bool = False
    state: str = ""
    sent: list[Message] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


def allow(hold: AddressHold, *, by: str, note: str = "") -> Settled | None:
    """Let mail go there again, waiting for the mail service no longer than a page may. None: somebody did so before.

    What could not be finished in that time a worker goes on with.
    """
    if not holds.allow(hold, by=by, note=note):
        return None
    return settle(hold, patience=stoplists.patience())


def allow_later(hold: AddressHold, *, by: str, note: str = "") -> bool:
    """The same, all of it by a worker. False: somebody did so before."""
    done = holds.allow(hold, by=by, note=note)
    if done:
        wake.settle_holds()
    return done


def look(hold: AddressHold) -> str:
    """Ask the mail service about an address now, and wait no longer than a page may. Returns the state."""
    if stoplists.can_ask():
        _store(hold, stoplists.within(stoplists.look, hold.address))
        hold.refresh_from_db()
    return hold.there


# --- step by step ----------------------------------------------------------------------------------------------------


def settle(hold: AddressHold, *, patience: float = SHIFT) -> Settled:
    """Do what is due about a hold, if nobody else is at it."""
    now = timezone.now()
    mine = AddressHold.objects.filter(pk=hold.pk, there_due_at__lte=now).update(there_due_at=now + LEASE)
    return _go_on(hold.pk, patience) if mine else Settled()


def drain() -> int:
    """Do what is due about holds, for SHIFT seconds at most. Returns how many."""
    end = time.monotonic() + SHIFT
    done = 0
    while time.monotonic() < end and (pk := _claim()):
        _go_on(pk, stoplists.patience())
        done += 1
    return done


@transaction.atomic
def _claim() -> int | None:
    due = AddressHold.objects.filter(there_due_at__lte=timezone.now()).order_by("there_due_at", "pk")
    hold = due.select_for_update(skip_locked=True).first()
    if hold:
        AddressHold.objects.filter(pk=hold.pk).update(there_due_at=timezone.now() + LEASE)
    return hold.pk if hold else None


def _go_on(pk: int, patience: float) -> Settled:
    hold = AddressHold.objects.get(pk=pk)
    if hold.released_at is None:
        there = _ask(hold, patience)
        if there:
            _store(hold, there)
        if hold.allowed_at is None or (there and there.state != State.OPEN):
            if there is None:
                AddressHold.objects.filter(pk=pk).update(there_due_at=None)
            return Settled(state=there.state if there else "")
        _release(hold)
    return _finish(hold)


def _ask(hold: AddressHold, patience: float) -> There | None:
    """No transaction is open here."""
    if not stoplists.can_ask():
        return None
    return stoplists.within(stoplists.lift if hold.allowed_at else stoplists.look, hold.address, seconds=patience)


def _store(hold: AddressHold, there: There) -> None:
    now = timezone.now()
    again = ASK_AGAIN if hold.allowed_at else STILL_BLOCKED
    due = {State.SILENT: now + again, State.BLOCKED: now + STILL_BLOCKED if hold.allowed_at else None}
    AddressHold.objects.filter(pk=hold.pk, released_at=None).update(
        there=there.state,
        there_why=there.why,
        there_since=there.since,
        there_at=now,
        there_due_at=due.get(State(there.state)),
    )


def _release(hold: AddressHold) -> None:
    """The row goes on being due until what waited has left."""
    now = timezone.now()
    AddressHold.objects.filter(pk=hold.pk, released_at=None).update(
        released_at=now, released_by=hold.allowed_by, there_due_at=now + LEASE
    )


def _finish(hold: AddressHold) -> Settled:
    """Send off what waited and send again what failed, oldest first. Sent once, however often it is begun."""
    found = going(hold)
    done = Settled(released=True, state=hold.there)
    for message in [*found.held, *found.stale]:
        if releases.one(message, by=hold.allowed_by):
            done.sent.append(message)
    for message in found.failed:
        try:
            again = outbox.resend(
                message, by=hold.allowed_by, nonce=f"allow:{hold.pk}:{message.pk}", undo=False, confirmed=True
            )
            done.sent.append(again)
        except Refused as refused:
            done.refused.append(refused)
    if hold.category == holds.COMPLAINED:
        told = Problem.objects.open().filter(message__to_key=hold.key, message__status=Status.COMPLAINED)
        problems.close_all(told, by=hold.allowed_by, note=f"Allowed again: {hold.note}"[:500])
    AddressHold.objects.filter(pk=hold.pk).update(there_due_at=None)
    return done


# --- what waits ------------------------------------------------------------------------------------------------------


def going(hold: AddressHold) -> Going:
    """What leaves when this address is allowed."""
    return going_of([hold]).get(hold.key, Going())


def going_of(found: Iterable[AddressHold]) -> dict[str, Going]:
    """The same for several, by key, in two queries."""
    keys = {hold.key for hold in found}
    held: dict[str, list[Message]] = {key: [] for key in keys}
    stale: dict[str, list[Message]] = {key: [] for key in keys}
    failed: dict[str, list[Message]] = {key: [] for key in keys}
    for message in _held(keys).select_related("inspection", "participant__contact").defer("html", "text", "search"):
        (held if eligibility.is_timely(message) else stale)[message.to_key].append(message)
    for problem in _failed(keys):
        message = problem.message
        if message.to_key in keys and _still_theirs(message) and eligibility.is_timely(message):
            failed[message.to_key].append(message)
    return {key: Going(held[key], failed[key], stale[key]) for key in keys}


def _held(keys: Iterable[str]) -> QuerySet[Message]:
    rows = Message.objects.filter(to_key__in=keys, status=Status.HELD, reason=Reason.ADDRESS_BLOCKED)
    return rows.order_by("pk")


def _failed(keys: Iterable[str]) -> QuerySet[Problem]:
    found = Problem.objects.open().filter(message__to_key__in=keys, message__status__in=FAILED)
    found = found.select_related("message__inspection", "message__participant__contact")
    return found.defer("message__html", "message__text", "message__search").order_by("message_id")


def _still_theirs(message: Message) -> bool:
    """The person is still on the inspection, and has this address."""
    person = message.participant
    return person is not None and person.removed_at is None and person.contact.email_key == message.to_key


def release_stragglers() -> int:
    """What was written as held in the very moment that its address was allowed. Returns how many leave."""
    freed = AddressHold.objects.filter(released_at__gt=timezone.now() - STRAGGLERS, allowed_at__isnull=False)
    keys = set(freed.values_list("key", flat=True))
    if not keys:
        return 0
    blocked = AddressHold.objects.filter(key=OuterRef("to_key"), released_at=None)
    waiting = _held(keys).filter(~Exists(blocked)).select_related("inspection")
    return sum(releases.one(message, by="") for message in waiting)
