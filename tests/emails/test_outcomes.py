"""What a failed provider call means: each fault is made for real on loopback, against Anymail's Postmark backend."""

import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from anymail.backends.postmark import EmailBackend
from django.core.mail import EmailMessage

from emails import outcomes
from emails.outcomes import Fate

Answer = Callable[[socket.socket], None]


def reply(status: str, body: str, *headers: str) -> Answer:
    head = "".join(f"{h}\r\n" for h in headers)
    text = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{head}\r\n{body}"
    return lambda conn: conn.sendall(text.encode())


def reset(conn: socket.socket) -> None:
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hang(conn: socket.socket) -> None:
    """Until the caller has had enough."""
    conn.settimeout(60)
    with suppress(OSError):
        conn.recv(1)


def patience(answer: Answer) -> float:
    """Seconds to wait for this answer."""
    return 0.4 if answer is hang else 60


def read_request(conn: socket.socket) -> None:
    """All of it: who hangs up on unread bytes takes his answer back."""
    with conn.makefile("rb") as said:
        head = b"".join(iter(said.readline, b"\r\n"))
        length = re.search(rb"(?im)^content-length: *(\d+)", head)
        said.read(int(length[1]) if length else 0)


@contextmanager
def provider(answer: Answer) -> Iterator[str]:
    """A server that reads one request and then does what the test says."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        conn, _ = listener.accept()
        with conn:
            read_request(conn)
            answer(conn)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    listener.close()
    thread.join(timeout=60)


def outcome(url: str, *, patience: float = 60) -> outcomes.Outcome:
    email = EmailMessage("Subject", "Text", "office@example.com", ["ann@example.com"])
    try:
        EmailBackend(server_token="test", api_url=url, timeout=(60, patience)).send_messages([email])
    except Exception as problem:
        return outcomes.of_exception(problem)
    return outcomes.of_answer(email.anymail_status)  # type: ignore[attr-defined] # set by Anymail


OK = '{"To":"ann@example.com","MessageID":"m-1","ErrorCode":0,"Message":"OK"}'
INACTIVE = '{"ErrorCode":406,"Message":"You tried to send to recipient(s) that have been marked as inactive."}'

NAMED = (
    '{"ErrorCode":406,"Message":"You tried to send to a recipient that has been marked as inactive.'
    '\\nFound inactive addresses: ann@example.com.\\nInactive recipients have bounced before."}'
)


def refusal(code: object) -> Answer:
    return reply("422 Unprocessable Entity", f'{{"ErrorCode":{code},"Message":"no"}}')


CASES = [
    ("accepted", reply("200 OK", OK), Fate.ACCEPTED),
    ("inactive recipient, named", reply("422 Unprocessable Entity", NAMED), Fate.REFUSED),
    ("inactive recipient", reply("422 Unprocessable Entity", INACTIVE), Fate.REFUSED),
    ("invalid request", reply("422 Unprocessable Entity", '{"ErrorCode":300,"Message":"bad"}'), Fate.IMPOSSIBLE),
    ("key refused", reply("401 Unauthorized", '{"ErrorCode":10,"Message":"token"}'), Fate.LOCKED_OUT),
    ("no credit left", reply("402 Payment Required", "{}"), Fate.LOCKED_OUT),
    ("sender not confirmed", refusal(401), Fate.FORBIDDEN),
    ("account on trial", refusal(412), Fate.FORBIDDEN),
    ("maintenance", refusal(100), Fate.BUSY),
    ("a code that is none", refusal("[]"), Fate.IMPOSSIBLE),
    ("forbidden", reply("403 Forbidden", "{}"), Fate.FORBIDDEN),
    ("busy", reply("429 Too Many Requests", "{}", "Retry-After: 7"), Fate.BUSY),
    ("unavailable", reply("503 Service Unavailable", "{}"), Fate.BUSY),
    ("server error", reply("500 Internal Server Error", "{}"), Fate.UNKNOWN),
    ("bad gateway", reply("502 Bad Gateway", "<html>"), Fate.UNKNOWN),
    ("answer is not JSON", reply("200 OK", "<html>welcome</html>"), Fate.UNKNOWN),
    ("answer is empty", reply("200 OK", ""), Fate.UNKNOWN),
    ("reset after the request", reset, Fate.UNKNOWN),
    ("closed without an answer", lambda conn: None, Fate.UNKNOWN),
    ("answer cut short", lambda conn: conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{"), Fate.UNKNOWN),
    ("no answer in time", hang, Fate.UNKNOWN),
]


@pytest.mark.parametrize(("answer", "fate"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_outcome_of(answer: Answer, fate: Fate) -> None:
    with provider(answer) as url:
        assert outcome(url, patience=patience(answer)).fate is fate


def test_a_refused_connection_is_surely_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert outcome(f"http://127.0.0.1:{port}/").fate is Fate.UNREACHABLE


def test_a_name_that_does_not_resolve_is_surely_not_sent() -> None:
    assert outcome("http://nowhere.invalid/").fate is Fate.UNREACHABLE


def test_the_wait_that_a_busy_provider_asks_for_is_kept() -> None:
    with provider(reply("429 Too Many Requests", "{}", "Retry-After: 7")) as url:
        assert outcome(url).retry_after == 7


def test_the_refusals_words_are_the_providers() -> None:
    with provider(reply("422 Unprocessable Entity", INACTIVE)) as url:
        assert "marked as inactive" in outcome(url).words
