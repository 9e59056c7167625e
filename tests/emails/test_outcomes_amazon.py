"""Amazon SES speaks through boto3: other exceptions, and nearly every refusal is a 400. Answers come from loopback."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from anymail.backends.amazon_ses import EmailBackend as AmazonSes
from anymail.backends.postmark import EmailBackend as Postmark
from django.core.mail import EmailMessage

from config.providers import ONE_TRY
from emails import outcomes
from emails.outcomes import Fate, Outcome
from tests.emails.mail_server import self_signed
from tests.emails.test_outcomes import Answer, hang, patience, provider, reply, reset

ACCESS = {"region_name": "us-east-1", "aws_access_key_id": "test", "aws_secret_access_key": "test"}
NOT_VERIFIED = (
    "Email address is not verified. The following identities failed the check in region US-EAST-1: ann@example.com"
)


def refusal(status: str, code: str, words: str = "no", *headers: str) -> Answer:
    return reply(status, f'{{"message": "{words}"}}', f"x-amzn-ErrorType: {code}", *headers)


def outcome(url: str, *, read_timeout: float = 60, **options: Any) -> Outcome:
    email = EmailMessage("Subject", "Text", "office@example.com", ["ann@example.com"])
    config = ONE_TRY | {"connect_timeout": 60, "read_timeout": read_timeout}
    backend = AmazonSes(client_params={"endpoint_url": url, "config": config, **ACCESS, **options})
    backend.open()
    try:
        backend.send_messages([email])
    except Exception as problem:
        return outcomes.of_exception(problem)
    return outcomes.of_answer(email.anymail_status)  # type: ignore[attr-defined] # set by Anymail


CASES = [
    ("accepted", reply("200 OK", '{"MessageId": "ses-1"}'), Fate.ACCEPTED),
    ("too many requests", refusal("429 Too Many Requests", "TooManyRequestsException"), Fate.BUSY),
    ("throttling", refusal("400 Bad Request", "ThrottlingException"), Fate.BUSY),
    ("over the daily quota", refusal("400 Bad Request", "LimitExceededException"), Fate.BUSY),
    ("unavailable", refusal("503 Service Unavailable", "ServiceUnavailable"), Fate.BUSY),
    ("wrong key", refusal("403 Forbidden", "UnrecognizedClientException"), Fate.LOCKED_OUT),
    ("wrong secret", refusal("403 Forbidden", "SignatureDoesNotMatch"), Fate.LOCKED_OUT),
    ("account suspended", refusal("400 Bad Request", "AccountSuspendedException"), Fate.LOCKED_OUT),
    ("sending paused", refusal("400 Bad Request", "SendingPausedException"), Fate.LOCKED_OUT),
    ("trial account", refusal("400 Bad Request", "MessageRejected", NOT_VERIFIED), Fate.FORBIDDEN),
    ("no right to send", refusal("403 Forbidden", "AccessDeniedException"), Fate.FORBIDDEN),
    ("a virus", refusal("400 Bad Request", "MessageRejected", "Virus found"), Fate.IMPOSSIBLE),
    ("bad request", refusal("400 Bad Request", "BadRequestException"), Fate.IMPOSSIBLE),
    ("server error", refusal("500 Internal Server Error", "InternalFailure"), Fate.UNKNOWN),
    ("reset after the request", reset, Fate.UNKNOWN),
    ("no answer in time", hang, Fate.UNKNOWN),
]


@pytest.mark.parametrize(("answer", "fate"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_outcome_at_amazon_of(answer: Answer, fate: Fate) -> None:
    with provider(answer) as url:
        assert outcome(url, read_timeout=patience(answer)).fate is fate


def test_amazons_own_words_and_wait_are_kept() -> None:
    with provider(refusal("429 Too Many Requests", "TooManyRequestsException", "Slow down", "Retry-After: 9")) as url:
        told = outcome(url)
    assert (told.words, told.retry_after) == ("Slow down", 9)


def test_amazon_refusing_the_connection_is_surely_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert outcome(f"http://127.0.0.1:{port}/").fate is Fate.UNREACHABLE


def test_amazons_name_not_resolving_is_surely_not_sent() -> None:
    assert outcome("http://nowhere.invalid/").fate is Fate.UNREACHABLE


def test_without_a_key_for_amazon_we_are_locked_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    keyless: dict[str, Any] = {"aws_access_key_id": None, "aws_secret_access_key": None}
    assert outcome("http://127.0.0.1:9/", **keyless).fate is Fate.LOCKED_OUT


@contextmanager
def over_tls(context: ssl.SSLContext) -> Iterator[str]:
    """A server that begins TLS with one caller."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        conn, _ = listener.accept()
        with suppress(OSError), context.wrap_socket(conn, server_side=True) as safe:
            safe.recv(65_536)

    threading.Thread(target=serve, daemon=True).start()
    with listener:
        yield f"https://127.0.0.1:{listener.getsockname()[1]}/"


@pytest.mark.parametrize("service", ["amazon", "postmark"])
def test_a_certificate_that_nobody_vouches_for_is_surely_not_sent(tmp_path: Path, service: str) -> None:
    with over_tls(self_signed(tmp_path)) as url:
        told = outcome(url) if service == "amazon" else at_postmark(url)
    assert told.fate is Fate.UNSAFE


def at_postmark(url: str) -> Outcome:
    email = EmailMessage("Subject", "Text", "office@example.com", ["ann@example.com"])
    try:
        Postmark(server_token="test", api_url=url, timeout=60).send_messages([email])
    except Exception as problem:
        return outcomes.of_exception(problem)
    return outcomes.of_answer(email.anymail_status)  # type: ignore[attr-defined] # set by Anymail
