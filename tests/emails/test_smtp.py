"""Plain SMTP: every step fails for real, and what surely was not sent is never called a doubt."""

import socket
import threading
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.mail import EmailMultiAlternatives
from django.db.models.functions import Now

from config.celery import app
from emails import aftermath, carrier, channel, delivery, holds, smtp
from emails.models import Channel, Message
from emails.outcomes import Fate, Outcome
from emails.states import Status
from inspections import services
from inspections.models import Inspection
from tests.emails.mail_server import DROP, MailServer, nobody_may_in, self_signed, serving
from tests.factories import make_draft, make_person

Use = Callable[[int], None]
LONGEST = delivery.SHIFT + smtp.LONGEST_OPENING  # in earnest


@pytest.fixture
def use(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Use:
    """Send by the mail server on this port of 127.0.0.1."""
    monkeypatch.setattr(carrier, "_kept", threading.local())
    settings.EMAIL_BACKEND = "emails.smtp.EmailBackend"
    settings.EMAIL_PROVIDER = settings.MAIL_PROVIDER = "smtp"
    settings.EMAIL_HOST, settings.EMAIL_TIMEOUT = "127.0.0.1", 60

    def use(port: int) -> None:
        settings.EMAIL_PORT = port

    return use


def send(to: str = "ann@example.com") -> Outcome:
    return carrier.call(EmailMultiAlternatives("Subject", "Text", "office@example.com", [to]))


@pytest.mark.parametrize(
    ("step", "answer", "fate"),
    [
        ("EHLO", DROP, Fate.UNREACHABLE),
        ("MAIL", "452 4.3.1 Insufficient system storage", Fate.BUSY),
        ("MAIL", "421 4.3.2 Going down", Fate.UNREACHABLE),
        ("MAIL", "550 5.7.1 Sender not allowed", Fate.FORBIDDEN),
        ("MAIL", "552 5.3.4 Message size exceeds fixed limit", Fate.IMPOSSIBLE),
        ("MAIL", DROP, Fate.UNREACHABLE),
        ("RCPT", "450 4.2.0 Greylisted, try again later", Fate.LATER),
        ("RCPT", "421 4.7.0 Too many connections", Fate.UNREACHABLE),
        ("RCPT", "550 5.1.1 No such user", Fate.REFUSED),
        ("RCPT", DROP, Fate.UNREACHABLE),
        ("DATA", "451 4.7.1 Try later", Fate.LATER),
        ("DATA", "554 5.7.1 Spam message rejected", Fate.IMPOSSIBLE),
        ("DATA", DROP, Fate.UNKNOWN),
    ],
)
def test_the_outcome_of_a_fault_at(use: Use, step: str, answer: str, fate: Fate) -> None:
    server = MailServer(**{step: answer})
    with serving(server) as controller:
        use(controller.port)
        assert send().fate is fate
        assert server.taken == (["ann@example.com"] if fate is Fate.UNKNOWN else [])


def test_files_arrive_byte_for_byte(use: Use) -> None:
    files = [("Señal año.csv", "text/csv", b"one\ntwo\r\nthree"), ("plan.pdf", "application/pdf", b"%PDF-1.7 \xff")]
    email = EmailMultiAlternatives("Subject", "Text", "office@example.com", ["ann@example.com"])
    for file in files:
        email.attach(carrier.part(*file))
    server = MailServer()
    with serving(server) as controller:
        use(controller.port)
        assert carrier.call(email).fate is Fate.ACCEPTED
    parts = message_from_bytes(server.emails[0], policy=policy.default).iter_attachments()
    assert [(one.get_filename(), one.get_content_type(), one.get_payload(decode=True)) for one in parts] == files


def test_the_servers_words_are_kept(use: Use) -> None:
    with serving(MailServer(RCPT="550 5.1.1 No such user")) as controller:
        use(controller.port)
        assert send().words == "550 5.1.1 No such user"


def test_a_server_that_says_nothing_is_left_before_the_worker_is_stopped(use: Use, settings: LazySettings) -> None:
    settings.EMAIL_TIMEOUT = 20
    with serving(MailServer()) as controller:
        use(controller.port)
        send()
        assert carrier._kept.backend.connection.sock.gettimeout() == 20
    assert app.conf.task_soft_time_limit > LONGEST


def test_two_emails_share_a_connection(use: Use) -> None:
    server = MailServer()
    with serving(server) as controller:
        use(controller.port)
        assert [send().fate, send().fate] == [Fate.ACCEPTED, Fate.ACCEPTED]
        assert len(server.sessions) == 1
        assert server.taken == ["ann@example.com"] * 2


def test_a_connection_that_the_server_closed_while_idle_is_no_doubt(use: Use) -> None:
    server = MailServer()
    with serving(server) as controller:
        use(controller.port)
        assert send().fate is Fate.ACCEPTED
        server.hang_up_on_everybody(controller)
        assert send().fate is Fate.ACCEPTED
        assert len(server.sessions) == 2
        assert server.taken == ["ann@example.com"] * 2


def test_a_fault_before_the_second_emails_text_is_no_doubt_either(use: Use) -> None:
    server = MailServer()
    with serving(server) as controller:
        use(controller.port)
        send()
        server.faults["MAIL"] = DROP
        assert send().fate is Fate.UNREACHABLE


# --- opening the connection ------------------------------------------------------------------------------------------


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def greet(listener: socket.socket, words: bytes) -> None:
    def serve() -> None:
        conn, _ = listener.accept()
        with conn:
            conn.sendall(words)

    threading.Thread(target=serve, daemon=True).start()


@pytest.mark.parametrize("words", [b"421 4.3.2 Too busy\r\n", b"554 No service for you\r\n", b""])
def test_a_server_that_does_not_welcome_us_is_unreachable(use: Use, listener: socket.socket, words: bytes) -> None:
    greet(listener, words)
    use(listener.getsockname()[1])
    assert send().fate is Fate.UNREACHABLE


def test_a_server_that_says_nothing_is_unreachable(use: Use, listener: socket.socket, settings: LazySettings) -> None:
    settings.EMAIL_TIMEOUT = 0.5
    use(listener.getsockname()[1])
    assert send().fate is Fate.UNREACHABLE


def test_a_refused_connection_is_unreachable(use: Use, listener: socket.socket) -> None:
    use(listener.getsockname()[1])
    listener.close()
    assert send().fate is Fate.UNREACHABLE


def test_a_name_that_does_not_resolve_is_unreachable(use: Use, settings: LazySettings) -> None:
    settings.EMAIL_HOST = "nowhere.invalid"
    assert send().fate is Fate.UNREACHABLE


def test_a_wrong_password_locks_us_out(use: Use, settings: LazySettings) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "office", "wrong"
    options = {"authenticator": nobody_may_in, "auth_require_tls": False}
    with serving(MailServer(), **options) as controller:
        use(controller.port)
        assert send().fate is Fate.LOCKED_OUT


def test_a_server_without_tls_is_not_safe(use: Use, settings: LazySettings) -> None:
    settings.EMAIL_USE_TLS = True
    with serving(MailServer()) as controller:
        use(controller.port)
        assert send().fate is Fate.UNSAFE


def test_a_certificate_that_nobody_vouches_for_is_not_safe(use: Use, settings: LazySettings, tmp_path: Path) -> None:
    settings.EMAIL_USE_TLS = True
    with serving(MailServer(), tls_context=self_signed(tmp_path)) as controller:
        use(controller.port)
        assert send().fate is Fate.UNSAFE


# --- what follows for the queue ---------------------------------------------------------------------------------------


def confirmed(*people: str) -> Inspection:
    """A confirmed inspection with a client at each address."""
    clients = tuple(make_person(name=address.split("@")[0].title(), email=address) for address in people)
    inspection, _ = services.save(make_draft(people=clients), by="Kim")
    services.confirm(inspection, by="Kim")
    return inspection


def confirmation(inspection: Inspection, to: str) -> Message:
    return inspection.messages.get(kind="confirmation", to_address=to)


@pytest.mark.django_db
@pytest.mark.parametrize("step", ["RCPT", "DATA"])
def test_one_recipient_who_must_wait_holds_up_nobody_else(use: Use, step: str) -> None:
    inspection = confirmed("greylisted@example.net", "ann@example.com")
    with serving(MailServer("greylisted@example.net", **{step: "450 4.2.0 Greylisted"})) as controller:
        use(controller.port)
        delivery.deliver_due()
    waiting = confirmation(inspection, "greylisted@example.net")
    assert (waiting.status, waiting.tries) == (Status.QUEUED, 1)
    assert confirmation(inspection, "ann@example.com").status == Status.SENT
    assert not Channel.get().is_paused


@pytest.mark.django_db
def test_after_the_last_try_the_servers_words_say_why(use: Use, settings: LazySettings) -> None:
    inspection = confirmed("ann@example.com")
    with serving(MailServer(RCPT="452 4.2.2 Mailbox full")) as controller:
        use(controller.port)
        for _ in range(len(settings.RETRY_BACKOFF) + 1):
            Message.objects.filter(kind="confirmation").update(send_after=Now())
            delivery.deliver_due()
    message = confirmation(inspection, "ann@example.com")
    assert (message.status, message.category, message.tries) == (Status.FAILED, "mailbox_full", 4)
    assert message.events.get(status=Status.FAILED).text == "452 4.2.2 Mailbox full"


@pytest.mark.django_db
def test_a_bad_certificate_fails_no_message_and_pauses_all(use: Use, settings: LazySettings, tmp_path: Path) -> None:
    settings.EMAIL_USE_TLS = True
    inspection = confirmed("ann@example.com", "bob@example.com")
    with serving(MailServer(), tls_context=self_signed(tmp_path)) as controller:
        use(controller.port)
        delivery.deliver_due()
    due = inspection.messages.filter(kind="confirmation")
    assert set(due.values_list("status", "tries")) == {(Status.QUEUED, 0)}
    assert Channel.get().paused_reason == "There is no safe connection to the mail service. An owner must check it."


@pytest.mark.django_db
def test_a_server_that_comes_back_gets_everything_once(
    use: Use, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aftermath, "UNREACHABLE_PAUSE", 600.0)  # it ends by hand
    inspection = confirmed("ann@example.com", "bob@example.com")
    use(listener.getsockname()[1])
    listener.close()
    delivery.deliver_due()
    assert Channel.get().is_paused
    channel.resume()
    Message.objects.filter(kind__in=["confirmation", "agreement"]).update(send_after=Now())
    server = MailServer()
    with serving(server) as controller:
        use(controller.port)
        delivery.deliver_due()
    assert sorted(server.taken) == ["ann@example.com"] * 2 + ["bob@example.com"] * 2
    assert inspection.messages.filter(status=Status.SENT).count() == 4


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("step", ["RCPT", "DATA"])
def test_an_address_that_the_server_does_not_know_is_held_at_whatever_step_it_says_so(use: Use, step: str) -> None:
    inspection = confirmed("ann@example.com")
    with serving(MailServer(**{step: "550 5.1.1 User unknown"})) as controller:
        use(controller.port)
        delivery.deliver_due()
    assert confirmation(inspection, "ann@example.com").category == "address_unknown"
    assert holds.active("ann@example.com")
