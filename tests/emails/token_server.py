"""Who gives out access tokens (RFC 6749), on loopback; it fails where a test says."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from urllib.parse import parse_qs

from config.oauth import OAuth
from emails import tokens


class TokenServer(ThreadingHTTPServer):
    """Gives access-token-1, access-token-2 and so on, each for `lasts` seconds, unless `answer` says otherwise.

    `answer`: status and body. `delay`: s before it. `trickle`: s between two of its bytes, status line and all.
    `may_answer`: not before. `asked`: the questions so far.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, tls: SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[dict[str, list[str]]] = []
        self.answer: tuple[int, str] | None = None
        self.lasts, self.delay, self.trickle = 3600, 0.0, 0.0
        self.may_answer, self.over = threading.Event(), threading.Event()
        self.may_answer.set()
        self.scheme = "https" if tls else "http"
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True)

    @property
    def oauth(self) -> OAuth:
        """How to ask it."""
        url = f"{self.scheme}://127.0.0.1:{self.server_port}/token"
        return OAuth(url, "client-1", "client-secret-1", "refresh-secret-1", "mail")

    def says(self) -> tuple[int, str]:
        token = f"access-token-{len(self.asked)}"
        right = f'{{"access_token": "{token}", "expires_in": {self.lasts}, "token_type": "Bearer"}}'
        return self.answer or (200, right)


class _Handler(BaseHTTPRequestHandler):
    server: TokenServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.asked.append(parse_qs(body))
        status, said = self.server.says()
        self.server.may_answer.wait(60)
        self.server.over.wait(self.server.delay)
        kind = "text/html" if said.startswith("<") else "application/json; charset=utf-8"
        whole = f"HTTP/1.0 {status} Said\r\nContent-Type: {kind}\r\nContent-Length: {len(said)}\r\n\r\n{said}".encode()
        with suppress(OSError):
            for piece in [whole[n : n + 1] for n in range(len(whole))] if self.server.trickle else [whole]:
                self.wfile.write(piece)
                self.server.over.wait(self.server.trickle)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@contextmanager
def giving_tokens(tls: SSLContext | None = None) -> Iterator[TokenServer]:
    """The server; nobody has a token yet."""
    tokens._kept.clear()
    server = TokenServer(tls)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()
        tokens._kept.clear()
