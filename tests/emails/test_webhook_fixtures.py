"""The recorded-shape webhooks of `tests/fixtures/webhooks/` say to Anymail what their names say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from anymail.signals import AnymailTrackingEvent
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from anymail.webhooks.sendgrid import SendGridTrackingWebhookView
from django.test import RequestFactory

FOLDER = Path(__file__).parent.parent / "fixtures" / "webhooks"
Expected = dict[str, list[tuple[str, str | None]]]
VIEWS: dict[str, Any] = {"postmark": PostmarkTrackingWebhookView, "sendgrid": SendGridTrackingWebhookView}

# file: (event type, reject reason), one pair for each event in it
POSTMARK: Expected = {
    "auto_responder": [("autoresponded", None)],
    "blocked": [("rejected", "blocked")],
    "click": [("clicked", None)],
    "delivery": [("delivered", None)],
    "dns_error": [("deferred", None)],
    "hard_bounce": [("bounced", "bounced")],
    "open": [("opened", None)],
    "soft_bounce": [("bounced", "bounced")],
    "spam_complaint": [("complained", "spam")],
    "spam_notification": [("complained", "spam")],
    "subscription_change": [("unsubscribed", "unsubscribed")],
    "subscription_hard_bounce": [("bounced", "bounced")],
    "subscription_reactivated": [("subscribed", None)],
    "transient": [("deferred", None)],
}
SENDGRID: Expected = {
    "processed": [("queued", None)],
    "deferred": [("deferred", None)],
    "delivered": [("delivered", None)],
    "bounce": [("bounced", None)],
    "bounce_blocked": [("bounced", None)],
    "dropped_bounced_address": [("rejected", "bounced")],
    "dropped_unsubscribed": [("rejected", "unsubscribed")],
    "dropped_spam_reporting": [("rejected", "other")],
    "dropped_invalid": [("rejected", "invalid")],
    "dropped_spam_content": [("rejected", "other")],
    "spamreport": [("complained", None)],
    "open": [("opened", None)],
    "click": [("clicked", None)],
    "unsubscribe": [("unsubscribed", None)],
}
EXPECTED: Expected = {
    **{f"postmark/{name}": events for name, events in POSTMARK.items()},
    **{f"sendgrid/{name}": events for name, events in SENDGRID.items()},
    "sendgrid/batch": [event for events in SENDGRID.values() for event in events],
}

pytestmark = pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailNotSupportedWarning")


def parse(name: str) -> list[AnymailTrackingEvent]:
    body = (FOLDER / f"{name}.json").read_bytes()
    request = RequestFactory().post("/", body, content_type="application/json")
    events: list[AnymailTrackingEvent] = VIEWS[name.partition("/")[0]]().parse_events(request)
    return events


@pytest.mark.parametrize("name", EXPECTED)
def test_anymail_reads_it_as_its_name_says(name: str) -> None:
    events = parse(name)
    assert [(event.event_type, event.reject_reason) for event in events] == EXPECTED[name]
    for event in events:
        assert event.recipient
        assert event.message_id
        assert event.timestamp.tzinfo
        assert len(event.metadata["message"]) == 36


def test_every_file_is_checked() -> None:
    files = {f"{folder}/{path.stem}" for folder in VIEWS for path in (FOLDER / folder).glob("*.json")}
    assert files == set(EXPECTED)
