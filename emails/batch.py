"""Sending many emails again: first the list with what cannot go and why, then one after the other."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Max
from django.utils import timezone

from emails import eligibility, outbox
from emails.limits import Refused
from emails.models import SAME_EMAIL, Message
from emails.outbox import How
from emails.states import ON_ITS_WAY, Reason, Status

MOST = 400
EVERY = timedelta(seconds=2)  # all at once is what a busy or distrustful server minds most
Skipped = tuple[Message, Refused]


@dataclass(frozen=True)
class Plan:
    """What sending these again would do, asked without doing it."""

    going: Sequence[Message]
    skipped: Sequence[Skipped]


def plan(messages: Iterable[Message], *, unseen: bool = False) -> Plan:
    """Which would go out again, and which would not, and why. `unseen`: nobody ticked them one by one."""
    asked = list(messages)
    newest = _newest(asked)
    judged = [(message, _why_not(message, newest, unseen=unseen) or outbox.why_not_again(message)) for message in asked]
    return Plan([m for m, why in judged if why is None], [(m, why) for m, why in judged if why])


def resend(messages: Iterable[Message], *, by: str, nonce: str) -> Plan:
    """Send them again, EVERY so often one. The same `nonce` sends nothing twice. Returns what went and what did not."""
    asked = list(messages)
    newest = _newest(asked, before=nonce)
    sent: list[Message] = []
    skipped: list[Skipped] = []
    for message in asked:
        how = How(at=timezone.now() + EVERY * len(sent) if sent else None)
        try:
            refused = _why_not(message, newest)
            if refused:
                raise refused
            sent.append(
                outbox.resend(message, by=by, nonce=f"{nonce}:{message.pk}", undo=False, confirmed=True, how=how)
            )
        except Refused as refused:
            skipped.append((message, refused))
    return Plan(sent, skipped)


Email = tuple[int, int | None, str, int | None]


def _email(message: Message) -> Email:
    return message.inspection_id, message.participant_id, message.kind, message.letter_id


def _newest(messages: Sequence[Message], *, before: str = "") -> dict[Email, int]:
    """Of each email to each person the newest message; those that this same press has written do not count."""
    rows = Message.objects.filter(inspection__in={m.inspection_id for m in messages})
    rows = rows.exclude(status=Status.CANCELLED)
    if before:
        rows = rows.exclude(nonce__startswith=f"{before}:")
    found = rows.order_by().values_list(*SAME_EMAIL).annotate(newest=Max("pk"))
    return {(inspection, person, kind, letter): pk for inspection, person, kind, letter, pk in found}


def _why_not(message: Message, newest: dict[Email, int], *, unseen: bool = False) -> Refused | None:
    """What may be asked for one email by a person who looks at it, but not for many at once."""
    if message.status == Status.QUEUED:
        return Refused("It waits to be sent and goes out by itself.")
    if unseen and message.status == Status.DELIVERED:
        return Refused("It arrived already. Tick it by itself to send it again.")
    if message.reason == Reason.WINDOW_MISSED:
        return Refused("Its time had passed.")
    if message.status in ON_ITS_WAY:
        return Refused("It is still on its way. Please wait for the answer.")
    if newest.get(_email(message), 0) > message.pk:
        return Refused("There is a newer one of this email. Please choose that one.")
    if not eligibility.is_timely(message):
        return Refused("It comes too late: the inspection has begun, or was canceled.")
    return None
