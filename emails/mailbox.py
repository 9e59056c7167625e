"""Reports that come back as mail: read from the mailbox, kept as they came, read by the same worker as webhooks.

A mail is taken in together with the note of how far we are, in one transaction: a poll that is killed, cut off or
done twice loses nothing and counts nothing twice. Mail that is not about our emails is never kept.
"""

import hashlib
import logging
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from config.mailbox import Mailbox as Where
from emails import mailbox_imap, providers, reports, wake
from emails.mailbox_imap import Head, Visit
from emails.models import Mailbox, Message, WebhookPost

log = logging.getLogger(__name__)

SHIFT = 15.0  # s; with two hanging answers still below the task's soft limit
LEASE = timedelta(seconds=90)  # longer than a task may run
AT_ONCE = 50  # mails whose headers are asked for in one command
MOST = 2_000  # mails looked at in one run
LARGEST = 5_000_000  # bytes
# Reports come within five days (RFC 5321 section 4.5.4.1); older mail is not looked at on a first visit.
LOOK_BACK = timedelta(days=30)
ADDRESS_REMEMBERED = timedelta(days=10)
# After failures in a row, so that a wrong password does not lock the account: minutes by try.
PAUSES = tuple(timedelta(minutes=m) for m in (0, 0, 2, 5, 15))


class Lost(Exception):
    """Another worker reads the mailbox now."""


@dataclass
class Catch:
    """What a bite of mails came to."""

    posts: list[WebhookPost] = field(default_factory=list)
    uids: list[int] = field(default_factory=list)  # of the kept ones
    passed_over: int = 0
    too_large: int = 0
    up_to: int = 0


def poll() -> int:
    """Take in new reports, for SHIFT seconds at most. Returns how many; 0 too if another worker is at it."""
    where: Where | None = settings.BOUNCE_MAILBOX
    box = _claim(where) if where else None
    if where is None or box is None:
        return 0
    end = time.monotonic() + SHIFT
    try:
        with mailbox_imap.visit(where) as visit:
            taken = _read(box, visit, end, mark_seen=where.mark_seen)
    except Lost:
        return 0
    except Exception as problem:
        _failed(box, problem)
        return 0
    _release(box, read_at=timezone.now(), trouble="", details="", failing_since=None, failures=0, lease_until=None)
    return taken


# --- whose turn ------------------------------------------------------------------------------------------------------


def current() -> Mailbox | None:
    """What is known about the mailbox that is set up; None before it was tried."""
    where: Where | None = settings.BOUNCE_MAILBOX
    return Mailbox.objects.filter(name=where.name[:500]).first() if where else None


def _claim(where: Where) -> Mailbox | None:
    """The mailbox under a lease of ours, or None while another has it (or it rests after a failure)."""
    box, _ = Mailbox.objects.get_or_create(name=where.name[:500])
    free = Mailbox.objects.filter(Q(lease_until=None) | Q(lease_until__lt=Now()), pk=box.pk)
    if not free.update(token=(token := uuid.uuid4()), lease_until=Now() + LEASE):
        return None
    return Mailbox.objects.filter(pk=box.pk, token=token).first()


def _release(box: Mailbox, **changes: object) -> None:
    Mailbox.objects.filter(pk=box.pk, token=box.token).update(token=None, **changes)


def _failed(box: Mailbox, problem: Exception) -> None:
    """Remember why, and rest a little longer each time."""
    word = mailbox_imap.trouble(problem)
    log.warning("mailbox %s cannot be read: %s (%s)", box.name, word, type(problem).__name__)
    pause = PAUSES[min(box.failures, len(PAUSES) - 1)]
    _release(
        box,
        trouble=word,
        details=_clean(f"{type(problem).__name__}: {problem}")[:500],
        failing_since=box.failing_since or timezone.now(),
        failures=box.failures + 1,
        lease_until=Now() + pause if pause else None,
    )


def _clean(words: str) -> str:
    return words.replace("\x00", "").encode("utf-8", "replace").decode()


# --- reading ---------------------------------------------------------------------------------------------------------


def _read(box: Mailbox, visit: Visit, end: float, *, mark_seen: bool) -> int:
    taken = 0
    if visit.uidvalidity != box.uidvalidity:
        _start_over(box, visit.uidvalidity)
    waiting = visit.uids_after(box.last_uid, since=(timezone.now() - LOOK_BACK).date())[:MOST]
    while waiting and time.monotonic() < end:
        catch = _look(visit, waiting[:AT_ONCE], end)
        _take_in(box, catch)
        if mark_seen:
            visit.mark_seen(catch.uids)
        taken += len(catch.posts)
        waiting = [uid for uid in waiting if uid > catch.up_to]
    return taken


def _start_over(box: Mailbox, uidvalidity: int) -> None:
    """The mailbox was renumbered or is new. What was taken in before is known by its content and changes nothing."""
    if not Mailbox.objects.filter(pk=box.pk, token=box.token).update(uidvalidity=uidvalidity, last_uid=0):
        raise Lost
    box.uidvalidity, box.last_uid = uidvalidity, 0


def _look(visit: Visit, uids: Sequence[int], end: float) -> Catch:
    """Look at some mails, in order; stops early when the time is up, but never before the first."""
    catch = Catch(up_to=uids[-1])
    for head in visit.heads(uids):
        if head.uid > uids[0] and time.monotonic() >= end:
            return catch
        _sort(head, visit, catch)
        catch.up_to = head.uid
    catch.up_to = uids[-1]  # those that are gone by now count as read
    return catch


def _sort(head: Head, visit: Visit, catch: Catch) -> None:
    if not reports.suspected(head.headers):
        catch.passed_over += 1
    elif head.size > LARGEST:
        catch.too_large += 1
        log.warning("a report of %d bytes is too large to be read", head.size)
    elif _is_for_us(raw := visit.whole(head.uid, limit=LARGEST), head.headers):
        kept = reports.without_the_email(raw)
        sha256 = hashlib.sha256(kept).hexdigest()
        catch.posts.append(WebhookPost(provider=providers.BY_MAIL, body=kept, sha256=sha256))
        catch.uids.append(head.uid)
    else:
        catch.passed_over += 1


def _is_for_us(raw: bytes, headers: bytes) -> bool:
    """It names an email of ours, or an address that we wrote to; or it claims to be a report and cannot be read.

    Reports about what people send from the same mailbox are their own affair.
    """
    news = reports.read(raw)
    if any(one.uuid for one in news):
        return True
    named = {address for one in news for address in one.named if one.type != reports.AUTO_REPLY}
    if not named:
        return not news and reports.claims_to_be_one(headers)
    since = timezone.now() - ADDRESS_REMEMBERED
    return Message.objects.filter(provider=providers.BY_MAIL, to_key__in=named, changed_at__gt=since).exists()


@transaction.atomic
def _take_in(box: Mailbox, catch: Catch) -> None:
    """The reports and how far we are: both or neither."""
    ours = Mailbox.objects.filter(
        pk=box.pk, token=box.token, uidvalidity=box.uidvalidity, last_uid=box.last_uid
    ).update(
        last_uid=catch.up_to,
        kept=F("kept") + len(catch.posts),
        passed_over=F("passed_over") + catch.passed_over,
        too_large=F("too_large") + catch.too_large,
    )
    if not ours:
        raise Lost
    box.last_uid = catch.up_to
    if catch.posts:
        WebhookPost.objects.bulk_create(catch.posts, ignore_conflicts=True)
        wake.drain()
