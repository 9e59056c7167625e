"""Silence is news too: messages nobody has heard of for too long become problems."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from emails import problems
from emails.models import Mailbox, Message, Problem, same_email_outside
from emails.providers import BY_MAIL
from emails.states import GIVE_UP_AFTER, Status

UNREPORTED = timedelta(days=1)
MAILBOX_FRESH = timedelta(hours=1)
HORIZON = timedelta(days=4)


def raise_problems() -> int:
    """Open problems for doubtful sends and for sent ones without an answer. Returns how many messages that were."""
    now = timezone.now()
    doubtful = _silent(Status.UNKNOWN, now - timedelta(seconds=settings.UNKNOWN_VISIBLE_SECONDS), category="unsure")
    for message in doubtful:
        problems.open_for(message, category="unsure")
    reported = ~Q(provider=BY_MAIL)  # a plain mail server never reports delivery
    since = now - timedelta(seconds=settings.NO_NEWS_SECONDS)
    unanswered = _silent(Status.SENT, since, reported, category="no_news")
    # Delayed for longer than any server keeps trying: nothing more will be heard.
    unanswered += _silent(Status.DEFERRED, now - GIVE_UP_AFTER, category="no_news")
    for message in unanswered:
        problems.open_for(message, category="no_news")
    return len(doubtful) + len(unanswered)


def close_unreported() -> int:
    """Where deliveries are not reported, a day without a failure counts as arrived. Returns how many messages."""
    now = timezone.now()
    if not _failures_are_seen(now):
        return 0
    rows = Message.objects.filter(status=Status.SENT, provider=BY_MAIL)
    rows = rows.filter(changed_at__lt=now - UNREPORTED, changed_at__gt=now - HORIZON)
    open_ = Problem.objects.open().filter(same_email_outside(), message__lte=OuterRef("pk"))
    waiting = list(rows.filter(Exists(open_)).order_by("pk")[:200])
    for message in waiting:
        problems.close_by(message)
    return len(waiting)


def _failures_are_seen(now: datetime) -> bool:
    """The mailbox that failures come back to was read lately. Where none is set up, people read it themselves."""
    where = settings.BOUNCE_MAILBOX
    if where is None:
        return True
    return Mailbox.objects.filter(name=where.name[:500], trouble="", read_at__gt=now - MAILBOX_FRESH).exists()


def _silent(status: Status, since: datetime, *which: Q, category: str) -> list[Message]:
    """Messages that stand in `status` since before `since`, and that the office was not told about since then."""
    horizon = timezone.now() - HORIZON
    rows = Message.objects.filter(*which, status=status, changed_at__lt=since, changed_at__gt=horizon)
    of_this = Problem.objects.filter(message=OuterRef("pk"))
    told = of_this.filter(Q(closed_at=None) | Q(category=category, opened_at__gte=OuterRef("changed_at")))
    # A later email of the same kind took its place: it stands on Today, was settled there, or arrived.
    newer = Problem.objects.filter(same_email_outside(), message__gt=OuterRef("pk"))
    replaced = newer.filter(Q(closed_at=None) | Q(closed_at__gte=OuterRef("changed_at")))
    arrived = Message.objects.filter(same_email_outside(), pk__gt=OuterRef("pk"), status=Status.DELIVERED)
    return list(rows.exclude(Exists(told) | Exists(replaced) | Exists(arrived)).order_by("pk")[:200])
