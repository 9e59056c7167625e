"""Reading messages: the facts that the words need, attempts, timeline."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from emails import selectors_hints, wording
from emails.models import Message, MessageEvent, Problem, same_email
from emails.selectors_hints import NONE, Hints
from emails.wording import Display, MessageFacts
from inspections.models import Company


def version_of(*parts: object) -> str:
    """A short name for what is shown: equal parts, equal name."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def facts(message: Message, *, company: Company | None = None, **more: object) -> MessageFacts:
    """What the words depend on. `more`: visited_at, vouched_by and the like, which need queries of their own."""
    sender = parseaddr(message.from_header)[1] or (company.sender_email if company else "")
    return MessageFacts(
        status=message.status,
        now=timezone.now(),
        zone=timezone.get_current_timezone(),
        reason=message.reason,
        category=message.category,
        note=message.note,
        to_name=message.to_name,
        to_address=message.to_address,
        from_address=sender,
        subject=message.subject,
        provider=settings.EMAIL_PROVIDER if settings.EMAIL_PROVIDER == "smtp" else message.provider,
        tries=message.tries,
        retry=message.retry,
        created_at=message.created_at,
        send_after=message.send_after,
        undo_until=message.undo_until,
        sent_at=message.sent_at,
        changed_at=message.changed_at,
        opened_at=message.opened_at,
        auto_reply=message.auto_reply,
        no_news_after=timedelta(seconds=settings.NO_NEWS_SECONDS),
        unsure_after=timedelta(seconds=settings.UNKNOWN_VISIBLE_SECONDS),
        **more,  # type: ignore[arg-type]
    )


def shown(message: Message, hints: Hints = NONE) -> Display:
    """Label, sentence, tone and group of a message in a list. `hints`: what is known since it left."""
    return wording.display(facts(message, **vars(hints)))


def shown_all(messages: Sequence[Message]) -> dict[int, Display]:
    """The same for many, with what is known since, in a few reads. Needs their rules and templates at hand."""
    known = selectors_hints.of(messages)
    return {message.pk: shown(message, known.get(message.pk, NONE)) for message in messages}


def full_facts(message: Message, company: Company) -> MessageFacts:
    """The same with what only the message's own page asks for."""
    vouched = message.events.filter(type="vouched").order_by("-at").first()
    return facts(
        message,
        company=company,
        language=message.participant.contact.language if message.participant else "",
        vouched_by=vouched.by if vouched else "",
        **vars(selectors_hints.of([message]).get(message.pk, NONE)),
    )


def attempts(message: Message) -> list[Message]:
    """Every sending of this email, oldest first."""
    family = Message.objects.filter(Q(pk=message.family_id) | Q(root_id=message.family_id))
    return list(family.order_by("pk"))


def open_problem(message: Message) -> Problem | None:
    """The open problem that this message belongs to."""
    return (
        Problem.objects.open()
        .filter(same_email(message))  # without a person: those about nobody
        .first()
    )


# --- timeline --------------------------------------------------------------------------------------------------------

# What each step is called. Server words come under Technical details, never here.
STEPS: dict[str, tuple[str, str]] = {
    "created": ("Planned", "grey"),
    "resent": ("Sent again", "grey"),
    "retry_planned": ("We try again by ourselves", "grey"),
    "skipped": ("Not sent, on purpose", "grey"),
    "held": ("Waiting for you", "amber"),
    "released": ("Released to send", "grey"),
    "readdressed": ("Address changed", "grey"),
    "moved": ("Moved to a new time", "grey"),
    "planned_again": ("Planned again", "grey"),
    "client_added": ("The client is there now", "grey"),
    "hurried": ("Sent earlier than planned", "grey"),
    "corrected": ("Reason corrected", "grey"),
    "cancelled": ("Stopped before it left", "grey"),
    "sending": ("Handed to the mail service", "blue"),
    "retry": ("Not taken, tried again later", "amber"),
    "lease_lost": ("Picked up again", "grey"),
    "queued": ("Taken in by the mail service", "blue"),
    "sent": ("Left us", "blue"),
    "deferred": ("Their server asked us to wait", "amber"),
    "delivered": ("Their server accepted it", "green"),
    "vouched": ("They say it arrived", "green"),
    "not_me": ("Someone else has this address", "red"),
    "given_up": ("Marked as not arrived", "amber"),
    "opened": ("Pictures loaded, maybe opened", "green"),
    "clicked": ("A link was opened, maybe by a scanner", "green"),
    "autoresponded": ("Their mailbox replied by itself", "grey"),
    "passed_on": ("A copy they passed on did not arrive", "amber"),
    "forwarded": ("News of a copy that their mailbox passed on", "grey"),
    "unknown": ("Not sure it left", "amber"),
    "failed": ("Not accepted", "red"),
    "rejected": ("Refused", "red"),
    "bounced": ("Came back", "red"),
    "soft_bounced": ("Given up for now", "red"),
    "complained": ("Marked as spam", "red"),
    "unsubscribed": ("They unsubscribed", "grey"),
}


@dataclass(frozen=True)
class Step:
    """One line of the timeline."""

    at: datetime
    title: str
    tone: str
    by: str
    detail: str


def timeline(message: Message) -> list[Step]:
    """What happened to one message, in order, in words."""
    return [_step(event) for event in message.events.order_by("at", "id")[:200]]


def step_words(type: str, status: str, by: str) -> tuple[str, str]:
    """What a step is called, and its tone. Without a `by` it was told by a provider, and its status counts."""
    return STEPS.get(type if by else status or type) or ("News from the mail service", "grey")


def _step(event: MessageEvent) -> Step:
    title, tone = step_words(event.type, event.status, event.by)
    return Step(event.at, title, tone, event.by, event.text if event.by else "")
