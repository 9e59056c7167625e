"""Silence is news too: messages nobody has heard of for too long become problems."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from emails import problems
from emails.models import Message
from emails.states import Status


def raise_problems() -> int:
    """Open problems for doubtful sends and for sent ones without an answer. Returns how many messages that were."""
    now = timezone.now()
    doubtful = _silent(Status.UNKNOWN, now - timedelta(seconds=settings.UNKNOWN_VISIBLE_SECONDS))
    for message in doubtful:
        problems.open_for(message, category="unsure")
    unanswered = []
    if settings.EMAIL_PROVIDER != "smtp":  # a plain mail server never reports delivery
        unanswered = _silent(Status.SENT, now - timedelta(seconds=settings.NO_NEWS_SECONDS))
        for message in unanswered:
            problems.open_for(message, category="no_news")
    return len(doubtful) + len(unanswered)


def _silent(status: Status, since: datetime) -> list[Message]:
    horizon = timezone.now() - timedelta(days=4)
    rows = Message.objects.filter(status=status, changed_at__lt=since, changed_at__gt=horizon)
    return list(rows.exclude(problems__isnull=False).order_by("pk")[:200])
