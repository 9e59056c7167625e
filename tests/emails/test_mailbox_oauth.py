"""Signing in to the mailbox with an access token, as Google and Microsoft ask for."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.conf import LazySettings

from emails import mailbox
from emails.models import Mailbox
from emails.states import Status
from tests.emails.by_mail import again, box, read, report, sent, where
from tests.emails.imap_server import Person
from tests.emails.token_server import TokenServer, giving_tokens

pytestmark = pytest.mark.django_db


@pytest.fixture
def tokens(office: Person, settings: LazySettings) -> Iterator[TokenServer]:
    """The mailbox knows access-token-1, the first that it gives."""
    with giving_tokens() as server:
        settings.BOUNCE_MAILBOX = replace(where(), password="", oauth=server.oauth)
        yield server


def test_signing_in_with_a_refresh_token_asks_once_an_hour(office: Person, tokens: TokenServer) -> None:
    message = sent()
    read(office, report("google_address_unknown"))
    read(office)
    assert again(message).status == Status.BOUNCED
    (asked,) = tokens.asked
    assert asked == {
        "grant_type": ["refresh_token"],
        "refresh_token": ["refresh-secret-1"],
        "client_id": ["client-1"],
        "client_secret": ["client-secret-1"],
        "scope": ["mail"],
    }


def test_without_a_refresh_token_the_program_signs_in_as_itself(
    office: Person, tokens: TokenServer, settings: LazySettings
) -> None:
    settings.BOUNCE_MAILBOX = replace(where(), oauth=replace(tokens.oauth, refresh_token=""))
    mailbox.poll()
    assert box().trouble == ""
    assert tokens.asked[0]["grant_type"] == ["client_credentials"]


def test_a_withdrawn_grant_is_named_and_a_refused_token_is_asked_for_anew(office: Person, tokens: TokenServer) -> None:
    tokens.answer = (400, '{"error": "invalid_grant", "error_description": "Token has been revoked."}')
    mailbox.poll()
    assert (box().trouble, box().details) == ("sign_in", "Refused: 400 invalid_grant: Token has been revoked.")
    tokens.answer = (200, '{"access_token": "stale", "expires_in": 3600}')
    mailbox.poll()
    assert box().trouble == "sign_in"
    tokens.answer = (200, '{"access_token": "access-token-1", "expires_in": 3600}')
    Mailbox.objects.update(lease_until=None)
    mailbox.poll()
    assert box().trouble == ""


@pytest.mark.parametrize(("status", "body"), [(500, "oops"), (200, "{}"), (200, "[]"), (302, "")])
def test_a_token_server_out_of_order_is_trouble_and_no_crash(
    office: Person, tokens: TokenServer, status: int, body: str
) -> None:
    tokens.answer = (status, body)
    assert mailbox.poll() == 0
    assert box().trouble in ("sign_in", "unreachable", "other")
