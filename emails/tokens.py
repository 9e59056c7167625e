"""Access tokens (OAuth 2.0, RFC 6749): asked for once, kept in this process until shortly before they end.

A token is a key to the office's mail: it is written nowhere, and no error's words hold it or what it was asked with.
"""

import json
import re
import ssl
import threading
import time
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

import requests

from config.oauth import OAuth

PATIENCE = 10.0  # s, for an answer, however slowly it trickles in
TIMEOUT = (3.05, PATIENCE)
SPARE = 120.0  # s before its end a token is no longer used
LARGEST = 65_536  # bytes of an answer; Microsoft's tokens have some two thousand
ASK_LATER = frozenset({408, 425, 429})
PASSING = frozenset({"server_error", "temporarily_unavailable"})  # RFC 6749 section 4.1.2.1; some say it here too
# RFC 6750 section 2.1 has fewer characters; none that would end a line or split the sign-in may pass.
TOKEN = re.compile(r"[\x21-\x7e]{1,20000}")


class Refused(Exception):
    """They give us no token, and a person must act. `error` as in RFC 6749 section 5.2, "" if they said none."""

    def __init__(self, words: str, error: str = "") -> None:
        super().__init__(words)
        self.error = error


class Unreachable(ConnectionError):
    """Nobody said no: they are down, slow or busy."""


_kept: dict[OAuth, tuple[str, float]] = {}
_asking: dict[OAuth, Future[str]] = {}
_lock = threading.Lock()  # never held while anybody is asked


def access(oauth: OAuth, *, patience: float = PATIENCE) -> str:
    """An access token, within `patience` seconds; several who want one at once ask once.

    Raises Refused, Unreachable, or SSLCertVerificationError if they cannot prove who they are.
    """
    with _lock:
        token, until = _kept.get(oauth, ("", 0.0))
        if token and time.monotonic() < until:
            return token
        answer = _asking.get(oauth)
        if answer is None:
            answer = _asking[oauth] = Future()
            # A thread of its own, because no time-out of a socket ends an answer that comes byte by byte.
            threading.Thread(target=_fetch, args=(oauth, answer), name="token", daemon=True).start()
    try:
        return answer.result(max(patience, 0.0))
    except TimeoutError:
        _let_go(oauth, answer)
        raise Unreachable(f"no answer in time from {oauth.token_url}") from None


def forget(oauth: OAuth, token: str) -> None:
    """`token` was not accepted; a newer one stays."""
    with _lock:
        if _kept.get(oauth, ("", 0.0))[0] == token:
            del _kept[oauth]


def _fetch(oauth: OAuth, answer: Future[str]) -> None:
    try:
        token, until = _asked(oauth)
    except BaseException as problem:
        _let_go(oauth, answer)
        answer.set_exception(problem)
    else:
        with _lock:
            _kept[oauth] = token, until
        _let_go(oauth, answer)
        answer.set_result(token)


def _let_go(oauth: OAuth, answer: Future[str]) -> None:
    """The next one asks anew."""
    with _lock:
        if _asking.get(oauth) is answer:
            del _asking[oauth]


# --- the question ----------------------------------------------------------------------------------------------------


def _asked(oauth: OAuth) -> tuple[str, float]:
    """A token, and until when it may be used."""
    begun = time.monotonic()
    try:
        with requests.post(
            oauth.token_url, data=_form(oauth), timeout=TIMEOUT, allow_redirects=False, stream=True
        ) as answer:
            status, reason = answer.status_code, answer.reason or ""
            data = _read(answer)
    except requests.RequestException as problem:
        raise _unanswered(problem, oauth) from None  # the chain holds the question, secrets and all
    if status >= 500 or status in ASK_LATER or str(data.get("error")) in PASSING:
        raise Unreachable(f"{status} from {oauth.token_url}")
    token = data.get("access_token")
    if status != 200 or not isinstance(token, str) or not TOKEN.fullmatch(token):
        raise _refusal(oauth, status, reason, data)
    return token, begun + _lasts(data) - SPARE


def _form(oauth: OAuth) -> dict[str, str]:
    """RFC 6749 sections 4.4.2 and 6."""
    form = {"client_id": oauth.client_id, "client_secret": oauth.client_secret, "scope": oauth.scope}
    if oauth.refresh_token:
        form |= {"grant_type": "refresh_token", "refresh_token": oauth.refresh_token}
    else:
        form |= {"grant_type": "client_credentials"}
    return {name: value for name, value in form.items() if value}


def _read(answer: requests.Response) -> dict[str, Any]:
    """The answer's JSON object; empty for anything else."""
    body = b""
    for piece in answer.iter_content(8192):
        body += piece
        if len(body) > LARGEST:
            return {}
    with suppress(ValueError, RecursionError):
        data = json.loads(body)
        return data if isinstance(data, dict) else {}
    return {}


def _lasts(data: dict[str, Any]) -> float:
    """Seconds; 0 if they do not say, and then it is used once."""
    with suppress(TypeError, ValueError, OverflowError):
        return min(max(float(data.get("expires_in") or 0), 0.0), 86_400.0)
    return 0.0


def _refusal(oauth: OAuth, status: int, reason: str, data: dict[str, Any]) -> Refused:
    error, told = str(data.get("error") or ""), str(data.get("error_description") or "")
    why = ": ".join(filter(None, (error, told))) or f"no token in the answer ({reason})"
    return Refused(hidden(f"{status} {why}", oauth.client_secret, oauth.refresh_token)[:300], error[:100])


def _unanswered(problem: requests.RequestException, oauth: OAuth) -> Exception:
    inner: BaseException | None = problem
    while inner:
        if isinstance(inner, ssl.SSLCertVerificationError):
            return ssl.SSLCertVerificationError(1, f"{oauth.token_url} cannot prove who it is: {inner.verify_message}")
        inner = inner.__cause__ or inner.__context__
    if isinstance(problem, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        return Refused(f"{oauth.token_url} is no address")
    return Unreachable(f"no answer from {oauth.token_url} ({type(problem).__name__})")


def hidden(words: str, *secrets: str) -> str:
    """`words` without any of the secrets: some servers repeat the question in the answer."""
    for secret in secrets:
        words = words.replace(secret, "***") if secret else words
    return words
