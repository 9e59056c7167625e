"""Reports that come back as mail, from a real IMAP server: each counts once, none that is forged counts at all."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote
from uuid import UUID, uuid4

import pytest
from aiosmtpd.controller import Controller
from django.conf import LazySettings
from django.conf import settings as now
from django.test import Client
from django.utils import timezone

from config.environment import BASE_DIR
from config.guardian import Guardian
from config.mailbox import Mailbox as Where
from config.mailbox import OAuth
from config.postgres import free_port
from config.processes import APPLICATION, Child
from emails import activity, delivery, inbox, mailbox, mailbox_imap, nightly
from emails.models import AddressHold, Mailbox, Message, MessageEvent, Problem, WebhookPost
from emails.states import Status
from inspections import services
from inspections.text import canonical
from tests import live
from tests.emails.imap_server import PASSWORD, TOKEN, USER, Person, certificate
from tests.factories import make_company, make_draft, make_participant, make_person, make_user
from tests.faults.proxy import Proxy

pytestmark = pytest.mark.django_db
FOLDER = Path(__file__).parent.parent / "fixtures" / "reports"
OURS = UUID("6f1c0a52-3f1b-4d0e-9b1e-2f6a7c8d9e01")


@pytest.fixture(scope="session")
def server(guardian: Guardian, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """Port and certificate of an IMAP server."""
    folder, port = tmp_path_factory.mktemp("imap"), free_port()
    cert, key = certificate(folder)
    command = [sys.executable, "-m", "tests.emails.imap_server", str(port), str(cert), str(key)]
    child = Child("imap", command, folder / "imap.log", env=dict(os.environ), tier=APPLICATION, grace=5)

    def up() -> bool:
        try:
            Person(port, cert).close()
        except OSError:
            return False
        return True

    with live.running(child, up, guardian):
        yield port, cert


@pytest.fixture
def office(server: tuple[int, Path], settings: LazySettings) -> Iterator[Person]:
    """The office's mailbox, empty, with a person in it; the system sends by SMTP and reads it."""
    port, cert = server
    settings.EMAIL_PROVIDER = settings.MAIL_PROVIDER = "smtp"
    settings.BOUNCE_ADDRESS = ""
    settings.BOUNCE_MAILBOX = Where("imaps", "localhost", port, USER, PASSWORD, folder="Reports", ca_file=str(cert))
    person = Person(port, cert)
    person.folder("Reports")
    yield person
    person.close()


def where() -> Where:
    """The mailbox that is set up."""
    found: Where | None = now.BOUNCE_MAILBOX
    assert found
    return found


def sent(to: str = "ann@example.com", uuid: UUID = OURS, **over: Any) -> Message:
    """An email that our mail server took."""
    person = make_participant(email=to)
    values: dict[str, Any] = {
        "uuid": uuid,
        "inspection": person.inspection,
        "participant": person,
        "kind": "confirmation",
        "to_name": person.name,
        "to_address": to,
        "to_key": canonical(to),
        "created_by": "Kim",
        "provider": "smtp",
        "provider_message_id": f"desk.{uuid}@oakwood.example",
        "status": Status.SENT,
        "sent_at": timezone.now(),
    }
    message = Message.objects.create(**values | over)
    activity.add(message, message.status, status=message.status, provider="smtp")
    return message


def report(name: str) -> bytes:
    return (FOLDER / f"{name}.eml").read_bytes()


def about(message: Message, name: str = "google_address_unknown") -> bytes:
    """A report about another email and recipient than those in the file."""
    mail = report(name).replace(str(OURS).encode(), str(message.uuid).encode())
    return mail.replace(b"ann@example.com", message.to_address.encode())


def read(office: Person, *mails: bytes) -> int:
    """The mails arrive, the mailbox is polled, the worker reads. How many reports were taken in."""
    if mails:
        office.put(*mails, folder="Reports")
    taken = mailbox.poll()
    inbox.drain()
    return taken


def again(message: Message) -> Message:
    message.refresh_from_db()
    return message


def box() -> Mailbox:
    return Mailbox.objects.get()


# --- from end to end -------------------------------------------------------------------------------------------------


class Outgoing:
    """The office's own mail server: takes everything."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, list[str], bytes]] = []

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:
        self.taken.append((envelope.mail_from, envelope.rcpt_tos, envelope.original_content))
        return "250 2.0.0 Taken in"


@pytest.fixture
def outgoing(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outgoing]:
    handler = Outgoing()
    port = free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    monkeypatch.setattr(delivery, "_connections", threading.local())  # other tests' connections lead elsewhere
    yield handler
    controller.stop()


def confirmed() -> Message:
    """A confirmation that is due."""
    make_company(sender_email="office@oakwood.example", sender_name="Oakwood Inspections")
    inspection, _ = services.save(make_draft(people=(make_person(),)), by="Kim")
    services.confirm(inspection, by="Kim")
    return inspection.messages.get(kind="confirmation", root=None)


def test_an_email_leaves_comes_back_and_the_office_sees_why(office: Person, outgoing: Outgoing, client: Client) -> None:
    message = confirmed()
    delivery.deliver_due()
    sender, recipients, content = outgoing.taken[0]
    assert (again(message).status, message.provider) == (Status.SENT, "smtp")
    assert (sender, recipients) == ("office@oakwood.example", ["ann@example.com"])
    assert f"Message-ID: <{message.provider_message_id}>".encode() in content
    assert f"X-Desk-Message: {message.uuid}".encode() in content

    their_words = report("postfix_address_unknown").partition(b"Content-Type: message/rfc822")[0]
    back = their_words + b"Content-Type: message/rfc822\r\n\r\n" + content
    assert read(office, back) == 1

    assert (again(message).status, message.category) == (Status.BOUNCED, "address_unknown")
    client.force_login(make_user(name="Kim Reyes"))
    assert "This address doesn’t exist" in client.get(f"/messages/{message.pk}/").content.decode()
    assert "Ann Lee" in client.get("/").content.decode()
    assert Problem.objects.open().get().message == message
    assert AddressHold.objects.get(released_at=None).address == "ann@example.com"
    assert nightly.differences() == []


def test_reports_go_to_the_address_that_is_set_for_them(
    office: Person, outgoing: Outgoing, settings: LazySettings
) -> None:
    settings.BOUNCE_ADDRESS = "reports@oakwood.example"
    message = confirmed()
    delivery.deliver_due()
    sender, _, content = outgoing.taken[0]
    assert sender == "reports@oakwood.example"
    assert b"From: Oakwood Inspections <office@oakwood.example>" in content
    assert again(message).from_header == "Oakwood Inspections <office@oakwood.example>"


def test_a_report_about_an_email_nobody_knew_had_left_settles_it(office: Person) -> None:
    message = sent(status=Status.UNKNOWN, provider_message_id="", sent_at=None)
    read(office, report("postfix_address_unknown"))
    assert again(message).status == Status.BOUNCED


# --- what a report amounts to ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "to", "status", "category"),
    [
        ("google_address_unknown", "ann@example.com", "bounced", "address_unknown"),
        ("microsoft365_address_unknown", "ann@example.com", "bounced", "address_unknown"),
        ("exchange_without_diagnostic_code", "ann@example.com", "bounced", "address_unknown"),
        ("exim_address_unknown", "ann@example.com", "bounced", "address_unknown"),
        ("qmail_address_unknown", "ann@example.com", "bounced", "address_unknown"),
        ("amazon_ses_mailbox_full", "ann@example.com", "bounced", "mailbox_full"),
        ("yahoo_account_disabled", "ann@example.com", "bounced", "mailbox_disabled"),
        ("several_recipients", "ann@example.com", "bounced", "mailbox_disabled"),
        ("postfix_forwarded_onward", "forwards@example.com", "bounced", "address_unknown"),
        ("postfix_given_up", "grey@example.com", "soft_bounced", None),
        ("qmail_given_up", "ann@example.com", "soft_bounced", None),
        ("postfix_delayed", "grey@example.com", "deferred", ""),
        ("google_delayed", "ann@example.com", "deferred", ""),
        ("exim_delayed", "ann@example.com", "deferred", ""),
        ("delivered", "ann@example.com", "delivered", ""),
        ("postfix_relayed", "ok@example.com", "sent", ""),
        ("complaint", "ann@example.com", "complained", "complained"),
        ("complaint_redacted", "ann@example.com", "complained", "complained"),
        ("not_spam", "ann@example.com", "sent", ""),
        ("odd_unknown_charset", "ann@example.com", "bounced", "address_unknown"),
    ],
)
def test_a_report_sets_the_status(office: Person, name: str, to: str, status: str, category: str | None) -> None:
    message = sent(to)
    assert read(office, report(name)) == 1
    assert again(message).status == status
    assert category is None or message.category == category
    assert WebhookPost.objects.get().state == "done"


def test_an_automatic_reply_is_a_hint_and_no_status(office: Person) -> None:
    message = sent()
    read(office, report("auto_reply_microsoft"))
    assert again(message).status == Status.SENT
    assert message.auto_reply.startswith("I’m away until Monday, 30 November.")


def test_news_of_a_copy_that_was_passed_on_is_a_hint(office: Person) -> None:
    message = sent()
    read(office, report("forwarded_and_refused"))
    assert again(message).status == Status.SENT
    hint = message.events.get(type="passed_on")
    assert (hint.status, hint.recipient) == ("", "lee.family@example.net")
    assert not Problem.objects.exists()
    assert not AddressHold.objects.exists()


def test_the_order_of_reports_does_not_matter(office: Person) -> None:
    message = sent("grey@example.com")
    read(office, report("postfix_given_up"))
    read(office, report("postfix_delayed"))
    assert again(message).status == Status.SOFT_BOUNCED


# --- forged, strange, of others --------------------------------------------------------------------------------------


def test_a_report_about_an_email_that_we_never_sent_changes_nothing(office: Person) -> None:
    message = sent(uuid=uuid4())
    assert read(office, report("google_address_unknown")) == 1
    assert again(message).status == Status.SENT
    assert MessageEvent.objects.get(type="bounced").message is None


def test_knowing_the_address_and_the_number_is_not_enough(office: Person) -> None:
    message = sent(uuid=uuid4())
    guess = report("google_address_unknown").replace(str(OURS).encode(), str(message.pk).encode())
    read(office, guess)
    assert again(message).status == Status.SENT


def test_a_report_about_an_email_of_another_service_changes_nothing(office: Person) -> None:
    message = sent(provider="postmark")
    read(office, report("google_address_unknown"))
    assert again(message).status == Status.SENT


def test_the_mail_of_people_never_leaves_the_mailbox(office: Person) -> None:
    sent()
    assert read(office, report("answer_of_a_person"), report("about_other_mail")) == 0
    assert not WebhookPost.objects.exists()
    assert box().passed_over == 2


def test_a_failure_that_does_not_say_which_email_is_kept_if_we_wrote_to_that_address(office: Person) -> None:
    message = sent("pal@example.com", uuid=uuid4())
    assert read(office, report("about_other_mail")) == 1
    assert again(message).status == Status.SENT
    assert MessageEvent.objects.get(type="bounced").message is None


def test_a_report_that_cannot_be_understood_is_kept_and_shown(office: Person, client: Client) -> None:
    assert read(
        office, b"From: x@example.com\r\nContent-Type: multipart/report; report-type=delivery-status\r\n\r\n\xff\xfe"
    )
    assert WebhookPost.objects.get().state == "poison"
    client.force_login(make_user(is_superuser=True))
    assert "could not be read" in client.get("/health/").content.decode()
    page = client.get(f"/health/posts/{WebhookPost.objects.get().pk}/").content.decode()
    assert "multipart/report" in page


def test_the_link_to_the_portal_is_not_kept(office: Person) -> None:
    sent()
    read(office, report("postfix_address_unknown"))
    assert b"Q2xpZW50LXRva2Vu" not in bytes(WebhookPost.objects.get().body)


def test_a_mail_over_five_megabytes_is_left_where_it_is(office: Person) -> None:
    message = sent()
    assert read(office, report("google_address_unknown") + b"x" * 5_000_001) == 0
    assert (again(message).status, box().too_large) == (Status.SENT, 1)


# --- once ------------------------------------------------------------------------------------------------------------


def test_the_same_report_twice_counts_once(office: Person) -> None:
    message = sent()
    read(office, report("google_address_unknown"), report("google_address_unknown"))
    again_with_a_new_trace = b"Received: from mx.example.com\r\n" + report("google_address_unknown")
    read(office, again_with_a_new_trace)
    assert message.events.filter(type="bounced").count() == 1


def test_what_was_read_is_not_read_again(office: Person) -> None:
    sent()
    assert read(office, report("google_delayed")) == 1
    assert read(office) == 0
    assert read(office, report("google_address_unknown")) == 1
    assert box().kept == 2


def test_a_renumbered_mailbox_is_read_from_the_start_and_changes_nothing(office: Person) -> None:
    message = sent()
    read(office, report("google_address_unknown"))
    known, number = box().last_uid, box().uidvalidity
    office.folder("Reports")
    office.put(report("answer_of_a_person"), report("google_address_unknown"), folder="Reports")
    read(office)
    assert box().uidvalidity != number
    assert box().last_uid > 0
    assert known > 0
    assert WebhookPost.objects.count() == message.events.filter(type="bounced").count() == 1


def test_nothing_is_marked_moved_or_deleted(office: Person) -> None:
    sent()
    office.put(report("google_address_unknown"), report("answer_of_a_person"), folder="Reports")
    office.imap.select("Reports")
    office.imap.uid("STORE", "1:*", "+FLAGS", r"(\Deleted)")  # someone's waste-basket: not ours to empty
    before = office.flags("Reports")
    read(office)
    assert office.flags("Reports") == before
    assert len(before) == 2


def test_reports_are_marked_as_read_if_that_is_wished_and_nothing_else(office: Person, settings: LazySettings) -> None:
    sent()
    settings.BOUNCE_MAILBOX = replace(where(), mark_seen=True)
    read(office, report("google_address_unknown"), report("answer_of_a_person"))
    seen = [b"\\Seen" in flags for flags in office.flags("Reports")]
    assert seen == [True, False]


def test_a_mailbox_of_five_thousand_is_read_in_bites(office: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    message = sent()
    lunch = report("answer_of_a_person")
    office.put(*[lunch] * 4_999, report("google_address_unknown"), folder="Reports")
    runs = [mailbox.poll() for _ in range(3)]
    assert runs == [0, 0, 1]
    assert (box().passed_over, box().kept) == (4_999, 1)
    inbox.drain()
    assert again(message).status == Status.BOUNCED


def test_old_mail_is_not_looked_at_on_the_first_visit(office: Person) -> None:
    message = sent()
    long_ago = timezone.now() - timedelta(days=90)
    office.imap.append("Reports", "", long_ago, report("google_address_unknown"))
    assert read(office) == 0
    assert again(message).status == Status.SENT


def test_the_time_of_a_run_is_bounded_and_the_next_goes_on(office: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    messages = [sent(f"p{n}@example.com", uuid4()) for n in range(4)]
    office.put(*[about(message) for message in messages], folder="Reports")
    monkeypatch.setattr(mailbox, "SHIFT", 1e-9)
    assert mailbox.poll() == 0
    assert box().read_at
    monkeypatch.undo()
    assert read(office) == 4
    assert [again(message).status for message in messages] == ["bounced"] * 4


# --- trouble ---------------------------------------------------------------------------------------------------------


def test_without_a_mailbox_nothing_happens(settings: LazySettings) -> None:
    settings.BOUNCE_MAILBOX = None
    assert mailbox.poll() == 0
    assert not Mailbox.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "trouble"),
    [
        ({"password": "wrong"}, "sign_in"),
        ({"password": "pässword"}, "sign_in"),
        ({"user": "nobody@oakwood.example"}, "sign_in"),
        ({"folder": "Nowhere"}, "folder"),
        ({"ca_file": ""}, "certificate"),
        ({"host": "127.0.0.1"}, "certificate"),
        ({"port": 1}, "unreachable"),
    ],
)
def test_trouble_has_a_name_and_costs_nothing(
    office: Person, settings: LazySettings, wrong: dict[str, Any], trouble: str
) -> None:
    message, right = sent(), where()
    settings.BOUNCE_MAILBOX = replace(right, **wrong)
    assert read(office, report("google_address_unknown")) == 0
    assert (box().trouble, box().failures, box().read_at) == (trouble, 1, None)
    assert "pass/word" not in box().details
    settings.BOUNCE_MAILBOX = right
    read(office)
    assert again(message).status == Status.BOUNCED
    assert Mailbox.objects.get(name=right.name).trouble == ""


def test_after_failures_it_rests_so_that_the_account_is_not_locked(office: Person, settings: LazySettings) -> None:
    settings.BOUNCE_MAILBOX = replace(where(), password="wrong")
    for _ in range(10):
        mailbox.poll()
    assert box().failures == 3
    assert box().lease_until > timezone.now() + timedelta(seconds=60)  # type: ignore[operator]


def test_a_connection_that_is_cut_loses_and_doubles_nothing(
    office: Person, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = where()
    proxy = Proxy(f"imaps://localhost:{right.port}")
    settings.BOUNCE_MAILBOX = replace(right, port=proxy.port)
    messages = [sent(f"p{n}@example.com", uuid4()) for n in range(60)]
    office.put(*[about(message) for message in messages], folder="Reports")
    whole, count = mailbox_imap.Visit.whole, iter(range(1_000))

    def cut(visit: mailbox_imap.Visit, uid: int, *, limit: int) -> bytes:
        if next(count) == 55:
            proxy.down()
        return whole(visit, uid, limit=limit)

    monkeypatch.setattr(mailbox_imap.Visit, "whole", cut)
    read(office)
    assert (box().trouble, box().kept) == ("unreachable", 50)
    proxy.up()
    read(office)
    proxy.down()
    assert (box().trouble, box().kept, WebhookPost.objects.count()) == ("", 60, 60)
    assert {again(message).status for message in messages} == {Status.BOUNCED}


def test_a_server_that_hangs_is_given_up(
    office: Person, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox_imap, "SOCKET_TIMEOUT", 0.5)
    proxy = Proxy(f"imaps://localhost:{where().port}")
    settings.BOUNCE_MAILBOX = replace(where(), port=proxy.port)
    proxy.hang()
    began = timezone.now()
    mailbox.poll()
    proxy.down()
    assert box().trouble == "unreachable"
    assert timezone.now() - began < timedelta(seconds=5)


def test_two_do_not_read_at_once(office: Person, settings: LazySettings) -> None:
    sent()
    office.put(report("google_address_unknown"), folder="Reports")
    Mailbox.objects.create(name=where().name, token=uuid4(), lease_until=timezone.now() + timedelta(seconds=60))
    assert mailbox.poll() == 0
    assert not WebhookPost.objects.exists()


def test_a_worker_that_lost_its_turn_writes_nothing(office: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    sent()
    office.put(report("google_address_unknown"), folder="Reports")
    look = mailbox._look

    def slow(*args: Any) -> mailbox.Catch:
        caught = look(*args)
        Mailbox.objects.update(token=uuid4())  # its lease ran out, and another took over
        return caught

    monkeypatch.setattr(mailbox, "_look", slow)
    assert mailbox.poll() == 0
    assert not WebhookPost.objects.exists()
    assert box().last_uid == 0


KILLED = """
import os, signal, sys
import django
django.setup()
from django.conf import settings
from config.mailbox import from_environment
from emails import mailbox
settings.BOUNCE_MAILBOX = from_environment()
take_in, left = mailbox._take_in, [2]
def dying(box, catch):
    left[0] -= 1
    if sys.argv[1] == "before" and not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    take_in(box, catch)
    if sys.argv[1] == "after" and not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
mailbox._take_in = dying
mailbox.poll()
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("moment", "kept"), [("before", 50), ("after", 60)])
def test_a_poll_that_is_killed_loses_and_doubles_nothing(
    office: Person, settings: LazySettings, moment: str, kept: int
) -> None:
    at = where()
    messages = [sent(f"p{n}@example.com", uuid4()) for n in range(60)]
    office.put(*[about(message) for message in messages], folder="Reports")
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": live.database_url(),
        "BOUNCE_MAILBOX_URL": f"imaps://{quote(USER)}:{quote(PASSWORD, safe='')}@{at.host}:{at.port}/Reports",
        "BOUNCE_MAILBOX_CA_FILE": at.ca_file,
    }
    killed = subprocess.run([sys.executable, "-c", KILLED, moment], env=env, cwd=BASE_DIR, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert (box().kept, WebhookPost.objects.count()) == (kept, kept)
    assert mailbox.poll() == 0  # its lease still runs
    Mailbox.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    read(office)
    assert (box().kept, WebhookPost.objects.count()) == (60, 60)
    assert {again(message).status for message in messages} == {Status.BOUNCED}
    assert MessageEvent.objects.filter(type="bounced").count() == 60


# --- OAuth -----------------------------------------------------------------------------------------------------------


class Tokens(ThreadingHTTPServer):
    """Gives out access tokens as RFC 6749 says. `answer` is what it says next: status and body."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _TokenHandler)
        self.asked: list[dict[str, list[str]]] = []
        self.answer = (200, f'{{"access_token": "{TOKEN}", "expires_in": 3600, "token_type": "Bearer"}}')

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/token"


class _TokenHandler(BaseHTTPRequestHandler):
    server: Tokens

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.asked.append(parse_qs(body))
        status, answer = self.server.answer
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def tokens(office: Person, settings: LazySettings) -> Iterator[Tokens]:
    server = Tokens()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    oauth = OAuth(server.url, "client-1", "client-secret", "refresh-1", "mail")
    settings.BOUNCE_MAILBOX = replace(where(), password="", oauth=oauth)
    mailbox_imap._tokens.clear()
    yield server
    server.shutdown()
    server.server_close()


def test_signing_in_with_a_refresh_token_asks_once_an_hour(office: Person, tokens: Tokens) -> None:
    message = sent()
    read(office, report("google_address_unknown"))
    read(office)
    assert again(message).status == Status.BOUNCED
    (asked,) = tokens.asked
    assert asked == {
        "grant_type": ["refresh_token"],
        "refresh_token": ["refresh-1"],
        "client_id": ["client-1"],
        "client_secret": ["client-secret"],
        "scope": ["mail"],
    }


def test_without_a_refresh_token_the_program_signs_in_as_itself(
    office: Person, tokens: Tokens, settings: LazySettings
) -> None:
    oauth = OAuth(tokens.url, "client-1", "client-secret", scope="mail")
    settings.BOUNCE_MAILBOX = replace(where(), oauth=oauth)
    mailbox.poll()
    assert box().trouble == ""
    assert tokens.asked[0]["grant_type"] == ["client_credentials"]


def test_a_withdrawn_grant_is_named_and_a_refused_token_is_asked_for_anew(office: Person, tokens: Tokens) -> None:
    right = tokens.answer
    tokens.answer = (400, '{"error": "invalid_grant", "error_description": "Token has been revoked."}')
    mailbox.poll()
    assert (box().trouble, box().details) == ("sign_in", "SignInRefused: 400 Token has been revoked.")
    tokens.answer = (200, '{"access_token": "stale", "expires_in": 3600}')
    mailbox.poll()
    assert box().trouble == "sign_in"
    tokens.answer = right
    Mailbox.objects.update(lease_until=None)
    mailbox.poll()
    assert box().trouble == ""


@pytest.mark.parametrize(("status", "body"), [(500, "oops"), (200, "{}"), (200, "[]"), (302, "")])
def test_a_token_server_out_of_order_is_trouble_and_no_crash(
    office: Person, tokens: Tokens, status: int, body: str
) -> None:
    tokens.answer = (status, body)
    assert mailbox.poll() == 0
    assert box().trouble in ("sign_in", "unreachable", "other")
