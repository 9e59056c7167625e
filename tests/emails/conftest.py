"""For tests of the delivery inside one process: a real practice mail service, and posts as a provider sends them."""

import json
import os
import signal
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from config.guardian import Guardian
from config.mailbox import Mailbox as Where
from config.postgres import free_port
from config.processes import Child
from emails import blocks, delivery, domains_checks, domains_dns, inbox, mailbox, mailbox_imap, smtp, tokens
from emails.models import Message
from emails.practice import client as practice
from tests import live
from tests.emails.imap_server import PASSWORD, USER, Person, certificate
from tests.emails.practice_mail import Running

AUTH = {"Authorization": "Basic " + b64encode(b"tests:only-for-tests").decode()}
Post = Callable[..., int]


@pytest.fixture(autouse=True)
def in_no_hurry(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine may stand still for a while: no email grows old meanwhile, and nobody is given up.

    Tests of silence and of time limits set their own.
    """
    settings.UNKNOWN_VISIBLE_SECONDS, settings.NO_NEWS_SECONDS = 900, 14_400
    settings.ANYMAIL = {**settings.ANYMAIL, "REQUESTS_TIMEOUT": 60}
    for part in (blocks, delivery, domains_checks, inbox, mailbox):
        monkeypatch.setattr(part, "SHIFT", 600.0)
    monkeypatch.setattr(mailbox_imap, "SOCKET_TIMEOUT", 60.0)
    monkeypatch.setattr(practice, "TIMEOUT", 60.0)
    monkeypatch.setattr(smtp, "PATIENCE", 60.0)
    monkeypatch.setattr(smtp, "OPENING", 60.0)
    monkeypatch.setattr(smtp, "LONGEST_OPENING", 120.0)
    monkeypatch.setattr(tokens, "TIMEOUT", (60.0, 60.0))
    monkeypatch.setattr(tokens.access, "__kwdefaults__", {"patience": 60.0})
    monkeypatch.setattr(domains_dns.look_up, "__kwdefaults__", {"resolver": None, "seconds": 60.0})


@pytest.fixture(scope="session")
def _mail_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    service = Running(tmp_path_factory.mktemp("mail"))
    yield service
    service.stop()


@pytest.fixture
def mail(_mail_service: Running, settings: LazySettings) -> Iterator[Running]:
    """The mail service; its webhooks go nowhere, the test posts them itself."""
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"  # Django's test runner swaps it
    settings.ANYMAIL = {**settings.ANYMAIL, "POSTMARK_API_URL": _mail_service.url}
    _mail_service.switch(answer=None, share=1, delay_ms=0)
    yield _mail_service
    _mail_service.switch(answer=None, share=1, delay_ms=0)


@pytest.fixture
def webhook(client: Client) -> Post:
    """Post to a tracking address with the right secret; the status code."""

    def post(data: object, *, provider: str = "postmark") -> int:
        body = data if isinstance(data, bytes) else json.dumps(data).encode()
        url = f"/anymail/{provider}/tracking/"
        return client.post(url, body, content_type="application/json", headers=AUTH).status_code

    return post


def postmark(message: Message, record: str, **over: Any) -> dict[str, Any]:
    """A Postmark event about this message, as its webhooks documentation shows them."""
    times = {"Delivery": "DeliveredAt", "Bounce": "BouncedAt", "SpamComplaint": "BouncedAt", "Open": "ReceivedAt"}
    who = "Recipient" if record in ("Delivery", "Open") else "Email"
    event = {
        "RecordType": record,
        "MessageID": message.provider_message_id or "00000000-0000-4000-8000-000000000001",
        "Metadata": {"message": str(message.uuid)},
        who: message.to_address,
        times[record]: "2026-11-23T15:14:05Z",
    }
    if record == "Bounce":
        event |= {"Type": "HardBounce", "Details": "smtp;550 5.1.1 The email account does not exist"}
    if record == "SpamComplaint":
        event |= {"Type": "SpamComplaint"}
    return event | over


def tell(webhook: Post, message: Message, record: str, **over: Any) -> Message:
    """Post one event about `message`, read the inbox, and look again."""
    assert webhook(postmark(message, record, **over)) == 200
    inbox.drain()
    message.refresh_from_db()
    return message


def fixture(provider: str, name: str) -> Any:
    """A recorded-shape webhook."""
    path = Path(__file__).parent.parent / "fixtures" / "webhooks" / provider / f"{name}.json"
    return json.loads(path.read_text("utf-8"))


# --- a mailbox -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def starttls_port() -> int:
    """Where the IMAP server speaks plainly until STARTTLS."""
    return free_port()


@pytest.fixture(scope="session")
def imap_server(
    guardian: Guardian, tmp_path_factory: pytest.TempPathFactory, starttls_port: int
) -> Iterator[tuple[int, Path]]:
    """Port and certificate of an IMAP server."""
    folder, port = tmp_path_factory.mktemp("imap"), free_port()
    cert, key = certificate(folder)
    command = [sys.executable, "-m", "tests.emails.imap_server", str(port), str(starttls_port)]
    command += [str(cert), str(key)]
    # It has nothing to put away, and asked kindly it takes its time.
    child = Child("imap", command, folder / "imap.log", env=dict(os.environ), stop_signal=signal.SIGKILL)

    def up() -> bool:
        try:
            Person(port, cert).close()
        except OSError:
            return False
        return True

    with live.running(child, up, guardian):
        yield port, cert


@pytest.fixture
def office(imap_server: tuple[int, Path], settings: LazySettings) -> Iterator[Person]:
    """The office's mailbox, empty, with a person in it; the system sends by SMTP and reads it."""
    port, cert = imap_server
    settings.EMAIL_PROVIDER = settings.MAIL_PROVIDER = "smtp"
    settings.BOUNCE_ADDRESS = ""
    settings.BOUNCE_MAILBOX = Where("imaps", "localhost", port, USER, PASSWORD, folder="Reports", ca_file=str(cert))
    person = Person(port, cert)
    person.folder("Reports")
    yield person
    person.close()
