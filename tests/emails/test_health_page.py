"""Sending health: five lights, two rates, and what the mail service told us."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config.mailbox import Mailbox as Where
from emails import channel, selectors_health, selectors_posts
from emails.models import Channel, Mailbox, MessageEvent, WebhookPost
from emails.selectors_health import Light, Rate, span
from emails.states import Status
from tests.emails.mailed import make_client, make_failed, make_message, told
from tests.factories import make_company, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(client: Client) -> Client:
    make_company()
    client.force_login(make_user(name="Kim Reyes", is_superuser=True))
    return client


@pytest.fixture
def colleague(owner: Client) -> Client:
    other = Client()
    other.force_login(make_user(name="Sam Ortiz"))
    return other


@pytest.fixture
def moment() -> Iterator[None]:
    """Time stands still."""
    with time_machine.travel(timezone.now(), tick=False):
        yield


def light(code: str) -> Light:
    return next(light for light in selectors_health.lights() if light.code == code)


def ago(**span: float) -> Any:
    return timezone.now() - timedelta(**span)


def make_post(body: bytes = b"{}", **over: Any) -> WebhookPost:
    values: dict[str, Any] = {"provider": "postmark", "state": "done", "headers": {"User-Agent": "Postmark"}}
    return WebhookPost.objects.create(body=body, sha256=hashlib.sha256(body).hexdigest(), **values | over)


# --- queue -----------------------------------------------------------------------------------------------------------


def test_an_empty_queue_is_green() -> None:
    assert (light("queue").tone, light("queue").sentence) == ("green", "Nothing is waiting to be sent.")


@pytest.mark.usefixtures("moment")
def test_the_queue_says_how_long_the_oldest_waits() -> None:
    make_message(status="queued", send_after=ago(seconds=4))
    make_message(status="queued", send_after=timezone.now() + timedelta(hours=3))
    assert light("queue").tone == "green"
    assert light("queue").sentence == "1 email waiting. Oldest waiting 4 s."


def test_a_queue_that_stands_still_is_red() -> None:
    make_message(status="queued", send_after=ago(minutes=12))
    assert light("queue").tone == "red"
    assert "12 min" in light("queue").sentence


def test_a_queue_behind_a_closed_service_is_not_the_queues_fault() -> None:
    make_message(status="queued", send_after=ago(minutes=12))
    channel.pause("429 Too many", seconds=60)
    assert light("queue").tone == "amber"


# --- worker ----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("moment")
@pytest.mark.parametrize(("seen", "tone"), [(None, "red"), (10, "green"), (110, "green"), (130, "red")])
def test_a_worker_is_alive_if_it_was_seen_within_two_minutes(seen: int | None, tone: str) -> None:
    Channel.get()
    Channel.objects.update(worker_seen_at=None if seen is None else ago(seconds=seen))
    assert light("worker").tone == tone


# --- mail service ----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("moment")
def test_a_service_that_took_our_mail_is_green() -> None:
    Channel.get()
    channel.accepted(since=timezone.now())
    assert light("service").tone == "green"
    assert light("service").sentence == "The practice mail service took the last email just now."


def test_a_service_that_takes_nothing_for_hours_is_red_between_two_pauses_too() -> None:
    make_message(status=Status.QUEUED)
    channel.pause("The mail service asked us to slow down.", seconds=30)
    Channel.objects.update(trouble_since=ago(hours=3), paused_until=ago(seconds=1))
    channel.pause("The mail service asked us to slow down.", seconds=0)
    shown = light("service")
    assert (shown.tone, shown.can_retry) == ("red", True)
    assert shown.sentence == "The practice mail service has taken no email for 3 h. We keep trying."
    channel.accepted(since=timezone.now())
    assert light("service").tone == "green"


def test_a_service_that_is_asked_for_nothing_is_not_in_trouble() -> None:
    channel.pause("The mail service asked us to slow down.", seconds=0)
    Channel.objects.update(trouble_since=ago(hours=3))
    assert light("service").tone != "red"


@pytest.mark.usefixtures("moment")
def test_a_pause_says_when_we_try_again_and_keeps_the_service_s_words_apart() -> None:
    channel.pause("HTTP 429: Rate limit exceeded", seconds=30)
    shown = light("service")
    assert shown.tone == "amber"
    assert "We try again in" in shown.sentence
    assert "429" not in shown.sentence + shown.next_step
    assert shown.details == "HTTP 429: Rate limit exceeded"


def test_a_pause_without_end_is_red() -> None:
    channel.pause("stopped", seconds=None)
    assert light("service").tone == "red"


def test_an_owner_lets_it_try_again_at_once(owner: Client) -> None:
    channel.pause("busy", seconds=300)
    assert "Try again now" in owner.get("/health/").content.decode()
    assert owner.post("/health/resume/").status_code == 302
    assert channel.may_send()


def test_a_colleague_sees_the_button_and_whom_to_ask(colleague: Client) -> None:
    channel.pause("busy", seconds=300)
    html = colleague.get("/health/").content.decode()
    assert "Ask an owner (Kim)." in html
    assert 'aria-disabled="true"' in html
    assert colleague.post("/health/resume/").status_code == 403
    assert not channel.may_send()


# --- answers ---------------------------------------------------------------------------------------------------------


def test_answers_are_counted_over_recent_emails() -> None:
    for number in range(3):
        told(make_message(make_client(email=f"a{number}@x.com"), sent_at=ago(minutes=9)), Status.DELIVERED)
    MessageEvent.objects.filter(type="delivered").update(key=None)
    newest = MessageEvent.objects.filter(type="delivered").last()
    MessageEvent.objects.filter(pk=newest.pk).update(key="k", recorded_at=ago(minutes=2))  # type: ignore[union-attr]
    assert light("answers") == Light(
        "answers", "Answers coming back", "green", "Last answer 2 min ago; 3 of 3 recent emails answered."
    )


def test_silence_after_several_emails_is_red_and_shows_the_address(owner: Client) -> None:
    for number in range(4):
        make_message(make_client(email=f"a{number}@x.com"), sent_at=ago(hours=2), created_at=ago(hours=2))
    assert light("answers").tone == "red"
    assert light("answers").sentence == "4 emails waiting for an answer for up to 2 h."
    assert "http://testserver/anymail/postmark/tracking/" in owner.get("/health/").content.decode()


@pytest.mark.usefixtures("moment")
def test_an_email_that_left_a_moment_ago_owes_no_answer_yet() -> None:
    make_message(sent_at=ago(seconds=20))
    assert light("answers").tone == "grey"


def test_a_plain_mail_server_without_a_mailbox_hides_failures(settings: LazySettings) -> None:
    settings.EMAIL_PROVIDER = "smtp"
    assert light("answers").tone == "amber"
    assert light("answers").sentence.startswith("Failures cannot be seen")


WHERE = Where("imaps", "imap.example.com", 993, "office@example.com", "secret")


@pytest.mark.parametrize(
    ("known", "tone", "words"),
    [
        (None, "grey", "Answers by mail: the mailbox was not read yet."),
        ({"read_at": 120}, "green", "Answers by mail: read 2 min ago."),
        ({"read_at": 1_200}, "red", "Answers by mail: read 20 min ago."),
        ({"trouble": "sign_in", "failing_since": 300, "failures": 3}, "red", "Cannot sign in to the mailbox."),
        ({"trouble": "unreachable", "failing_since": 60, "failures": 1}, "amber", "Cannot reach the mailbox."),
        ({"trouble": "unreachable", "failing_since": 900, "failures": 4}, "red", "The first time was 15 min ago."),
    ],
)
def test_answers_by_mail_say_when_the_mailbox_was_read(
    settings: LazySettings, owner: Client, known: dict[str, Any] | None, tone: str, words: str
) -> None:
    settings.EMAIL_PROVIDER, settings.BOUNCE_MAILBOX = "smtp", WHERE
    if known is not None:
        times = {name: ago(seconds=value) for name, value in known.items() if name in ("read_at", "failing_since")}
        Mailbox.objects.create(name=WHERE.name, details="NO [AUTHENTICATIONFAILED]", **known | times)
    assert light("answers").tone == tone
    assert words in light("answers").sentence
    html = owner.get("/health/").content.decode()
    assert words in html
    assert "/anymail/" not in html
    assert "secret" not in html


@pytest.mark.parametrize("trouble", Mailbox.Trouble.values)
def test_every_trouble_with_the_mailbox_names_a_next_step(settings: LazySettings, trouble: str) -> None:
    settings.EMAIL_PROVIDER, settings.BOUNCE_MAILBOX = "smtp", WHERE
    Mailbox.objects.create(name=WHERE.name, trouble=trouble, failing_since=ago(seconds=59), failures=9)
    shown = light("answers")
    assert shown.next_step
    assert max(len(shown.sentence), len(shown.next_step)) <= 140


# --- live or practice ------------------------------------------------------------------------------------------------


def test_it_says_whether_mail_is_real(settings: LazySettings) -> None:
    assert "Practice mode" in light("mode").sentence
    settings.PRACTICE_MODE, settings.EMAIL_PROVIDER = False, "amazon_ses"
    assert light("mode").sentence == "Live: emails go to real people through Amazon SES."


# --- rates -----------------------------------------------------------------------------------------------------------


def test_rates_are_of_what_left_us_in_seven_days() -> None:
    for number in range(3):
        told(make_message(make_client(email=f"a{number}@x.com")), Status.DELIVERED)
    make_failed(make_client(email="b@x.com"))
    told(make_message(make_client(email="c@x.com"), created_at=ago(days=8)), Status.BOUNCED)
    make_message(make_client(email="d@x.com"), status="skipped", reason="off_rule")
    back, spam = selectors_health.rates()
    assert (back.number, back.of, back.words) == (1, 4, "25 %")
    assert (spam.number, spam.of, spam.tone) == (0, 4, "green")
    assert back.is_chance


@pytest.mark.parametrize(
    ("number", "of", "tone", "words"),
    [(0, 0, "grey", "0 %"), (4, 10, "grey", "40 %"), (5, 1000, "green", "0.5 %"), (24, 1000, "amber", "2.4 %"),
     (50, 1000, "red", "5 %"), (999, 1000, "red", "100 %")],
)  # fmt: skip
def test_a_rate_is_judged_from_five_failures_on(number: int, of: int, tone: str, words: str) -> None:
    rate = Rate("Not delivered", number, of, 2, 5, 5, "")
    assert (rate.tone, rate.words) == (tone, words)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-3, "0 s"),
        (4, "4 s"),
        (59.6, "1 min"),
        (3_599, "59 min"),
        (7_300, "2 h"),
        (86_400, "1 day"),
        (200_000, "2 days"),
    ],
)
def test_spans_are_short(seconds: float, words: str) -> None:
    assert span(timedelta(seconds=seconds)) == words


# --- answers from the mail service -----------------------------------------------------------------------------------


def test_the_log_says_what_came_of_each_answer(owner: Client) -> None:
    read = make_post()
    message = make_message()
    MessageEvent.objects.create(message=message, post=read, type="delivered", status="delivered", key="1")
    stranger = make_post()
    MessageEvent.objects.create(message=None, post=stranger, type="bounced", status="bounced", key="2")
    make_post()
    make_post(state="poison", error="KeyError: 'RecordType'")
    html = owner.get("/health/").content.decode()
    for words in ("Read.", "It is about no email of ours.", "Nothing new in it.", "Could not be read", "Ann Lee"):
        assert words in html
    assert "1 could not be read" in html
    assert "1 piece of news is" in html
    assert "KeyError" not in html


def test_the_log_takes_the_same_queries_for_many_answers(owner: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            owner.get("/health/")
        return len(seen)

    def add() -> None:
        message = make_message(make_client(email="x@x.com"))
        MessageEvent.objects.create(message=message, post=make_post(), type="delivered", key=str(message.uuid))

    add()
    queries()  # makes the rows that are made on first use
    few = queries()
    for _ in range(6):
        add()
    assert queries() == few <= 20


def test_the_log_goes_on_to_older_answers(owner: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selectors_posts, "PAGE", 2)
    posts = [make_post(received_at=ago(hours=n)) for n in range(3)]
    assert f"?before={posts[1].pk}#posts" in owner.get("/health/").content.decode()
    page = owner.get(f"/health/?before={posts[1].pk}")
    assert [row.post.pk for row in page.context["rows"]] == [posts[2].pk]


def test_a_post_shows_its_news_its_headers_and_itself(owner: Client) -> None:
    message = make_message()
    post = make_post(b'{"RecordType":"Delivery","Recipient":"ann@gmial.com"}')
    MessageEvent.objects.create(message=message, post=post, type="delivered", status="delivered", key="1")
    html = owner.get(f"/health/posts/{post.pk}/").content.decode()
    assert f'href="/messages/{message.pk}/"' in html
    assert "Their server accepted it" in html
    assert "User-Agent" in html
    assert "  &quot;RecordType&quot;: &quot;Delivery&quot;," in html


@pytest.mark.parametrize(
    ("body", "form", "shown"),
    [
        (b'{"b": "<script>"}', "json", "&lt;script&gt;"),
        (b"a=1&b=<i>", "text", "a=1&amp;b=&lt;i&gt;"),
        (b"\xff\xfe\x00\x01", "hex", "ff fe 00 01"),
        (b'"\\u202e\\u0000\\ud800"', "json", "\\u202e"),
        ("zero\u200bwidth\x00".encode(), "text", "zero\\u200bwidth\\u0000"),
        (b"[" * 100_000, "text", "[[["),
        (b"", "text", ""),
        (b'{"a": 1e999, "b": NaN}', "json", "NaN"),
    ],
)
def test_whatever_was_posted_is_shown_harmlessly(owner: Client, body: bytes, form: str, shown: str) -> None:
    post = make_post(body, state="poison", error="ValueError: <b>")
    assert selectors_posts.raw(post).form == form
    html = owner.get(f"/health/posts/{post.pk}/").content.decode()
    assert shown in html
    assert "<script>" not in html.split("<main")[1]
    assert "\u202e" not in html


def test_a_huge_post_is_cut(owner: Client) -> None:
    post = make_post(b"x" * 300_000)
    raw = selectors_posts.raw(post)
    assert raw.is_cut
    assert len(raw.text) == selectors_posts.SHOWN_CHARACTERS
    assert "only the beginning" in owner.get(f"/health/posts/{post.pk}/").content.decode()


def test_an_owner_has_a_post_read_again(owner: Client) -> None:
    post = make_post(state="poison", error="KeyError")
    assert owner.post(f"/health/posts/{post.pk}/replay/").status_code == 302
    post.refresh_from_db()
    assert (post.state, post.error) == ("new", "")


def test_a_colleague_may_look_but_not_have_it_read_again(colleague: Client) -> None:
    post = make_post(state="poison")
    assert "Ask an owner (Kim)." in colleague.get(f"/health/posts/{post.pk}/").content.decode()
    assert colleague.post(f"/health/posts/{post.pk}/replay/").status_code == 403


@pytest.mark.parametrize("number", [0, 99, 2**63, 10**30])
def test_a_post_that_does_not_exist_is_not_found(owner: Client, number: int) -> None:
    assert owner.get(f"/health/posts/{number}/").status_code == 404
    assert owner.post(f"/health/posts/{number}/replay/").status_code == 404


def test_looking_changes_nothing(owner: Client) -> None:
    assert owner.get("/health/resume/").status_code == 405
    assert owner.get(f"/health/posts/{make_post().pk}/replay/").status_code == 405
