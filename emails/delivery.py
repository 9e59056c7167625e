"""From the queue to the provider: claim, render, send, write down what became of it.

No transaction is open during a provider call. A crash in `claimed` is known not sent; only `sending` is ambiguous, so
a message is marked `sending` one step before its own call, never a whole batch at once.
"""

import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import timedelta
from email.headerregistry import Address
from functools import cache
from itertools import islice

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from emails import activity, channel, eligibility, outcomes, rendering, wake
from emails.diagnosis import diagnose
from emails.models import Kind, Message, TemplateVersion
from emails.outcomes import Fate, Outcome
from emails.rendering import Rendered, TemplateProblem
from emails.states import Reason, Status
from inspections.errors import NotPossible
from inspections.models import Company
from inspections.text import BadText, email_address, single_line

log = logging.getLogger(__name__)

# A call that starts at the end of it still ends before Celery's soft limit: 20 + 23 < 45 s.
SHIFT = 20.0
BUSY_PAUSE = 30.0  # when the provider does not say how long
UNREACHABLE_PAUSE = 5.0
LOCKED_OUT_PAUSE = 300.0
LONGEST_PAUSE = 3600.0  # whatever the provider asks for

WHY_PAUSED = {
    Fate.BUSY: "The mail service asked us to slow down.",
    Fate.UNREACHABLE: "The mail service cannot be reached.",
    Fate.LOCKED_OUT: "The mail service refuses our key. An owner must check it.",
}

_connections = threading.local()


def deliver_due() -> int:
    """Send what is due, for SHIFT seconds at most. Returns how many provider calls were made; repeating is harmless."""
    made = 0
    end = time.monotonic() + SHIFT
    while channel.may_send():
        batch = activity.claim(settings.SEND_BATCH)
        if not batch:
            break
        made += _send_all(batch, end)
        if time.monotonic() >= end:
            wake.deliver()
            break
    return made


def _send_all(batch: list[Message], end: float) -> int:
    """Send a claimed batch with SEND_THREADS calls in flight at most; database work stays in this thread."""
    made = 0
    ready = _prepared(batch, end)
    flying: dict[Future[Outcome], Message] = {}
    try:
        while True:
            for message, email in islice(ready, settings.SEND_THREADS - len(flying)):
                flying[_threads().submit(_call, email)] = message
            if not flying:
                return made
            done, _ = wait(flying, return_when=FIRST_COMPLETED)
            for future in done:
                _conclude(flying.pop(future), future.result())
                made += 1
    finally:
        _save(flying)


def _save(flying: dict[Future[Outcome], Message]) -> None:
    """Something broke the loop: what other calls brought is written down, and those never begun go back."""
    for future, message in flying.items():
        try:
            if future.cancel():
                activity.put_back(message, frm=Status.SENDING, wait=timedelta(0), burnt=False)
            elif future.done():
                _conclude(message, future.result())
        except Exception:
            log.exception("the outcome of message %s could not be written", message.pk)


def _prepared(batch: list[Message], end: float) -> Iterator[tuple[Message, EmailMultiAlternatives]]:
    """Each message that may leave, marked `sending` at the moment it is handed out; the others go back."""
    company = Company.get()
    for message in batch:
        if time.monotonic() >= end or not channel.may_send():
            activity.put_back(message, frm=Status.CLAIMED, wait=timedelta(0), burnt=False)
            continue
        prepared = _prepare(message, company)
        if prepared:
            yield message, prepared


def _prepare(message: Message, company: Company) -> EmailMultiAlternatives | None:
    if not _still_wanted(message):
        return None
    reason = eligibility.unusable(message)
    if reason:
        _hold(message, reason)
        return None
    try:
        version = _version(message)
        rendered = rendering.render(message, version, company)
        email = _email(message, rendered, company)
    except (TemplateProblem, BadText, NotPossible, TemplateVersion.DoesNotExist) as problem:
        _hold(message, Reason.TEMPLATE_PROBLEM, note=str(problem))
        return None
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
        from_header=email.from_email,
        reply_to=company.reply_to,
        provider=settings.MAIL_PROVIDER,
    )
    return email if ours else None


def _still_wanted(message: Message) -> bool:
    """Look again at the facts: they may have changed since the claim, and changes only reach what waits."""
    message.inspection.refresh_from_db()
    person = message.participant
    if person is not None:
        person.refresh_from_db()
        person.contact.refresh_from_db()
    stopped = not message.inspection.is_open and message.kind != Kind.CANCELLED
    if stopped or (person is not None and person.removed_at is not None):
        _let_go(message, Status.CANCELLED, type="cancelled", text="No longer wanted")
        return False
    silent = message.rule is not None and not message.rule.even_if_off and not message.inspection.notifications
    if silent and message.root_id is None:
        _let_go(message, Status.SKIPPED, type="skipped", reason=Reason.NOTIFICATIONS_OFF)
        return False
    if person is not None and person.contact.email_key != message.to_key:
        contact = person.contact
        address = {"to_address": contact.email, "to_key": contact.email_key, "to_name": contact.name}
        usable = Status.QUEUED if contact.email else Status.HELD
        reason = "" if contact.email else Reason.NO_ADDRESS
        _let_go(message, usable, type="readdressed", text=contact.email, reason=reason, **address)
        return False
    return True


def _let_go(message: Message, to: Status, *, type: str, text: str = "", **changes: str) -> None:
    activity.move(
        message, to, frm={Status.CLAIMED}, type=type, by="", text=text, token=None, lease_until=None, **changes
    )


def _version(message: Message) -> TemplateVersion:
    if message.template is None:
        raise TemplateProblem("This email has no template any more.")
    return message.template.current


def _hold(message: Message, reason: str, *, note: str = "") -> None:
    _let_go(message, Status.HELD, type="held", text=note, reason=reason, note=note[:500])


def _email(message: Message, rendered: Rendered, company: Company) -> EmailMultiAlternatives:
    """The email as Anymail takes it. Raises BadText for what could break a header or reach a second person."""
    to = _mailbox(message.to_name, message.to_address)
    email = EmailMultiAlternatives(
        subject=single_line(rendered.subject, limit=500),
        body=rendered.text,
        from_email=_mailbox(company.sender_name or company.name, company.sender_email),
        to=[to],
        reply_to=[email_address(company.reply_to)] if company.reply_to else None,
    )
    if rendered.html:
        email.attach_alternative(rendered.html, "text/html")
    email.metadata = {"message": str(message.uuid)}  # type: ignore[attr-defined] # read by Anymail
    email.tags = [message.kind]  # type: ignore[attr-defined]
    return email


def _mailbox(name: str, address: str) -> str:
    """`name <address>`, quoted as RFC 5322 asks, holding exactly one address."""
    local, _, domain = email_address(address).rpartition("@")
    return str(Address(single_line(name).replace(",", " "), local, domain))


@cache
def _threads() -> ThreadPoolExecutor:
    # Kept for the life of the process, so that each thread keeps its connection to the provider.
    return ThreadPoolExecutor(settings.SEND_THREADS, thread_name_prefix="send")


def _call(email: EmailMultiAlternatives) -> Outcome:
    """One provider call, in a thread without a database. Never raises."""
    try:
        _connection().send_messages([email])
    except Exception as problem:
        _hang_up()
        return outcomes.of_exception(problem)
    status = getattr(email, "anymail_status", None)
    # Without one it went by plain SMTP: accepted, and the server gives no id.
    return Outcome(Fate.ACCEPTED) if status is None else outcomes.of_answer(status)


def _connection() -> BaseEmailBackend:
    backend: BaseEmailBackend | None = getattr(_connections, "backend", None)
    if backend is None:
        backend = get_connection()
        backend.open()
        _connections.backend = backend
    return backend


def _hang_up() -> None:
    backend = getattr(_connections, "backend", None)
    _connections.backend = None
    if backend is not None:
        try:
            backend.close()
        except OSError:
            return  # broken already


def _conclude(message: Message, outcome: Outcome) -> None:
    match outcome.fate:
        case Fate.ACCEPTED:
            activity.finish(message, Status.SENT, provider_message_id=outcome.provider_message_id)
            channel.accepted()
        case Fate.REFUSED:
            found = diagnose(outcome.words, provider=settings.MAIL_PROVIDER, event="rejected")
            category = found.category if found.category != "unknown" else "suppressed"
            _finish_failed(message, Status.REJECTED, outcome, category, found.rule)
        case Fate.UNKNOWN:
            activity.finish(message, Status.UNKNOWN, text=outcome.words)
        case Fate.IMPOSSIBLE:
            _finish_failed(message, Status.FAILED, outcome, "provider_problem", "send")
        case Fate.BUSY:
            pause = min(BUSY_PAUSE if outcome.retry_after is None else outcome.retry_after, LONGEST_PAUSE)
            _try_later(message, outcome, pause=pause, wait=pause, burnt=False)
        case Fate.LOCKED_OUT:
            _try_later(message, outcome, pause=LOCKED_OUT_PAUSE, wait=LOCKED_OUT_PAUSE, burnt=False)
        case Fate.UNREACHABLE:
            _unreachable(message, outcome)


def _finish_failed(message: Message, status: Status, outcome: Outcome, category: str, rule: str) -> None:
    activity.finish(
        message,
        status,
        provider_message_id=outcome.provider_message_id,
        text=outcome.words,
        category=category,
        decided_by=rule,
    )


def _try_later(message: Message, outcome: Outcome, *, pause: float, wait: float, burnt: bool) -> None:
    channel.pause(WHY_PAUSED[outcome.fate], seconds=pause)
    activity.put_back(
        message, frm=Status.SENDING, wait=timedelta(seconds=wait), type="retry", text=outcome.words, burnt=burnt
    )


def _unreachable(message: Message, outcome: Outcome) -> None:
    """Try again by the table of pauses; with none left it failed, and someone must look."""
    pauses = settings.RETRY_BACKOFF
    if message.tries > len(pauses):
        _finish_failed(message, Status.FAILED, outcome, "provider_problem", "send")
        return
    wait = pauses[message.tries - 1]
    _try_later(message, outcome, pause=min(UNREACHABLE_PAUSE, wait), wait=wait, burnt=True)
