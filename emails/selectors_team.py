"""The office's people as the page Team shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from emails import reasons
from emails.models import ApiKey, MessageEvent
from emails.states import UNDELIVERED, Status
from inspections.models import TeamChange, User
from inspections.text import canonical

CHANGES_SHOWN = 50
SAID_FOR = timedelta(days=14)
_CAME_BACK = UNDELIVERED - {Status.COMPLAINED}


@dataclass(frozen=True)
class Colleague:
    """One row. `came_back`: why the last mail to them did not arrive, "" as far as nobody knows of that."""

    user: User
    is_you: bool
    came_back: str = ""

    @property
    def is_waiting(self) -> bool:
        """Invited, and has not chosen a password yet."""
        return self.user.is_active and not self.user.has_usable_password()


def colleagues(you: User) -> list[Colleague]:
    """Everybody, those who may sign in first."""
    users = list(User.objects.order_by("-is_active", "name", "email"))
    failed = _came_back([canonical(user.email) for user in users])
    return [Colleague(user, user == you, failed.get(canonical(user.email), "")) for user in users]


def _came_back(addresses: Sequence[str]) -> dict[str, str]:
    """By address. What is sent to colleagues has no row of its own, but the mail service's news of it is kept."""
    news = MessageEvent.objects.filter(message=None, recipient__in=addresses)
    news = news.filter(status__in=_CAME_BACK | {Status.DELIVERED}, at__gt=timezone.now() - SAID_FOR)
    newest = news.order_by("recipient", "-at", "-pk").distinct("recipient")
    return {event.recipient: reasons.label(event.category) for event in newest if event.status in _CAME_BACK}


def numbers() -> dict[str, int]:
    """How many may sign in, and how many of them have not chosen a password yet."""
    active = list(User.objects.filter(is_active=True))
    return {"team_count": len(active), "team_waiting": sum(not user.has_usable_password() for user in active)}


def changes() -> Sequence[TeamChange]:
    """What was changed, the latest first."""
    return list(TeamChange.objects.select_related("user")[:CHANGES_SHOWN])


def keys_of(user: User) -> int:
    """API keys in use that this person made: they go on working when the person may not sign in any more."""
    return ApiKey.objects.filter(created_by=str(user), revoked_at=None).count()
