"""The inbox of webhook posts: kept as they came, read by a worker, matched to messages, folded into statuses.

Nothing a provider sends can cost another event: what cannot be read stays as poison, what belongs to nobody as an
orphan, and what was told before changes nothing.
"""

import hashlib
import logging
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from uuid import UUID

from anymail.signals import AnymailTrackingEvent
from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q
from django.utils import timezone

from emails import activity, erased, providers, verdicts, wake
from emails.models import Message, MessageEvent, WebhookPost
from emails.states import UNDELIVERED
from inspections import links
from inspections.text import canonical

log = logging.getLogger(__name__)

SHIFT = 20.0  # s; far below the task's time limit
# Nothing is wrong with a post that could not be read because of these.
PASSING = (OperationalError, InterfaceError, SoftTimeLimitExceeded)
ORPHANS_MATCHED_FOR = timedelta(days=1)
LONGEST_WORDS = 4_000
KEPT_HEADERS = frozenset(
    {"content-type", "user-agent", "x-request-id", "x-amz-sns-message-type", "x-mandrill-signature"}
)


def store(provider: str, body: bytes, headers: Mapping[str, str], *, query: str = "") -> WebhookPost:
    """Keep a post that was let in. Once this is committed the provider may forget it."""
    kept = {name: value[:500] for name, value in headers.items() if name.lower() in KEPT_HEADERS}
    with transaction.atomic():
        post = WebhookPost.objects.create(
            provider=provider, body=body, headers=kept, query=query[:500], sha256=hashlib.sha256(body).hexdigest()
        )
        wake.drain()
    return post


def drain(limit: int = 500) -> int:
    """Read waiting posts, each in a transaction of its own, for SHIFT seconds at most. Returns how many were read."""
    read = 0
    end = time.monotonic() + SHIFT
    while read < limit and time.monotonic() < end and _read_next():
        read += 1
    return read


def _read_next() -> bool:
    with transaction.atomic():
        post = (
            WebhookPost.objects.select_for_update(skip_locked=True)
            .filter(state=WebhookPost.State.NEW)
            .order_by("pk")
            .first()
        )
        if post is None:
            return False
        try:
            with transaction.atomic():
                apply(post)
        except Exception as problem:
            if isinstance(problem, PASSING) and len(_split(post)) < 2:
                raise  # the post stays new, and is read again; a batch that takes too long is split instead
            _set_aside(post, problem)
    return True


def apply(post: WebhookPost) -> None:
    """Read one post into events and bring their messages up to date. Raises whatever its content provokes."""
    rows = [_event(post, event) for event in providers.parse(post)]
    _match(rows)
    if erased.forget_in(rows):
        erased.empty([post.pk, *([post.parent_id] if post.parent_id else [])])
    MessageEvent.objects.bulk_create(sorted(rows, key=lambda row: row.key or ""), ignore_conflicts=True)
    activity.learn(sorted({row.message_id for row in rows if row.message_id}))
    _close(post, WebhookPost.State.DONE)


def replay(post: WebhookPost) -> None:
    """Read a post again, for instance after a correction of ours. Known events change nothing.

    One that was emptied, because it was about somebody whose data was deleted, stays as it is.
    """
    WebhookPost.objects.filter(pk=post.pk).exclude(body=b"").update(state=WebhookPost.State.NEW, error="", read_at=None)
    wake.drain()


def _set_aside(post: WebhookPost, problem: Exception) -> None:
    """A batch that fails as a whole is read event by event, so that one bad event costs only itself."""
    parts = _split(post)
    if len(parts) > 1:
        WebhookPost.objects.bulk_create(parts)
        _close(post, WebhookPost.State.SPLIT)
        wake.drain()
        return
    log.warning("webhook post %s of %s cannot be read: %s", post.pk, post.provider, type(problem).__name__)
    _close(post, WebhookPost.State.POISON, error=f"{type(problem).__name__}: {problem}")


def _split(post: WebhookPost) -> list[WebhookPost]:
    return [
        WebhookPost(
            provider=post.provider,
            body=body,
            headers=post.headers,
            query=post.query,
            sha256=hashlib.sha256(body).hexdigest(),
            received_at=post.received_at,
            parent=post,
        )
        for body in providers.parts(post.provider, bytes(post.body))
    ]


def _close(post: WebhookPost, state: WebhookPost.State, *, error: str = "") -> None:
    post.state, post.error, post.read_at = state, _clean(error)[:500], timezone.now()
    post.save(update_fields=["state", "error", "read_at"])


# --- from Anymail's event to ours ------------------------------------------------------------------------------------


def _event(post: WebhookPost, event: AnymailTrackingEvent) -> MessageEvent:
    found = verdicts.judge(post.provider, event)
    row = MessageEvent(
        post=post,
        type=_clean(found.type)[:20],
        status=found.status,
        at=_time(event.timestamp, post.received_at),
        provider=post.provider,
        provider_message_id=_clean(str(event.message_id or ""))[:200],
        recipient=_recipient(event.recipient),
        message_uuid=_our_name(event.metadata),
        text=_clean(found.words)[:LONGEST_WORDS],
        code=_clean(found.code)[:20],
        reject_reason=_clean(str(event.reject_reason or ""))[:20],
        category=found.category,
        decided_by=_clean(found.decided_by)[:80],
        data=_beside(event) | _named_by(post.provider, event),
    )
    row.key = _key(row, event.timestamp)
    return row


def _key(row: MessageEvent, told_at: datetime | None) -> str:
    """Ours, because providers' event ids are missing, shared or unstable: the same news has the same key."""
    when = told_at.astimezone(UTC).isoformat() if told_at else ""
    parts = (row.provider, row.provider_message_id or str(row.message_uuid), row.recipient, row.type, when, row.code)
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def _beside(event: AnymailTrackingEvent) -> dict[str, str]:
    told = {"user_agent": event.user_agent, "click_url": event.click_url}
    # Who reads our records must not get the key to somebody's portal.
    return {name: links.masked(_clean(str(value)))[:300] for name, value in told.items() if value}


def _named_by(provider: str, event: AnymailTrackingEvent) -> dict[str, list[str]]:
    """Every way in which a report names the recipient: as we wrote it, as their server does."""
    if provider != providers.BY_MAIL:
        return {}
    return {"named": [_clean(str(address))[:318] for address in event.esp_event.get("named") or ()]}


def _time(told: datetime | None, received: datetime) -> datetime:
    """The teller's time if it is believable. A clock that is days off must not put news into another year."""
    if told is None or told.tzinfo is None:
        return received
    return told if received - timedelta(days=60) < told < received + timedelta(days=1) else received


def _recipient(told: object) -> str:
    """Canonical; some providers repeat the name beside the address."""
    address = _clean(str(told or ""))
    return canonical(parseaddr(address)[1] if "<" in address else address)[:318]


def _our_name(metadata: object) -> UUID | None:
    """Our id of the message, if the provider gave it back. Others who send through it put other things there."""
    value = metadata.get("message") if isinstance(metadata, Mapping) else None
    try:
        return UUID(str(value)) if value else None
    except ValueError:
        return None


def _clean(value: str) -> str:
    """What PostgreSQL can store: no NUL and no lone surrogates."""
    return value.replace("\x00", "").encode("utf-8", "replace").decode()


# --- whose event is it? ----------------------------------------------------------------------------------------------


def _match(rows: Iterable[MessageEvent]) -> None:
    """Set each event's message: by our own id, else by the provider's; the recipient must agree."""
    rows = list(rows)
    uuids = {row.message_uuid for row in rows if row.message_uuid}
    ids = {row.provider_message_id for row in rows if row.provider_message_id}
    found = list(Message.objects.filter(Q(uuid__in=uuids) | _named({row.provider for row in rows}, ids)))
    by_uuid = {message.uuid: message for message in found}
    by_id = {(m.provider, m.provider_message_id): m for m in found if m.provider_message_id}
    for row in rows:
        message = by_uuid.get(row.message_uuid) if row.message_uuid else None
        message = message or by_id.get((row.provider, row.provider_message_id))
        if message is None or message.provider != row.provider:
            continue
        if message.erased_at:
            erased.claim(row, message)
        elif row.recipient in ("", message.to_key) or message.to_key in row.data.get("named", ()):
            row.message = message
        elif row.provider == providers.BY_MAIL:
            _hint(row, message)


def _hint(row: MessageEvent, message: Message) -> None:
    """Our email by its name, another recipient: their mailbox passed a copy on. It says nothing of the one we wrote to.

    See docs/decisions/reports-by-mail.md.
    """
    if row.type != "autoresponded":
        row.type = "passed_on" if row.status in UNDELIVERED else "forwarded"
    row.message, row.status, row.category, row.decided_by = message, "", "", ""


def _named(providers: set[str], ids: set[str]) -> Q:
    """Called so by these providers; told in the words of the partial index `provider_id_once`, so that it is used."""
    return Q(provider__in=providers, provider_message_id__in=ids) & ~Q(provider_message_id="")


def adopt_orphans(limit: int = 500) -> int:
    """Events that came before we could know whose they are. Returns how many found their message."""
    since = timezone.now() - ORPHANS_MATCHED_FOR
    adopted = 0
    with transaction.atomic():
        rows = list(
            MessageEvent.objects.select_for_update(skip_locked=True)
            .filter(message=None, recorded_at__gt=since)
            .order_by("-recorded_at")[:limit]
        )
        _match(rows)
        erased.forget_in(rows)
        for row in rows:
            if row.message_id:
                row.save()
                adopted += 1
        activity.learn(sorted({row.message_id for row in rows if row.message_id}))
    return adopted
