"""Who sees what behind a portal link: the whole table, so that a leak is a changed line here."""

import pytest

from inspections.grants import things
from inspections.models import Role, Scope

ALL = {"details", "agreement", "invoice", "report"}
TABLE: dict[tuple[str, str], set[str]] = {
    (Scope.EVERYTHING, Role.CLIENT): ALL,
    (Scope.EVERYTHING, Role.BUYER_AGENT): {"details", "report"},
    (Scope.EVERYTHING, Role.COORDINATOR): {"details", "report"},
    (Scope.EVERYTHING, Role.SELLER_AGENT): {"details"},
    (Scope.EVERYTHING, Role.OTHER): {"details"},
    **{(Scope.SIGN_PAY, role): {"details"} for role in Role if role != Role.CLIENT},
    (Scope.SIGN_PAY, Role.CLIENT): {"details", "agreement", "invoice"},
    **{(Scope.DETAILS, role): {"details"} for role in Role},
    **{(Scope.REPORT, role): {"report"} for role in Role},
}


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize("role", Role)
def test_a_link_opens_what_the_table_says_and_nothing_else(scope: str, role: str) -> None:
    assert things(scope, role) == TABLE[scope, role]


def test_an_unknown_scope_or_role_opens_nothing() -> None:
    assert not things("sign", Role.CLIENT)
    assert not things(Scope.EVERYTHING, "owner")
