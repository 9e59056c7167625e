"""Every recorded post of every provider, through the real door, comes to what a person would choose, and no worse."""

import json
import tomllib
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from anymail.signals import AnymailTrackingEvent
from django.conf import LazySettings
from django.test import Client

from emails import inbox, providers
from emails.diagnosis import CATEGORIES
from emails.models import Message, MessageEvent, WebhookPost
from emails.states import UNDELIVERED, Status
from emails.verdicts import PROVIDERS
from inspections.models import Participant
from tests.emails import signed
from tests.emails.mailed import make_client, make_message

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailNotSupportedWarning"),
]
FOLDER = Path(__file__).parent.parent / "fixtures" / "webhooks"
EXPECTED: dict[str, dict[str, list[str]]] = tomllib.loads((FOLDER / "expected.toml").read_text("utf-8"))
ALL = [(provider, name) for provider, rows in EXPECTED.items() for name in rows]
BATCHES = {("sendgrid", "batch")}  # one of each, in one post
GIVE_NO_METADATA = {"mailersend", "postal"}

KINDS = {
    "accepted", "delivered", "later", "hard", "soft", "not tried", "complaint", "unsubscribe", "auto-reply", "opened",
    "clicked", "new word",
}  # fmt: skip
# What a provider documents no event for.
NOT_TOLD = {
    "amazon_ses": set[str](),
    "brevo": {"auto-reply"},
    "mailersend": {"auto-reply"},
    "mailgun": {"auto-reply"},
    "mailjet": {"accepted", "auto-reply"},
    "mailtrap": {"accepted", "auto-reply"},
    "mandrill": {"auto-reply"},
    "postal": {"accepted", "complaint", "unsubscribe"},
    "postmark": {"accepted"},
    "resend": {"auto-reply", "unsubscribe"},
    "sendgrid": {"auto-reply"},
    "sparkpost": set[str](),
    "unisender_go": {"auto-reply"},
}


@pytest.fixture(autouse=True)
def _keys(settings: LazySettings) -> None:
    settings.ANYMAIL = {**settings.ANYMAIL, **signed.settings_of_all()}


@pytest.fixture
def ann() -> Participant:
    return make_client(email="ann@example.com")


def load(provider: str, name: str) -> Any:
    return json.loads((FOLDER / provider / f"{name}.json").read_text("utf-8"))


def heard(provider: str, data: Any) -> AnymailTrackingEvent:
    """The one event in a post, as Anymail reads it: whom it is about."""
    made = signed.sign(provider, data)
    post = WebhookPost(provider=provider, body=made.body, headers={"Content-Type": made.content_type})
    (event,) = providers.parse(post)
    return event


def addressed(provider: str, event: AnymailTrackingEvent, person: Participant) -> Message:
    """The message that this event is about, sent."""
    address = str(event.recipient)
    names = {"uuid": event.metadata["message"]} if provider not in GIVE_NO_METADATA else {}
    known = {"provider_message_id": str(event.message_id), "to_address": address, "to_key": address.lower()}
    return make_message(person, provider=provider, **known, **names)


def outcome(message: Message) -> tuple[str, str]:
    """Status and category; of a message that may still arrive, the category of the last event."""
    message.refresh_from_db()
    if message.status == Status.DEFERRED:
        assert message.category == ""
        return message.status, message.events.filter(status=Status.DEFERRED).latest("pk").category
    return message.status, message.category


# --- the walk --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("provider", "name"), ALL, ids=["-".join(row) for row in ALL])
def test_a_post_comes_to_what_a_person_would_choose(client: Client, ann: Participant, provider: str, name: str) -> None:
    status, category, why, *words = EXPECTED[provider][name]
    data = load(provider, name)
    message = addressed(provider, heard(provider, data), ann)
    assert signed.post(client, provider, data) == 200
    inbox.drain()
    assert WebhookPost.objects.get().state == WebhookPost.State.DONE, WebhookPost.objects.get().error
    assert outcome(message) == (status, category), why
    event = MessageEvent.objects.get(key__isnull=False)
    assert event.message == message
    assert event.message_uuid == (None if provider in GIVE_NO_METADATA else message.uuid)
    assert not words or event.text == words[0]
    assert bool(message.decided_by) == (status in UNDELIVERED)
    assert name != "teleported" or event.type == "news"


@pytest.mark.parametrize("provider", ["mailjet", "mailtrap", "mandrill", "sendgrid", "sparkpost", "unisender_go"])
def test_all_of_a_providers_posts_in_one_come_to_the_same(client: Client, ann: Participant, provider: str) -> None:
    rows = {name: load(provider, name) for name in EXPECTED[provider]}
    rows = {name: data for name, data in rows.items() if provider != "unisender_go" or "events_by_user" in data}
    rows = {name: data for name, data in rows.items() if not tells_more_of_another(provider, name, rows)}
    messages = {name: addressed(provider, heard(provider, data), ann) for name, data in rows.items()}
    assert signed.post(client, provider, together(provider, rows.values())) == 200
    inbox.drain()
    assert WebhookPost.objects.get().state == WebhookPost.State.DONE
    found = {name: outcome(message) for name, message in messages.items()}
    assert found == {name: tuple(EXPECTED[provider][name][:2]) for name in rows}


def tells_more_of_another(provider: str, name: str, rows: dict[str, Any]) -> bool:
    """It is about the same email as an earlier one: the two would fold into one outcome."""
    names = {other: heard(provider, data).metadata.get("message") for other, data in rows.items()}
    return next(other for other in rows if names[other] == names[name]) != name


def together(provider: str, posts: Iterable[Any]) -> Any:
    """One batch, as the provider wraps it."""
    if provider == "mailtrap":
        return {"events": [event for data in posts for event in data["events"]]}
    if provider == "unisender_go":
        events = [event for data in posts for event in data["events_by_user"][0]["events"]]
        return {"auth": "", "events_by_user": [{"user_id": 456, "events": events}]}
    return list(chain.from_iterable(data if isinstance(data, list) else [data] for data in posts))


@pytest.mark.parametrize("provider", EXPECTED)
def test_no_automatic_reply_makes_a_delivered_email_a_failure(client: Client, ann: Participant, provider: str) -> None:
    for name in (n for n in EXPECTED[provider] if kind_of(provider, n) == "auto-reply"):
        data = load(provider, name)
        message = addressed(provider, heard(provider, data), ann)
        inbox.activity.add(message, "delivered", status=Status.DELIVERED, provider=provider)
        assert signed.post(client, provider, data) == 200
        inbox.drain()
        message.refresh_from_db()
        assert message.status == Status.DELIVERED
        assert message.auto_reply == message.events.get(type="autoresponded").text


# --- the table is whole ----------------------------------------------------------------------------------------------


def kind_of(provider: str, name: str) -> str:
    """Which of KINDS a fixture is, by what it must come to and by the type that Anymail or our table gives it."""
    status, category = EXPECTED[provider][name][:2]
    if "teleported" in name:
        return "new word"
    known = {
        Status.DELIVERED: "delivered",
        Status.DEFERRED: "later",
        Status.BOUNCED: "hard",
        Status.SOFT_BOUNCED: "soft",
        Status.REJECTED: "not tried",
        Status.COMPLAINED: "complaint",
    }
    if status in known:
        return known[Status(status)]
    words = {
        "auto-reply": ("out_of_office", "auto_repl", "auto_responder", "bounce_60", "challenge", "address_change"),
        "unsubscribe": ("unsub", "subscription"),
        "opened": ("open", "loaded"),
        "clicked": ("click",),
        "accepted": ("send", "sent", "request", "accepted", "processed", "injection"),
    }
    assert category == ""
    return next((kind for kind, parts in words.items() if any(part in name for part in parts)), "something else")


def test_every_file_is_in_the_table_and_every_row_has_its_file() -> None:
    files = {(path.parent.name, path.stem) for path in FOLDER.glob("*/*.json")}
    assert files - BATCHES == set(ALL)


def test_every_provider_that_anymail_tracks_has_a_table_and_fixtures() -> None:
    assert set(PROVIDERS) - {providers.BY_MAIL} == set(EXPECTED) == set(providers.VIEWS)


@pytest.mark.parametrize("provider", EXPECTED)
def test_every_kind_that_a_provider_documents_is_there(provider: str) -> None:
    kinds = {kind_of(provider, name) for name in EXPECTED[provider]}
    assert kinds - {"something else"} == KINDS - NOT_TOLD[provider]


def test_every_row_is_possible_and_says_why() -> None:
    for provider, name in ALL:
        status, category, why, *words = EXPECTED[provider][name]
        assert status in set(Status), name
        assert len(why) > 3, name
        assert len(words) <= 1, name
        reason_needed = status in UNDELIVERED or status == Status.DEFERRED
        assert category in ({*CATEGORIES, "complained"} if reason_needed else {""}), name


def test_categories_in_the_providers_tables_exist() -> None:
    for provider in PROVIDERS.values():
        given = {row.category for row in provider.table.values()} | set(provider.hints.values())
        assert given <= {"", *CATEGORIES}


# --- the locks -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", sorted(signed.SIGNING))
def test_a_post_signed_with_another_key_is_not_kept(client: Client, settings: LazySettings, provider: str) -> None:
    settings.ANYMAIL = {**settings.ANYMAIL, **signed.settings_of_all("the-key-that-is-really-ours")}
    assert signed.post(client, provider, load(provider, next(iter(EXPECTED[provider])))) == 400
    assert not WebhookPost.objects.exists()


def test_amazons_topic_is_asked_for_its_password(client: Client) -> None:
    made = signed.sign("amazon_ses", load("amazon_ses", "send"))
    url = "/anymail/amazon_ses/tracking/"
    answer = client.post(url, made.body, content_type=made.content_type, headers=dict(made.headers))
    assert (answer.status_code, answer["WWW-Authenticate"][:5]) == (401, "Basic")
    assert signed.post(client, "amazon_ses", load("amazon_ses", "send"), Authorization="Basic eDp5") == 400


def test_a_wish_to_subscribe_is_kept_and_not_answered_by_itself(client: Client) -> None:
    made = signed.subscription_confirmation()
    headers = {**signed.AUTH, **made.headers}
    url = "/anymail/amazon_ses/tracking/"
    assert client.post(url, made.body, content_type=made.content_type, headers=headers).status_code == 200
    inbox.drain()  # a call to Amazon would fail here: there is no network and no key
    post = WebhookPost.objects.get()
    assert (post.state, post.error) == (WebhookPost.State.DONE, "")
    assert b"SubscribeURL" in bytes(post.body)


def test_unisender_go_may_look_by_get(client: Client) -> None:
    assert client.get("/anymail/unisender_go/tracking/").status_code == 200
    assert client.get("/anymail/brevo/tracking/").status_code == 405
