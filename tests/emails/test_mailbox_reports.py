"""What a report in the mailbox amounts to: a status, a hint, or nothing where it is forged or about others."""

import threading
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from aiosmtpd.controller import Controller
from django.conf import LazySettings
from django.test import Client

from config.postgres import free_port
from emails import carrier, delivery, nightly
from emails.models import AddressHold, Message, MessageEvent, Problem, WebhookPost
from emails.states import Status
from inspections import services
from tests.emails.by_mail import OURS, again, box, read, report, sent
from tests.emails.imap_server import Person
from tests.factories import make_company, make_draft, make_person, make_user

pytestmark = pytest.mark.django_db

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
    settings.EMAIL_BACKEND = "emails.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    monkeypatch.setattr(carrier, "_kept", threading.local())  # other tests' connections lead elsewhere
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


def test_a_passing_trouble_that_lasted_too_long_is_no_verdict_on_the_address(office: Person) -> None:
    message = sent()
    mail = report("microsoft365_address_unknown").replace(b"Status: 5.1.10", b"Status: 4.4.7")
    read(office, mail)
    assert again(message).status == Status.SOFT_BOUNCED
    assert not AddressHold.objects.exists()


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
