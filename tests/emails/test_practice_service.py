"""The practice mail service takes emails as Postmark does, and never forgets one that it took."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from anymail.exceptions import AnymailRecipientsRefused
from anymail.message import AnymailMessage
from django.core.mail import get_connection
from django.test import override_settings

from emails.practice import client, command
from tests.emails.practice_mail import SERVER_TOKEN, TOKEN, Running, running

EMAIL = {"From": "office@desk.example", "To": "ann@example.com", "TextBody": "Hello"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("mail")) as service:
        yield service


def test_an_email_is_taken_and_kept_whole(service: Running) -> None:
    status = service.send('"Ann Lee" <ann@example.com>', message="whole").anymail_status
    assert status.status == {"sent"}
    (line,) = service.logged("whole")
    assert line["provider_message_id"] == status.message_id
    assert (line["to"], line["to_name"], line["subject"]) == ("ann@example.com", "Ann Lee", "Your inspection")
    assert line["message"]["HtmlBody"] == "<p>Hello</p>"


def test_a_repeat_of_a_metadata_id_is_a_second_line(service: Running) -> None:
    for _ in range(2):
        service.send("ann@example.com", message="twice")
    items = service.get("practice/messages.json").json()["items"]
    assert [item["metadata"] for item in items].count({"message": "twice"}) == len(service.logged("twice")) == 2


def test_a_send_of_unknown_outcome_can_be_looked_up_by_our_id(service: Running) -> None:
    sent = service.send("ann@example.com", message="look-up").anymail_status
    page = {"count": 10, "offset": 0}
    found = service.get("messages/outbound", metadata_message="look-up", **page).json()
    assert found["TotalCount"] == 1
    assert found["Messages"][0]["MessageID"] == sent.message_id
    assert found["Messages"][0]["Metadata"] == {"message": "look-up"}
    assert found["Messages"][0]["Recipients"] == ["ann@example.com"]
    none = service.get("messages/outbound", metadata_message="never sent", **page).json()
    assert none == {"TotalCount": 0, "Messages": []}


def test_a_batch_answers_for_each_recipient(service: Running) -> None:
    backend = "anymail.backends.postmark.EmailBackend"
    connection = get_connection(backend, api_url=service.url, server_token="practice")
    email = AnymailMessage("Hi", "Hello", "office@desk.example", ["a@example.com", "suppressed@example.com"])
    email.connection = connection
    email.merge_data = {}  # asks Anymail for a batch
    email.send()
    recipients = email.anymail_status.recipients
    assert recipients["a@example.com"].status == "sent"
    assert recipients["suppressed@example.com"].status == "rejected"


def test_an_illegal_address_is_refused_as_at_postmark(service: Running) -> None:
    with pytest.raises(AnymailRecipientsRefused) as refused:
        service.send("ann@exa_mple.com", message="illegal")
    assert refused.value.email_message.anymail_status.status == {"invalid"}
    assert service.logged("illegal") == []


@pytest.mark.parametrize(
    "changes",
    [
        {"To": ""},
        {"To": 7},
        {"To": "ann"},
        {"To": "ann..lee@example.com"},
        {"To": ".ann@example.com"},
        {"To": "ann@example.com; ben@example.com"},
        {"To": ", ".join(f"a{number}@example.com" for number in range(51))},
        {"From": "nobody"},
        {"TextBody": ""},
        {"Metadata": {"message": ["no", "text"]}},
        {"Metadata": {"message": "x" * 81}},
        {"Headers": {"X": "y"}},
    ],
)
def test_a_senseless_email_is_refused_with_code_300(changes: dict[str, Any], service: Running) -> None:
    before = len(service.accepted())
    answer = service.post("email", EMAIL | changes)
    assert (answer.status_code, answer.json()["ErrorCode"]) == (422, 300)
    assert len(service.accepted()) == before


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "email", b"{", 422),
        ("POST", "email", b"[" * 100_000, 422),
        ("POST", "email", b"\xff\xfe", 422),
        ("POST", "email", b"[]", 422),
        ("POST", "email", b'{"To": "\\ud800@x", "From": "a@b.example", "TextBody": "x"}', 422),
        ("POST", "email", b"x" * (10 * 1024 * 1024 + 1), 413),
        ("POST", "email/batch", b"{}", 422),
        ("POST", "practice/switches", b"nonsense", 422),
        ("POST", "message-streams/outbound/suppressions/delete", b'{"Suppressions": 1}', 422),
        ("GET", "messages/outbound?count=x&offset=0", b"", 422),
        ("GET", "practice/messages?limit=x", b"", 200),
        ("GET", "practice/messages?after=gone", b"", 404),
        ("GET", "practice/messages/gone", b"", 404),
        ("GET", "nowhere", b"", 404),
        ("DELETE", "practice/messages", b"", 405),
        ("BREW", "email", b"", 501),
    ],
)
def test_bad_input_gets_json_and_no_traceback(
    method: str, path: str, body: bytes, status: int, service: Running
) -> None:
    answer = requests.request(method, service.url + path, data=body, headers=TOKEN | SERVER_TOKEN, timeout=60)
    assert answer.status_code == status
    assert "Traceback" not in json.dumps(answer.json())
    assert service.get("healthz").json()["ok"]


@pytest.mark.parametrize(
    "raw",
    [
        b"garbage\r\n\r\n",
        b"POST /email HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
        b"POST /email HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
        b"GET /practice/messages HTTP/1.1\r\nHost: evil.example\r\nX-Practice-Token: practice\r\n\r\n",
    ],
)
def test_what_is_no_proper_request_is_refused(raw: bytes, service: Running) -> None:
    port = int(service.url.rstrip("/").rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(raw)
        answer = b""
        while not answer.endswith(b"}") and (piece := connection.recv(4096)):
            answer += piece
    assert b"ErrorCode" in answer
    assert service.get("healthz").json()["ok"]


@pytest.mark.parametrize("path", ["practice/messages", "practice/messages.json", "practice/switches"])
def test_emails_and_switches_need_the_token(path: str, service: Running) -> None:
    assert requests.get(service.url + path, timeout=60).status_code == 401
    wrong = {"X-Practice-Token": "wrong"}
    assert requests.get(service.url + path, headers=wrong, timeout=60).status_code == 401
    secret = {"X-Practice-Token": "tests:only-for-tests"}
    assert requests.get(service.url + path, headers=secret, timeout=60).status_code == 200


def test_sending_needs_a_server_token(service: Running) -> None:
    answer = requests.post(service.url + "email", json=EMAIL, timeout=60)
    assert (answer.status_code, answer.json()["ErrorCode"]) == (401, 10)


def test_the_mailbox_page_reads_newest_first(tmp_path: Path) -> None:
    with running(tmp_path) as service, override_settings(PRACTICE_MAIL_URL=service.url):
        for number in range(5):
            service.send(f"bounce+{number}@example.com", message=f"m{number}")
        first = client.messages(limit=2)
        assert [item["metadata"]["message"] for item in first["items"]] == ["m4", "m3"]
        second = client.messages(limit=2, after=first["next"])
        assert [item["metadata"]["message"] for item in second["items"]] == ["m2", "m1"]
        (found,) = client.messages(q="BOUNCE+3@ inspection")["items"]
        whole = client.message(found["provider_message_id"])
        assert whole is not None
        assert (whole["html"], whole["text"], whole["fate"]) == ("<p>Hello</p>", "Hello", "bounce")
        assert [event["outcome"] for event in whole["events"]] == ["waiting"]
        assert [item["metadata"]["message"] for item in client.accepted()] == [f"m{number}" for number in range(5)]
        assert client.message("gone") is None
        assert client.set_switches({"share": 0.5})["share"] == client.switches()["share"] == 0.5
        with pytest.raises(client.SwitchesRefused, match="share"):
            client.set_switches({"share": 2})


def test_the_app_says_so_when_the_service_is_away() -> None:
    with pytest.raises(client.PracticeServiceDown, match="make run"):
        client.switches()


@override_settings(PRACTICE_MODE=False)
def test_it_does_not_start_outside_practice_mode(tmp_path: Path) -> None:
    with pytest.raises(command.CannotStart, match="only in practice mode"):
        command.run(port=0, data=tmp_path, webhook_url=None)
    assert list(tmp_path.iterdir()) == []


def test_manage_py_starts_it_too(tmp_path: Path) -> None:
    arguments = ["practice_mail_service", "--port", "0", "--data", str(tmp_path)]
    process = subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("Practice mail service at http://127.0.0.1:")
    process.terminate()
    assert process.wait(60) == 0
    process.stdout.close()
