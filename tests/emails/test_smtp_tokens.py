"""Signing in to the mail server with an access token (XOAUTH2): real servers, real refusals, nothing lost or shown."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult
from django.conf import LazySettings
from django.core.mail import EmailMultiAlternatives
from django.db.models.functions import Now

from emails import carrier, delivery, selectors_health, smtp, tokens
from emails.models import Channel, Message, MessageEvent
from emails.outcomes import Fate, Outcome
from emails.states import Status
from emails.wording_channel import NOT_SIGNED_IN
from inspections import services
from tests.emails.imap_server import certificate
from tests.emails.mail_server import DROP, MailServer, TokenMailServer, self_signed, serving
from tests.emails.practice_mail import until
from tests.emails.token_server import TokenServer, giving_tokens
from tests.factories import make_draft, make_person

Use = Callable[[int], None]
USER = TokenMailServer.USER
FIRST, SECOND = "access-token-1", "access-token-2"
SECRETS = ("client-secret-1", "refresh-secret-1", "access-token", "YWNjZXNzLXRva2Vu")  # the last is base64 of the third


@pytest.fixture
def giver(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[TokenServer]:
    """Who gives out tokens; mail goes out with them, as office@oakwood.example."""
    monkeypatch.setattr(carrier, "_kept", threading.local())
    settings.EMAIL_BACKEND = "emails.smtp.EmailBackend"
    settings.EMAIL_PROVIDER = settings.MAIL_PROVIDER = "smtp"
    settings.EMAIL_HOST, settings.EMAIL_TIMEOUT = "127.0.0.1", 60
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = USER, ""
    with giving_tokens() as server:
        settings.EMAIL_OAUTH = server.oauth
        yield server


@pytest.fixture
def use(settings: LazySettings) -> Use:
    def use(port: int) -> None:
        settings.EMAIL_PORT = port

    return use


def send(to: str = "ann@example.com") -> Outcome:
    return carrier.call(EmailMultiAlternatives("Subject", "Text", "office@oakwood.example", [to]))


def shows(token: str) -> bytes:
    return b"user=office@oakwood.example\x01auth=Bearer " + token.encode() + b"\x01\x01"


# --- signed in -------------------------------------------------------------------------------------------------------


def test_two_emails_over_two_connections_need_one_token(giver: TokenServer, use: Use) -> None:
    server = TokenMailServer(FIRST)
    with serving(server, **server.OPTIONS) as controller:
        use(controller.port)
        assert send().fate is Fate.ACCEPTED
        server.hang_up_on_everybody(controller)
        assert send().fate is Fate.ACCEPTED
    assert server.taken == ["ann@example.com"] * 2
    assert server.shown == [shows(FIRST)] * 2
    assert [question["grant_type"] for question in giver.asked] == [["refresh_token"]]


def test_over_tls_the_token_is_shown_only_behind_it(
    giver: TokenServer, use: Use, settings: LazySettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cert, key = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    context = self_signed(tmp_path)
    context.load_cert_chain(cert, key)
    settings.EMAIL_HOST, settings.EMAIL_USE_TLS = "localhost", True
    server = TokenMailServer(FIRST)
    with serving(server, **server.OPTIONS | {"auth_require_tls": True}, tls_context=context) as controller:
        use(controller.port)
        assert send().fate is Fate.ACCEPTED
    assert server.shown == [shows(FIRST)]


def test_a_token_that_ends_soon_is_not_used_again(giver: TokenServer, use: Use) -> None:
    giver.lasts = 60
    server = TokenMailServer(FIRST, SECOND)
    with serving(server, **server.OPTIONS) as controller:
        use(controller.port)
        send()
        server.hang_up_on_everybody(controller)
        assert send().fate is Fate.ACCEPTED
    assert server.shown == [shows(FIRST), shows(SECOND)]


def test_a_token_that_is_refused_before_its_end_is_renewed_at_once(giver: TokenServer, use: Use) -> None:
    server = TokenMailServer(FIRST)
    with serving(server, **server.OPTIONS) as controller:
        use(controller.port)
        send()
        server.good = {SECOND}
        server.hang_up_on_everybody(controller)
        assert send().fate is Fate.ACCEPTED
    assert server.shown == [shows(FIRST), shows(FIRST), shows(SECOND)]
    assert server.explained == [b""]
    assert len(giver.asked) == 2


def test_who_signs_in_with_a_password_is_asked_for_no_token(
    giver: TokenServer, use: Use, settings: LazySettings
) -> None:
    def knows(_: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        came.append((data.login, data.password))
        return AuthResult(success=True)

    came: list[tuple[bytes, bytes]] = []
    settings.EMAIL_OAUTH, settings.EMAIL_HOST_PASSWORD = None, "right"
    server = MailServer()
    with serving(server, authenticator=knows, auth_require_tls=False) as controller:
        use(controller.port)
        assert send().fate is Fate.ACCEPTED
    assert came == [(USER.encode(), b"right")]
    assert giver.asked == []


# --- refused ---------------------------------------------------------------------------------------------------------


def test_a_token_that_is_refused_twice_locks_us_out_and_the_next_try_asks_anew(giver: TokenServer, use: Use) -> None:
    server = TokenMailServer()
    with serving(server, **server.OPTIONS) as controller:
        use(controller.port)
        outcome = send()
        assert (outcome.fate, outcome.why) == (Fate.LOCKED_OUT, "token_refused")
        assert "5.7.8 Username and Password not accepted" in outcome.words
        assert server.shown == [shows(FIRST), shows(SECOND)]
        server.good = {"access-token-3"}
        assert send().fate is Fate.ACCEPTED


def test_a_server_that_knows_no_tokens_is_shown_none(giver: TokenServer, use: Use) -> None:
    with serving(MailServer(), authenticator=lambda *_: None, auth_require_tls=False) as controller:
        use(controller.port)
        outcome = send()
    assert (outcome.fate, outcome.why) == (Fate.LOCKED_OUT, "tokens_not_taken")
    assert len(giver.asked) == 1


@pytest.mark.parametrize(("fault", "no"), [({}, "454 4.7.0 Temporary authentication failure"), ({"AUTH": DROP}, "")])
def test_a_passing_failure_at_signing_in_is_tried_again_with_the_same_token(
    giver: TokenServer, use: Use, fault: dict[str, str], no: str
) -> None:
    server = TokenMailServer(no=no, **fault)
    with serving(server, **server.OPTIONS) as controller:
        use(controller.port)
        assert send().fate is Fate.UNREACHABLE
        server.faults, server.good = {}, {FIRST}
        assert send().fate is Fate.ACCEPTED
    assert len(giver.asked) == 1


# --- no token --------------------------------------------------------------------------------------------------------

REFUSALS = [
    (400, '{"error": "invalid_grant", "error_description": "Token has been expired or revoked."}', "consent_ended"),
    (401, '{"error": "invalid_client"}', "secret_refused"),
    (400, '{"error": "unauthorized_client"}', "secret_refused"),
    (400, '{"error": "invalid_scope"}', "scope_refused"),
    (400, '{"error": {"odd": 1}}', "no_token"),
    (302, "", "no_token"),
    (404, "<p>Nothing here</p>", "no_token"),
    (200, "<p>Welcome to our hotel</p>", "no_token"),
    (200, "[]", "no_token"),
    (200, '{"access_token": 7}', "no_token"),
    (200, '{"access_token": "two\\r\\nlines"}', "no_token"),
    (200, '{"access_token": "split\\u0001"}', "no_token"),
    (200, "[" * 50_000, "no_token"),
    (200, '{"access_token": "' + "x" * 100_000 + '"}', "no_token"),
]


@pytest.mark.parametrize(("status", "body", "why"), REFUSALS)
def test_a_giver_that_says_no_or_nonsense_locks_us_out(
    giver: TokenServer, use: Use, status: int, body: str, why: str
) -> None:
    giver.answer = (status, body)
    server = TokenMailServer()
    with serving(server, **server.OPTIONS) as controller:
        use(controller.port)
        outcome = send()
    assert (outcome.fate, outcome.why) == (Fate.LOCKED_OUT, why)
    assert server.sessions == []


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, "oops"), (503, "{}"), (429, "{}"), (400, '{"error": "temporarily_unavailable"}')],
)
def test_a_giver_out_of_order_is_surely_not_sent(giver: TokenServer, status: int, body: str) -> None:
    giver.answer = (status, body)
    outcome = send()
    assert (outcome.fate, outcome.why) == (Fate.UNREACHABLE, "no_token_now")


def test_a_giver_that_is_down_is_surely_not_sent(giver: TokenServer) -> None:
    giver.shutdown()
    giver.server_close()
    assert send().fate is Fate.UNREACHABLE


@pytest.mark.parametrize("slow", [{"delay": 60.0}, {"trickle": 0.5}])
def test_a_slow_giver_is_left_in_time_and_a_late_token_is_no_loss(
    giver: TokenServer, monkeypatch: pytest.MonkeyPatch, slow: dict[str, float]
) -> None:
    monkeypatch.setattr(smtp, "OPENING", 0.3)
    vars(giver).update(slow)
    begun = time.monotonic()
    assert send().fate is Fate.UNREACHABLE
    assert time.monotonic() - begun < 30


def test_a_giver_that_cannot_prove_who_it_is_gets_no_secret(
    giver: TokenServer, settings: LazySettings, tmp_path: Path
) -> None:
    with giving_tokens(self_signed(tmp_path)) as impostor:
        settings.EMAIL_OAUTH = impostor.oauth
        assert send().fate is Fate.UNSAFE
        assert impostor.asked == []


# --- time and threads ------------------------------------------------------------------------------------------------


def test_a_mail_server_that_speaks_byte_by_byte_is_left_in_time(
    giver: TokenServer, use: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stutter(listener: socket.socket) -> None:
        conn, _ = listener.accept()
        with conn:
            while True:
                try:
                    conn.sendall(b"220-wait\r\n"[:1])
                except OSError:
                    return
                time.sleep(0.05)

    tokens.access(giver.oauth)  # beforehand: only the mail server is slow
    monkeypatch.setattr(smtp, "LONGEST_OPENING", 0.6)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=stutter, args=(listener,), daemon=True).start()
        use(listener.getsockname()[1])
        begun = time.monotonic()
        assert send().fate is Fate.UNREACHABLE
        assert time.monotonic() - begun < 30


def all_at_once(giver: TokenServer, patch: pytest.MonkeyPatch, count: int) -> list[str]:
    """What as many threads get, tokens or errors; the giver answers when all of them wait."""
    waiting: list[float] = []

    class Awaited(Future[str]):
        def result(self, timeout: float | None = None) -> str:
            waiting.append(timeout or 0)
            return super().result(timeout)

    def ask(_: int) -> str:
        try:
            return tokens.access(giver.oauth)
        except tokens.Refused as problem:
            return problem.error

    patch.setattr(tokens, "Future", Awaited)
    giver.may_answer.clear()
    with ThreadPoolExecutor(count) as pool:
        got = pool.map(ask, range(count))
        until(lambda: len(waiting) == count, "threads that wait")
        giver.may_answer.set()
        return list(got)


def test_threads_that_want_a_token_at_once_ask_once(giver: TokenServer, monkeypatch: pytest.MonkeyPatch) -> None:
    assert all_at_once(giver, monkeypatch, 8) == [FIRST] * 8
    assert len(giver.asked) == 1


def test_a_refusal_that_many_threads_wait_for_reaches_each_and_is_not_kept(
    giver: TokenServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    giver.answer = (400, '{"error": "invalid_grant"}')
    assert all_at_once(giver, monkeypatch, 4) == ["invalid_grant"] * 4
    giver.answer = None
    assert tokens.access(giver.oauth) == SECOND


def test_an_old_tokens_refusal_does_not_cost_the_new_one(giver: TokenServer) -> None:
    tokens.access(giver.oauth)
    tokens.forget(giver.oauth, FIRST)
    assert tokens.access(giver.oauth) == SECOND
    tokens.forget(giver.oauth, FIRST)  # by a thread whose server took its time to say no
    assert tokens.access(giver.oauth) == SECOND


# --- what follows ----------------------------------------------------------------------------------------------------


def confirmed(*people: str) -> Any:
    clients = tuple(make_person(name=address.split("@")[0].title(), email=address) for address in people)
    inspection, _ = services.save(make_draft(people=clients), by="Kim")
    services.confirm(inspection, by="Kim")
    return inspection


def service_light() -> selectors_health.Light:
    return next(light for light in selectors_health.lights() if light.code == "service")


@pytest.mark.django_db
def test_a_withdrawn_consent_fails_no_email_says_what_to_do_and_all_leave_once_it_is_given_again(
    giver: TokenServer, use: Use
) -> None:
    giver.answer = (400, '{"error": "invalid_grant", "error_description": "Token has been expired or revoked."}')
    inspection = confirmed("ann@example.com", "bob@example.com")
    server = TokenMailServer("access-token-2")
    with serving(server, **server.OPTIONS) as controller:
        use(controller.port)
        delivery.deliver_due()
        due = inspection.messages.filter(kind__in=["confirmation", "agreement"])
        assert set(due.values_list("status", "tries")) == {(Status.QUEUED, 0)}
        light = service_light()
        assert light.next_step == NOT_SIGNED_IN["consent_ended"]
        assert light.details == "400 invalid_grant: Token has been expired or revoked."
        assert (light.tone, light.can_retry) == ("amber", True)
        giver.answer = (200, '{"access_token": "access-token-2", "expires_in": 3600}')
        Channel.objects.update(paused_reason="", paused_until=None, paused_at=None)
        Message.objects.filter(pk__in=due).update(send_after=Now())
        delivery.deliver_due()
    assert sorted(server.taken) == ["ann@example.com"] * 2 + ["bob@example.com"] * 2
    assert due.filter(status=Status.SENT).count() == 4


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("no", "answer"),
    [
        ("535 5.7.8 I do not like AUTH XOAUTH2 {line}", None),
        ("535 5.7.8 Who is {token}?", None),
        ("454 4.7.0 Later, {line}", None),
        ("", (400, '{"error": "invalid_request", "error_description": "client-secret-1 and refresh-secret-1?"}')),
    ],
)
def test_no_secret_is_written_anywhere_even_if_it_comes_back(
    giver: TokenServer, use: Use, settings: LazySettings, caplog: pytest.LogCaptureFixture, no: str, answer: Any
) -> None:
    giver.answer = answer
    confirmed("ann@example.com")
    caplog.set_level(logging.DEBUG)
    server = TokenMailServer(no=no)
    with serving(server, **server.OPTIONS) as controller:
        use(controller.port)
        delivery.deliver_due()
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("mail.")]  # aiosmtpd's own
    written = [*MessageEvent.objects.values_list("text", flat=True), Channel.get().paused_reason, *ours]
    shown = "\n".join([*written, repr(settings.EMAIL_OAUTH), repr(service_light())])
    assert "***" in shown
    assert not [secret for secret in SECRETS if secret in shown]
