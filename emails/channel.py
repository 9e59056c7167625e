"""Whether anything may leave at all. Paused, every message stays queued; nothing is lost and nothing fails."""

from datetime import timedelta

from django.utils import timezone

from emails.models import Channel


def may_send() -> bool:
    """The way to the mail service is open."""
    return not Channel.get().is_paused


def pause(reason: str, *, seconds: float | None) -> None:
    """Stop sending for `seconds`, or with None until a person resumes."""
    now = timezone.now()
    Channel.get()
    Channel.objects.filter(pk=1).update(
        paused_reason=reason[:500],
        paused_at=now,
        paused_until=None if seconds is None else now + timedelta(seconds=seconds),
    )


def resume() -> None:
    """Open it again."""
    Channel.objects.filter(pk=1).update(paused_reason="", paused_at=None, paused_until=None)


def accepted() -> None:
    """The mail service took an email just now: whatever was wrong is over."""
    Channel.objects.filter(pk=1).update(
        last_accepted_at=timezone.now(), paused_reason="", paused_at=None, paused_until=None
    )


def worker_seen() -> None:
    """A worker is alive."""
    Channel.get()
    Channel.objects.filter(pk=1).update(worker_seen_at=timezone.now())
