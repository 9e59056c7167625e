"""A TCP proxy that a test can make refuse, hang or pass: a server's outage without touching the server."""

import socket
import threading
from contextlib import suppress
from urllib.parse import urlsplit, urlunsplit


class Proxy:
    """Stands before the server of `url`; `self.url` leads through it."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 6379)
        self._open: list[socket.socket] = []
        self._flow = threading.Event()
        self._flow.set()
        self._listener: socket.socket | None = None
        self.port = 0
        self.up()
        login = parts.netloc.rpartition("@")[0]
        self.url = urlunsplit(
            parts._replace(netloc=f"{login}@127.0.0.1:{self.port}" if login else f"127.0.0.1:{self.port}")
        )

    def up(self) -> None:
        """Let everything through."""
        self._flow.set()
        if self._listener is None:
            self._listener = socket.create_server(("127.0.0.1", self.port))
            self.port = self._listener.getsockname()[1]
            threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def down(self) -> None:
        """Refuse new connections and cut the old ones."""
        if self._listener:
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        for conn in self._open:
            with suppress(OSError):
                conn.shutdown(socket.SHUT_RDWR)
            conn.close()
        self._open.clear()

    def hang(self) -> None:
        """Accept, and never pass anything on."""
        self._flow.clear()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                conn, _ = listener.accept()
                server = socket.create_connection(self._target)
            except OSError:
                return
            self._open += [conn, server]
            for one, other in ((conn, server), (server, conn)):
                threading.Thread(target=self._pump, args=(one, other), daemon=True).start()

    def _pump(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65_536):
                self._flow.wait()
                other.sendall(data)
        for conn in (one, other):
            with suppress(OSError):
                conn.shutdown(socket.SHUT_RDWR)
