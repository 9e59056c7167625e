"""Signing in: allauth's adapter, closed to strangers."""

import time
from email.headerregistry import Address

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.internal import ratelimit
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse

from inspections import passwords
from inspections.models import Company

LOCKED = "too_many_login_attempts"


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by an owner, never by a visitor."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up by themselves."""
        return False

    def get_from_email(self) -> str:
        """The address that the mail service lets us send from."""
        company = Company.get()
        local, _, domain = company.sender_email.rpartition("@")
        return str(Address((company.sender_name or company.name).replace(",", " "), local, domain))

    def format_email_subject(self, subject: str) -> str:
        """As it is: the sender's name says who writes."""
        return subject

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Where a password is chosen. `key` is allauth's uid-token."""
        uid, _, token = key.partition("-")
        return passwords.address(uid, token)

    def pre_authenticate(self, request: HttpRequest, **credentials: object) -> None:
        """Raises ValidationError after too many wrong tries, with how long it takes."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError as problem:
            if problem.code != LOCKED:
                raise
            left = self._locked_for(request, self._get_login_attempts_cache_key(request, **credentials))
            raise ValidationError(locked_words(left), code=LOCKED) from None

    @staticmethod
    def _locked_for(request: HttpRequest, key: str) -> float:
        """Seconds until the oldest try of a full limit no longer counts."""
        about = {"app": "allauth.account", "action": "login_failed"}
        now, waits = time.time(), [0.0]
        for rate in ratelimit.get_rates(**about):
            tries = cache.get(ratelimit.get_cache_key(request, **about, rate=rate, key=key), [])
            tries = [at for at in tries if at > now - rate.duration]  # the latest first
            waits += [tries[rate.amount - 1] + rate.duration - now] if len(tries) >= rate.amount else []
        return max(waits)


def no_other_address(request: HttpRequest) -> HttpResponse:
    """Which address somebody signs in with is the owners' business: allauth's page would write to any that is typed."""
    raise Http404


def locked_words(seconds: float) -> str:
    """`Too many wrong tries. Wait 4 minutes, then try again.`"""
    minutes = max(1, -int(-seconds // 60))
    return f"Too many wrong tries. Wait {minutes} minute{'s' * (minutes > 1)}, then try again."
