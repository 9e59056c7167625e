"""Posts that no vendor documents: never an error for the provider, never lost, never a wrong outcome."""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from emails import inbox
from emails.models import Message, MessageEvent, WebhookPost
from emails.states import Status
from inspections.models import Participant
from tests.emails import signed
from tests.emails.mailed import make_client
from tests.emails.test_providers_words import EXPECTED, addressed, heard, load, together

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailNotSupportedWarning"),
]
PROVIDERS = sorted(EXPECTED)
# A refusal of each provider.
REFUSALS = {
    "amazon_ses": "bounce_permanent_general",
    "brevo": "hard_bounce",
    "mailersend": "hard_bounced",
    "mailgun": "failed_unknown",
    "mailjet": "bounce_user_unknown",
    "mailtrap": "bounce",
    "mandrill": "hard_bounce",
    "postal": "failed",
    "postmark": "hard_bounce",
    "resend": "bounced",
    "sendgrid": "bounce",
    "sparkpost": "bounce_10",
    "unisender_go": "hard_user_unknown",
}
SIGN_INSIDE = {"mailgun", "unisender_go"}  # the signature is a value of the post's mapping
RECIPIENTS = {"email", "Email", "recipient", "raw_rcpt_to", "rcpt_to", "to", "emailAddress", "destination"}
NAMES = {"messageId", "message-id", "MessageID", "message_id", "transmission_id", "email_id", "_id", "anymail_id"}
TIMES = {"timestamp", "Timestamp", "time", "ts", "ts_epoch", "created_at", "BouncedAt", "event_time"}


@pytest.fixture(autouse=True)
def _keys(settings: LazySettings) -> None:
    settings.ANYMAIL = {**settings.ANYMAIL, **signed.settings_of_all()}


@pytest.fixture
def ann() -> Participant:
    return make_client(email="ann@example.com")


def walked(data: Any, change: Callable[[str, Any], Any]) -> Any:
    """A copy with every named value put through `change`."""
    if isinstance(data, dict):
        return {key: walked(change(key, value), change) for key, value in data.items()}
    return [walked(value, change) for value in data] if isinstance(data, list) else data


def without(names: set[str]) -> Callable[[Any], Any]:
    def drop(data: Any) -> Any:
        if isinstance(data, dict):
            return {key: drop(value) for key, value in data.items() if key not in names}
        return [drop(value) for value in data] if isinstance(data, list) else data

    return drop


def at(seconds: int, text: str) -> Callable[[Any], Any]:
    """All its times moved to another year, each in the form it has."""

    def change(key: str, value: Any) -> Any:
        if key not in TIMES:
            return value
        if isinstance(value, str):
            return str(seconds) if value.isdigit() else text
        return seconds * 1000 if key == "ts_epoch" else seconds

    return lambda data: walked(data, change)


def numbers(data: Any) -> Any:
    """Every text a number."""
    return walked(data, lambda key, value: 7 if isinstance(value, str) else value)


def texts(data: Any) -> Any:
    """Every number, flag, list and mapping below the event a text."""
    kept = {"event-data", "msys", "events", "events_by_user", "payload", "data", "msg"}
    return walked(data, lambda key, value: value if key in kept or isinstance(value, str) else "odd")


def emptied(data: Any) -> Any:
    """Every list empty."""
    return walked(data, lambda key, value: [] if isinstance(value, list) else value)


def nulls(data: Any) -> Any:
    """Every value below the event none at all."""
    return walked(data, lambda key, value: value if isinstance(value, dict | list) else None)


BENT: dict[str, Callable[[Any], Any]] = {
    "without a message id": without(NAMES),
    "without a recipient": without(RECIPIENTS),
    "without anything": lambda data: [] if isinstance(data, list) else {},
    "of 1970": at(1, "1970-01-01T00:00:01Z"),
    "of 2099": at(4_070_908_800, "2099-01-01T00:00:00Z"),
    "of year 30000": at(900_000_000_000, "30000-01-01T00:00:00Z"),
    "all numbers": numbers,
    "all texts": texts,
    "empty lists": emptied,
    "nulls": nulls,
    "a list": lambda data: [],
    "a list of nulls": lambda data: [None],
    "a word": lambda data: "word",
    "a number": lambda data: 7,
    "null": lambda data: None,
}


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("how", BENT)
def test_a_bent_post_is_answered_and_costs_no_other(client: Client, ann: Participant, provider: str, how: str) -> None:
    right = load(provider, REFUSALS[provider])
    message = addressed(provider, heard(provider, right), ann)
    bent = BENT[how](deepcopy(right))
    unsigned = provider in SIGN_INSIDE and not isinstance(bent, dict)
    assert signed.post(client, provider, bent) == (400 if unsigned else 200)
    assert signed.post(client, provider, right) == 200
    inbox.drain()
    message.refresh_from_db()
    assert message.status == Status.BOUNCED
    assert not WebhookPost.objects.filter(state=WebhookPost.State.NEW).exists()


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("how", ["of 1970", "of 2099"])
def test_a_wrong_clock_does_not_change_the_outcome(client: Client, ann: Participant, provider: str, how: str) -> None:
    bent = BENT[how](load(provider, REFUSALS[provider]))
    message = addressed(provider, heard(provider, bent), ann)
    assert signed.post(client, provider, bent) == 200
    inbox.drain()
    message.refresh_from_db()
    event = message.events.get(key__isnull=False)
    assert (message.status, event.at.year) == (Status.BOUNCED, event.recorded_at.year)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_post_told_five_times_counts_once(client: Client, ann: Participant, provider: str) -> None:
    data = load(provider, REFUSALS[provider])
    message = addressed(provider, heard(provider, data), ann)
    for _ in range(5):
        assert signed.post(client, provider, data) == 200
    inbox.drain()
    assert WebhookPost.objects.filter(state=WebhookPost.State.DONE).count() == 5
    assert message.events.filter(key__isnull=False).count() == 1


@pytest.mark.parametrize("provider", ["mailjet", "mailtrap", "mandrill", "sendgrid", "sparkpost", "unisender_go"])
def test_one_bad_event_of_a_batch_costs_only_itself(client: Client, ann: Participant, provider: str) -> None:
    right = load(provider, REFUSALS[provider])
    message = addressed(provider, heard(provider, right), ann)
    assert signed.post(client, provider, together(provider, [BAD[provider], right])) == 200
    inbox.drain()
    message.refresh_from_db()
    assert message.status == Status.BOUNCED
    states = sorted(WebhookPost.objects.values_list("state", flat=True))
    assert states == ["done", "poison", "split"]


# One event that Anymail's parser cannot read, wrapped as the provider wraps it.
BAD: dict[str, Any] = {
    "mailjet": [{"event": ["bounce"]}],
    "mailtrap": {"events": [{"event": 7}]},
    "mandrill": [{"event": "hard_bounce", "msg": 7}],
    "sendgrid": [{"event": "bounce", "timestamp": "not a number"}],
    "sparkpost": [{"msys": {"message_event": {"type": ["bounce"]}}}],
    "unisender_go": {"events_by_user": [{"events": [{"event_name": "transactional_email_status", "event_data": 7}]}]},
}


def test_news_of_the_account_are_no_poison(client: Client) -> None:
    news = {"type": "identity.verified", "created_at": "2026-03-03T15:12:05Z", "data": {"object": "identity"}}
    assert signed.post(client, "mailersend", news) == 200
    inbox.drain()
    assert WebhookPost.objects.get().state == WebhookPost.State.DONE


@pytest.mark.parametrize("given", ['"a word"', "7", "[1]", '{"message": 7}', '{"message": "no uuid"}'])
def test_what_others_put_into_the_metadata_is_no_poison(client: Client, given: str) -> None:
    data = load("brevo", "hard_bounce") | {"X-Mailin-custom": given}
    assert signed.post(client, "brevo", data) == 200
    inbox.drain()
    assert WebhookPost.objects.get().state == WebhookPost.State.DONE
    assert MessageEvent.objects.get(provider="brevo").message is None


def test_a_name_beside_the_address_is_no_other_recipient(client: Client, ann: Participant) -> None:
    data = load("amazon_ses", "bounce_permanent_general")
    message = addressed("amazon_ses", heard("amazon_ses", data), ann)
    named = json.loads(
        json.dumps(data)
        .replace('"emailAddress": "', '"emailAddress": "Ann Lee <')
        .replace('example.com", "action"', 'example.com>", "action"')
    )
    assert signed.post(client, "amazon_ses", named) == 200
    inbox.drain()
    assert Message.objects.get(pk=message.pk).status == Status.BOUNCED
