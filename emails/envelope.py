"""Our name on an email that leaves through a plain mail server, by which a report about it is recognised.

A message's uuid is random and only ever told to its recipient: whoever names it has seen the email. It stands in the
Message-ID, which reports repeat, and in a header of our own, because some servers replace the Message-ID.
"""

import re
from email.utils import parseaddr
from uuid import UUID

from django.core.mail import EmailMessage

from emails.addresses import canonical

HEADER = "X-Desk-Message"
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
# The prefix tells ours from other programs' ids, some of which are uuids too.
_ID = re.compile(rf"\bdesk\.({_UUID})@", re.IGNORECASE)
_BARE = re.compile(rf"\s*({_UUID})\s*", re.IGNORECASE)
# As the returned email stands in the text of a report, perhaps quoted or indented.
_IN_TEXT = re.compile(
    rf"^[>| \t]*(?:{HEADER}:\s*({_UUID})\b|(?:X-[\w-]*-)?Message-ID:\s*<?desk\.({_UUID})@)",
    re.IGNORECASE | re.MULTILINE,
)


def seal(email: EmailMessage, uuid: UUID, *, return_path: str = "") -> None:
    """Write our name on `email`. Reports go to `return_path`, or to the address in From."""
    domain = canonical(parseaddr(email.from_email)[1]).rpartition("@")[2] or "localhost"
    email.extra_headers["Message-ID"] = f"<desk.{uuid}@{domain}>"
    email.extra_headers[HEADER] = str(uuid)
    if return_path:
        email.extra_headers["From"] = email.from_email
        email.from_email = return_path


def message_id(email: EmailMessage) -> str:
    """What `seal` wrote, without brackets; "" if it did not."""
    return str(email.extra_headers.get("Message-ID", "")).strip("<>")


def sender(email: EmailMessage) -> str:
    """The From header."""
    return str(email.extra_headers.get("From", email.from_email))


def named_by_id(value: str) -> UUID | None:
    """Our uuid in a message id."""
    found = _ID.search(value)
    return UUID(found[1]) if found else None


def named_by_header(value: str) -> UUID | None:
    """Our uuid in our own header."""
    found = _BARE.fullmatch(value)
    return UUID(found.group(1)) if found else None


def named_in_text(value: str) -> UUID | None:
    """Our uuid in headers that are quoted in a text."""
    found = _IN_TEXT.search(value)
    return UUID(found.group(1) or found.group(2)) if found else None
