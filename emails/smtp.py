"""Plain SMTP, knowing two things that Django's back end does not: whether the server still listens on a connection
that was kept, and whether any of an email's text can have left when it broke.
"""

import smtplib
from typing import Any

from django.core.mail.backends import smtp

PATIENCE = 5.0  # s, for a question that any server answers at once
OPENING = 8.0  # s, for each step of opening a connection: a name may have two addresses, and both be silent


class _Noting(smtplib.SMTP):
    """Notes when the text of an email begins to leave: before that nothing can have been accepted."""

    text_begun = False

    def send(self, s: Any) -> None:
        # smtplib sends commands as str, and bytes only after the server asked for the text (354).
        self.text_begun = self.text_begun or not isinstance(s, str)
        super().send(s)


class _NotingOverTls(_Noting, smtplib.SMTP_SSL):
    pass


class EmailBackend(smtp.EmailBackend):
    """Django's, with the two answers."""

    connection: Any

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        """The protocol's client."""
        return _NotingOverTls if self.use_ssl else _Noting

    def open(self) -> bool | None:
        """As Django's, with less patience until it is open."""
        patience, self.timeout = self.timeout, min(self.timeout or OPENING, OPENING)
        try:
            opened: bool | None = super().open()
        finally:
            self.timeout = patience
        if opened:
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
