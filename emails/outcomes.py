"""What became of a provider call: surely sent, surely not, or nobody knows. Pure.

The table was measured against a provider on loopback (docs/decisions/unknown-is-a-status.md). When in doubt it is
`UNKNOWN`: a second copy cannot be taken back.
"""

import smtplib
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import Enum

import requests
import urllib3.exceptions
from anymail.exceptions import AnymailAPIError, AnymailError, AnymailRecipientsRefused
from anymail.message import AnymailStatus
from django.utils import timezone


class Fate(Enum):
    """What may be done next."""

    ACCEPTED = "accepted"
    REFUSED = "refused"  # the provider will not send to this recipient
    BUSY = "busy"  # surely not sent, try later; no fault of this message
    UNREACHABLE = "unreachable"  # surely not sent, try later
    LOCKED_OUT = "locked_out"  # surely not sent; our key or account is refused
    IMPOSSIBLE = "impossible"  # surely not sent, and never will be as it is
    UNKNOWN = "unknown"  # perhaps sent


@dataclass(frozen=True)
class Outcome:
    """A fate with the provider's id or words. `retry_after` in seconds, None if not told."""

    fate: Fate
    provider_message_id: str = ""
    words: str = ""
    retry_after: float | None = None

    def __post_init__(self) -> None:
        """Only what PostgreSQL can store: a strange answer must not cost the outcome."""
        object.__setattr__(self, "words", self.words.replace("\x00", "").encode("utf-8", "replace").decode())


REFUSALS = frozenset({"rejected", "invalid", "failed"})

# Before a request is written nothing can have been accepted.
NEVER_WRITTEN = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.NameResolutionError,
    urllib3.exceptions.ConnectTimeoutError,
    ConnectionRefusedError,
)

BY_HTTP_STATUS = {
    401: Fate.LOCKED_OUT,
    403: Fate.LOCKED_OUT,
    429: Fate.BUSY,
    503: Fate.BUSY,
}


def of_answer(status: AnymailStatus) -> Outcome:
    """From what Anymail read in the provider's answer to a call that raised nothing.

    The provider may spell the address in another way, so that one recipient appears twice: the entry with an id is
    the one that was answered.
    """
    told = sorted(status.recipients.values(), key=lambda recipient: recipient.message_id is not None)
    if not told:
        return Outcome(Fate.UNKNOWN, words="The mail service named no recipient")
    answer, response = told[-1], status.esp_response
    words = response_words(response)
    if answer.status in REFUSALS or (answer.status == "unknown" and getattr(response, "status_code", 200) >= 400):
        return Outcome(Fate.REFUSED, answer.message_id or "", words or f"refused by the mail service ({answer.status})")
    if answer.status == "unknown":
        return Outcome(Fate.UNKNOWN, answer.message_id or "", words)
    return Outcome(Fate.ACCEPTED, answer.message_id or "")


def of_exception(problem: Exception) -> Outcome:
    """From whatever a send raised."""
    words = str(problem)[:1000]
    if isinstance(problem, AnymailRecipientsRefused):
        return Outcome(Fate.REFUSED, words=response_words(getattr(problem, "response", None)) or words)
    if isinstance(problem, requests.RequestException) and _status(problem) is None:
        return Outcome(Fate.UNREACHABLE if _never_written(problem) else Fate.UNKNOWN, words=words)
    if isinstance(problem, AnymailAPIError):
        return _of_status(problem, response_words(getattr(problem, "response", None)) or words)
    if isinstance(problem, AnymailError | ValueError | TypeError):
        return Outcome(Fate.IMPOSSIBLE, words=words)
    if isinstance(problem, smtplib.SMTPException | OSError):
        return _of_smtp(problem, words)
    return Outcome(Fate.UNKNOWN, words=words)


def _of_status(problem: AnymailAPIError, words: str) -> Outcome:
    code = _status(problem)
    if code is None:
        return Outcome(Fate.UNKNOWN, words=words)
    if code in BY_HTTP_STATUS:
        return Outcome(BY_HTTP_STATUS[code], words=words, retry_after=_retry_after(problem))
    if 400 <= code < 500:
        return Outcome(Fate.IMPOSSIBLE, words=words)
    return Outcome(Fate.UNKNOWN, words=words)  # 5xx, or an answer of 200 that cannot be read


def _of_smtp(problem: Exception, words: str) -> Outcome:
    if isinstance(problem, smtplib.SMTPRecipientsRefused):
        code, reply = next(iter(problem.recipients.values()), (0, b""))
        text = f"{code} {reply.decode(errors='replace') if isinstance(reply, bytes) else reply}"
        return Outcome(Fate.BUSY if 400 <= code < 500 else Fate.REFUSED, words=text)
    if isinstance(problem, smtplib.SMTPAuthenticationError):
        return Outcome(Fate.LOCKED_OUT, words=words)
    if isinstance(problem, smtplib.SMTPConnectError | smtplib.SMTPHeloError | ConnectionRefusedError):
        return Outcome(Fate.UNREACHABLE, words=words)
    if isinstance(problem, smtplib.SMTPSenderRefused | smtplib.SMTPDataError):
        return Outcome(Fate.BUSY if 400 <= problem.smtp_code < 500 else Fate.IMPOSSIBLE, words=words)
    return Outcome(Fate.UNKNOWN, words=words)  # lost after the text was written: RFC 1047


def _never_written(problem: BaseException) -> bool:
    if isinstance(problem, requests.ConnectTimeout):
        return True
    seen: set[int] = set()
    stack: list[object] = [problem]
    while stack:
        inner = stack.pop()
        if not isinstance(inner, BaseException) or id(inner) in seen:
            continue
        if isinstance(inner, NEVER_WRITTEN):
            return True
        seen.add(id(inner))
        stack += [*inner.args, inner.__cause__, inner.__context__, getattr(inner, "reason", None)]
    return False


def _status(problem: Exception) -> int | None:
    code = getattr(problem, "status_code", None)
    return code if isinstance(code, int) else None


def response_words(response: object) -> str:
    """What the provider said in the body of a refusal; "" if it accepted, said nothing, or speaks no HTTP."""
    if not isinstance(response, requests.Response) or response.status_code < 400:
        return ""
    try:
        data = response.json()
    except ValueError:
        return str(response.text)[:1000]
    if isinstance(data, list):
        data = data[0] if data else {}
    said = data.get("Message") or data.get("message") if isinstance(data, dict) else ""
    return str(said or data)[:1000]


def _retry_after(problem: AnymailAPIError) -> float | None:
    """RFC 9110 section 10.2.3: seconds, or a date."""
    response = getattr(problem, "response", None)
    value = response.headers.get("Retry-After", "") if response is not None else ""
    if value.isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - timezone.now()).total_seconds()) if value else None
    except (ValueError, TypeError):
        return None
