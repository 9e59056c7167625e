"""Webhooks: nobody gets in who does not belong, nothing that was let in is lost, nothing counts twice."""

import json
import secrets
from itertools import permutations
from typing import Any
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.db import OperationalError, connection
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from emails import activity, holds, inbox, nightly, problems, providers, selectors_posts
from emails.models import Message, MessageEvent, Problem, WebhookPost
from emails.states import FACT_RANK, Status, rank
from inspections.models import Inspection
from inspections.text import canonical
from tests.emails.conftest import AUTH, Post, fixture, postmark, tell
from tests.factories import make_participant

pytestmark = pytest.mark.django_db
URL = "/anymail/postmark/tracking/"


def values(**over: Any) -> dict[str, Any]:
    """Of a message that the provider took."""
    person = over.pop("participant", None) or make_participant(email="ann@example.com")
    about: dict[str, Any] = {
        "inspection": person.inspection,
        "participant": person,
        "kind": "confirmation",
        "to_name": person.name,
        "to_address": person.email,
        "to_key": canonical(person.email),
        "created_by": "Kim",
        "provider": "postmark",
        "provider_message_id": f"pm-{uuid4()}",
        "status": Status.SENT,
        "sent_at": Now(),
    }
    return about | over


def sent(**over: Any) -> Message:
    """A message that the provider took."""
    message = Message.objects.create(**values(**over))
    if message.status == Status.SENT:
        activity.add(message, "sent", status=Status.SENT)
    message.refresh_from_db()
    return message


# --- the door --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic d3Jvbmc6d3Jvbmc="}, {"Authorization": "x"}])
def test_without_the_secret_nothing_is_kept(client: Client, headers: dict[str, str]) -> None:
    assert client.post(URL, b"{}", content_type="application/json", headers=headers).status_code == 400
    assert not WebhookPost.objects.exists()


@pytest.mark.parametrize("route", sorted(providers.ROUTES))
def test_every_providers_door_is_shut_without_the_secret(client: Client, route: str) -> None:
    response = client.post(f"/anymail/{route}", b"{}", content_type="application/json")
    assert response.status_code in (400, 401, 503)
    assert not WebhookPost.objects.exists()


def test_every_provider_that_anymail_tracks_has_its_door() -> None:
    assert set(providers.VIEWS) >= {
        "amazon_ses", "brevo", "mailersend", "mailgun", "mailjet", "mailtrap", "mandrill", "postal", "postmark",
        "resend", "sendgrid", "sparkpost", "unisender_go",
    }  # fmt: skip


def test_looking_is_no_post(client: Client) -> None:
    assert client.get(URL, headers=AUTH).status_code == 405
    assert client.head(URL).status_code == 200
    assert not WebhookPost.objects.exists()


def test_a_post_over_five_megabytes_is_refused(webhook: Post) -> None:
    assert webhook(b"x" * 5_000_001) == 413
    assert not WebhookPost.objects.exists()


def test_a_big_post_below_the_limit_is_kept(webhook: Post) -> None:
    assert webhook(b"[" + b" " * 4_900_000 + b"]") == 200
    assert WebhookPost.objects.count() == 1


# --- nonsense --------------------------------------------------------------------------------------------------------

NONSENSE = {
    "malformed": b'{"RecordType": "Bounce"',
    "empty": b"",
    "not UTF-8": b"\xff\xfe\x00\x80",
    "a list": b"[]",
    "null": b"null",
    "a number": b"42",
    "deep": b"[" * 5000 + b"]" * 5000,
    "wrong types": b'{"RecordType": ["Bounce"], "Metadata": 7}',
    "a time that is none": b'{"RecordType": "Delivery", "DeliveredAt": 12}',
}


@pytest.mark.parametrize("body", NONSENSE.values(), ids=NONSENSE.keys())
def test_nonsense_is_kept_answered_and_costs_nothing_else(webhook: Post, body: bytes) -> None:
    message = sent()
    assert webhook(body) == 200
    assert webhook(postmark(message, "Delivery")) == 200
    inbox.drain()
    message.refresh_from_db()
    assert message.status == Status.DELIVERED
    assert WebhookPost.objects.order_by("pk").first().state in ("poison", "done")  # type: ignore[union-attr]


def test_malformed_json_is_shown_as_poison(webhook: Post) -> None:
    webhook(NONSENSE["malformed"])
    inbox.drain()
    post = WebhookPost.objects.get()
    assert (post.state, bytes(post.body)) == ("poison", NONSENSE["malformed"])
    assert "JSONDecodeError" in post.error


def test_a_nul_in_the_servers_words_is_stored_without_it(webhook: Post) -> None:
    message = tell(webhook, sent(), "Bounce", Details="550 5.1.1 no\u0000 such user \ud800<script>")
    assert message.status == Status.BOUNCED
    assert "<script>" in message.events.get(type="bounced").text


def test_an_unknown_event_type_is_kept_and_changes_nothing(webhook: Post) -> None:
    message = tell(webhook, sent(), "Delivery", RecordType="Teleported")
    assert message.status == Status.SENT
    assert message.events.filter(type="news").exists()


def test_one_bad_event_costs_only_itself(webhook: Post) -> None:
    events: list[Any] = fixture("sendgrid", "batch")
    events.insert(len(events) // 2, {"event": "bounce", "timestamp": "not a number", "smtp-id": 5})
    assert webhook(events, provider="sendgrid") == 200
    inbox.drain()
    assert WebhookPost.objects.filter(state="split").count() == 1
    assert WebhookPost.objects.filter(state="poison").count() == 1
    assert MessageEvent.objects.filter(key__isnull=False).count() == len(events) - 1


def test_a_time_from_another_century_is_not_believed(webhook: Post) -> None:
    message = tell(webhook, sent(), "Delivery", DeliveredAt="2099-01-01T00:00:00Z")
    assert message.status == Status.DELIVERED
    assert message.events.get(type="delivered").at.year < 2099


# --- order, repetition, timing ---------------------------------------------------------------------------------------

RECORDS = [
    ("Delivery", {}),
    ("Bounce", {"Type": "Transient", "Details": "smtp;451 4.7.1 greylisted"}),
    ("Bounce", {"Type": "HardBounce"}),
    ("SpamComplaint", {}),
]


def test_every_order_of_the_same_events_each_told_twice_ends_the_same(webhook: Post) -> None:
    person = make_participant(email="ann@example.com")
    ends = set()
    for order in permutations(RECORDS):
        message = sent(participant=person)
        for record, over in order + order:
            inbox.store("postmark", _body(postmark(message, record, **over)), {"Content-Type": "application/json"})
        inbox.drain()
        message.refresh_from_db()
        ends.add((message.status, message.category, message.decided_by))
    assert ends == {(Status.COMPLAINED, "complained", "event")}


def _body(data: object) -> bytes:
    return json.dumps(data).encode()


def test_46_copies_of_one_webhook_leave_one_event(webhook: Post) -> None:
    message = sent()
    for _ in range(46):
        assert webhook(postmark(message, "Delivery")) == 200
    inbox.drain()
    assert message.events.filter(type="delivered").count() == 1


def test_an_event_that_comes_before_our_own_sent_is_not_lost(webhook: Post) -> None:
    token = uuid4()
    message = sent(status=Status.SENDING, provider_message_id="", sent_at=None, token=token, lease_until=Now())
    message = tell(webhook, message, "Delivery", MessageID="pm-early")
    assert message.status == Status.DELIVERED
    assert activity.finish(message, Status.SENT, provider_message_id="pm-early")
    message.refresh_from_db()
    assert (message.status, message.provider_message_id) == (Status.DELIVERED, "pm-early")


def test_an_event_about_nobody_we_know_is_kept_and_matched_later(webhook: Post) -> None:
    message = sent(provider_message_id="")
    assert webhook(postmark(message, "Delivery", Metadata={}, MessageID="pm-later")) == 200
    inbox.drain()
    assert MessageEvent.objects.filter(message=None).count() == 1
    Message.objects.filter(pk=message.pk).update(provider_message_id="pm-later")
    assert inbox.adopt_orphans() == 1
    message.refresh_from_db()
    assert message.status == Status.DELIVERED


@pytest.mark.parametrize(
    "forged", [{"Recipient": "eve@example.com"}, {"Metadata": {"message": "not-a-uuid"}, "MessageID": "x"}]
)
def test_an_event_with_the_wrong_recipient_or_id_changes_nothing(webhook: Post, forged: dict[str, Any]) -> None:
    message = tell(webhook, sent(), "Delivery", **forged)
    assert message.status == Status.SENT
    assert MessageEvent.objects.filter(message=None).count() == 1


def test_another_providers_event_cannot_speak_for_this_message(webhook: Post, settings: LazySettings) -> None:
    message = sent()
    event = {"event": "delivered", "email": message.to_address, "timestamp": 1, "message": str(message.uuid)}
    webhook([event], provider="sendgrid")
    inbox.drain()
    message.refresh_from_db()
    assert message.status == Status.SENT


def test_a_late_failure_of_an_old_attempt_does_not_reopen_what_is_solved(webhook: Post) -> None:
    person = make_participant(email="ann@example.com")
    old = sent(participant=person)
    new = sent(participant=person, root=old, resend_of=old)
    tell(webhook, new, "Delivery")
    old = tell(webhook, old, "Bounce")
    assert old.status == Status.BOUNCED
    assert not Problem.objects.open().exists()


# --- soft and hard ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "over", "status", "category"),
    [
        ("Bounce", {"Type": "HardBounce"}, Status.BOUNCED, "address_unknown"),
        ("Bounce", {"Type": "SoftBounce", "Details": "452 4.2.2 over quota"}, Status.SOFT_BOUNCED, "mailbox_full"),
        ("Bounce", {"Type": "HardBounce", "Details": "451 4.3.0 timed out"}, Status.SOFT_BOUNCED, "server_problem"),
        ("Bounce", {"Type": "Transient", "Details": "451 4.7.1 greylisted"}, Status.DEFERRED, ""),
        (
            "Bounce",
            {"Type": "SpamNotification", "Details": "554 message looks like spam"},
            Status.BOUNCED,
            "spam_content",
        ),
        ("Bounce", {"Type": "Blocked", "Details": "550 5.7.1 refused by policy"}, Status.BOUNCED, "recipient_policy"),
        ("Bounce", {"Type": "AutoResponder", "Details": "I am away"}, Status.SENT, ""),
        ("SpamComplaint", {}, Status.COMPLAINED, "complained"),
    ],
)
def test_postmarks_words_are_told_apart(
    webhook: Post, record: str, over: dict[str, str], status: Status, category: str
) -> None:
    message = tell(webhook, sent(), record, **over)
    assert (message.status, message.category) == (status, category)


SENDGRID = {
    "processed": (Status.SENT, ""),
    "delivered": (Status.DELIVERED, ""),
    "deferred": (Status.DEFERRED, ""),
    "bounce": (Status.BOUNCED, "address_unknown"),
    "dropped_bounced_address": (Status.REJECTED, "suppressed"),
    "dropped_spam_reporting": (Status.REJECTED, "suppressed"),
    "dropped_unsubscribed": (Status.REJECTED, "suppressed"),
    "spamreport": (Status.COMPLAINED, "complained"),
    "open": (Status.SENT, ""),
    "click": (Status.SENT, ""),
}


@pytest.mark.parametrize("name", SENDGRID)
def test_sendgrids_words_are_told_apart(webhook: Post, name: str) -> None:
    event = fixture("sendgrid", name)
    event = event[0] if isinstance(event, list) else event
    message = sent(provider="sendgrid", participant=make_participant(email=event["email"]))
    assert webhook([event | {"message": str(message.uuid)}], provider="sendgrid") == 200
    inbox.drain()
    message.refresh_from_db()
    assert (message.status, message.category) == SENDGRID[name]


def test_opening_is_a_hint_with_a_time_and_never_a_status(webhook: Post) -> None:
    message = tell(webhook, sent(), "Open")
    assert message.status == Status.SENT
    assert message.opened_at is not None


def test_the_nightly_check_finds_no_difference_and_would_find_one(webhook: Post) -> None:
    message = tell(webhook, sent(), "Delivery")
    assert nightly.differences() == []
    Message.objects.filter(pk=message.pk).update(status=Status.BOUNCED)
    assert nightly.differences() == [message.pk]


@pytest.mark.parametrize("stored", [status for status in Status if rank(status) >= FACT_RANK])
@pytest.mark.parametrize("facts", [[], ["sent"], ["sent", "delivered"], ["bounced", "sent"], ["complained", "unknown"]])
def test_the_nightly_check_folds_as_the_activity_does(stored: Status, facts: list[str]) -> None:
    in_hand = {"token": uuid4(), "lease_until": Now()}  # the database asks for them while it is being sent
    message = Message.objects.create(**values(status=stored, **in_hand))
    for fact in facts:
        activity.add(message, fact, status=fact)
    activity.add(message, "opened")
    message.refresh_from_db()
    assert nightly.differences() == ([message.pk] if activity.folded(message)[0] != stored else [])


@pytest.mark.parametrize("count", [1, 30])
def test_the_nightly_check_asks_once_however_many_emails_there_were(
    django_assert_num_queries: DjangoAssertNumQueries, count: int
) -> None:
    for _ in range(count):
        sent()
    with django_assert_num_queries(1):
        assert nightly.differences() == []


def test_old_posts_go_even_if_the_check_finds_something(webhook: Post) -> None:
    tell(webhook, sent(), "Delivery")
    WebhookPost.objects.update(received_at=timezone.now() - 2 * nightly.RAW_POSTS_KEPT)
    Message.objects.update(status=Status.BOUNCED)
    done = nightly.run()
    assert (done["posts"], done["orphans"], done["differences"]) == (1, 0, 1)
    assert list(done)[-1] == "differences"


def test_an_event_is_matched_by_the_index_of_its_providers_ids() -> None:
    ids = {f"pm-{number}" for number in range(500)}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = Message.objects.filter(inbox._named({"postmark"}, ids)).order_by().explain()
    assert "provider_id_once" in plan
    assert "Index Cond: (((provider)::text = 'postmark'::text) AND ((provider_message_id)" in plan


def test_the_same_id_at_another_provider_is_another_email(webhook: Post) -> None:
    other = sent(provider="mailgun", provider_message_id="id-1")
    ours = sent(provider="postmark", provider_message_id="id-1")
    assert webhook(postmark(ours, "Delivery", Metadata={})) == 200
    inbox.drain()
    assert [Message.objects.get(pk=m.pk).status for m in (ours, other)] == [Status.DELIVERED, Status.SENT]


def test_reading_a_post_again_changes_nothing(webhook: Post) -> None:
    message = tell(webhook, sent(), "Delivery")
    events = message.events.count()
    inbox.replay(WebhookPost.objects.get())
    inbox.drain()
    assert message.events.count() == events
    assert Inspection.objects.count() == 1


def test_what_staff_settled_stays_settled_when_the_failure_is_told_again(webhook: Post) -> None:
    message = tell(webhook, sent(), "Bounce", Type="HardBounce", TypeCode=1)
    holds.release("ann@example.com", by="Kim", note="Their IT put it right")
    problems.handle(Problem.objects.get(), by="Kim", note="Told them another way")
    inbox.replay(WebhookPost.objects.get())
    tell(webhook, message, "Bounce", Type="AutoResponder", TypeCode=4, ID=8)
    assert holds.active("ann@example.com") is None
    assert not Problem.objects.open().exists()


def test_a_database_that_is_busy_makes_no_poison(webhook: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    message = sent()
    webhook(postmark(message, "Delivery"))
    with monkeypatch.context() as broken:
        broken.setattr(inbox, "apply", _deadlock)
        with pytest.raises(OperationalError):
            inbox.drain()
    assert WebhookPost.objects.get().state == "new"
    inbox.drain()
    message.refresh_from_db()
    assert message.status == Status.DELIVERED


def _deadlock(post: WebhookPost) -> None:
    raise OperationalError("deadlock detected")


@pytest.mark.parametrize("slash", ["/", "\\/", "%2F"])
def test_a_click_keeps_no_key_to_the_portal(webhook: Post, slash: str) -> None:
    message = sent()
    secret = secrets.token_urlsafe(32)
    clicked = f"https://desk.example.com{slash}p{slash}{secret}{slash}"
    post = postmark(message, "Open", RecordType="Click", OriginalLink=clicked)
    assert webhook(post) == 200
    inbox.drain()
    event = MessageEvent.objects.get(type="clicked")
    assert "desk.example.com" in event.data["click_url"]
    assert secret not in str(event.data)
    assert secret not in selectors_posts.raw(WebhookPost.objects.get()).text
