"""The mailbox that reports of failure come back to, when mail goes out through a plain mail server."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from config import oauth
from config.environment import fail, flag, is_loopback, text
from config.oauth import OAuth

URL = "BOUNCE_MAILBOX_URL"
EXAMPLE = "imaps://office%40example.com:password@imap.example.com/INBOX"
PORTS = {"imaps": 993, "imap+tls": 143, "imap": 143}
PREFIX = "BOUNCE_MAILBOX_"


@dataclass(frozen=True)
class Mailbox:
    """Where to read and as whom. `scheme` is imaps, imap+tls (STARTTLS) or imap (this machine only)."""

    scheme: str
    host: str
    port: int
    user: str
    password: str = field(default="", repr=False)
    folder: str = "INBOX"
    oauth: OAuth | None = None
    ca_file: str = ""
    mark_seen: bool = False

    @property
    def name(self) -> str:
        """The same for one mailbox whatever its password; holds no secret."""
        return f"{self.user}@{self.host}:{self.port}/{self.folder}"


def from_environment(sending: OAuth | None = None) -> Mailbox | None:
    """The mailbox, or None if none is set. `sending`: how the mail server is signed in to, which may serve here too."""
    url = text(URL)
    if not url:
        for name in oauth.given(PREFIX):
            fail(PREFIX + name, f"says nothing without {URL}={EXAMPLE}.")
        return None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        fail(URL, f"cannot be read. It must look like {EXAMPLE}.")
    if parts.scheme not in PORTS or not host or not parts.username or parts.query or parts.fragment:
        fail(URL, f"must look like {EXAMPLE}, with %40 for an @ in the name.")
    if parts.scheme == "imap" and not is_loopback(url):
        fail(URL, "must start with imaps:// (or imap+tls://): the password would cross the network readable.")
    by_token = oauth.shared(PREFIX, otherwise=None if parts.password else sending)
    if not parts.password and by_token is None:
        fail(URL, "names no password; set it, or BOUNCE_MAILBOX_TOKEN_URL and the others for signing in with OAuth.")
    return Mailbox(
        scheme=parts.scheme,
        host=host,
        port=port or PORTS[parts.scheme],
        user=unquote(parts.username),
        password=unquote(parts.password or ""),
        folder=unquote(parts.path.strip("/")) or "INBOX",
        oauth=by_token,
        ca_file=_ca_file(),
        mark_seen=flag("BOUNCE_MAILBOX_MARK_SEEN"),
    )


def _ca_file() -> str:
    path = text("BOUNCE_MAILBOX_CA_FILE")
    if path and not Path(path).is_file():
        fail("BOUNCE_MAILBOX_CA_FILE", f"names no file: {path!r}.")
    return path


def return_path() -> str:
    """The envelope's sender, where reports go; "" is the address in From."""
    address = text("BOUNCE_ADDRESS")
    if address and ("@" not in address.strip("@") or any(ch in address for ch in " <>,;\r\n")):
        fail("BOUNCE_ADDRESS", f"must be one address, such as reports@example.com; it is {address!r}.")
    return address
