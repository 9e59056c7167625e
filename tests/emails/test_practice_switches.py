"""A person or a fault test makes the practice provider misbehave by switches."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from anymail.exceptions import AnymailRequestsAPIError

from emails.practice.switches import DEFAULTS
from tests.emails.practice_mail import Running, Sink, receiving, running, until

EMAIL = {"From": "office@desk.example", "To": "bounce@example.com", "TextBody": "Hello"}


@pytest.fixture
def sink() -> Iterator[Sink]:
    with receiving() as sink:
        yield sink


@pytest.fixture
def service(tmp_path: Path, sink: Sink) -> Iterator[Running]:
    with running(tmp_path, webhook_url=sink.url) as service:
        yield service


def test_all_switches_are_off_at_first(service: Running) -> None:
    assert service.get("practice/switches").json() == DEFAULTS


def test_a_change_leaves_the_rest_as_it_was_and_survives_a_restart(service: Running) -> None:
    service.switch(webhooks={"copies": 3}, brake=True)
    service.switch(webhooks={"delay_ms": 50}, answer="503", share=0.25)
    expected = DEFAULTS | {
        "answer": "503",
        "share": 0.25,
        "brake": True,
        "webhooks": {"copies": 3, "delay_ms": 50, "shuffle": False},
    }
    assert service.get("practice/switches").json() == expected
    service.kill()
    with running(service.data) as again:
        assert again.get("practice/switches").json() == expected


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"answer": "418"}, "answer"),
        ({"answer": 429}, "answer"),
        ({"share": 1.5}, "share"),
        ({"share": True}, "share"),
        ({"share": "half"}, "share"),
        ({"delay_ms": -1}, "delay_ms"),
        ({"delay_ms": 0.5}, "delay_ms"),
        ({"brake": 1}, "brake"),
        ({"webhooks": 2}, "webhooks"),
        ({"webhooks": {"copies": 101}}, "webhooks.copies"),
        ({"webhooks": {"shuffle": None}}, "webhooks.shuffle"),
        ({"webhooks": {"colour": 1}}, "webhooks.colour"),
        ({"nonsense": 1}, "nonsense"),
        ([], "body"),
    ],
)
def test_a_senseless_switch_is_named_and_changes_nothing(changes: Any, field: str, service: Running) -> None:
    answer = service.post("practice/switches", changes)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert service.get("practice/switches").json() == DEFAULTS


@pytest.mark.parametrize("answer", ["429", "500", "503"])
def test_a_refusal_means_not_accepted(answer: str, service: Running) -> None:
    service.switch(answer=answer)
    with pytest.raises(AnymailRequestsAPIError) as error:
        service.send("ann@example.com")
    assert error.value.status_code == int(answer)
    assert error.value.response.headers.get("Retry-After") == ("1" if answer == "429" else None)
    assert service.accepted() == []


def test_a_share_of_a_quarter_hits_every_fourth_request(service: Running) -> None:
    service.switch(answer="503", share=0.25)
    statuses = [service.post("email", EMAIL).status_code for _ in range(12)]
    assert statuses == [200, 200, 200, 503] * 3
    assert len(service.accepted()) == 9


def test_a_time_out_comes_after_the_email_was_taken(service: Running, sink: Sink) -> None:
    service.switch(answer="timeout")
    with pytest.raises(requests.ReadTimeout):
        service.send("bounce@example.com", timeout=0.5, message="taken")
    until(lambda: len(service.accepted()) > 0, "accepted email")
    assert [line["metadata"]["message"] for line in service.accepted()] == ["taken"]
    assert sink.wait(1)[0].event().event_type == "bounced"
    assert service.stop() == 0


def test_a_reset_comes_after_the_email_was_taken(service: Running, sink: Sink) -> None:
    service.switch(answer="reset_after_accept")
    with pytest.raises(requests.ConnectionError) as error:
        service.send("bounce@example.com", message="taken")
    assert "Connection reset by peer" in str(error.value.__cause__)
    assert [line["metadata"]["message"] for line in service.accepted()] == ["taken"]
    assert sink.wait(1)[0].event().event_type == "bounced"


def test_a_webhook_may_come_before_the_answer(service: Running, sink: Sink) -> None:
    service.switch(delay_ms=120_000)
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(service.post, "email", EMAIL)
        (webhook,) = sink.wait(1)
        assert not answer.done()
        assert service.stop() == 0  # then it answers at once
        assert answer.result().json()["MessageID"] == webhook.payload["MessageID"]


def test_an_answer_waits_for_as_long_as_it_should(service: Running) -> None:
    service.switch(delay_ms=500)
    assert service.post("email", EMAIL).elapsed.total_seconds() >= 0.5


def test_webhooks_come_in_copies_at_the_same_time(service: Running, sink: Sink) -> None:
    service.switch(webhooks={"copies": 20})
    service.post("email", EMAIL)
    webhooks = sink.wait(20)
    assert all(webhook.payload == webhooks[0].payload for webhook in webhooks)
    assert max(webhook.at for webhook in webhooks) - min(webhook.at for webhook in webhooks) < 30


def test_no_copies_means_that_the_provider_forgets_to_tell(service: Running, sink: Sink) -> None:
    service.switch(webhooks={"copies": 0})
    service.send("complaint@example.com")
    until(lambda: not service.get("healthz").json()["webhooks_waiting"], "end of the webhooks")
    (item,) = service.get("practice/messages").json()["items"]
    assert [event["outcome"] for event in item["events"]] == ["dropped", "dropped"]
    assert sink.webhooks == []


def test_webhooks_can_be_late_but_tell_the_true_time(service: Running, sink: Sink) -> None:
    service.switch(webhooks={"delay_ms": 2000})
    service.post("email", EMAIL)
    (webhook,) = sink.wait(1)
    lateness = webhook.at - webhook.event().timestamp.timestamp()
    assert 1.9 < lateness < 60


def test_shuffled_webhooks_of_an_email_change_places(service: Running, sink: Sink) -> None:
    service.switch(webhooks={"shuffle": True})
    orders: set[tuple[str, ...]] = set()
    for batch in range(5):  # each may by chance keep one order: all five do so once in 2 ** 55 times
        addresses = [f"complaint+{batch}-{number}@example.com" for number in range(12)]
        for address in addresses:
            service.send(address)
        sink.wait(24 * (batch + 1))
        orders |= {tuple(webhook.event().event_type for webhook in sink.of(address)) for address in addresses}
        if len(orders) > 1:
            break
    assert orders == {("delivered", "complained"), ("complained", "delivered")}
