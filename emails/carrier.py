"""One call to the mail service, over a connection that each thread keeps. No database in here."""

import threading
from contextlib import suppress
from email.encoders import encode_base64
from email.headerregistry import Address
from email.mime.base import MIMEBase

from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from emails import envelope, outcomes, smtp
from emails.outcomes import Fate, Outcome
from inspections.text import email_address, single_line

_kept = threading.local()


def call(email: EmailMultiAlternatives) -> Outcome:
    """Send it once. Never raises: opening the connection and sending over it fail in different ways."""
    try:
        backend = _connection()
    except Exception as problem:
        return outcomes.of_opening(problem)
    try:
        backend.send_messages([email])
    except Exception as problem:
        written = not isinstance(backend, smtp.EmailBackend) or backend.perhaps_written
        _hang_up()
        return outcomes.of_exception(problem, written=written)
    status = getattr(email, "anymail_status", None)
    # Without one it went by plain SMTP: accepted, under the id that we wrote on it.
    return Outcome(Fate.ACCEPTED, envelope.message_id(email)) if status is None else outcomes.of_answer(status)


def mailbox(name: str, address: str) -> str:
    """`name <address>`, quoted as RFC 5322 asks, holding exactly one address. Raises BadText."""
    local, _, domain = email_address(address).rpartition("@")
    return str(Address(single_line(name).replace(",", " "), local, domain))


def part(name: str, content_type: str, content: bytes) -> MIMEBase:
    """A file as it goes along. Always base64: as text its line ends would change, and its digest with them."""
    made = MIMEBase(*content_type.split("/", 1))
    made.set_payload(content)
    encode_base64(made)
    made.add_header("Content-Disposition", "attachment", filename=single_line(name))
    return made


def _connection() -> BaseEmailBackend:
    """An open one. Raises whatever opening it raises; then none is kept."""
    backend: BaseEmailBackend | None = getattr(_kept, "backend", None)
    if isinstance(backend, smtp.EmailBackend) and not backend.is_alive():
        _hang_up()  # closed by the server while idle, which is no fault of the next email
        backend = None
    if backend is None:
        backend = _kept.backend = get_connection()
        try:
            backend.open()
        except Exception:
            _hang_up()
            raise
    return backend


def _hang_up() -> None:
    backend = getattr(_kept, "backend", None)
    _kept.backend = None
    if backend is not None:
        with suppress(Exception):  # broken already
            backend.close()
