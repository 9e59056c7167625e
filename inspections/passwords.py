"""The links with which a member of the office chooses a password, once."""

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.urls import reverse
from django.utils.http import int_to_base36

from inspections.models import User


class OneTimeToken(PasswordResetTokenGenerator):
    """Works until the password is set, for PASSWORD_RESET_TIMEOUT; ends too when the account is switched off."""

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}{user.is_active}{user.sign_outs}"


def link(user: User) -> str:
    """The absolute address at which this person, and nobody else, chooses a password."""
    return address(int_to_base36(user.pk), OneTimeToken().make_token(user))


def address(uid: str, token: str) -> str:
    """Never by the Host header of whoever asked for it."""
    return settings.BASE_URL + reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": token})


def days() -> int:
    """How long a link works."""
    return settings.PASSWORD_RESET_TIMEOUT // (24 * 3600)
