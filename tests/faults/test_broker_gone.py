"""The broker holds nothing of value: gone, hung or emptied, pages answer and every email leaves in the end."""

import time
from collections.abc import Callable

import pytest
import redis
from django.test import Client

from emails.models import Message
from emails.states import Status
from inspections import services
from tests.factories import make_draft, make_user
from tests.faults.conftest import House
from tests.live import until


def sent_confirmation(house: House) -> Message:
    inspection, _ = services.save(make_draft(), by="Kim")
    services.confirm(inspection, by="Kim")
    message = inspection.messages.get(kind="confirmation")
    until(lambda: Message.objects.get(pk=message.pk).status == Status.DELIVERED, "the first copy arrived")
    return message


def press_resend(message: Message) -> float:
    """Press the button in a browser's manner; the seconds until the page answered."""
    client = Client()
    client.force_login(make_user())
    start = time.monotonic()
    response = client.post(f"/messages/{message.pk}/resend/", {"nonce": "form-1"})
    assert response.status_code == 302
    return time.monotonic() - start


@pytest.mark.parametrize(
    "break_it", [lambda house: house.broker.down(), lambda house: house.broker.hang()], ids=["gone", "hung"]
)
def test_resend_answers_at_once_and_leaves_when_the_broker_is_back(
    house: House, break_it: Callable[[House], None]
) -> None:
    house.worker()
    house.beat()
    message = sent_confirmation(house)
    break_it(house)
    assert press_resend(message) < 12
    again = Message.objects.get(root=message)
    time.sleep(3)
    house.broker.down()  # a hung server's connections do not come back
    house.broker.up()
    until(lambda: Message.objects.get(pk=again.pk).status == Status.DELIVERED, "it left after all")
    assert len(house.accepted(str(again.uuid))) == 1


def test_an_emptied_broker_loses_nothing(house: House) -> None:
    house.worker()
    house.beat()
    message = sent_confirmation(house)
    server = redis.Redis.from_url(house.broker.url)
    press_resend(message)
    server.flushdb()
    server.close()
    again = Message.objects.get(root=message)
    until(lambda: Message.objects.get(pk=again.pk).status == Status.DELIVERED, "it left after all")
