"""One email's page: what happened, why, what to do, and the proof."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from emails import snapshot
from emails.models import Message
from emails.states import Status
from tests.emails.mailed import make_client, make_failed, make_message, told
from tests.factories import make_company, make_user

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def office(client: Client) -> Client:
    """Kim, signed in."""
    make_company()
    client.force_login(make_user(name="Kim Reyes"))
    return client


def page(office: Client, message: Message, **query: str) -> str:
    return office.get(f"/messages/{message.pk}/", query).content.decode()


# --- what it says ----------------------------------------------------------------------------------------------------


def test_the_order_is_what_happened_why_what_to_do_what_to_say_proof(office: Client) -> None:
    html = page(office, make_failed())
    order = [
        "This address doesn’t exist",
        "gmial.com says there is no mailbox",
        "Most likely:",
        "Fix address and resend",
        "What to tell Ann Lee",
        "What happened",
        "The email as it was sent",
        "Technical details",
    ]
    places = [html.index(words, html.index("<main")) for words in order]
    assert places == sorted(places)


def test_a03_the_phone_number_and_the_address_to_read_out_are_beside_it(office: Client) -> None:
    html = page(office, make_failed())
    assert 'href="tel:+12175550101"' in html
    assert "a-n-n at g-m-i-a-l dot com" in html


def test_jargon_stays_inside_technical_details(office: Client) -> None:
    html = page(office, make_failed(words="smtp;550 5.1.1 bounce payload"))
    before, _, technical = html.partition('class="card technical"')
    assert "550 5.1.1" not in before
    assert "smtp;550 5.1.1 bounce payload" in technical
    assert "phrase:x" in technical


def test_server_words_cannot_break_out_of_the_page(office: Client) -> None:
    evil = "</pre><script>alert(1)</script><img src=x onerror=alert(2)>"
    html = page(office, make_failed(words=evil))
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_at_most_one_primary_and_two_other_buttons(office: Client) -> None:
    html = page(office, make_failed(category="recipient_policy"))
    foot = html.split('class="form-foot"')[1].split("</section>")[0]
    assert foot.count("btn-primary") == 1
    assert foot.count('class="btn') <= 3


def test_what_only_they_can_change_starts_with_a_message_to_copy(office: Client) -> None:
    html = page(office, make_failed(category="recipient_policy"))
    assert "Copy the message for Ann Lee" in html
    assert "Please add office@oakwood.example to your safe senders" in html
    assert "They’ve done it: resend" in html


def test_a06_delivered_but_they_say_no_gives_words_to_copy(office: Client) -> None:
    html = page(office, told(make_message(), Status.DELIVERED))
    assert "Search your mail for office@oakwood.example and look in Junk." in html
    assert 'data-copy="tell-words"' in html


def test_an_older_attempt_points_to_the_newer_one(office: Client) -> None:
    failed = make_failed(category="mailbox_full")
    office.post(f"/messages/{failed.pk}/resend/", {"nonce": "n1"})
    again = Message.objects.get(resend_of=failed)
    html = page(office, failed)
    assert "It was sent again" in html
    assert f'href="/messages/{again.pk}/"' in html
    assert "Resend</button>" not in html


def test_every_status_has_a_page(office: Client) -> None:
    for status in (
        Status.DELIVERED,
        Status.DEFERRED,
        Status.SOFT_BOUNCED,
        Status.REJECTED,
        Status.COMPLAINED,
        Status.FAILED,
    ):
        assert "Traceback" not in page(office, told(make_message(), status))
    for reason in ("no_address", "suppressed", "own_address", "template_problem"):
        assert "Waiting for you" in page(office, make_message(status=Status.HELD, reason=reason))
    assert "Not sent: rule is off" in page(office, make_message(status=Status.SKIPPED, reason="off_rule"))


def test_after_its_time_the_text_is_gone_and_the_record_stays(office: Client) -> None:
    html = page(office, told(make_message(html="", text=""), Status.DELIVERED))
    assert "The text was removed after its time. The delivery record is kept." in html


def test_a_page_without_news_to_come_asks_for_nothing(office: Client) -> None:
    assert (
        "hx-trigger" not in page(office, told(make_message(), Status.DELIVERED)).split("message-poll")[1].split(">")[0]
    )
    assert "every 5s" in page(office, make_message()).split("message-poll")[1].split(">")[0]


def test_the_part_that_changes_answers_204_when_nothing_did(office: Client) -> None:
    message = make_message()
    shown = page(office, message).split('data-version="')[1].split('"')[0]
    url = f"/messages/{message.pk}/part/"
    assert office.get(url, {"v": shown}, headers=HTMX).status_code == 204
    told(message, Status.DELIVERED)
    answer = office.get(url, {"v": shown}, headers=HTMX)
    assert answer.status_code == 200
    assert "accepted it at" in answer.content.decode()


def test_problems_can_be_walked_through(office: Client) -> None:
    first, second = make_failed(), make_failed(make_client(name="Bob", email="bob@gmial.com"))
    assert f'href="/messages/{second.pk}/" data-key="]"' in page(office, first)
    assert f'href="/messages/{first.pk}/" data-key="["' in page(office, second)


# --- the email itself ------------------------------------------------------------------------------------------------

HOSTILE = """<!doctype html><html><head><style>body{background:url(https://evil.example/t)}</style>
<meta http-equiv="refresh" content="0;url=https://evil.example"><script>alert(1)</script></head>
<body onload="alert(2)"><a href="https://desk.example/p/secret/" style="color:red">Sign &amp; Pay</a>
<a href="javascript:alert(3)">x</a><img src="https://evil.example/pixel.gif" onerror="alert(4)">
<form action="/x"><input></form>
<iframe src="https://evil.example"></iframe><svg onload="alert(5)"></svg><object data="x"></object></body></html>"""


def test_the_email_is_shown_without_anything_that_acts(office: Client) -> None:
    message = told(make_message(html=HOSTILE), Status.DELIVERED)
    answer = office.get(f"/messages/{message.pk}/email/")
    html = answer.content.decode()
    for danger in (
        "href",
        "<script",
        "alert(",
        "onload",
        "onerror",
        "evil.example",
        "<form",
        "<iframe",
        "<svg",
        "http-equiv",
    ):
        assert danger not in html, danger
    assert "Sign &amp; Pay" in html
    assert "color:red" in html


def test_the_emails_frame_is_locked_down_twice(office: Client) -> None:
    message = make_message()
    answer = office.get(f"/messages/{message.pk}/email/")
    assert answer.headers["Content-Security-Policy"] == snapshot.POLICY
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert '<iframe class="email-frame" sandbox src=' in page(office, message)


def test_the_plain_text_is_one_tab_away_without_javascript(office: Client) -> None:
    assert "<pre" in page(office, make_message(text="Hello <b>Ann</b>"), show="text").split('id="email"')[1]
    assert "Hello &lt;b&gt;Ann" in page(office, make_message(text="Hello <b>Ann</b>"), show="text")


# --- its buttons -----------------------------------------------------------------------------------------------------


def press(office: Client, message: Message, verb: str, **data: Any) -> Any:
    return office.post(f"/messages/{message.pk}/{verb}/", {"nonce": "n1", **data})


def test_pressed_twice_it_is_sent_once(office: Client) -> None:
    failed = make_failed(category="mailbox_full")
    answers = [press(office, failed, "resend") for _ in range(2)]
    again = Message.objects.get(resend_of=failed)
    assert [answer.headers["Location"] for answer in answers] == [f"/messages/{again.pk}/"] * 2


def test_undo_stops_it_before_it_leaves(office: Client, settings: LazySettings) -> None:
    settings.UNDO_SECONDS = 600
    failed = make_failed(category="mailbox_full")
    answer = office.post(f"/messages/{failed.pk}/resend/", {"nonce": "n1"}, follow=True)
    again = Message.objects.get(resend_of=failed)
    assert f'action="/messages/{again.pk}/undo/"' in answer.content.decode()
    press(office, again, "undo")
    again.refresh_from_db()
    assert again.status == Status.CANCELLED


def test_undo_too_late_says_so(office: Client) -> None:
    message = told(make_message(), Status.DELIVERED)
    answer = office.post(f"/messages/{message.pk}/undo/", follow=True)
    assert "Too late to stop it." in answer.content.decode()


def test_a_blocked_address_is_refused_with_the_way_out_and_nothing_is_sent(office: Client) -> None:
    failed = make_failed()  # its address is on hold now
    answer = press(office, failed, "resend")
    assert answer.status_code == 409
    assert "That isn’t possible now" in answer.content.decode()
    assert "Correct the address" in answer.content.decode()
    assert not Message.objects.filter(resend_of=failed).exists()


def test_sent_a_moment_ago_it_asks_before_sending_again(office: Client, settings: LazySettings) -> None:
    settings.COOLDOWN_SECONDS = 600
    message = told(make_message(created_at=timezone.now() - timedelta(seconds=20)), Status.DELIVERED)
    answer = press(office, message, "resend")
    assert answer.status_code == 429
    assert 'name="confirmed" value="1"' in answer.content.decode()
    assert press(office, message, "resend", confirmed="1").status_code == 302


def test_what_was_not_sent_on_purpose_can_be_sent_after_all(office: Client) -> None:
    skipped = make_message(status=Status.SKIPPED, reason="off_inspection")
    press(office, skipped, "send-now")
    assert Message.objects.get(resend_of=skipped).status == Status.QUEUED


def test_a_doubtful_send_is_settled_by_asking_them(office: Client) -> None:
    doubtful = told(make_message(), Status.UNKNOWN)
    Message.objects.filter(pk=doubtful.pk).update(status=Status.UNKNOWN)
    doubtful.events.filter(type="sent").delete()
    html = page(office, doubtful)
    assert "It arrived" in html
    assert "Send again (may arrive twice)" in html
    press(office, doubtful, "settle", arrived="yes")
    doubtful.refresh_from_db()
    assert doubtful.status == Status.DELIVERED


def test_a_message_that_is_not_there_is_a_404(office: Client) -> None:
    for path in ("", "part/", "email/"):
        assert office.get(f"/messages/999999/{path}").status_code == 404
    for verb in ("resend", "undo", "send-now", "settle"):
        assert office.post(f"/messages/999999/{verb}/").status_code == 404
