"""What became of a provider call: surely sent, surely not, or nobody knows. Pure.

The table was measured against servers on loopback (docs/decisions/unknown-is-a-status.md). When in doubt it is
`UNKNOWN`: a second copy cannot be taken back.
"""

import re
import smtplib
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any

import botocore.exceptions
import requests
import urllib3.exceptions
from anymail.exceptions import AnymailAPIError, AnymailError, AnymailRecipientsRefused
from anymail.message import AnymailStatus
from django.utils import timezone

from emails import smtp, tokens


class Fate(Enum):
    """What may be done next."""

    ACCEPTED = "accepted"
    REFUSED = "refused"  # the provider will not send to this recipient
    LATER = "later"  # surely not sent, try this one later; says nothing about the others
    BUSY = "busy"  # surely not sent, try later; no fault of this message
    UNREACHABLE = "unreachable"  # surely not sent, try later
    LOCKED_OUT = "locked_out"  # surely not sent; our key or account is refused
    FORBIDDEN = "forbidden"  # surely not sent; refused to us, or only for this recipient: the others will tell
    UNSAFE = "unsafe"  # surely not sent; no connection that can be trusted
    IMPOSSIBLE = "impossible"  # surely not sent, and never will be as it is
    UNKNOWN = "unknown"  # perhaps sent


@dataclass(frozen=True)
class Outcome:
    """A fate with the provider's id or words. `retry_after` in seconds, None if not told.

    `why`: what lies behind it, if it is known better than the fate says (`wording_channel`); "" if not.
    """

    fate: Fate
    provider_message_id: str = ""
    words: str = ""
    retry_after: float | None = None
    why: str = ""

    def __post_init__(self) -> None:
        """Only what PostgreSQL can store: a strange answer must not cost the outcome."""
        object.__setattr__(self, "words", self.words.replace("\x00", "").encode("utf-8", "replace").decode())


REFUSALS = frozenset({"rejected", "invalid", "failed"})

# Before a request is written nothing can have been accepted.
NEVER_WRITTEN = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.NameResolutionError,
    urllib3.exceptions.ConnectTimeoutError,
    botocore.exceptions.EndpointConnectionError,
    botocore.exceptions.ConnectTimeoutError,
    requests.ConnectTimeout,
    ConnectionRefusedError,
)
NO_KEY = (
    botocore.exceptions.NoCredentialsError,
    botocore.exceptions.PartialCredentialsError,
    botocore.exceptions.CredentialRetrievalError,
)

BY_HTTP_STATUS = {
    401: Fate.LOCKED_OUT,
    402: Fate.LOCKED_OUT,  # the account has no credit left
    403: Fate.FORBIDDEN,
    429: Fate.BUSY,
    503: Fate.BUSY,
}

# Postmark's "ErrorCode", which comes with a 422: the sender is not confirmed, the account may not send, or only within
# its own domain while it is on trial. Source: Postmark API overview, "API error codes".
BY_POSTMARK_CODE = {100: Fate.BUSY} | dict.fromkeys((400, 401, 405, 412, 413), Fate.FORBIDDEN)

# "code: message" of an error of Amazon's, whose HTTP status is 400 for most. Source: SES API v2 reference, SendEmail
# and "Common errors"; SES developer guide, "Sandbox".
BY_AMAZON_ERROR = (
    (r"Throttling|TooManyRequests|LimitExceeded|RequestLimitExceeded", Fate.BUSY),
    (r"UnrecognizedClient|InvalidClientTokenId|SignatureDoesNotMatch|ExpiredToken", Fate.LOCKED_OUT),
    (r"AccountSuspended|SendingPaused", Fate.LOCKED_OUT),
    (r"MailFromDomainNotVerified|MessageRejected: .*not verified", Fate.FORBIDDEN),
)

# What a sign-in by access token fails on -> (fate, why). The first that fits counts.
SIGN_IN: tuple[tuple[type[Exception], tuple[Fate, str]], ...] = (
    (tokens.Unreachable, (Fate.UNREACHABLE, "no_token_now")),
    (tokens.Refused, (Fate.LOCKED_OUT, "no_token")),
    (smtp.NoTokenSignIn, (Fate.LOCKED_OUT, "tokens_not_taken")),
    (smtp.TokenRefused, (Fate.LOCKED_OUT, "token_refused")),
)
# RFC 6749 section 5.2.
BY_GRANT = {
    "invalid_grant": "consent_ended",
    "invalid_client": "secret_refused",
    "unauthorized_client": "secret_refused",
    "invalid_scope": "scope_refused",
}

# While a connection is opened nothing was written, whatever went wrong. The first that fits counts.
BY_OPENING: tuple[tuple[type[Exception] | tuple[type[Exception], ...], Fate], ...] = (
    ((ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError), Fate.UNREACHABLE),
    ((ssl.SSLError, smtplib.SMTPNotSupportedError), Fate.UNSAFE),
    (OSError, Fate.UNREACHABLE),  # names, sockets, time-outs, and all that smtplib raises
)

CLOSING = 421  # RFC 5321 section 3.8: the server closes the connection, whatever was asked
TOO_LARGE = 552  # RFC 1870: the size is told beside the sender's address


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


def of_opening(problem: Exception) -> Outcome:
    """From whatever the opening of a connection raised: surely not sent."""
    words = str(problem)[:1000]
    fate, why = next((found for kind, found in SIGN_IN if isinstance(problem, kind)), (None, ""))
    if fate:
        why = BY_GRANT.get(problem.error, why) if isinstance(problem, tokens.Refused) else why
        return Outcome(fate, words=words, why=why)
    if isinstance(problem, smtplib.SMTPAuthenticationError):  # RFC 4954: 454 is a passing failure
        return Outcome(Fate.UNREACHABLE if problem.smtp_code < 500 else Fate.LOCKED_OUT, words=words)
    fates = (fate for types, fate in BY_OPENING if isinstance(problem, types))
    return Outcome(next(fates, Fate.LOCKED_OUT), words=words)  # what remains is about our settings


def of_exception(problem: Exception, *, written: bool = True) -> Outcome:
    """From whatever a send raised. `written` False: no part of the email's text can have left."""
    words = str(problem)[:1000]
    if isinstance(problem, AnymailRecipientsRefused):
        return Outcome(Fate.REFUSED, words=response_words(getattr(problem, "response", None)) or words)
    if isinstance(problem, AnymailAPIError | requests.RequestException):
        return _of_http(problem, words)
    if isinstance(problem, smtplib.SMTPException | OSError):
        return _of_smtp(problem, words, written=written)
    if isinstance(problem, AnymailError | ValueError | TypeError):
        return Outcome(Fate.IMPOSSIBLE, words=words)
    return Outcome(Fate.UNKNOWN, words=words)


# --- HTTP ------------------------------------------------------------------------------------------------------------


def _of_http(problem: Exception, words: str) -> Outcome:
    response = getattr(problem, "response", None)
    code = _status(problem, response)
    if code is None:
        return Outcome(_without_an_answer(problem), words=words)
    # 5xx, or an answer of 200 that cannot be read: perhaps sent.
    by_status = BY_HTTP_STATUS.get(code) or (Fate.IMPOSSIBLE if 400 <= code < 500 else Fate.UNKNOWN)
    return Outcome(
        _by_amazon_error(response) or _by_postmark_code(response) or by_status,
        words=response_words(response) or words,
        retry_after=_retry_after(response),
    )


def _without_an_answer(problem: Exception) -> Fate:
    """No answer came: was the request written?"""
    causes = list(_causes(problem))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return Fate.UNSAFE
    if any(isinstance(cause, NEVER_WRITTEN) for cause in causes):
        return Fate.UNREACHABLE
    return Fate.LOCKED_OUT if any(isinstance(cause, NO_KEY) for cause in causes) else Fate.UNKNOWN


def _causes(problem: BaseException) -> Iterator[BaseException]:
    """The problem and whatever stands behind it: each library wraps in a way of its own."""
    seen: set[int] = set()
    stack: list[object] = [problem]
    while stack:
        inner = stack.pop()
        if isinstance(inner, BaseException) and id(inner) not in seen:
            yield inner
            seen.add(id(inner))
            stack += [*inner.args, inner.__cause__, inner.__context__, getattr(inner, "reason", None)]


def _status(problem: Exception, response: object) -> int | None:
    code = getattr(problem, "status_code", None)
    if code is None:
        code = _inside(response, "ResponseMetadata", "HTTPStatusCode")
    return code if isinstance(code, int) else None


def _by_amazon_error(response: object) -> Fate | None:
    error = f"{_inside(response, 'Error', 'Code')}: {_inside(response, 'Error', 'Message')}"
    return next((fate for pattern, fate in BY_AMAZON_ERROR if re.match(pattern, error)), None)


def _by_postmark_code(response: object) -> Fate | None:
    data = _json(response) if isinstance(response, requests.Response) else None
    code = data.get("ErrorCode") if isinstance(data, dict) else None
    return BY_POSTMARK_CODE.get(code) if isinstance(code, int) else None


def _inside(response: object, *path: str) -> object:
    """A value deep in the answer as boto3 gives it (a dict), else None."""
    for name in path:
        response = response.get(name) if isinstance(response, Mapping) else None
    return response


def response_words(response: object) -> str:
    """What the provider said in the body of a refusal; "" if it accepted, said nothing, or speaks no HTTP."""
    if not isinstance(response, requests.Response):
        return str(_inside(response, "Error", "Message") or "")[:1000]
    if response.status_code < 400:
        return ""
    data = _json(response)
    if data is None:
        return str(response.text)[:1000]
    said = data.get("Message") or data.get("message") if isinstance(data, dict) else ""
    return str(said or data)[:1000]


def _json(response: requests.Response) -> Any:
    """The body, the first of several; None if it is no JSON."""
    try:
        data = response.json()
    except ValueError:
        return None
    return (data[0] if data else {}) if isinstance(data, list) else data


def _retry_after(response: object) -> float | None:
    """RFC 9110 section 10.2.3: seconds, or a date."""
    if isinstance(response, requests.Response):
        value = response.headers.get("Retry-After", "")
    else:
        value = str(_inside(response, "ResponseMetadata", "HTTPHeaders", "retry-after") or "")
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - timezone.now()).total_seconds()) if value else None
    except (ValueError, TypeError):
        return None


# --- SMTP ------------------------------------------------------------------------------------------------------------


def _of_smtp(problem: Exception, words: str, *, written: bool) -> Outcome:
    if isinstance(problem, smtplib.SMTPRecipientsRefused):
        code, reply = next(iter(problem.recipients.values()), (0, b""))
        return Outcome(_by_code(code, Fate.LATER, Fate.REFUSED), words=_said(code, reply))
    if isinstance(problem, smtplib.SMTPSenderRefused):
        # The sender is the same for all, its words are not about this recipient; only the size is this email's.
        finally_ = Fate.IMPOSSIBLE if problem.smtp_code == TOO_LARGE else Fate.FORBIDDEN
        fate = _by_code(problem.smtp_code, Fate.BUSY, finally_)
        return Outcome(fate, words=_said(problem.smtp_code, problem.smtp_error))
    if isinstance(problem, smtplib.SMTPDataError):
        fate = _by_code(problem.smtp_code, Fate.LATER, Fate.IMPOSSIBLE)
        return Outcome(fate, words=_said(problem.smtp_code, problem.smtp_error))
    if isinstance(problem, smtplib.SMTPNotSupportedError):
        return Outcome(Fate.IMPOSSIBLE, words=words)
    # Lost after the text was written: RFC 1047.
    return Outcome(Fate.UNKNOWN if written else Fate.UNREACHABLE, words=words)


def _by_code(code: int, passing: Fate, lasting: Fate) -> Fate:
    if code == CLOSING:
        return Fate.UNREACHABLE
    if 400 <= code < 500:
        return passing
    return lasting if 500 <= code < 600 else Fate.UNKNOWN


def _said(code: int, reply: bytes | str) -> str:
    return f"{code} {reply.decode(errors='replace') if isinstance(reply, bytes) else reply}"[:1000]
