"""Reading the To, Cc and Bcc of a request the way Postmark does.

Its rules and words: https://postmarkapp.com/support/article/1180-what-does-errorcode-300-mean
"""

from __future__ import annotations

import re
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.utils import getaddresses, parseaddr
from typing import Any

from . import fates
from .entries import Recipient

MAILBOX = re.compile(r"[a-z0-9.!#$%&'`*+\-/=^_{}|~]+", re.IGNORECASE)
DOMAIN = re.compile(r"(\.?[a-z0-9\-])+", re.IGNORECASE)
MOST_RECIPIENTS = 50
FIELDS = ("To", "Cc", "Bcc")


class Illegal(ValueError):
    """The text is Postmark's message."""


def recipients(message: dict[str, Any]) -> list[Recipient]:
    """Everyone the message goes to. Raises Illegal."""
    everyone = [each for field in ("To", "Cc", "Bcc") for each in _field(field, message.get(field) or "")]
    if not everyone:
        raise Illegal("Zero recipients specified")
    if len(everyone) > MOST_RECIPIENTS:
        raise Illegal(f"Maximum of {MOST_RECIPIENTS} recipients allowed per email message.")
    return everyone


def sender(message: dict[str, Any]) -> str:
    """The bare From address. Raises Illegal."""
    address = parseaddr(message.get("From") or "")[1]
    try:
        return _checked("From", address)
    except Illegal:
        raise Illegal(f"Invalid 'From' address: '{address}'.") from None


def _field(field: str, value: str) -> list[Recipient]:
    return [
        Recipient(email=_checked(field, address), name=_readable(name), fate=fates.for_address(address))
        for name, address in getaddresses([value])
        if value.strip()
    ]


def _checked(field: str, address: str) -> str:
    mailbox, at, domain = address.rpartition("@")
    if not at:
        raise Illegal(f"Error parsing '{field}': Illegal email address '{address}'. It must contain the '@' symbol.")
    dots = mailbox.startswith(".") or mailbox.endswith(".") or ".." in mailbox
    if dots or not MAILBOX.fullmatch(mailbox):
        raise Illegal(f"Invalid '{field}' address: '{address}'.")
    if not DOMAIN.fullmatch(domain):
        raise Illegal(f"Error parsing '{field}': Illegal email domain '{domain}' in address '{address}'.")
    return address


def _readable(name: str) -> str:
    """Names outside ASCII come as RFC 2047 words."""
    try:
        return str(make_header(decode_header(name)))
    except (HeaderParseError, LookupError, UnicodeError):
        return name
