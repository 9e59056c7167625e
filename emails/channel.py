"""Whether anything may leave at all. Paused, every message stays queued; nothing is lost and nothing fails.

The breaker: a mail service that leaves one email after another in doubt is not given the whole queue. After DOUBTS
doubtful sends within DOUBTS_WITHIN the channel pauses, and then one email every BREAK is a probe, until one is
answered. In practice mode it works only when switched on.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from emails.models import Channel

DOUBTS = 5
DOUBTS_WITHIN = timedelta(seconds=60)
BREAK = 30.0  # s
WHY_BROKEN = "The mail service leaves us in doubt. We try one email at a time."


def may_send() -> bool:
    """The way to the mail service is open."""
    channel = Channel.get()
    return not channel.is_paused and channel.doubts < DOUBTS


def may_probe() -> bool:
    """The breaker is open and one email may be tried now. Says yes to one asker in BREAK."""
    now = timezone.now()
    free = Q(paused_reason="") | Q(paused_until__lte=now)
    return bool(Channel.objects.filter(free, pk=1, doubts__gte=DOUBTS).update(**_paused(WHY_BROKEN, BREAK, now)))


def pause(reason: str, *, seconds: float | None) -> None:
    """Stop sending for `seconds`, or with None until a person resumes. A longer pause stays as it is."""
    now = timezone.now()
    Channel.get()
    rows = Channel.objects.filter(pk=1)
    if seconds is not None:
        rows = rows.filter(Q(paused_reason="") | Q(paused_until__lt=now + timedelta(seconds=seconds)))
    rows.update(**_paused(reason, seconds, now))


def resume() -> None:
    """Open it again."""
    Channel.objects.filter(pk=1).update(**OPEN, doubts=0)


def accepted(*, since: datetime) -> None:
    """The mail service took an email by a call that began at `since`: whatever was wrong before then is over."""
    Channel.get()
    Channel.objects.filter(pk=1).update(last_accepted_at=timezone.now())
    _older_pause(since).update(**OPEN, doubts=0)


def answered(*, since: datetime) -> None:
    """It said clearly what became of a call that began at `since`: nothing is in doubt any more."""
    _older_pause(since).filter(doubts__gte=DOUBTS).update(**OPEN, doubts=0)


def _older_pause(since: datetime) -> QuerySet[Channel]:
    """The channel, if its pause was there before `since`. A person's pause is ended by a person."""
    return Channel.objects.filter(pk=1, paused_at__lt=since, paused_until__isnull=False)


@transaction.atomic
def doubt() -> None:
    """A call left a doubt. Enough of them in a short time open the breaker."""
    Channel.get()
    channel = Channel.objects.select_for_update().get(pk=1)
    if settings.PRACTICE_MODE and not channel.brakes:
        return
    now = timezone.now()
    stale = channel.doubts_since is None or now - channel.doubts_since > DOUBTS_WITHIN
    if stale and channel.doubts < DOUBTS:
        channel.doubts, channel.doubts_since = 0, now
    channel.doubts = min(channel.doubts + 1, DOUBTS)
    channel.save(update_fields=["doubts", "doubts_since"])
    if channel.doubts == DOUBTS:
        pause(WHY_BROKEN, seconds=BREAK)


def set_brakes(on: bool) -> None:
    """Practice mode: whether the breaker works as in earnest."""
    Channel.get()
    Channel.objects.filter(pk=1).update(brakes=on, **({} if on else {"doubts": 0}))


def worker_seen() -> None:
    """A worker is alive."""
    Channel.get()
    Channel.objects.filter(pk=1).update(worker_seen_at=timezone.now())


OPEN = {"paused_reason": "", "paused_at": None, "paused_until": None, "trouble_since": None}


def _paused(reason: str, seconds: float | None, now: datetime) -> dict[str, object]:
    values: dict[str, object] = {"paused_reason": reason[:500], "paused_at": now, "paused_until": None}
    if seconds is not None:
        values |= {"paused_until": now + timedelta(seconds=seconds), "trouble_since": Coalesce("trouble_since", now)}
    return values
