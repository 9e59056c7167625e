"""A real IMAP server on loopback (pymap, everything in memory), in a process of its own.

`python -m tests.emails.imap_server PORT PLAIN_PORT CERT KEY` runs it: TLS from the first byte on PORT, STARTTLS on the
other, where no password is taken before it. It knows office@oakwood.example, by password and, as Google
and Microsoft do, by an access token (XOAUTH2).
"""

import asyncio
import imaplib
import ssl
import sys
from argparse import Namespace
from copy import copy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

USER, PASSWORD, TOKEN = "office@oakwood.example", "pass/word @1", "access-token-1"


def serve(port: int, plain_port: int, cert: str, key: str) -> None:
    """Run until SIGTERM."""
    from proxyprotocol.reader import ProxyProtocolReader
    from pymap.backend.dict import Config, DictBackend
    from pymap.exceptions import InvalidAuth
    from pymap.imap import IMAPServer, IMAPService
    from pymap.main import run
    from pysasl import SASLAuth
    from pysasl.creds.external import ExternalCredentials
    from pysasl.mechanism.oauth import OAuth2Mechanism
    from pysasl.mechanism.plain import PlainMechanism

    class WithTokens(Config):
        @property
        def tls_auth(self) -> Any:
            return SASLAuth([PlainMechanism(), OAuth2Mechanism()])

    class Backend(DictBackend):
        @classmethod
        async def init(cls, args: Namespace, **overrides: Any) -> Any:
            backend, config = await super().init(args, **overrides)
            config.__class__ = WithTokens
            config.invalid_user_sleep = 0  # type: ignore[misc]
            login, usual = backend.login, backend.login.authenticate

            async def authenticate(credentials: Any) -> Any:
                if not isinstance(credentials, ExternalCredentials):
                    return await usual(credentials)
                if (credentials.authzid, credentials._token) != (USER, TOKEN):
                    raise InvalidAuth()
                return login.demo_user_identity

            login.authenticate = authenticate  # type: ignore[method-assign]
            return backend, config

    class OverTls(IMAPService):
        async def start(self, stack: Any) -> None:
            """As on port 993, and as on port 143; pymap's own service has only the second."""
            context = self.config._load_certs({"cert_file": cert, "key_file": key})
            reader = ProxyProtocolReader(self.config.proxy_protocol)
            server = reader.get_callback(IMAPServer(self.backend.login, self.config))
            listener = await asyncio.start_server(server, host="127.0.0.1", port=port, ssl=context)
            await stack.enter_async_context(listener)
            plain = copy(self.config)
            plain._tls_enabled, plain._ssl_context = True, context
            server = reader.get_callback(IMAPServer(self.backend.login, plain))
            await stack.enter_async_context(await asyncio.start_server(server, host="127.0.0.1", port=plain_port))

    args = Namespace(
        host="127.0.0.1", port=str(port), cert=cert, key=key, tls=False, debug=False, proxy_protocol=None,
        demo_data=False, demo_user=USER, demo_password=PASSWORD, skip_services=[], set_uid=None, set_gid=None,
        passlib_cfg=None, inherited_sockets=None,
    )  # fmt: skip
    asyncio.run(run(args, Backend, [OverTls]))


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that is valid today, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    cert_file, key_file = folder / "cert.pem", folder / "key.pem"
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    pem = serialization.PrivateFormat.PKCS8
    key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, pem, plain))
    return cert_file, key_file


class Person:
    """Someone else with the mailbox open: puts mail in, looks at it, makes folders anew."""

    def __init__(self, port: int, cert: Path) -> None:
        context = ssl.create_default_context(cafile=str(cert))
        self.imap = imaplib.IMAP4_SSL("localhost", port, ssl_context=context, timeout=60)
        self.imap.login(USER, PASSWORD)

    def folder(self, name: str) -> None:
        """An empty folder of this name, with a number of its own (UIDVALIDITY)."""
        self.imap.delete(name)
        assert self.imap.create(name)[0] == "OK"

    def put(self, *mails: bytes, folder: str = "INBOX") -> None:
        """In one MULTIAPPEND (RFC 3502), without waiting for each."""
        tag = self.imap._new_tag()
        pieces = (b" {%d+}\r\n" % len(mail) + mail for mail in mails)
        self.imap.send(tag + b" APPEND " + folder.encode() + b"".join(pieces) + b"\r\n")
        self.imap.tagged_commands[tag] = None
        ok, said = self.imap._command_complete("APPEND", tag)
        assert ok == "OK", said

    def flags(self, folder: str) -> list[bytes]:
        """The flags of every mail."""
        self.imap.select(folder, readonly=True)
        return [line for line in self.imap.uid("FETCH", "1:*", "(FLAGS)")[1] if line]

    def close(self) -> None:
        self.imap.logout()


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4])
