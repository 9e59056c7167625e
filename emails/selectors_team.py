"""The office's people as the page Team shows them."""

from collections.abc import Sequence
from dataclasses import dataclass

from emails.models import ApiKey
from inspections.models import TeamChange, User

CHANGES_SHOWN = 50


@dataclass(frozen=True)
class Colleague:
    """One row. `may_change` is False for oneself."""

    user: User
    is_you: bool

    @property
    def is_waiting(self) -> bool:
        """Invited, and has not chosen a password yet."""
        return self.user.is_active and not self.user.has_usable_password()


def colleagues(you: User) -> list[Colleague]:
    """Everybody, those who may sign in first."""
    return [Colleague(user, user == you) for user in User.objects.order_by("-is_active", "name", "email")]


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
