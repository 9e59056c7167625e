"""A real mail server on loopback (aiosmtpd) that fails where a test says."""

import socket
from asyncio import Transport
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from typing import Any, ClassVar

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DROP = "drop the connection"


class MailServer:
    """`faults`: what to answer at EHLO, MAIL, RCPT, DATA or NOOP instead of yes; DROP hangs up without a word.

    `fault_for`: only for this recipient. `taken`: recipients of the emails that were accepted.
    """

    def __init__(self, fault_for: str = "", **faults: str) -> None:
        self.faults, self.fault_for = faults, fault_for
        self.taken: list[str] = []
        self.emails: list[bytes] = []
        self.sessions: list[SMTP] = []

    async def handle_EHLO(self, server: SMTP, session: Session, envelope: Envelope, host: str, said: list[str]) -> Any:
        session.host_name = host
        self.sessions.append(server)
        self._answer(server, "EHLO", "")
        return said

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, sender: str, _: list[str]) -> str:
        envelope.mail_from = sender
        return self._answer(server, "MAIL", "250 OK")

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, to: str, _: list[str]) -> str:
        answer = self._answer(server, "RCPT", "250 OK", to=to)
        if answer.startswith("2"):
            envelope.rcpt_tos.append(to)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = self._answer(server, "DATA", "250 OK", to=envelope.rcpt_tos[0])
        if answer.startswith("2") or answer == DROP:
            self.taken += envelope.rcpt_tos
            self.emails.append(envelope.original_content or b"")
        return answer

    def hang_up_on_everybody(self, controller: Controller) -> None:
        """What a server does to connections that were idle for too long."""
        for server in self.sessions:
            controller.loop.call_soon_threadsafe(_line(server).close)

    def _answer(self, server: SMTP, step: str, fine: str, *, to: str = "") -> str:
        if self.fault_for and to != self.fault_for:
            return fine
        answer = self.faults.get(step, fine)
        if answer == DROP:
            _line(server).abort()
        return answer


class TokenMailServer(MailServer):
    """Signs in who shows one of the tokens in `good` (XOAUTH2), as Google and Microsoft do.

    `no`: the refusal, which may repeat the {token} or the whole {line}. `shown`: what was shown so far, decoded.
    `explained`: what came back after a refusal was explained (334).
    """

    USER = "office@oakwood.example"
    NO = "535 5.7.8 Username and Password not accepted"
    OPTIONS: ClassVar[dict[str, Any]] = {
        "auth_require_tls": False, "auth_exclude_mechanism": ["LOGIN", "PLAIN"]
    }  # fmt: skip

    def __init__(self, *good: str, no: str = NO, **faults: str) -> None:
        super().__init__(**faults)
        self.good, self.no = {*good}, no
        self.shown: list[bytes] = []
        self.explained: list[bytes] = []

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, sender: str, _: list[str]) -> str:
        if not session.authenticated:
            return "530 5.7.0 Authentication required"
        return await super().handle_MAIL(server, session, envelope, sender, _)

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:
        """One line, and for a refusal a challenge that the client answers with an empty line."""
        self.shown.append(b64decode(args[1], validate=True))
        if self._answer(server, "AUTH", "") == DROP:
            return AuthResult(success=False, handled=True)
        if self.shown[-1] in {f"user={self.USER}\1auth=Bearer {token}\1\1".encode() for token in self.good}:
            return AuthResult(success=True)
        said = await server.challenge_auth('{"status":"401","schemes":"bearer","scope":"https://mail.google.com/"}')
        self.explained.append(bytes(said))  # type: ignore[arg-type] # or aiosmtpd's mark for an aborted sign-in
        token = self.shown[-1].decode().split("Bearer ")[1].strip("\1")
        return AuthResult(success=False, handled=False, message=self.no.format(line=args[1], token=token))


def _line(server: SMTP) -> Transport:
    assert isinstance(server.transport, Transport)
    return server.transport


@contextmanager
def serving(handler: MailServer, **options: Any) -> Iterator[Controller]:
    """The server, on a port of its own (`controller.port`)."""
    with socket.create_server(("127.0.0.1", 0)) as free:  # aiosmtpd wants to know its port beforehand
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port, ready_timeout=60, **options)
    controller.start()
    try:
        yield controller
    finally:
        controller.stop()


def nobody_may_in(*_: Any) -> AuthResult:
    return AuthResult(success=False, handled=False)


def self_signed(folder: Path) -> SSLContext:
    """A certificate for 127.0.0.1 that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "server.pem"
    path.write_bytes(pem + certificate.public_bytes(serialization.Encoding.PEM))
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
