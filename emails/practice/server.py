"""The HTTP side: loopback only, keep-alive, one thread a connection, JSON in and out."""

from __future__ import annotations

import json
import logging
import select
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from . import routes
from .exchange import Answer, Request, postmark_error
from .service import Service

logger = logging.getLogger(__name__)

MOST_BYTES = 10 * 1024 * 1024
"""Postmark's limit for one request; https://postmarkapp.com/developer/api/overview#http-response-codes"""

MOST_DRAINED = 64 * 1024 * 1024
HANG_SECONDS = 60
GRACE_SECONDS = 5.0


class Unreadable(Exception):
    """The body cannot be taken from the socket, so the connection ends with this answer."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, service: Service) -> None:
        self.service = service
        self._busy = 0
        self._idle = threading.Condition()
        super().__init__(("127.0.0.1", port), Handler)

    @contextmanager
    def in_flight(self) -> Iterator[None]:
        with self._idle:
            self._busy += 1
        try:
            yield
        finally:
            with self._idle:
                self._busy -= 1
                self._idle.notify_all()

    def wait_until_idle(self, seconds: float) -> None:
        with self._idle:
            self._idle.wait_for(lambda: self._busy == 0, timeout=seconds)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # Callers that hang up are daily business here; all else was answered and noted already.
        pass


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server
    server_version = "PracticeMail"
    sys_version = ""
    # The answer leaves in one piece and at once: without these each request costs 40 ms (Nagle).
    wbufsize = -1
    disable_nagle_algorithm = True
    # Idle connections stay open longer than any caller keeps them, so that it is never us who
    # cut one just as it is used again.
    timeout = 900

    def _serve(self) -> None:
        with self.server.in_flight():
            self._carry_out(self._answer())
            self.wfile.flush()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _serve

    def _answer(self) -> Answer:
        service = self.server.service
        try:
            return routes.answer(service, self._request())
        except Unreadable as unreadable:
            self.close_connection = True
            return unreadable.answer
        except Exception:  # whatever it is, the caller gets an answer and the service lives on
            logger.exception("%s %s", self.command, self.path.partition("?")[0])
            return postmark_error(500, 500, "Internal server error.")

    def _request(self) -> Request:
        url = urlsplit(self.path)
        return Request(
            method=self.command,
            path=url.path.rstrip("/") or "/",
            query=dict(parse_qsl(url.query, keep_blank_values=True)),
            headers=self.headers,
            body=self._body(),
        )

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            raise Unreadable(postmark_error(411, 411, "Send a Content-Length."))
        length = self.headers.get("Content-Length", "0")
        if not (length.isascii() and length.isdigit()):
            raise Unreadable(postmark_error(400, 400, "Content-Length is not a number."))
        if int(length) > MOST_BYTES:
            self._drain(int(length))
            raise Unreadable(postmark_error(413, 413, "Payload too large: 10 MB at most."))
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise Unreadable(postmark_error(400, 400, "The body ended early."))
        return body

    def _drain(self, length: int) -> None:
        """Read on while the caller writes: cut off in the middle it would never see the answer."""
        left = min(length, MOST_DRAINED)
        while left > 0 and (chunk := self.rfile.read(min(left, 65536))):
            left -= len(chunk)

    def _carry_out(self, answer: Answer) -> None:
        if answer.delay_ms:
            self.server.service.stopping.wait(answer.delay_ms / 1000)
        if answer.then == "hang":
            self._hang()
        elif answer.then == "reset":
            self._reset()
        else:
            self._send(answer)

    def _send(self, answer: Answer) -> None:
        body = json.dumps(answer.body).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        # Bodies of emails: a browser that gets here must not run anything in them.
        self.send_header("X-Content-Type-Options", "nosniff")
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if self.close_connection or self.server.service.stopping.is_set():
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _hang(self) -> None:
        """Say nothing until the caller gives up, a minute is over or the service stops."""
        self.close_connection = True
        end = time.monotonic() + HANG_SECONDS
        while time.monotonic() < end and not self.server.service.stopping.is_set():
            readable, _, _ = select.select([self.connection], [], [], 0.2)
            if readable and not self.connection.recv(65536):
                return

    def _reset(self) -> None:
        """Cut the connection with a TCP reset, which is what closing without lingering sends."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # Detached, because the base class would first shut down in good order.
        socket.close(self.connection.detach())

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the base class refuses by itself (no HTTP, long headers) is answered in JSON too."""
        self.close_connection = True
        self.command = getattr(self, "command", None) or "GET"
        self._send(postmark_error(code, code, message or "Bad request."))

    def log_message(self, format: str, *args: Any) -> None:
        pass


def serve(server: Server, *, announce: Callable[[], None]) -> None:
    """Until SIGTERM or SIGINT: then no new connections, and what is under way is finished.

    `announce` tells whoever started it that it is there: from then on a signal is heard.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    announce()
    server.service.start()
    loop = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    loop.start()
    stop.wait()
    server.service.stop()
    server.shutdown()
    server.server_close()
    server.wait_until_idle(GRACE_SECONDS)
