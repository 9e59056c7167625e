"""A mail taken apart without ever raising: reports are written by every program there is. Pure.

The standard library's parser does the work, under the oldest policy, which forgives most; whatever it or its answers
still provoke becomes an empty part or an empty string.
"""

import base64
import binascii
import re
from email import message_from_bytes, message_from_string
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser, HeaderParser
from email.utils import getaddresses

import nh3

from emails import plaintext

MOST_PARTS = 50
MOST_BOUNDARIES = 1_000
MOST_MULTIPARTS = 20  # each line is compared with the boundary of every part around it
LONGEST_HEADER = 20_000
LONGEST_TEXT = 200_000
LONGEST_HTML = 60_000
LONGEST_CONTENT_TYPE = 2_000
# The parser splits what follows the type into parameters, in the square of their number; it ends lines at a CR too.
_CONTENT_TYPE = re.compile(rb"(?im)(?:^|(?<=\r))content-type:[^\r\n]*+(?:(?:\r\n|\r|\n)[ \t][^\r\n]*+)*+")
RETURNED_WHOLE = frozenset({"message/rfc822", "message/global", "message/partial"})
RETURNED_HEADERS = frozenset({"text/rfc822-headers", "message/rfc822-headers", "message/global-headers"})


def parse(raw: bytes) -> Message:
    """The mail; where it is too strange to be taken apart, its headers with the rest as text."""
    # Half a million parts keep the parser busy for ten seconds.
    if raw.count(b"\n--") > MOST_BOUNDARIES or raw.lower().count(b"multipart/") > MOST_MULTIPARTS:
        return _headers_and_text(raw)
    try:
        return message_from_bytes(_CONTENT_TYPE.sub(lambda hit: hit[0][:LONGEST_CONTENT_TYPE], raw))
    except Exception:  # RecursionError by depth among them
        return _headers_and_text(raw)


def _headers_and_text(raw: bytes) -> Message:
    try:
        mail = BytesHeaderParser().parsebytes(raw)
        del mail["Content-Type"], mail["Content-Transfer-Encoding"]
    except Exception:
        mail = Message()
    mail.set_payload(raw.decode("utf-8", "replace"))
    return mail


def boundary(raw: bytes) -> bytes:
    """What stands between the outermost parts; empty if there are none."""
    try:
        return (parse(raw).get_boundary() or "").encode("ascii", "replace")
    except Exception:
        return b""


def header(mail: Message, name: str) -> str:
    """One header in one line, decoded; "" if there is none."""
    value = str(mail.get(name, ""))[:LONGEST_HEADER]
    try:
        value = str(make_header(decode_header(value)))
    except Exception:
        value = value.encode("utf-8", "replace").decode()
    return " ".join(value.split())


def addresses(mail: Message, name: str) -> list[str]:
    """The bare addresses in a header."""
    try:
        return [address for _, address in getaddresses([header(mail, name)]) if "@" in address]
    except Exception:
        return []


def parts(mail: Message) -> list[Message]:
    """The parts that are no multiparts, in order. What is inside a returned email is not ours to read as a report."""
    found: list[Message] = []
    waiting = [mail]
    while waiting and len(found) < MOST_PARTS:
        part = waiting.pop(0)
        inside = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(inside, list):
            waiting = [*(sub for sub in inside if isinstance(sub, Message)), *waiting]
        else:
            found.append(part)
    return found


def text(part: Message) -> str:
    """The part's text, whatever its encoding says; HTML becomes plain text."""
    try:
        inside = part.get_payload()
        if isinstance(inside, list):
            raw = b"\n".join(sub.as_bytes() for sub in inside if isinstance(sub, Message))
            raw = _decoded(raw, part)
        else:
            found = part.get_payload(decode=True)
            raw = found if isinstance(found, bytes) else str(inside).encode("utf-8", "replace")
        said = _characters(raw, part)[:LONGEST_TEXT]
        return _without_tags(said) if part.get_content_type() == "text/html" else said.replace("\r\n", "\n")
    except Exception:
        return ""


def _without_tags(said: str) -> str:
    """Python's parser takes the square of the time for tags that are never closed, so they are closed first."""
    return plaintext.from_html(nh3.clean(said[:LONGEST_HTML], clean_content_tags={"script", "style", "title"}))


def _decoded(raw: bytes, part: Message) -> bytes:
    """Against RFC 2046, message/… parts come in base64 too; the parser leaves that to us."""
    if str(part.get("Content-Transfer-Encoding", "")).strip().lower() != "base64":
        return raw
    try:
        return base64.b64decode(re.sub(rb"[^A-Za-z0-9+/=]", b"", raw))
    except binascii.Error:
        return raw


def _characters(raw: bytes, part: Message) -> str:
    name = part.get_content_charset() or "utf-8"
    try:
        # What calls itself Latin-1 is Windows-1252 in truth (as the WHATWG's Encoding Standard has it).
        return raw.decode("cp1252" if name in ("iso-8859-1", "us-ascii") else name, "replace")
    except (LookupError, ValueError):
        return raw.decode("utf-8", "replace")


def returned(mail: Message) -> Message | None:
    """The headers of the email that came back, where it is a part of its own."""
    for part in parts(mail)[1:]:
        kind = part.get_content_type()
        if kind in RETURNED_HEADERS:
            return _headers(text(part))
        if kind in RETURNED_WHOLE:
            inside = part.get_payload()
            first = inside[0] if isinstance(inside, list) and inside else None
            return first if isinstance(first, Message) and first.keys() else _headers(text(part))
    return None


def _headers(said: str) -> Message:
    try:
        return HeaderParser().parsestr(said.lstrip())
    except Exception:
        return message_from_string("")


def fields(block: str) -> list[tuple[str, str]]:
    """`Name: value` lines of a delivery or feedback report, folded lines joined, names in lower case."""
    found: list[tuple[str, str]] = []
    for line in block.splitlines():
        named = re.match(r"([A-Za-z][\w-]{0,60})[ \t]*:[ \t]*(.*)", line)
        if named:
            found.append((named[1].lower(), named[2].strip()))
        elif line[:1] in " \t" and line.strip() and found:
            name, value = found[-1]
            found[-1] = name, f"{value} {line.strip()}".strip()
    return found
