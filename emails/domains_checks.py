"""What is known of mail domains, and asking about those that are new. Saving and sending never wait for DNS.

In practice mode nothing is asked: the answers stand in PRACTICE.
"""

import re
import time
from collections.abc import Iterable, Mapping
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from emails.domains_dns import SECONDS, look_up
from emails.models import DomainCheck, Message
from emails.states import Reason, Status
from inspections.text import canonical

Result = DomainCheck.Result
PRACTICE: Mapping[str, str] = {"nomail.example": Result.REFUSES, "nodomain.example": Result.NO_DOMAIN}
DEAD = frozenset({Result.NO_DOMAIN, Result.REFUSES})  # sure enough to hold mail for
DOUBTFUL = DEAD | {Result.NO_SERVER}  # worth a warning
BELIEVED = timedelta(days=1)  # how long an answer counts
UNSURE_AGAIN = timedelta(hours=1)
AHEAD = timedelta(hours=2)  # how long before it leaves a planned email's domain is looked up again
_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)+")
SHIFT = 20.0  # s; a task's turn
LEASE = timedelta(seconds=60)


def domain_of(address: str) -> str:
    """The domain as the checks name it, "" if there is none."""
    domain = canonical(address).rpartition("@")[2]
    return domain if _NAME.fullmatch(domain) and len(domain) <= 253 else ""


def results(domains: Iterable[str]) -> dict[str, str]:
    """What is known and recent, by domain. One query."""
    wanted = {domain for domain in domains if domain}
    if settings.PRACTICE_MODE:
        return {domain: PRACTICE.get(domain, Result.TAKES_MAIL) for domain in wanted}
    fresh = DomainCheck.objects.filter(domain__in=wanted, checked_at__gt=timezone.now() - BELIEVED)
    return dict(fresh.exclude(result=Result.OPEN).values_list("domain", "result"))


def is_dead(address: str) -> bool:
    """DNS surely has no mail service for this address."""
    domain = domain_of(address)
    return bool(domain) and results([domain]).get(domain) in DEAD


def dead(domains: Iterable[str]) -> frozenset[str]:
    """Those that surely take no mail."""
    return frozenset(domain for domain, result in results(domains).items() if result in DEAD)


def sentence(domain: str) -> str:
    """The warning about a domain, from what is known."""
    domain = domain_of(f"a@{domain}")
    return _said(domain, results([domain]).get(domain, ""))


def find_out(domain: str) -> str:
    """The same, asking DNS (for SECONDS at most) if nothing is known. For a request that nothing waits for."""
    domain = domain_of(f"a@{domain}")
    known = results([domain]).get(domain)
    if known is None and domain:
        known = look_up(domain)
        _store(domain, known)
    return _said(domain, known or "")


def _said(domain: str, result: str) -> str:
    return f"There is no mail service at “{domain}”. Please check the part after the @." if result in DOUBTFUL else ""


# --- asking ----------------------------------------------------------------------------------------------------------


def ask(domains: Iterable[str]) -> bool:
    """Have these looked up soon, unless they were lately. True if there is something to do."""
    wanted = sorted({domain for domain in domains if domain})
    if settings.PRACTICE_MODE or not wanted:
        return False
    DomainCheck.objects.bulk_create([DomainCheck(domain=domain) for domain in wanted], ignore_conflicts=True)
    now = timezone.now()
    unsure = Q(result__in=[*DOUBTFUL, Result.NO_ANSWER], checked_at__lt=now - UNSURE_AGAIN)
    old = Q(checked_at__lt=now - BELIEVED) | unsure
    DomainCheck.objects.filter(old, domain__in=wanted, due_at=None).update(due_at=now)
    return _due().filter(domain__in=wanted).exists()


def drain() -> None:
    """Look up what is due, for SHIFT seconds at most."""
    end = time.monotonic() + SHIFT
    while time.monotonic() < end - SECONDS and (check := _claim()):
        _store(check.domain, look_up(check.domain))


def _due() -> QuerySet[DomainCheck]:
    return DomainCheck.objects.filter(due_at__lte=timezone.now()).order_by("due_at", "pk")


@transaction.atomic
def _claim() -> DomainCheck | None:
    """One that is due, out of the others' hands for LEASE."""
    check = _due().select_for_update(skip_locked=True).first()
    if check:
        DomainCheck.objects.filter(pk=check.pk).update(due_at=timezone.now() + LEASE)
    return check


def _store(domain: str, result: str) -> None:
    now = timezone.now()
    if result == Result.NO_ANSWER:  # silence takes no sure answer back before its day is over
        sure = DomainCheck.objects.filter(domain=domain, result__in=DEAD, checked_at__gt=now - BELIEVED)
        if sure.update(due_at=now + UNSURE_AGAIN):
            return
    DomainCheck.objects.update_or_create(domain=domain, defaults={"result": result, "checked_at": now, "due_at": None})


def ask_for_waiting() -> None:
    """Look again at the domains of what leaves soon, and at those that mail is held for: they may come back."""
    soon = Message.objects.filter(status=Status.QUEUED, send_after__lt=timezone.now() + AHEAD)
    held = Message.objects.filter(status=Status.HELD, reason=Reason.NO_MAIL_SERVICE)
    ask(domain_of(key) for rows in (soon, held) for key in rows.order_by("pk").values_list("to_key", flat=True)[:500])
