"""What the practice mail service answered for outlives kill -9, a full disk and a restart."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from email.message import Message
from pathlib import Path

import pytest
import requests
from anymail.exceptions import AnymailError

from emails.practice import routes
from emails.practice.exchange import Request
from emails.practice.jsonl import JsonLines
from emails.practice.service import Config, NotSafe, Service
from tests.emails.practice_mail import PATIENCE, SERVER_TOKEN, Running, receiving, running, until

EMAIL = {"From": "office@desk.example", "To": "ann@example.com", "TextBody": "Hello"}


def test_the_log_has_the_email_before_the_caller_has_the_answer(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        service.switch(delay_ms=120_000)
        with pytest.raises(AnymailError):
            service.send("ann@example.com", timeout=0.5, message="early")
        until(lambda: len(service.logged("early")) == 1, "email in the log")


def test_webhooks_not_yet_told_come_after_a_kill(tmp_path: Path) -> None:
    with receiving() as sink:
        with running(tmp_path, webhook_url=sink.url) as service:
            service.send("complaint@example.com", message="told")
            sink.wait(2)
            all_told(service)
            service.switch(webhooks={"delay_ms": 3_600_000})
            service.send("bounce@example.com", message="pending")
            service.kill()
        assert len(sink.webhooks) == 2
        (tmp_path / "switches.json").unlink()  # what is to be told is due at once
        with running(tmp_path, webhook_url=sink.url) as service:
            sink.wait(3)
            all_told(service)
        assert [webhook.payload["Metadata"]["message"] for webhook in sink.webhooks] == ["told", "told", "pending"]


def test_a_webhook_that_is_refused_is_posted_again_unchanged(tmp_path: Path) -> None:
    with receiving() as sink, running(tmp_path, webhook_url=sink.url) as service:
        sink.answers = [500, 302]
        service.send("bounce@example.com", message="again")
        first, second, third = sink.wait(3)
        assert first.payload == second.payload == third.payload
        assert second.at - first.at > 0.9
        assert third.at - second.at > 1.9
        all_told(service)
        (item,) = service.get("practice/messages").json()["items"]
        assert [post["status"] for post in item["events"][0]["posts"]] == [500, 302, 200]
        assert item["events"][0]["outcome"] == "posted"


def all_told(service: Running) -> None:
    until(lambda: service.get("healthz").json()["webhooks_waiting"] == 0, "end of the webhooks")


def test_nothing_answered_is_lost_when_it_is_killed_at_work(tmp_path: Path) -> None:
    answered: list[str] = []
    with running(tmp_path) as service:
        threads = [threading.Thread(target=send_until_it_dies, args=(service, answered)) for _ in range(4)]
        for thread in threads:
            thread.start()
        until(lambda: len(answered) > 100, "100 answers")
        service.kill()
        for thread in threads:
            thread.join()
    with (tmp_path / "accepted.jsonl").open("a") as log:
        log.write('{"provider_message_id": "torn')
    with running(tmp_path) as service:
        service.send("ann@example.com", message="after")
        kept = {line["provider_message_id"] for line in service.accepted()}
        assert set(answered) <= kept
        assert service.get("healthz").json()["accepted"] == len(kept)


def send_until_it_dies(service: Running, answered: list[str]) -> None:
    with requests.Session() as session:
        while True:
            try:
                answer = session.post(service.url + "email", json=EMAIL, headers=SERVER_TOKEN, timeout=PATIENCE)
            except requests.RequestException:
                return
            answered.append(answer.json()["MessageID"])


def test_sigterm_finishes_what_is_under_way(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        service.switch(delay_ms=120_000)
        answers: list[str] = []
        sender = threading.Thread(target=lambda: answers.append(service.post("email", EMAIL).json()["Message"]))
        sender.start()
        until(lambda: bool(service.accepted()), "accepted email")
        assert service.stop() == 0  # in less than a minute, or the wait for it fails
        sender.join()
        assert answers == ["OK"]


def test_a_full_disk_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = JsonLines(tmp_path / "log")
    log.append([{"number": 1}])
    write = os.write

    def full(fd: int, data: bytes) -> int:
        if len(data) > 5:
            return write(fd, data[:5])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        log.append([{"number": 2, "but": "too long"}])
    monkeypatch.undo()
    log.append([{"number": 3}])
    assert [line.data["number"] for line in log.lines()] == [1, 3]
    log.close()


def test_a_second_service_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    with running(tmp_path):
        second = subprocess.run(
            [sys.executable, "-m", "emails.practice", "--port", "0", "--data", str(tmp_path)],
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
    assert second.returncode == 1
    assert "another practice mail service is using" in second.stderr


def test_an_email_that_the_disk_did_not_confirm_is_of_unknown_outcome(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = Config(tmp_path, webhook_url="http://127.0.0.1:9/", webhook_secret="a:b", server_token="t")
    service = Service(config)

    def refuse(fd: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", refuse)
    headers: Message[str, str] = Message()
    headers["X-Postmark-Server-Token"] = "t"
    request = Request("POST", "/email", {}, headers, json.dumps(EMAIL).encode())
    with pytest.raises(NotSafe):
        routes.answer(service, request)
    assert len(service.log) == 1
