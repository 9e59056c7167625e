"""From the queue to the provider: claim, render, send, write down what became of it.

No transaction is open during a provider call. A crash in `claimed` is known not sent; only `sending` is ambiguous, so
a message is marked `sending` one step before its own call, never a whole batch at once.
"""

import logging
import time
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import islice

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import DatabaseError, InterfaceError
from django.utils import timezone

from emails import (
    activity,
    aftermath,
    carrier,
    channel,
    eligibility,
    eligibility_rules,
    enclosures,
    envelope,
    optouts,
    rendering,
    retries,
    wake,
)
from emails.enclosures import File
from emails.models import Kind, Message, TemplateVersion
from emails.outcomes import Outcome
from emails.rendering import Rendered, TemplateProblem
from emails.states import Reason, Status
from inspections.errors import NotPossible
from inspections.models import Company
from inspections.text import BadText, email_address, single_line

log = logging.getLogger(__name__)

# A call that starts at the end of it still ends before Celery's soft limit: 20 + 23 < 45 s.
SHIFT = 20.0
# Nothing is wrong with a message that could not be prepared because of these: its lease runs out, or it goes back.
PASSING = (DatabaseError, InterfaceError, SoftTimeLimitExceeded)


Ready = Generator[tuple[Message, EmailMultiAlternatives], None, None]


@dataclass(frozen=True)
class Flight:
    """A call to the provider that is on its way, and since when."""

    message: Message
    since: datetime


def deliver_due() -> int:
    """Send what is due, for SHIFT seconds at most. Returns how many provider calls were made; repeating is harmless."""
    made = 0
    end = time.monotonic() + SHIFT
    while channel.may_send():
        batch = activity.claim(settings.SEND_BATCH)
        if not batch:
            break
        made += _send_all(_prepared(batch, end))
        if time.monotonic() >= end:
            wake.deliver()
            break
    return made or _probe()


def _probe() -> int:
    """While the breaker is open: one email every now and then, to see whether it may close."""
    if not Message.objects.due().exists() or not channel.may_probe():
        return 0
    ready = ((message, _prepare(message, Company.get())) for message in activity.claim(1))
    return _send_all((message, email) for message, email in ready if email)


def _send_all(ready: Ready) -> int:
    """Send with SEND_THREADS calls in flight at most; database work stays in this thread."""
    made = 0
    flying: dict[Future[Outcome], Flight] = {}
    try:
        while True:
            for message, email in islice(ready, settings.SEND_THREADS - len(flying)):
                flight = Flight(message, timezone.now())
                flying[_threads().submit(carrier.call, email)] = flight
            if not flying:
                return made
            done, _ = wait(flying, return_when=FIRST_COMPLETED)
            for future in done:
                _conclude(flying.pop(future), future.result())
                made += 1
    finally:
        ready.close()
        _save(flying)


def _conclude(flight: Flight, outcome: Outcome) -> None:
    aftermath.conclude(flight.message, outcome, since=flight.since)


def _save(flying: dict[Future[Outcome], Flight]) -> None:
    """Something broke the loop: what other calls brought is written down, and those never begun go back."""
    for future, flight in flying.items():
        try:
            if future.cancel():
                activity.put_back(flight.message, frm=Status.SENDING, wait=timedelta(0), burnt=False)
            elif future.done():
                _conclude(flight, future.result())
        except Exception:
            log.exception("the outcome of message %s could not be written", flight.message.pk)


def _prepared(batch: list[Message], end: float) -> Ready:
    """Each message that may leave, marked `sending` at the moment it is handed out; the others go back."""
    company = Company.get()
    waiting = deque(batch)
    try:
        while waiting and time.monotonic() < end and channel.may_send():
            message = waiting.popleft()
            email = _prepare(message, company)
            if email:
                yield message, email
    finally:
        _put_back(waiting)


def _put_back(untouched: Iterable[Message]) -> None:
    """Claimed and not begun. If even this fails their leases run out."""
    try:
        for message in untouched:
            activity.put_back(message, frm=Status.CLAIMED, wait=timedelta(0), burnt=False)
    except PASSING:
        log.exception("claimed messages wait until their leases run out")


def _prepare(message: Message, company: Company) -> EmailMultiAlternatives | None:
    if not _still_wanted(message):
        return None
    reason = eligibility.unusable(message)
    if reason:
        _hold(message, reason)
        return None
    try:
        files = enclosures.of(message)
        version = None if message.test or message.letter_id else _version(message)
        offered = enclosures.offered(files)
        rendered = _tried(message) if message.test else rendering.render(message, version, company, offered=offered)
        email = _email(message, rendered, company, enclosures.along(files))
    except (TemplateProblem, BadText, NotPossible) as problem:
        _hold(message, Reason.TEMPLATE_PROBLEM, note=str(problem))
        return None
    except PASSING:
        raise
    except Exception as problem:
        # One message that cannot be prepared must not stop the queue, nor be tried without end.
        log.exception("message %s cannot be prepared", message.pk)
        _hold(message, Reason.TEMPLATE_PROBLEM, note=f"It could not be prepared ({type(problem).__name__}).")
        return None
    ours = activity.mark_sending(
        message,
        template_version=version,
        subject=rendered.subject,
        html=rendered.masked(rendered.html),
        text=rendered.masked(rendered.text),
        has_link=rendered.has_link,
        files=[file.record for file in files],
        from_header=envelope.sender(email),
        reply_to=company.reply_to,
        provider=settings.MAIL_PROVIDER,
    )
    return email if ours else None


def _still_wanted(message: Message) -> bool:
    """Look again at the facts: they may have changed since the claim, and changes only reach what waits."""
    if message.test:
        return True
    message.inspection.refresh_from_db()
    person = message.participant
    if person is not None:
        person.refresh_from_db()
        person.contact.refresh_from_db()
    stopped = not message.inspection.is_open and message.kind != Kind.CANCELLED
    if stopped or (person is not None and person.removed_at is not None):
        _let_go(message, Status.CANCELLED, type="cancelled", text="No longer wanted")
        return False
    if message.retry and (why := retries.why_not_now(message)):
        _let_go(message, Status.CANCELLED, type="cancelled", text=why)
        return False
    if optouts.applies(message.kind, message.to_key):
        _let_go(message, Status.SKIPPED, type="skipped", reason=Reason.UNSUBSCRIBED)
        return False
    objection = eligibility_rules.objection(message)
    if objection:
        _let_go(message, objection.status, type=objection.type, text=objection.text, **objection.changes)
        return False
    if person is not None and person.contact.email_key != message.to_key:
        contact = person.contact
        address = {"to_address": contact.email, "to_key": contact.email_key, "to_name": contact.name}
        usable = Status.QUEUED if contact.email else Status.HELD
        reason = "" if contact.email else Reason.NO_ADDRESS
        _let_go(message, usable, type="readdressed", text=contact.email, reason=reason, **address)
        return False
    return True


def _let_go(message: Message, to: Status, *, type: str, text: str = "", **changes: str | datetime) -> None:
    activity.move(
        message, to, frm={Status.CLAIMED}, type=type, by="", text=text, token=None, lease_until=None, **changes
    )


def _tried(message: Message) -> Rendered:
    """A test: the words as they stood in the editor, filled when it was asked for."""
    return Rendered(message.subject, message.html, message.text)


def _version(message: Message) -> TemplateVersion:
    if message.template is None:
        raise TemplateProblem("This email has no template any more.")
    try:
        return message.template.current
    except TemplateVersion.DoesNotExist:
        raise TemplateProblem(f"“{message.template}” is not published yet.") from None


def _hold(message: Message, reason: str, *, note: str = "") -> None:
    _let_go(message, Status.HELD, type="held", text=note, reason=reason, note=note[:500])


def _email(message: Message, rendered: Rendered, company: Company, files: list[File]) -> EmailMultiAlternatives:
    """The email as Anymail takes it. Raises BadText for what could break a header or reach a second person."""
    to = carrier.mailbox(message.to_name, message.to_address)
    email = EmailMultiAlternatives(
        subject=single_line(rendered.subject, limit=500),
        body=rendered.text,
        from_email=carrier.mailbox(company.sender_name or company.name, company.sender_email),
        to=[to],
        reply_to=[email_address(company.reply_to)] if company.reply_to else None,
    )
    if rendered.html:
        email.attach_alternative(rendered.html, "text/html")
    for file in files:
        email.attach(carrier.part(file.name, file.content_type, file.content or b""))
    email.metadata = {"message": str(message.uuid)}  # type: ignore[attr-defined] # read by Anymail
    email.extra_headers |= optouts.headers(rendered.stop)
    email.tags = [message.kind]  # type: ignore[attr-defined] # the same
    if settings.MAIL_PROVIDER == "smtp":
        envelope.seal(email, message.uuid, return_path=settings.BOUNCE_ADDRESS)
    return email


@cache
def _threads() -> ThreadPoolExecutor:
    # Kept for the life of the process, so that each thread keeps its connection to the provider.
    return ThreadPoolExecutor(settings.SEND_THREADS, thread_name_prefix="send")
