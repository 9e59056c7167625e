"""How often one email may be sent again by hand, so that nobody is bombed by a nervous finger.

Counts only messages still alive: one that failed, or went to another address, never delays its resend. Automations
are never limited.
"""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from emails.models import Message
from emails.states import ON_PURPOSE, UNDELIVERED, Status

DEAD = UNDELIVERED | ON_PURPOSE | {Status.HELD}

# Of one kind, to one address, for one inspection.
PER_EMAIL = ((timedelta(hours=1), 3), (timedelta(days=1), 5))
# Whatever is sent to one address by hand.
PER_ADDRESS = ((timedelta(hours=1), 5), (timedelta(days=1), 10))


class Refused(Exception):
    """It cannot be done. `str()` says why, for people; `way_out` is a (label, address) that helps, or None."""

    def __init__(
        self,
        sentence: str,
        *,
        way_out: tuple[str, str] | None = None,
        status_code: int = 409,
        message: Message | None = None,
        can_confirm: bool = False,
    ) -> None:
        super().__init__(sentence)
        self.way_out = way_out
        self.status_code = status_code
        self.message = message
        self.can_confirm = can_confirm


def check_limits(message: Message, *, confirmed: bool) -> None:
    """Raise Refused (429) if this resend comes too soon. `confirmed`: the person was asked about the last one."""
    now = timezone.now()
    to_address = Message.objects.filter(to_key=message.to_key).exclude(status__in=DEAD)
    same = to_address.filter(inspection=message.inspection, kind=message.kind)
    last = same.order_by("-created_at").first()
    cooldown = timedelta(seconds=settings.COOLDOWN_SECONDS)
    if last and not confirmed and last.status != Status.UNKNOWN and last.created_at > now - cooldown:
        age = max(1, round((now - last.created_at).total_seconds()))
        raise Refused(
            f"This was sent {age} seconds ago. Send it again?", status_code=429, message=last, can_confirm=True
        )
    by_hand = same.filter(rule__isnull=True) | same.filter(root__isnull=False)
    any_by_hand = to_address.filter(root__isnull=False) | to_address.filter(rule__isnull=True)
    for rows, limits in ((by_hand, PER_EMAIL), (any_by_hand, PER_ADDRESS)):
        for span, most in limits:
            if rows.filter(created_at__gt=now - span).count() >= most:
                hours = "hour" if span <= timedelta(hours=1) else "day"
                raise Refused(
                    f"{message.to_address} has had enough for now: at most {most} an {hours} by hand."
                    if hours == "hour"
                    else f"{message.to_address} has had enough for now: at most {most} a day by hand.",
                    status_code=429,
                )
