"""Does a domain take mail? Asks DNS, within a time limit, and is sure only of what DNS says outright.

RFC 5321 section 5.1: MX, else the address of the domain itself. RFC 7505: a single MX of "." means "no mail here".
"""

import time
from importlib import import_module
from typing import TYPE_CHECKING, Any

from emails.models import DomainCheck

if TYPE_CHECKING:
    from dns.resolver import Resolver

SECONDS = 3.0  # in all
Result = DomainCheck.Result


def look_up(domain: str, *, resolver: "Resolver | None" = None, seconds: float = SECONDS) -> str:
    """A `DomainCheck.Result` for a domain in ASCII. Never raises: whatever goes wrong is "no answer"."""
    dns = _dns()
    try:
        return _Inquiry(resolver or dns.get_default_resolver(), time.monotonic() + seconds).result(f"{domain}.")
    except (dns.dns.exception.DNSException, OSError, ValueError):
        return Result.NO_ANSWER


def _dns() -> Any:
    """dnspython, on first use: its import takes half a second, which no other command should pay."""
    return import_module("dns.resolver")


class _Inquiry:
    """A resolver with a deadline for all that is asked."""

    def __init__(self, resolver: "Resolver", deadline: float) -> None:
        self._resolver, self._deadline, self._dns = resolver, deadline, _dns()

    def result(self, name: str) -> str:
        """What DNS says about mail for a name. Raises what went wrong."""
        try:
            exchanges = self._ask(name, "MX")
            if len(exchanges) == 1 and exchanges[0].split()[-1] == ".":
                return Result.REFUSES
            reachable = exchanges or self._ask(name, "A") or self._ask(name, "AAAA")
        except self._dns.NXDOMAIN:
            return self._sure_of_nothing()
        return Result.TAKES_MAIL if reachable else Result.NO_SERVER

    def _sure_of_nothing(self) -> str:
        """Networks without a way out sometimes deny every name: believe a denial only from who knows the root."""
        try:
            return Result.NO_DOMAIN if self._ask(".", "NS") else Result.NO_ANSWER
        except self._dns.NXDOMAIN:
            return Result.NO_ANSWER

    def _ask(self, name: str, kind: str) -> list[str]:
        """The answers as text, none if the name has no such record."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise OSError("no time left")
        try:
            answer = self._resolver.resolve(name, kind, lifetime=left, search=False)
        except self._dns.NoAnswer:
            return []
        return [str(record) for record in answer]
