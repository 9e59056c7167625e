"""What a portal link opens, by its scope and by who its person is. One table; whatever is not in it stays closed."""

from collections.abc import Mapping
from enum import StrEnum

from inspections.models import Role, Scope


class Thing(StrEnum):
    """What a portal can show or let somebody do."""

    DETAILS = "details"  # date, place, inspector, services
    AGREEMENT = "agreement"  # read and sign it, get the signed copy
    INVOICE = "invoice"  # the fee, what is due, how to pay
    REPORT = "report"  # once it is published and unlocked


_CLIENT = frozenset(Thing)
_TAKES_PART = frozenset({Thing.DETAILS, Thing.REPORT})

_ROLE: Mapping[str, frozenset[Thing]] = {
    Role.CLIENT: _CLIENT,
    Role.BUYER_AGENT: _TAKES_PART,
    Role.COORDINATOR: _TAKES_PART,
    # The report belongs to the buyer: the other side gets it by a link that names it.
    Role.SELLER_AGENT: frozenset({Thing.DETAILS}),
    Role.OTHER: frozenset({Thing.DETAILS}),
}
_SCOPE: Mapping[str, frozenset[Thing]] = {
    Scope.SIGN_PAY: frozenset({Thing.DETAILS, Thing.AGREEMENT, Thing.INVOICE}),
    Scope.DETAILS: frozenset({Thing.DETAILS}),
    Scope.REPORT: frozenset({Thing.REPORT}),
}
_ONLY_CLIENTS = frozenset({Thing.AGREEMENT, Thing.INVOICE})


def things(scope: str, role: str) -> frozenset[Thing]:
    """What a link of this scope opens for a person in this role.

    Without a scope it is what the role may see. A scope opens what it names to anybody, but nothing of the contract
    between client and company to somebody else.
    """
    if scope == Scope.EVERYTHING:
        return _ROLE.get(role, frozenset())
    return _SCOPE.get(scope, frozenset()) - (frozenset() if role == Role.CLIENT else _ONLY_CLIENTS)
