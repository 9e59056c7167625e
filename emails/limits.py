"""How often one email may be sent again by hand, so that nobody is bombed by a nervous finger.

Counts only messages still alive: one that failed, or went to another address, never delays its resend. Automations
are never limited.
"""

from datetime import timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from emails.models import Message
from emails.states import ON_PURPOSE, UNDELIVERED, Status

DEAD = UNDELIVERED | ON_PURPOSE | {Status.HELD}

# Of one kind (of one letter), to one address, for one inspection.
PER_EMAIL = ((timedelta(hours=1), 3), (timedelta(days=1), 5))
# Whatever is sent to one address by hand.
PER_ADDRESS = ((timedelta(hours=1), 5), (timedelta(days=1), 10))


class Refused(Exception):
    """It cannot be done. `str()` says why, for people; `way_out` is a (label, address) that helps, or None.

    `retry_after`: seconds after which it can be, None where waiting does not help.
    """

    def __init__(
        self,
        sentence: str,
        *,
        way_out: tuple[str, str] | None = None,
        status_code: int = 409,
        message: Message | None = None,
        can_confirm: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(sentence)
        self.way_out = way_out
        self.status_code = status_code
        self.message = message
        self.can_confirm = can_confirm
        self.retry_after = retry_after


def check_limits(message: Message, *, confirmed: bool) -> None:
    """Raise Refused (429) if this resend comes too soon. `confirmed`: the person was asked about the last one."""
    to_address = Message.objects.filter(to_key=message.to_key).exclude(status__in=DEAD)
    same = to_address.filter(inspection=message.inspection, kind=message.kind, letter=message.letter_id)
    if not confirmed:
        _ask_about(same.order_by("-created_at").first())
    by_hand = same.filter(rule__isnull=True) | same.filter(root__isnull=False)
    any_by_hand = to_address.filter(root__isnull=False) | to_address.filter(rule__isnull=True)
    waits = [
        (_wait(rows, span, most), span, most)
        for rows, limits in ((by_hand, PER_EMAIL), (any_by_hand, PER_ADDRESS))
        for span, most in limits
    ]
    wait, span, most = max(waits)
    if wait > timedelta(0):
        often = f"{most} an hour" if span <= timedelta(hours=1) else f"{most} a day"
        raise Refused(
            f"{message.to_address} has had enough for now: at most {often} by hand.",
            status_code=429,
            retry_after=wait.total_seconds(),
        )


def _ask_about(last: Message | None) -> None:
    """The last one may have been a moment ago: was this meant?"""
    if last is None or last.status == Status.UNKNOWN:
        return
    age = timezone.now() - last.created_at
    wait = timedelta(seconds=settings.COOLDOWN_SECONDS) - age
    if wait > timedelta(0):
        raise Refused(
            f"This was sent {max(1, round(age.total_seconds()))} seconds ago. Send it again?",
            status_code=429,
            message=last,
            can_confirm=True,
            retry_after=wait.total_seconds(),
        )


def _wait(rows: QuerySet[Message], span: timedelta, most: int) -> timedelta:
    """How long until fewer than `most` of these rows are younger than `span`; zero if they are already."""
    newest = rows.order_by("-created_at").values_list("created_at", flat=True)[:most]
    times = list(newest)
    return max(timedelta(0), times[-1] + span - timezone.now()) if len(times) == most else timedelta(0)
