"""Once a night: prove that statuses equal their facts, and let go of what is no longer needed."""

import logging
from datetime import timedelta

from django.utils import timezone

from emails import activity
from emails.models import Message, MessageEvent, WebhookPost
from emails.states import FACT_RANK, RANK

log = logging.getLogger(__name__)

RAW_POSTS_KEPT = timedelta(days=30)
LOOK_BACK = timedelta(days=3)


def run() -> dict[str, int]:
    """Counts of what was found and removed."""
    found = {"differences": len(differences()), "posts": _forget_posts(), "orphans": _forget_orphans()}
    log.info("nightly: %s", found)
    return found


def differences() -> list[int]:
    """Messages whose stored status is not what their facts amount to. Must be empty; is logged as an error if not."""
    facts = [status for status, rank in RANK.items() if rank >= FACT_RANK]
    recent = Message.objects.filter(status__in=facts, changed_at__gt=timezone.now() - LOOK_BACK)
    wrong = [message.pk for message in recent.iterator(chunk_size=500) if activity.folded(message)[0] != message.status]
    if wrong:
        log.error("status differs from the facts of messages %s", wrong[:20])
    return wrong


def _forget_posts() -> int:
    old = WebhookPost.objects.filter(received_at__lt=timezone.now() - RAW_POSTS_KEPT)
    return old.delete()[0]


def _forget_orphans() -> int:
    old = MessageEvent.objects.filter(message=None, recorded_at__lt=timezone.now() - RAW_POSTS_KEPT)
    return old.delete()[0]
