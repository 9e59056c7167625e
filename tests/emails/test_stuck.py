"""A message that cannot be prepared, or that stops its worker: it costs nobody else and is not tried without end."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg2
import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError, connection
from django.db.models.functions import Now

from emails import activity, delivery, rendering
from emails.models import Message, Problem
from emails.states import Reason, Status
from inspections import services
from tests.emails.practice_mail import Running
from tests.factories import make_draft, make_person


def due(count: int) -> list[Message]:
    """`count` confirmations that may leave now, in the order in which they do."""
    for number in range(count):
        person = make_person(email=f"ann{number}@example.com")
        inspection, _ = services.save(make_draft(external_id=f"A-{number}", people=(person,)), by="Kim")
        services.confirm(inspection, by="Kim")
    Message.objects.exclude(kind="confirmation").delete()
    return list(Message.objects.order_by("send_after", "pk"))


def leases_run_out() -> None:
    Message.objects.filter(status=Status.CLAIMED).update(lease_until=Now() - timedelta(seconds=1))
    activity.sweep()


def statuses() -> list[str]:
    return list(Message.objects.order_by("pk").values_list("status", flat=True))


@contextmanager
def locked(table: str) -> Iterator[None]:
    """Somebody else has it for so long that we do not get it."""
    other = psycopg2.connect(**connection.get_connection_params())
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '100ms'")
    try:
        other.cursor().execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield
    finally:
        other.close()
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")


@pytest.mark.django_db(transaction=True)
def test_a_database_that_fails_in_passing_holds_no_message(mail: Running) -> None:
    due(3)
    with locked("inspections_portallink"), pytest.raises(OperationalError):
        delivery.deliver_due()
    # The first waits for its lease; those not begun are back at once.
    assert statuses() == [Status.CLAIMED, Status.QUEUED, Status.QUEUED]
    leases_run_out()
    delivery.deliver_due()
    assert set(statuses()) == {Status.SENT}


@pytest.mark.django_db(transaction=True)
def test_a_task_that_took_too_long_holds_no_message(mail: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    def too_long(*_: Any, **__: Any) -> str:
        raise SoftTimeLimitExceeded

    due(2)
    with monkeypatch.context() as patch:
        patch.setattr(rendering, "render_to_string", too_long)
        with pytest.raises(SoftTimeLimitExceeded):
            delivery.deliver_due()
    assert statuses() == [Status.CLAIMED, Status.QUEUED]
    leases_run_out()
    delivery.deliver_due()
    assert set(statuses()) == {Status.SENT}


@pytest.mark.django_db
@pytest.mark.parametrize("place", [0, 2, 5])
def test_what_stops_its_worker_is_held_after_five_times_and_nobody_else_is(place: int) -> None:
    messages = due(6)
    killer = messages[place]
    for _ in range(20):
        batch = activity.claim(50)
        for message in batch:
            if message == killer:
                break  # kill -9: nothing more is heard of this batch
            activity.mark_sending(message)
            activity.finish(message, Status.SENT)
        leases_run_out()
    killer.refresh_from_db()
    assert (killer.status, killer.reason, killer.leases_lost) == (Status.HELD, Reason.TEMPLATE_PROBLEM, 5)
    assert killer.note == "This email stopped our sending part five times, so it is no longer tried."
    assert Problem.objects.open().get().message == killer
    assert set(Message.objects.exclude(pk=killer.pk).values_list("status", flat=True)) == {Status.SENT}


@pytest.mark.django_db
def test_a_lost_lease_costs_no_try() -> None:
    (message,) = due(1)
    activity.claim(50)
    leases_run_out()
    message.refresh_from_db()
    assert (message.status, message.tries, message.leases_lost) == (Status.QUEUED, 0, 1)
