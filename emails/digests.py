"""The daily summary to the office, once each company day: what needs someone, or that all is clear.

It goes the way of all mail, but past its queue: no pause, hold or brake of clients' mail keeps it. If the mail service
itself takes nothing it cannot leave either; then it is tried again, and Today says so.
"""

import logging
import uuid
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import F, Q
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.utils import timezone

from emails import carrier, selectors_chase, selectors_days, selectors_today
from emails.models import Desk, Digest
from emails.outcomes import Fate
from inspections.models import Company, User

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)  # longer than any call
AGAIN_AFTER = timedelta(minutes=5)
TRIES = 12  # an hour
MOST_ROWS = 20
UNSIGNED_WITHIN = timedelta(days=2)
TOLD_FOR = timedelta(days=1)
# Surely not sent: may be tried again. Whatever is none of these and not accepted is in doubt, and is never sent twice.
AGAIN = frozenset({Fate.LATER, Fate.BUSY, Fate.UNREACHABLE, Fate.LOCKED_OUT, Fate.FORBIDDEN, Fate.UNSAFE})
NEVER = frozenset({Fate.REFUSED, Fate.IMPOSSIBLE})
State = Digest.State


def run() -> int:
    """Write today's rows once its hour has come, and send what waits. Returns how many calls were made."""
    company = Company.get()
    with timezone.override(company.zone):
        _give_up_old()
        _plan()
        return sum(_send(digest, company) for digest in _due())


def troubles() -> list[Digest]:
    """Summaries of the last day that did not leave, or may not have."""
    told = Q(state__in=[State.FAILED, State.UNKNOWN]) | Q(state=State.WAITING, tries__gt=0)
    return list(Digest.objects.filter(told, changed_at__gt=timezone.now() - TOLD_FOR).select_related("user"))


def _plan() -> None:
    """One row for each recipient and company day: two beats, a restart or a clock set back write none twice.

    Asked by the clock on the wall, so that an hour that a clock change leaves out is only late.
    """
    desk, now = Desk.get(), timezone.localtime()
    if not desk.digest_on or now.hour < desk.digest_hour:
        return
    people = desk.digest_to.filter(is_active=True)
    Digest.objects.bulk_create([Digest(day=now.date(), user=user) for user in people], ignore_conflicts=True)


def _give_up_old() -> None:
    """A killed worker's is in doubt; what waited past its day is of no use any more."""
    now = timezone.now()
    lost = Digest.objects.filter(state=State.SENDING, lease_until__lt=Now())
    lost.update(state=State.UNKNOWN, token=None, lease_until=None, changed_at=now)
    old = Digest.objects.filter(state=State.WAITING, day__lt=timezone.localdate())
    old.update(state=State.FAILED, changed_at=now)


def _due() -> list[Digest]:
    due = Digest.objects.filter(state=State.WAITING, send_after__lte=Now(), day=timezone.localdate())
    return list(due.filter(user__is_active=True).select_related("user").order_by("pk"))


def _send(digest: Digest, company: Company) -> bool:
    """One call, if it is ours to make."""
    email = _email(digest, company)
    token = uuid.uuid4()
    waiting = Digest.objects.filter(pk=digest.pk, state=State.WAITING)
    if not waiting.update(state=State.SENDING, token=token, lease_until=Now() + LEASE, tries=F("tries") + 1):
        return False
    outcome = carrier.call(email)
    changes: dict[str, object] = {"words": outcome.words[:2000], "token": None, "lease_until": None}
    if outcome.fate == Fate.ACCEPTED:
        changes["state"] = State.SENT
    elif outcome.fate in AGAIN and digest.tries + 1 < TRIES:
        changes |= {"state": State.WAITING, "send_after": timezone.now() + AGAIN_AFTER}
    else:
        changes["state"] = State.FAILED if outcome.fate in AGAIN | NEVER else State.UNKNOWN
    if changes["state"] != State.SENT:
        log.error("the daily summary %s did not leave: %s %s", digest.pk, outcome.fate.value, outcome.words[:200])
    Digest.objects.filter(pk=digest.pk, token=token).update(changed_at=timezone.now(), **changes)
    return True


def _email(digest: Digest, company: Company) -> EmailMultiAlternatives:
    context = contents(digest.user, company)
    email = EmailMultiAlternatives(
        subject=f"Today: {context['headline']}",
        body=render_to_string("mail/digest.txt", context),
        from_email=carrier.mailbox(company.sender_name or company.name, company.sender_email),
        to=[carrier.mailbox(str(digest.user), digest.user.email)],
    )
    email.tags = ["digest"]  # type: ignore[attr-defined] # read by Anymail
    email.metadata = {"digest": str(digest.pk)}  # type: ignore[attr-defined] # the same
    return email


def contents(user: User, company: Company) -> dict[str, object]:
    """What the summary says now."""
    work = selectors_today.work_list(company)
    delivered, failed = selectors_days.yesterday_counts()
    return {
        "user": user,
        "company": company,
        "headline": selectors_today.headline(work, 0, 0),
        "rows": work.rows[:MOST_ROWS],
        "more": max(0, len(work.rows) + work.more - MOST_ROWS),
        "causes": work.causes,
        "unsigned": selectors_chase.rows(within=UNSIGNED_WITHIN)[:MOST_ROWS],
        "delivered": delivered,
        "failed": failed,
        "base": settings.BASE_URL.rstrip("/"),
    }
