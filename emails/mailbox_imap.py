"""One visit to a mailbox over IMAP: sign in, look, leave. Changes nothing unless told to mark what was read.

TLS is always verified and every wait is bounded. Of imap-tools this takes signing in, folders and search; fetching is
our own, in bounded bites, because its `fetch` keeps no raw bytes. Its `flag` also empties the waste-basket (EXPUNGE),
which is nobody's order here, so flags are set by a plain STORE.
"""

import imaplib
import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date

from celery.exceptions import SoftTimeLimitExceeded
from imap_tools import AND, BaseMailBox, MailBox, MailboxLoginError, MailBoxStartTls, MailBoxUnencrypted, U
from imap_tools.errors import MailboxFolderSelectError, MailboxStarttlsError

from config.mailbox import Mailbox as Where
from emails import tokens
from emails.models import Mailbox

SOCKET_TIMEOUT = 10.0  # s, for each answer
HEADER_BYTES = 65_536

Trouble = Mailbox.Trouble


class SignInRefused(Exception):
    """The mailbox does not accept us."""


class NotSafe(Exception):
    """The mailbox's server offers no TLS, or someone on the way struck the offer out."""


@dataclass(frozen=True)
class Head:
    """A mail's number, size in bytes and headers (HEADER_BYTES of them at most)."""

    uid: int
    size: int
    headers: bytes


class Visit:
    """A signed-in session in one folder."""

    def __init__(self, box: BaseMailBox) -> None:
        self._box = box
        _, told = box.client.response("UIDVALIDITY")
        self.uidvalidity = int(told[0]) if told and told[0] else 0

    def uids_after(self, uid: int, *, since: date) -> list[int]:
        """Ascending. `n:*` always names the last mail, however low its number (RFC 3501), so it is filtered again."""
        found = self._box.uids(AND(uid=U(str(uid + 1), "*"), date_gte=since), charset=None)
        return sorted({int(one) for one in found if int(one) > uid})

    def heads(self, uids: Sequence[int]) -> list[Head]:
        """Those of `uids` that are still there, ascending."""
        found = self._fetch(uids, f"(UID RFC822.SIZE BODY.PEEK[HEADER]<0.{HEADER_BYTES}>)")
        heads = [Head(_number(b"UID", about), _number(b"RFC822.SIZE", about), raw) for about, raw in found]
        return sorted((head for head in heads if head.uid), key=lambda head: head.uid)

    def whole(self, uid: int, *, limit: int) -> bytes:
        """The mail, `limit` bytes of it at most; empty if it is gone."""
        found = self._fetch([uid], f"(UID BODY.PEEK[]<0.{limit}>)")
        return next((raw for about, raw in found if _number(b"UID", about) == uid), b"")

    def mark_seen(self, uids: Sequence[int]) -> None:
        """As a person who read them would."""
        if uids:
            self._box.client.uid("STORE", ",".join(map(str, uids)), "+FLAGS.SILENT", r"(\Seen)")

    def _fetch(self, uids: Sequence[int], what: str) -> Iterator[tuple[bytes, bytes]]:
        ok, answer = self._box.client.uid("FETCH", ",".join(map(str, uids)), what)
        if ok != "OK":
            raise imaplib.IMAP4.error(f"FETCH: {answer!r}"[:300])
        return _literals(answer)


def _literals(answer: Sequence[object]) -> Iterator[tuple[bytes, bytes]]:
    """(what it is about, the bytes) of each; attributes may stand before and behind. Unasked news is passed over."""
    about, raw = b"", None
    for item in answer:
        if isinstance(item, tuple):
            if raw is not None:
                yield about, raw
            about, raw = item[0], item[1]
        elif isinstance(item, bytes) and raw is not None:
            yield about + b" " + item, raw
            raw = None
    if raw is not None:
        yield about, raw


def _number(name: bytes, about: bytes) -> int:
    found = re.search(rb"\b" + re.escape(name) + rb" (\d{1,10})\b", about)
    return int(found[1]) if found else 0


@contextmanager
def visit(where: Where) -> Iterator[Visit]:
    """A visit; the connection is closed behind it. Raises whatever `trouble` has a word for."""
    token = tokens.access(where.oauth) if where.oauth else ""
    box = _connect(where)
    try:
        _sign_in(box, where, token)
        box.folder.set(where.folder, readonly=not where.mark_seen)
        yield Visit(box)
    except BaseException:
        with suppress(Exception):
            box.client.shutdown()  # no polite farewell to someone who may not answer
        raise
    with suppress(Exception):
        box.logout()


def _connect(where: Where) -> BaseMailBox:
    if where.scheme == "imap":
        return MailBoxUnencrypted(where.host, where.port, timeout=SOCKET_TIMEOUT)
    context = ssl.create_default_context(cafile=where.ca_file or None)
    if where.scheme == "imaps":
        return MailBox(where.host, where.port, timeout=SOCKET_TIMEOUT, ssl_context=context)
    try:
        return MailBoxStartTls(where.host, where.port, timeout=SOCKET_TIMEOUT, ssl_context=context)
    except (imaplib.IMAP4.abort, MailboxStarttlsError) as problem:
        if "TLS not supported" in str(problem) or isinstance(problem, MailboxStarttlsError):
            raise NotSafe(str(problem)) from problem  # imaplib calls it a lost connection
        raise


def _sign_in(box: BaseMailBox, where: Where, token: str) -> None:
    try:
        if where.oauth:
            box.xoauth2(where.user, token, initial_folder=None)
        elif where.password.isascii() and where.user.isascii():
            box.login(where.user, where.password, initial_folder=None)
        else:
            box.login_utf8(where.user, where.password, initial_folder=None)
    except imaplib.IMAP4.abort:
        raise
    except (MailboxLoginError, imaplib.IMAP4.error) as problem:
        if where.oauth:
            tokens.forget(where.oauth, token)
        raise SignInRefused(tokens.hidden(str(problem), token)) from problem


# --- what went wrong -------------------------------------------------------------------------------------------------

TROUBLES: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
    ((SignInRefused, tokens.Refused), Trouble.SIGN_IN),
    ((ssl.SSLCertVerificationError, NotSafe), Trouble.CERTIFICATE),
    (MailboxFolderSelectError, Trouble.FOLDER),
    # The last one comes when every answer took its time.
    ((OSError, imaplib.IMAP4.abort, EOFError, SoftTimeLimitExceeded), Trouble.UNREACHABLE),
)


def trouble(problem: BaseException) -> str:
    """One word for what went wrong."""
    return next((word for kind, word in TROUBLES if isinstance(problem, kind)), Trouble.OTHER)
