"""Sending again in another way: the short version without pictures, and tomorrow morning."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from emails import delivery, outbox, rendering
from emails.models import Kind, Message
from emails.outbox import How, Refused
from emails.states import Status
from emails.wording_plain import PLAIN
from inspections import services
from inspections.models import Company
from tests.emails.mailed import make_client, make_failed, make_message, problem_of
from tests.emails.practice_mail import Running
from tests.factories import in_days, make_company, make_inspection, make_user

pytestmark = pytest.mark.django_db
NINE_ON_MONDAY = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # in Chicago


@pytest.fixture
def office(client: Client) -> Client:
    """Kim, signed in."""
    make_company()
    client.force_login(make_user(name="Kim Reyes"))
    return client


def press(office: Client, message: Message, how: str, nonce: str = "n1") -> Any:
    return office.post(f"/messages/{message.pk}/resend/", {"nonce": nonce, "how": how})


# --- the short version -----------------------------------------------------------------------------------------------


def test_taken_for_spam_it_is_sent_as_a_short_text_with_the_link(office: Client, mail: Running) -> None:
    failed = make_failed(make_client(email="ann@example.com"), "spam_content")
    assert "Send plain version</button>" in office.get(f"/messages/{failed.pk}/").content.decode()
    press(office, failed, "plain")
    delivery.deliver_due()
    again = Message.objects.get(resend_of=failed)
    (request,) = mail.logged(str(again.uuid))
    sent = mail.get(f"practice/messages/{request['provider_message_id']}").json()
    assert (again.status, again.plain, again.has_link) == (Status.SENT, True, True)
    assert not sent["html"]
    assert sent["subject"] == "Your inspection of 12 Oak St, Springfield, IL 62701"
    assert "Hello Ann Lee,\n\nThe inspection of 12 Oak St" in sent["text"]
    assert "/p/" in sent["text"]
    assert "Sign" not in sent["text"]


def test_its_page_shows_the_text_and_hides_the_secret_of_the_link(office: Client, mail: Running) -> None:
    failed = make_failed(make_client(email="ann@example.com"), "spam_content")
    press(office, failed, "plain")
    delivery.deliver_due()
    again = Message.objects.get(resend_of=failed)
    html = office.get(f"/messages/{again.pk}/").content.decode()
    assert f"/p/{rendering.MASK}/" in html
    assert "As they see it" not in html
    assert "Plain version, without HTML" in html


def test_pressed_twice_the_short_version_is_one_email(office: Client) -> None:
    failed = make_failed(make_client(email="ann@example.com"), "spam_content")
    first, second = press(office, failed, "plain"), press(office, failed, "plain")
    assert first.headers["Location"] == second.headers["Location"]
    assert Message.objects.filter(plain=True).count() == 1


@pytest.mark.parametrize("kind", sorted(PLAIN))
def test_every_short_version_is_whole(kind: str) -> None:
    make_company()
    message = make_message(make_client(email="ann@example.com"), kind=kind, plain=True)
    version = message.template.current if message.template else None
    rendered = rendering.render(message, version, Company.get())
    assert rendered.html == ""
    assert rendered.has_link
    assert "{" not in rendered.text + rendered.subject
    assert "\n" not in rendered.subject


def test_braces_in_what_people_typed_stay_as_they_are() -> None:
    make_company()
    inspection = make_inspection(status="confirmed", address="{link} {0} St")
    message = make_message(make_client(inspection=inspection, email="ann@example.com"), plain=True)
    assert message.template
    assert "{link} {0} St" in rendering.render(message, message.template.current, Company.get()).text


def test_what_has_words_of_its_own_has_no_short_version(office: Client) -> None:
    failed = make_failed(make_client(email="ann@example.com"), "spam_content", kind=Kind.ONE_OFF)
    assert "Send plain version" not in office.get(f"/messages/{failed.pk}/").content.decode()
    assert "This email has no short version." in press(office, failed, "plain").content.decode()


# --- tomorrow morning ------------------------------------------------------------------------------------------------


@time_machine.travel(NINE_ON_MONDAY, tick=False)
def test_a_full_mailbox_is_tried_again_tomorrow_at_eight(client: Client) -> None:
    make_company(time_zone="America/Chicago")
    client.force_login(make_user())
    inspection = make_inspection(status="confirmed", starts_at=NINE_ON_MONDAY + timedelta(days=5))
    failed = make_failed(make_client(inspection=inspection, email="ann@example.com"), "mailbox_full")
    assert "Try again tomorrow 8 AM</button>" in client.get(f"/messages/{failed.pk}/").content.decode()
    answer = client.post(f"/messages/{failed.pk}/resend/", {"how": "tomorrow"}, follow=True)
    again = Message.objects.get(resend_of=failed)
    assert again.send_after == datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
    html = answer.content.decode()
    assert "Confirmation to Ann Lee goes out Tue 24 Nov, 8:00 AM." in html
    assert "Scheduled" in html
    assert "Don’t send it" in html


@time_machine.travel(datetime(2026, 10, 31, 20, 0, tzinfo=UTC), tick=False)
def test_eight_is_eight_on_the_day_the_clocks_change(client: Client) -> None:
    with timezone.override("America/Chicago"):
        assert outbox.tomorrow_at_eight() == datetime(2026, 11, 1, 14, 0, tzinfo=UTC)


def test_until_then_it_waits_off_the_list_and_can_be_stopped(office: Client) -> None:
    failed = make_failed(make_client(email="ann@example.com"), "mailbox_full")
    press(office, failed, "tomorrow")
    press(office, failed, "tomorrow")
    again = Message.objects.get(resend_of=failed)
    html = office.get("/").content.decode()
    assert "All clear" in html
    assert "Scheduled" in html
    office.post(f"/messages/{again.pk}/undo/")
    again.refresh_from_db()
    assert again.status == Status.CANCELLED
    assert "1 email needs you" in office.get("/").content.decode()


def test_it_does_not_leave_before_its_time(office: Client, mail: Running) -> None:
    failed = make_failed(make_client(email="ann@example.com"), "mailbox_full")
    press(office, failed, "tomorrow")
    delivery.deliver_due()
    assert Message.objects.get(resend_of=failed).status == Status.QUEUED


def test_what_would_come_too_late_is_not_offered_and_refused(office: Client) -> None:
    soon = make_inspection(status="confirmed", starts_at=timezone.now() + timedelta(hours=2))
    failed = make_failed(make_client(inspection=soon, email="ann@example.com"), "mailbox_full")
    assert "tomorrow 8 AM" not in office.get(f"/messages/{failed.pk}/").content.decode()
    assert "The inspection begins before that." in press(office, failed, "tomorrow").content.decode()


def test_put_off_and_the_inspection_moves_before_it_the_office_decides_again(office: Client) -> None:
    failed = make_failed(make_client(email="ann@example.com"), "mailbox_full")
    press(office, failed, "tomorrow")
    services.reschedule(failed.inspection, timezone.now() + timedelta(minutes=30), by="Kim Reyes")
    assert Message.objects.get(resend_of=failed).status == Status.CANCELLED
    assert problem_of(failed).message == failed


def test_two_emails_to_one_person_are_put_off_together(office: Client) -> None:
    person = make_client(email="ann@example.com")
    for kind in ("confirmation", "agreement"):
        make_failed(person, "mailbox_full", kind=kind)
    html = office.get("/").content.decode()
    assert "Try 2 emails again tomorrow 8 AM" in html
    address = html.split('hx-post="/problems/')[1].split('"')[0]
    for _ in range(2):
        office.post(f"/problems/{address}", {"nonce": "n1", "how": "tomorrow"})
    assert Message.objects.filter(send_after__gt=timezone.now() + timedelta(hours=1)).count() == 2


def test_an_unknown_way_is_the_usual_one(office: Client) -> None:
    failed = make_failed(make_client(email="ann@example.com"), "mailbox_full")
    press(office, failed, "nonsense")
    again = Message.objects.get(resend_of=failed)
    assert not again.plain
    assert again.send_after <= timezone.now()


def test_asking_first_gives_the_same_answer_as_trying(office: Client) -> None:
    fine = make_failed(make_client(email="ann@example.com"), "server_problem")
    blocked = make_failed(make_client(email="bob@example.com"))
    over = make_inspection(status="cancelled", starts_at=in_days(2))
    stopped = make_failed(make_client(inspection=over, email="eve@example.com"), "server_problem")
    assert outbox.why_not_again(fine) is None
    for message in (blocked, stopped):
        asked = outbox.why_not_again(message)
        with pytest.raises(Refused) as tried:
            outbox.resend(message, by="Kim", how=How())
        assert str(asked) == str(tried.value)


# --- the message to copy ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("category", ["recipient_policy", "sender_reputation"])
def test_a07_the_message_for_their_side_names_our_exact_address_in_both_languages(
    office: Client, category: str
) -> None:
    failed = make_failed(make_client(email="ann@example.com"), category)
    html = office.get(f"/messages/{failed.pk}/").content.decode()
    assert "Copy the message for Ann Lee" in html
    assert '<pre id="tell-words">Please add office@oakwood.example to your safe senders' in html
    assert '<div class="told" lang="es">' in html
    assert "Agregue office@oakwood.example a sus remitentes seguros" in html
    assert "a-n-n arroba e-x-a-m-p-l-e punto com" in html
