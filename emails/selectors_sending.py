"""Is sending well? Sentences for what is not."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from emails.models import Channel, Message, MessageEvent
from emails.states import Status

STUCK_AFTER = timedelta(minutes=2)
SILENT_AFTER = timedelta(minutes=15)
SILENT_FROM = 3


@dataclass(frozen=True)
class Concern:
    """Something about sending that people should know."""

    title: str
    sentence: str
    tone: str = "amber"


def concerns() -> list[Concern]:
    """Empty when all is well."""
    found = [_paused(), _stuck(), _silent()]
    return [concern for concern in found if concern]


def _paused() -> Concern | None:
    channel = Channel.get()
    if not channel.is_paused:
        return None
    if channel.paused_until is None:
        return Concern("Sending is paused.", "Emails wait in the queue until someone resumes it. None is lost.", "red")
    return Concern("The mail service asked us to wait.", "Emails wait in the queue and go out by themselves.")


def _stuck() -> Concern | None:
    if Channel.get().is_paused:
        return None
    late = Message.objects.filter(status=Status.QUEUED, send_after__lt=timezone.now() - STUCK_AFTER)
    count = late.order_by()[:1000].count()
    if not count:
        return None
    return Concern(
        f"{_emails(count)} should have left by now.", "The part of the system that sends may have stopped.", "red"
    )


def _silent() -> Concern | None:
    now = timezone.now()
    waiting = Message.objects.filter(status=Status.SENT, sent_at__range=(now - timedelta(hours=4), now - SILENT_AFTER))
    count = waiting.order_by()[:1000].count()
    heard = MessageEvent.objects.filter(key__isnull=False, recorded_at__gt=now - SILENT_AFTER).exists()
    if count < SILENT_FROM or heard:
        return None
    return Concern(f"{_emails(count)} wait for an answer.", "The mail service has told us nothing for 15 minutes.")


def _emails(count: int) -> str:
    return "1 email" if count == 1 else f"{count} emails"


def last_answer() -> MessageEvent | None:
    """The newest thing the mail service told us."""
    return MessageEvent.objects.filter(key__isnull=False).order_by("-recorded_at").first()
