"""The part before the plus decides what becomes of a practice email."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from anymail.exceptions import AnymailRecipientsRefused

from emails.diagnosis import classify
from emails.practice import events, fates
from emails.practice.entries import Entry, Recipient, entry, record
from tests.emails.practice_mail import Running, Sink, Webhook, receiving, running, until

# local part: (status, category, what Anymail makes of the webhooks)
CONTRACT = {
    "delivered": ("delivered", "", ["delivered"]),
    "bounce": ("bounced", "address_unknown", ["bounced"]),
    "nodomain": ("bounced", "domain_problem", ["bounced"]),
    "disabled": ("bounced", "mailbox_disabled", ["bounced"]),
    "full": ("soft_bounced", "mailbox_full", ["bounced"]),
    "blocked": ("bounced", "recipient_policy", ["rejected"]),
    "reputation": ("bounced", "sender_reputation", ["bounced"]),
    "setup": ("bounced", "sender_setup", ["bounced"]),
    "spam": ("bounced", "spam_content", ["complained"]),
    "malformed": ("bounced", "message_malformed", ["bounced"]),
    "softbounce": ("soft_bounced", "temporary_deferral", ["bounced"]),
    "down": ("soft_bounced", "server_problem", ["bounced"]),
    "suppressed": ("rejected", "suppressed", []),
    "slow": ("delivered", "", ["deferred", "delivered"]),
    "complaint": ("complained", "", ["delivered", "complained"]),
    "silent": ("sent", "", []),
    "toolarge": ("bounced", "message_too_large", ["bounced"]),
}
POSTED = [(name, types) for name, (_, _, types) in CONTRACT.items() if types]
TYPES = {
    "full": "SoftBounce",
    "softbounce": "SoftBounce",
    "down": "SoftBounce",
    "blocked": "Blocked",
    "spam": "SpamNotification",
    "slow": "Transient",
}


@pytest.fixture(scope="module")
def everyone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Sink]]:
    """One email to each fate, and what came back in the first seconds."""
    with (
        receiving() as sink,
        running(tmp_path_factory.mktemp("mail"), webhook_url=sink.url) as service,
    ):
        for name, _ in POSTED:
            service.send(f"{name}+ann@example.com", message=name)
        # All but the delivery that `slow` waits 20 s for.
        wanted = {name: 1 if name == "slow" else len(types) for name, types in POSTED}
        until(lambda: all(len(heard(sink, name)) >= count for name, count in wanted.items()), "webhook of each fate")
        yield service, sink


def heard(sink: Sink, name: str) -> list[Webhook]:
    """What came back about the email with this fate, in the order in which it happened."""
    return sorted(sink.of(f"{name}+ann@example.com"), key=lambda webhook: webhook.event().timestamp)


def make_entry(address: str) -> Entry:
    recipient = Recipient(email=address, name="", fate=fates.for_address(address))
    message = {"Subject": "Your inspection", "Metadata": {"message": "m-1"}}
    line = record(message, [recipient], sender="office@desk.example", message_id="p-1")
    return entry(line, number=0, offset=0, length=0)


def test_the_table_is_the_one_that_users_rely_on() -> None:
    assert {f.name: (f.status, f.category) for f in fates.TABLE} == {
        name: (status, category) for name, (status, category, _) in CONTRACT.items()
    }


@pytest.mark.parametrize(
    ("address", "fate"),
    [
        ("bounce@example.com", "bounce"),
        ("Bounce+7@Elsewhere.example", "bounce"),
        ("bounce+maria.cole+x@example.com", "bounce"),
        ("maria+bounce@example.com", "delivered"),
        ("bouncer@example.com", "delivered"),
        ("slip+rosa@gmial.com", "bounce"),
        ("slip+rosa@gmail.com", "delivered"),
    ],
)
def test_only_the_part_before_the_first_plus_decides(address: str, fate: str) -> None:
    assert fates.for_address(address).name == fate


@pytest.mark.parametrize("fate", [f for f in fates.TABLE if f.category and f.replies], ids=lambda fate: fate.name)
def test_every_wording_is_diagnosed_as_the_table_says(fate: fates.Fate) -> None:
    addresses = [f"{fate.name}+{number}@example.com" for number in range(60)]
    spoken = {fates.words(fate, fate.steps[0], address=address, sender="office@desk.example") for address in addresses}
    assert len({words.replace("+", "")[:20] for words in spoken}) > 1
    wrong = {words: found for words in spoken if (found := classify(words)) != fate.category}
    assert wrong == {}


def test_an_address_always_gets_the_same_words() -> None:
    said = {events.plan(make_entry("bounce+3@example.com"))[0].payload()["Details"] for _ in range(5)}
    assert len(said) == 1


@pytest.mark.parametrize(("name", "types"), POSTED)
def test_anymail_reads_the_webhook_as_expected(name: str, types: list[str], everyone: tuple[Running, Sink]) -> None:
    _, sink = everyone
    webhooks = heard(sink, name)
    found = [webhook.event() for webhook in webhooks]
    kinds = [event.event_type for event in found]
    assert kinds == (types[: len(kinds)] if name == "slow" else types)
    assert {event.metadata["message"] for event in found} == {name}
    assert all(event.mta_response.startswith("smtp;") for event in found if event.event_type != "complained")
    assert all(event.timestamp.tzinfo for event in found)
    assert webhooks[0].payload.get("Type", "HardBounce") == TYPES.get(name, "HardBounce")


def test_webhooks_carry_the_message_id_and_the_secret(everyone: tuple[Running, Sink]) -> None:
    service, sink = everyone
    ids = {line["to"]: line["provider_message_id"] for line in service.accepted()}
    assert {webhook.auth for webhook in sink.webhooks} == {"tests:only-for-tests"}
    assert all(ids[event.recipient] == event.message_id for event in (webhook.event() for webhook in sink.webhooks))


def test_reports_come_after_about_a_second(everyone: tuple[Running, Sink]) -> None:
    service, sink = everyone
    accepted = {line["to"]: datetime.fromisoformat(line["accepted_at"]) for line in service.accepted()}
    waits = [
        datetime.fromtimestamp(webhook.at, UTC) - accepted[f"{name}+ann@example.com"]
        for name in CONTRACT
        for webhook in heard(sink, name)[:1]
    ]
    assert all(0.6 <= wait.total_seconds() < 60 for wait in waits)
    plans = [events.plan(make_entry(f"{name}+ann@example.com")) for name, _ in POSTED]
    assert all((first.due_at - first.entry.accepted_at).total_seconds() < 1.3 for first, *_ in plans)


def test_slow_mail_is_delivered_after_twenty_seconds() -> None:
    deferred, delivered = events.plan(make_entry("slow@example.com"))
    assert deferred.payload()["Type"] == "Transient"
    assert delivered.payload()["RecordType"] == "Delivery"
    assert 19 < (delivered.due_at - delivered.entry.accepted_at).total_seconds() < 21


def test_suppressed_is_refused_at_the_call_until_it_is_lifted(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        with pytest.raises(AnymailRecipientsRefused) as refused:
            service.send("Suppressed+ann@example.com")
        status = refused.value.email_message.anymail_status
        assert status.status == {"rejected"}
        assert service.accepted() == []
        path = "message-streams/outbound/suppressions"
        (row,) = service.get(f"{path}/dump").json()["Suppressions"]
        assert row["EmailAddress"] == "suppressed+ann@example.com"
        service.post(f"{path}/delete", {"Suppressions": [{"EmailAddress": row["EmailAddress"]}]})
        assert service.get(f"{path}/dump").json() == {"Suppressions": []}
        assert service.send("Suppressed+ann@example.com").anymail_status.status == {"sent"}
