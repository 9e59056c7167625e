"""Signing in to the mailbox with an access token, as Google and Microsoft ask for."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest
from django.conf import LazySettings

from config.mailbox import OAuth
from emails import mailbox, mailbox_imap
from emails.models import Mailbox
from emails.states import Status
from tests.emails.by_mail import again, box, read, report, sent, where
from tests.emails.imap_server import TOKEN, Person

pytestmark = pytest.mark.django_db

# --- OAuth -----------------------------------------------------------------------------------------------------------


class Tokens(ThreadingHTTPServer):
    """Gives out access tokens as RFC 6749 says. `answer` is what it says next: status and body."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _TokenHandler)
        self.asked: list[dict[str, list[str]]] = []
        self.answer = (200, f'{{"access_token": "{TOKEN}", "expires_in": 3600, "token_type": "Bearer"}}')

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/token"


class _TokenHandler(BaseHTTPRequestHandler):
    server: Tokens

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.asked.append(parse_qs(body))
        status, answer = self.server.answer
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def tokens(office: Person, settings: LazySettings) -> Iterator[Tokens]:
    server = Tokens()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    oauth = OAuth(server.url, "client-1", "client-secret", "refresh-1", "mail")
    settings.BOUNCE_MAILBOX = replace(where(), password="", oauth=oauth)
    mailbox_imap._tokens.clear()
    yield server
    server.shutdown()
    server.server_close()


def test_signing_in_with_a_refresh_token_asks_once_an_hour(office: Person, tokens: Tokens) -> None:
    message = sent()
    read(office, report("google_address_unknown"))
    read(office)
    assert again(message).status == Status.BOUNCED
    (asked,) = tokens.asked
    assert asked == {
        "grant_type": ["refresh_token"],
        "refresh_token": ["refresh-1"],
        "client_id": ["client-1"],
        "client_secret": ["client-secret"],
        "scope": ["mail"],
    }


def test_without_a_refresh_token_the_program_signs_in_as_itself(
    office: Person, tokens: Tokens, settings: LazySettings
) -> None:
    oauth = OAuth(tokens.url, "client-1", "client-secret", scope="mail")
    settings.BOUNCE_MAILBOX = replace(where(), oauth=oauth)
    mailbox.poll()
    assert box().trouble == ""
    assert tokens.asked[0]["grant_type"] == ["client_credentials"]


def test_a_withdrawn_grant_is_named_and_a_refused_token_is_asked_for_anew(office: Person, tokens: Tokens) -> None:
    right = tokens.answer
    tokens.answer = (400, '{"error": "invalid_grant", "error_description": "Token has been revoked."}')
    mailbox.poll()
    assert (box().trouble, box().details) == ("sign_in", "SignInRefused: 400 Token has been revoked.")
    tokens.answer = (200, '{"access_token": "stale", "expires_in": 3600}')
    mailbox.poll()
    assert box().trouble == "sign_in"
    tokens.answer = right
    Mailbox.objects.update(lease_until=None)
    mailbox.poll()
    assert box().trouble == ""


@pytest.mark.parametrize(("status", "body"), [(500, "oops"), (200, "{}"), (200, "[]"), (302, "")])
def test_a_token_server_out_of_order_is_trouble_and_no_crash(
    office: Person, tokens: Tokens, status: int, body: str
) -> None:
    tokens.answer = (status, body)
    assert mailbox.poll() == 0
    assert box().trouble in ("sign_in", "unreachable", "other")
