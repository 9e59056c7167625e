"""Plain SMTP, knowing three things that Django's back end does not: whether the server still listens on a connection
that was kept, whether any of an email's text can have left when it broke, and how to sign in with an access token.

Opening a connection ends within LONGEST_OPENING, whatever the server does; only looking up its name, and a TLS
handshake that stutters, may take longer.
"""

import io
import smtplib
import socket
import time
from collections.abc import Callable
from email.base64mime import body_encode as encode_base64
from functools import partial
from typing import Any

from django.conf import settings
from django.core.mail.backends import smtp

from config.oauth import OAuth
from emails import tokens

PATIENCE = 5.0  # s, for a question that any server answers at once
OPENING = 8.0  # s, for each step of opening a connection: a name may have two addresses, and both be silent
LONGEST_OPENING = 20.0  # s, for all the steps, the access token among them
NO_SUCH_SIGN_IN = 504  # RFC 4954 section 6


class TokenRefused(smtplib.SMTPAuthenticationError):
    """The server takes no sign-in with our access token, not with a new one either."""


class NoTokenSignIn(smtplib.SMTPAuthenticationError):
    """The server knows no sign-in with an access token."""


class _Hurried(io.RawIOBase):
    """What the server says, until `end`: no time-out of a socket ends an answer that comes byte by byte."""

    def __init__(self, sock: socket.socket, left: Callable[[], float | None]) -> None:
        self._sock, self._left = sock, left
        self._raw: Any = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._left()
        if left is not None:
            self._sock.settimeout(left)
        read: int | None = self._raw.readinto(buffer)
        return read

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Noting(smtplib.SMTP):
    """Notes when the text of an email begins to leave: before that nothing can have been accepted."""

    text_begun = False
    by_token = False
    end: float | None = None  # while it is opened: when it must be done, by time.monotonic()

    def __init__(self, *args: Any, end: float, by_token: bool, **options: Any) -> None:
        self.end, self.by_token = end, by_token  # beforehand: smtplib connects in here
        super().__init__(*args, **options)

    def send(self, s: Any) -> None:
        # smtplib sends commands as str, and bytes only after the server asked for the text (354).
        self.text_begun = self.text_begun or not isinstance(s, str)
        super().send(s)

    def getreply(self) -> tuple[int, bytes]:
        """As smtplib's, hurried."""
        if self.file is None and self.sock is not None:
            self.file = io.BufferedReader(_Hurried(self.sock, self._left))
        return super().getreply()

    def _left(self) -> float | None:
        # Not 0, which would mean "do not block".
        return None if self.end is None else max(0.001, min(self.timeout, self.end - time.monotonic()))

    def login(self, user: str, password: str, *, initial_response_ok: bool = True) -> tuple[int, bytes]:
        """As smtplib's, or with `password` as an access token (SASL XOAUTH2, as Google and Microsoft describe it)."""
        if not self.by_token:
            return super().login(user, password, initial_response_ok=initial_response_ok)
        self.ehlo_or_helo_if_needed()
        if "XOAUTH2" not in self.esmtp_features.get("auth", "").upper().split():
            raise NoTokenSignIn(NO_SUCH_SIGN_IN, b"the server offers no XOAUTH2")
        said = f"user={user}\1auth=Bearer {password}\1\1"
        # A refusal comes as a challenge whose text explains it; the empty answer asks for the code.
        return self.auth("XOAUTH2", lambda challenge=None: said if challenge is None else "")


class _NotingOverTls(_Noting, smtplib.SMTP_SSL):
    pass


class EmailBackend(smtp.EmailBackend):
    """Django's, with the three answers."""

    connection: Any
    password: str

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.oauth: OAuth | None = settings.EMAIL_OAUTH
        self._end = 0.0

    @property
    def connection_class(self) -> Any:
        """The protocol's client."""
        kind = _NotingOverTls if self.use_ssl else _Noting
        return partial(kind, end=self._end, by_token=self.oauth is not None)

    def open(self) -> bool | None:
        """As Django's, in a bounded time. Raises also what `tokens.access` does, TokenRefused and NoTokenSignIn."""
        if self.connection:
            return False
        self._end = time.monotonic() + LONGEST_OPENING
        return self._opened() if self.oauth is None else self._opened_by_token(self.oauth)

    def _opened_by_token(self, oauth: OAuth) -> bool | None:
        try:
            return self._try_token(oauth)
        except TokenRefused:
            return self._try_token(oauth)  # it may have been withdrawn early; now it is a new one

    def _try_token(self, oauth: OAuth) -> bool | None:
        # Before the server is called: it would not wait for us.
        self.password = tokens.access(oauth, patience=min(OPENING, self._end - time.monotonic()))
        try:
            return self._opened()
        except smtplib.SMTPAuthenticationError as problem:
            problem.smtp_error = self._without_token(problem.smtp_error)
            problem.args = (problem.smtp_code, problem.smtp_error)
            if problem.smtp_code < 500 or isinstance(problem, NoTokenSignIn):
                raise
            tokens.forget(oauth, self.password)
            raise TokenRefused(*problem.args) from None
        finally:
            self.password = ""

    def _without_token(self, said: bytes | str) -> bytes:
        """Some servers repeat a command that they do not like."""
        words = said.decode(errors="replace") if isinstance(said, bytes) else said
        whole = f"user={self.username}\1auth=Bearer {self.password}\1\1"
        return tokens.hidden(words, self.password, encode_base64(whole.encode(), eol="")).encode()

    def _opened(self) -> bool | None:
        patience = self.timeout
        # Two addresses of one name may take their time, one after the other.
        self.timeout = max(0.001, min(patience or OPENING, OPENING, (self._end - time.monotonic()) / 2))
        try:
            opened: bool | None = super().open()
        finally:
            self.timeout = patience
        if opened:
            self.connection.end = None
            self.connection.sock.settimeout(patience)
        return opened

    def is_alive(self) -> bool:
        """The kept connection can be used: asked of the server, before an email is begun."""
        if self.connection is None:
            return False
        self.connection.text_begun = False
        try:
            self.connection.sock.settimeout(PATIENCE)
            code, _ = self.connection.noop()
            self.connection.sock.settimeout(self.timeout)
        except (OSError, AttributeError):  # AttributeError: smtplib has let go of its socket
            return False
        return bool(code == 250)

    @property
    def perhaps_written(self) -> bool:
        """Some of the text may have left."""
        return getattr(self.connection, "text_begun", False)
