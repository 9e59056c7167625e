"""A practice mail service of a test's own, and a sink for its webhooks, both on real sockets."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import requests
from anymail.message import AnymailMessage
from anymail.signals import AnymailTrackingEvent
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from django.core.mail import get_connection
from django.test import RequestFactory

TOKEN = {"X-Practice-Token": "practice"}
SERVER_TOKEN = {"X-Postmark-Server-Token": "practice"}
PATIENCE = 60.0  # s, for whatever comes much sooner on a machine that does not stand still
# The service as it is, but no standstill of ours makes it post a webhook twice or leave before it has answered.
PATIENT = f"""
import sys
from emails.practice import command, server, webhooks
webhooks.TIMEOUT = server.GRACE_SECONDS = {PATIENCE}
sys.exit(command.main())
"""


class Webhook(NamedTuple):
    payload: dict[str, Any]
    auth: str
    at: float

    def event(self) -> AnymailTrackingEvent:
        """As Anymail's own view reads it."""
        request = RequestFactory().post("/", json.dumps(self.payload), content_type="application/json")
        (event,) = PostmarkTrackingWebhookView().parse_events(request)
        return event


class Sink(ThreadingHTTPServer):
    """Takes webhooks. `answers`: statuses to give first; afterwards it is 200."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int = 0) -> None:
        self.webhooks: list[Webhook] = []
        self.answers: list[int] = []
        super().__init__(("127.0.0.1", port), SinkHandler)
        self.url = f"http://127.0.0.1:{self.server_port}/anymail/postmark/tracking/"

    def wait(self, count: int) -> list[Webhook]:
        until(lambda: len(self.webhooks) >= count, f"{count} webhooks")
        return self.webhooks

    def of(self, address: str) -> list[Webhook]:
        return [each for each in self.webhooks if each.event().recipient == address]


class SinkHandler(BaseHTTPRequestHandler):
    server: Sink

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        auth = b64decode(self.headers["Authorization"].removeprefix("Basic ")).decode()
        self.server.webhooks.append(Webhook(json.loads(body), auth, time.time()))
        status = self.server.answers.pop(0) if self.server.answers else 200
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Running:
    """A service process. `kill` is kill -9, `stop` is SIGTERM and gives the exit code."""

    def __init__(self, data: Path, *, webhook_url: str = "http://127.0.0.1:9/", port: int = 0) -> None:
        self.data = data
        arguments = ["--port", str(port), "--data", str(data), "--webhook-url", webhook_url]
        self.process = subprocess.Popen(
            [sys.executable, "-c", PATIENT, *arguments],
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().split(" at ")[-1].strip()
        assert self.url, f"it ended with {self.process.wait()}"

    def kill(self) -> None:
        self.process.kill()
        self._gone()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self._gone()

    def accepted(self) -> list[dict[str, Any]]:
        """The log as a fault test reads it: from the file."""
        lines = (self.data / "accepted.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def logged(self, message: str) -> list[dict[str, Any]]:
        return [line for line in self.accepted() if line["metadata"].get("message") == message]

    def get(self, path: str, **params: Any) -> requests.Response:
        return requests.get(self.url + path, headers=TOKEN | SERVER_TOKEN, params=params, timeout=PATIENCE)

    def post(self, path: str, data: Any) -> requests.Response:
        return requests.post(self.url + path, headers=TOKEN | SERVER_TOKEN, json=data, timeout=PATIENCE)

    def switch(self, **changes: Any) -> None:
        self.post("practice/switches", changes).raise_for_status()

    def send(self, to: str, *, timeout: float = PATIENCE, **metadata: str) -> AnymailMessage:
        """Through Anymail's real Postmark back end."""
        backend = "anymail.backends.postmark.EmailBackend"
        connection = get_connection(backend, api_url=self.url, server_token="practice", timeout=timeout)
        email = AnymailMessage("Your inspection", "Hello", "Office <office@desk.example>", [to])
        email.attach_alternative("<p>Hello</p>", "text/html")
        email.connection = connection
        email.metadata = metadata
        email.send()
        return email

    def _gone(self) -> int:
        assert self.process.stdout is not None
        code = self.process.wait(PATIENCE)
        self.process.stdout.close()
        return code


@contextmanager
def running(data: Path, *, webhook_url: str = "http://127.0.0.1:9/") -> Iterator[Running]:
    service = Running(data, webhook_url=webhook_url)
    try:
        yield service
    finally:
        if service.process.poll() is None:
            service.kill()


@contextmanager
def receiving(port: int = 0) -> Iterator[Sink]:
    sink = Sink(port)
    threading.Thread(target=sink.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield sink
    finally:
        sink.shutdown()
        sink.server_close()


def until(done: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end, f"no {what} within {PATIENCE} s"
        time.sleep(0.02)
