"""What is not on Today just now: put off to later, or settled lately."""

from collections.abc import Sequence
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from emails.models import Problem

SETTLED_FOR = timedelta(days=7)
MOST = 100


def snoozed() -> Sequence[Problem]:
    """Open and put off, those that come back first first."""
    return _rows(Problem.objects.open().filter(snoozed_until__gt=timezone.now()).order_by("snoozed_until", "pk"))


def settled() -> Sequence[Problem]:
    """Closed in the last days, by someone or by itself, the latest first."""
    return _rows(Problem.objects.filter(closed_at__gt=timezone.now() - SETTLED_FOR).order_by("-closed_at", "-pk"))


def _rows(found: QuerySet[Problem]) -> Sequence[Problem]:
    found = found.select_related("inspection", "message", "solved_by")
    return list(found.defer("message__html", "message__text", "message__search", "inspection__search")[:MOST])
