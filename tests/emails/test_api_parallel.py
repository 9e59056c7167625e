"""Many programs at once: every request is answered, and counts once."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections
from django.test import Client

from emails import activity
from emails.models import Message
from emails.states import IN_OUR_HANDS, Status
from inspections.models import Contact, Inspection, InspectionEvent
from tests.emails.api_calls import BODY, Answer, Api, make_api

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 20


def at_once(call: Callable[[int], Answer]) -> list[Answer]:
    """What MANY threads get that start together."""
    barrier = Barrier(MANY)

    def one(number: int) -> Answer:
        try:
            barrier.wait(timeout=60)
            return call(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(MANY) as threads:
        return list(threads.map(one, range(MANY)))


def bounced_email(api: Api) -> int:
    email = api.emails(api.confirmed())[0]
    Message.objects.get(pk=email["id"]).events.create(type="bounced", status=Status.BOUNCED)
    activity.learn([email["id"]])
    pk: int = email["id"]
    return pk


def test_the_same_idempotency_key_many_times_at_once_is_one_email() -> None:
    api = make_api()
    email = bounced_email(api)
    answers = at_once(lambda _: Api(api.secret, Client()).post(f"/emails/{email}/resend", {"idempotency_key": "1"}))
    assert {answer.status for answer in answers} == {202}
    assert len({answer.body["id"] for answer in answers}) == 1
    assert Message.objects.filter(resend_of=email).count() == 1


def test_different_idempotency_keys_at_once_put_one_email_in_flight() -> None:
    api = make_api()
    email = bounced_email(api)
    answers = at_once(lambda n: Api(api.secret, Client()).post(f"/emails/{email}/resend", {"idempotency_key": str(n)}))
    assert Counter(answer.status for answer in answers) == {202: 1, 409: MANY - 1}
    assert Message.objects.filter(resend_of=email, status__in=IN_OUR_HANDS).count() == 1


def test_one_inspection_posted_many_times_at_once_is_one_inspection() -> None:
    api = make_api()
    answers = at_once(lambda _: Api(api.secret, Client()).post("/inspections", BODY))
    assert Counter(answer.status for answer in answers) == {201: 1, 200: MANY - 1}
    assert len({str(answer.body) for answer in answers}) == 1
    assert (Inspection.objects.count(), Contact.objects.count(), InspectionEvent.objects.count()) == (1, 1, 1)


def test_many_confirmations_at_once_send_once() -> None:
    api = make_api()
    inspection = api.post("/inspections", BODY).body
    answers = at_once(lambda _: Api(api.secret, Client()).post(f"/inspections/{inspection['id']}/confirm"))
    assert {answer.status for answer in answers} == {200}
    assert [email["kind"] for email in api.emails(inspection)] == ["confirmation", "agreement", "reminder"]


def test_many_corrections_at_once_leave_one_address_everywhere() -> None:
    api = make_api()
    inspection = api.confirmed()
    contact = inspection["people"][0]["contact_id"]
    answers = at_once(
        lambda n: Api(api.secret, Client()).patch(f"/contacts/{contact}", {"email": f"ann{n}@example.com"})
    )
    assert {answer.status for answer in answers} == {200}
    address = Contact.objects.get().email
    assert {email["to"] for email in api.emails(inspection)} == {address}
