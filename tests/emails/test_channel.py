"""The channel to the mail service: what pauses it, what opens it again, and the breaker."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import uuid4

import pytest
import time_machine
from django.conf import LazySettings
from django.db.models import F
from django.test import Client
from django.utils import timezone

from emails import activity, aftermath, carrier, channel, delivery, keys
from emails.models import Channel, Message, MessageEvent
from emails.outcomes import Fate, Outcome
from emails.states import Status
from inspections import services
from inspections.models import Contact
from tests.emails.practice_mail import Running
from tests.factories import make_draft, make_person

pytestmark = pytest.mark.django_db


def due(count: int) -> list[Message]:
    """`count` confirmations that may leave now."""
    for number in range(count):
        person = make_person(email=f"ann{number}@example.com")
        inspection, _ = services.save(make_draft(external_id=f"A-{number}", people=(person,)), by="Kim")
        services.confirm(inspection, by="Kim")
    Message.objects.exclude(kind="confirmation").delete()
    return list(Message.objects.order_by("pk"))


def left(mail: Running, messages: list[Message]) -> int:
    """How many calls the mail service took about them."""
    return sum(len(mail.logged(str(message.uuid))) for message in messages)


def pause_passed() -> None:
    Channel.objects.update(paused_until=timezone.now() - timedelta(seconds=1))


@pytest.fixture
def in_earnest(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not practice mode, so that the breaker works. Its breaks end when a test says so."""
    settings.PRACTICE_MODE = False
    monkeypatch.setattr(channel, "BREAK", 600.0)


# --- pauses ----------------------------------------------------------------------------------------------------------


def test_a_service_that_asks_for_no_pause_at_all_gets_a_short_one() -> None:
    message = due(1)[0]
    [claimed] = activity.claim(1)
    assert activity.mark_sending(claimed)
    before, short = timezone.now(), timedelta(seconds=aftermath.SHORTEST_PAUSE)
    aftermath.conclude(claimed, Outcome(Fate.BUSY, retry_after=0), since=before)
    until = Channel.get().paused_until
    assert until
    assert until >= before + short
    with time_machine.travel(before, tick=False):
        assert not channel.may_send()
    message.refresh_from_db()
    assert message.send_after >= before + short


def test_an_email_taken_by_an_older_call_does_not_end_a_newer_pause() -> None:
    began = timezone.now()
    channel.pause("The mail service refuses our key.", seconds=300)
    channel.accepted(since=began)
    assert Channel.get().is_paused
    assert Channel.get().last_accepted_at


def test_an_email_taken_by_a_newer_call_ends_the_pause() -> None:
    channel.pause("The mail service cannot be reached.", seconds=300)
    channel.accepted(since=timezone.now())
    assert not Channel.get().is_paused


def test_a_short_pause_does_not_cut_a_long_one() -> None:
    channel.pause("The mail service refuses our key.", seconds=300)
    channel.pause("The mail service cannot be reached.", seconds=5)
    assert Channel.get().paused_reason == "The mail service refuses our key."


def test_what_a_person_paused_only_a_person_resumes() -> None:
    channel.pause("Restored from a backup", seconds=None)
    channel.pause("The mail service cannot be reached.", seconds=5)
    channel.accepted(since=timezone.now())
    assert Channel.get().paused_reason == "Restored from a backup"
    channel.resume()
    assert channel.may_send()


# --- the breaker -----------------------------------------------------------------------------------------------------


def test_several_doubtful_sends_stop_the_others(mail: Running, in_earnest: None, settings: LazySettings) -> None:
    messages = due(12)
    mail.switch(answer="reset_after_accept", share=1)
    delivery.deliver_due()
    assert channel.DOUBTS <= left(mail, messages) < channel.DOUBTS + settings.SEND_THREADS
    assert Channel.get().is_paused
    assert Channel.get().paused_reason == channel.WHY_BROKEN
    assert set(Message.objects.values_list("status", flat=True)) == {Status.UNKNOWN, Status.QUEUED}


def test_one_odd_answer_does_not_stop_the_office(mail: Running, in_earnest: None) -> None:
    messages = due(5)
    mail.switch(answer="reset_after_accept", share=0.2)
    delivery.deliver_due()
    assert left(mail, messages) == 5
    assert Message.objects.filter(status=Status.UNKNOWN).count() == 1
    assert not Channel.get().is_paused


def test_while_it_is_open_one_email_is_tried_each_time(mail: Running, in_earnest: None) -> None:
    messages = due(12)
    mail.switch(answer="reset_after_accept", share=1)
    delivery.deliver_due()
    before = left(mail, messages)
    assert delivery.deliver_due() == 0
    for tries in (1, 2):
        pause_passed()
        began = timezone.now()
        assert [delivery.deliver_due(), delivery.deliver_due()] == [1, 0]
        assert left(mail, messages) == before + tries
        until = Channel.get().paused_until
        assert until
        assert until >= began + timedelta(seconds=channel.BREAK)


def test_the_first_clear_answer_lets_everything_leave(mail: Running, in_earnest: None) -> None:
    messages = due(12)
    mail.switch(answer="reset_after_accept", share=1)
    delivery.deliver_due()
    mail.switch(answer=None)
    pause_passed()
    assert delivery.deliver_due() == 1
    delivery.deliver_due()
    assert not Message.objects.filter(status=Status.QUEUED).exists()
    assert left(mail, messages) == 12


def test_a_refused_recipient_is_a_clear_answer_too(mail: Running, in_earnest: None) -> None:
    messages = due(12)
    mail.switch(answer="reset_after_accept", share=1)
    delivery.deliver_due()
    mail.switch(answer=None)
    pause_passed()
    queued = Message.objects.filter(status=Status.QUEUED).order_by("send_after", "pk").first()
    assert queued
    Message.objects.filter(pk=queued.pk).update(to_address="suppressed@example.com", to_key="suppressed@example.com")
    Contact.objects.filter(participations__messages=queued).update(
        email="suppressed@example.com", email_key="suppressed@example.com"
    )
    delivery.deliver_due()
    queued.refresh_from_db()
    assert queued.status == Status.REJECTED
    assert channel.may_send()
    assert len(messages) == 12


def test_doubts_far_apart_do_not_add_up(in_earnest: None) -> None:
    for _ in range(2 * channel.DOUBTS):
        channel.doubt()
        Channel.objects.update(doubts_since=timezone.now() - 2 * channel.DOUBTS_WITHIN)
    assert channel.may_send()


def test_in_practice_mode_the_breaker_is_off(mail: Running) -> None:
    messages = due(12)
    mail.switch(answer="reset_after_accept", share=1)
    delivery.deliver_due()
    assert left(mail, messages) == 12
    assert not Channel.get().is_paused


@pytest.mark.parametrize("on", [True, False])
def test_in_practice_mode_a_switch_turns_the_breaker_on(
    client: Client, mail: Running, settings: LazySettings, on: bool
) -> None:
    settings.PRACTICE_MAIL_URL = mail.url
    key = keys.create("Tests", by="Kim")[1]
    client.post(
        "/practice/switches.json",
        json.dumps({"brake": on, "answer": "reset_after_accept"}),
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}"},
    )
    due(12)
    delivery.deliver_due()
    mail.switch(brake=False)
    assert Channel.get().is_paused == on


# --- refused, to us or only for this recipient -----------------------------------------------------------------------


class TrialAccount(ThreadingHTTPServer):
    """Speaks like Postmark, and takes mail for nobody but these addresses: 403 for all others."""

    daemon_threads = True
    allowed: frozenset[str] = frozenset()

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)


class _Answering(BaseHTTPRequestHandler):
    server: TrialAccount

    def do_POST(self) -> None:
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        fine = any(address in said["To"] for address in self.server.allowed)
        answer = {"To": said["To"], "MessageID": str(uuid4()), "ErrorCode": 0, "Message": "OK"}
        body = json.dumps(answer if fine else {"message": "Only your own address may be written to."}).encode()
        self.send_response(200 if fine else 403)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def trial(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[TrialAccount]:
    server = TrialAccount()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    monkeypatch.setattr(carrier, "_kept", threading.local())
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    settings.ANYMAIL = {**settings.ANYMAIL, "POSTMARK_API_URL": f"http://127.0.0.1:{server.server_port}/"}
    yield server
    server.shutdown()
    server.server_close()


def a_minute_later() -> None:
    """All that is kept moves into the past, and what waits is due."""
    minute = timedelta(seconds=aftermath.FORBIDDEN_PAUSE + 1)
    pause_passed()
    Channel.objects.update(paused_at=F("paused_at") - minute, last_accepted_at=F("last_accepted_at") - minute)
    MessageEvent.objects.update(at=F("at") - minute)
    Message.objects.filter(status=Status.QUEUED).update(send_after=F("send_after") - minute)


def test_an_account_that_is_refused_pauses_and_fails_no_message(trial: TrialAccount) -> None:
    due(6)
    for _ in range(8):
        delivery.deliver_due()
        assert Channel.get().is_paused
        a_minute_later()
    assert set(Message.objects.values_list("status", "tries")) == {(Status.QUEUED, 0)}


def test_one_recipient_who_is_refused_holds_up_nobody_for_long(trial: TrialAccount) -> None:
    refused, *others = due(8)
    trial.allowed = frozenset(message.to_address for message in others)
    for _ in range(4):
        delivery.deliver_due()
        a_minute_later()
    refused.refresh_from_db()
    assert (refused.status, refused.category) == (Status.FAILED, "provider_problem")
    assert "Only your own address" in refused.events.get(status=Status.FAILED).text
    assert set(Message.objects.exclude(pk=refused.pk).values_list("status", flat=True)) == {Status.SENT}
    assert channel.may_send()
