"""kill -9 at the worst moments: nothing is lost, nothing leaves twice, and what cannot be known says so."""

import time
from collections import Counter

import requests

from emails import activity, wake
from emails.models import Message
from emails.states import Status
from inspections import services
from tests.factories import make_draft, make_person
from tests.faults.conftest import House, kill_group
from tests.live import until

KILLS = 3


def confirmation(**person: str) -> Message:
    inspection, _ = services.save(make_draft(people=(make_person(**person),)), by="Kim")
    services.confirm(inspection, by="Kim")
    return inspection.messages.get(kind="confirmation")


def status(message: Message) -> str:
    return Message.objects.values_list("status", flat=True).get(pk=message.pk)


def wait_out_the_lease(message: Message) -> None:
    """Until the sweep has found that nobody holds this message any more."""

    def doubtful() -> bool:
        activity.sweep()
        return status(message) == Status.UNKNOWN

    until(doubtful, "the sweep finds the lost lease")


def test_killed_between_the_providers_accept_and_our_commit(house: House) -> None:
    house.switch(delay_ms=60_000)  # the service takes the email, and answers only after that
    worker = house.worker()
    message = confirmation(email="silent+ann@example.com")
    until(lambda: bool(house.accepted(str(message.uuid))), "the mail service took it")
    kill_group(worker)
    wait_out_the_lease(message)
    house.switch(delay_ms=0)
    house.worker("second")
    wake.deliver()
    time.sleep(1.5)
    assert len(house.accepted(str(message.uuid))) == 1
    assert status(message) == Status.UNKNOWN


def test_the_doubt_is_settled_by_the_webhook(house: House) -> None:
    house.switch(delay_ms=60_000, webhooks={"delay_ms": 10_000})
    worker = house.worker()
    message = confirmation()
    until(lambda: bool(house.accepted(str(message.uuid))), "the mail service took it")
    kill_group(worker)
    wait_out_the_lease(message)
    house.worker("second")
    until(lambda: status(message) == Status.DELIVERED, "the answer settled it")
    assert len(house.accepted(str(message.uuid))) == 1


def test_a_warm_stop_lets_a_running_send_finish(house: House) -> None:
    house.switch(delay_ms=1500)
    worker = house.worker()
    message = confirmation(email="silent+ann@example.com")
    until(lambda: bool(house.accepted(str(message.uuid))), "the mail service took it")
    assert worker.process
    worker.process.terminate()
    worker.process.wait(timeout=60)
    assert status(message) == Status.SENT


def test_killed_again_and_again_under_load(house: House) -> None:
    """24 confirmations, the worker killed three times: none lost, none twice, and doubts settled by the answers.

    One that was killed after it said "sending" and before the mail service took the email stays in doubt: from here,
    nobody can tell it from one that was taken.
    """
    house.switch(delay_ms=30)
    worker = house.worker("worker-0")
    for house_number in range(12):
        people = tuple(make_person(name=f"Client {n}", email=f"c{house_number}-{n}@example.com") for n in range(2))
        inspection, _ = services.save(make_draft(external_id=f"A-{house_number}", people=people), by="Kim")
        services.confirm(inspection, by="Kim")
    messages = Message.objects.filter(kind="confirmation")
    for turn in range(1, KILLS + 1):
        time.sleep(0.25 * turn)
        kill_group(worker)
        worker = house.worker(f"worker-{turn}")
        wake.deliver()
    house.switch(delay_ms=0)

    def copies() -> Counter[tuple[str, int]]:
        """How many messages have this status and were taken by the mail service this often."""
        rows = messages.values_list("status", "uuid")
        return Counter((status, len(house.accepted(str(uuid)))) for status, uuid in rows)

    def settled() -> bool:
        activity.sweep()
        wake._send(wake.DELIVER)
        wake._send(wake.DRAIN)
        time.sleep(0.3)
        return set(copies()) <= {(Status.DELIVERED, 1), (Status.UNKNOWN, 0)}

    until(settled, lambda: f"all settled, but {copies()}", seconds=60)
    assert sum(copies().values()) == 24
    assert copies()[Status.UNKNOWN, 0] <= KILLS * 2  # one for each process of the worker
    assert requests.get(f"{house.web_url}/healthz", timeout=60).ok
