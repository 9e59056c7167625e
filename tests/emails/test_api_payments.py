"""Signatures and payments over the REST API."""

from typing import Any

import pytest

from inspections import services, signing
from inspections.models import Inspection, Payment
from tests.emails.api_calls import BODY, Api, make_api
from tests.factories import consent, make_agreement, make_draft

pytestmark = pytest.mark.django_db


@pytest.fixture
def api() -> Api:
    return make_api()


def added(api: Api) -> Inspection:
    make_agreement()
    api.post("/inspections", BODY)
    return Inspection.objects.get()


def test_an_inspection_says_who_signed_and_what_is_due(api: Api) -> None:
    inspection = added(api)
    path, person = f"/inspections/{inspection.pk}", inspection.participants.get()
    signed = signing.sign(person, consent(person))
    api.post(f"{path}/payments", {"amount": "200.00", "method": "check"})
    body = api.get(path).body
    assert body["people"][0]["signed_at"].startswith(f"{signed.signed_at:%Y-%m-%dT%H:%M}")
    assert (body["paid"], body["due"]) == ("200.00", "225.00")
    services.correct(inspection, make_draft(address="14 Oak St"), by="Kim")
    assert api.get(path).body["people"][0]["signed_at"] is None


def test_a_payment_is_recorded_once_for_a_key(api: Api) -> None:
    path = f"/inspections/{added(api).pk}/payments"
    body = {"amount": "425.00", "method": "check", "note": "Check 1042", "idempotency_key": "invoice 1042"}
    first, again = api.post(path, body), api.post(path, body)
    assert (first.status, again.status) == (201, 200)
    assert first.body == again.body
    assert (first.body["paid"], first.body["due"], first.body["note"]) == ("425.00", "0.00", "Check 1042")
    assert Payment.objects.count() == 1
    assert api.post(path, body | {"amount": "1.00"}).status == 409
    assert api.post(path, {"amount": "1.00", "method": "cash"}).status == 201


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"amount": "0.00"}, "amount"),
        ({"amount": "-5"}, "amount"),
        ({"amount": 1.5}, None),
        ({"amount": "4.005"}, "amount"),
        ({"amount": "9999999.00"}, "amount"),
        ({"method": "shells"}, "method"),
        ({"note": "two\nlines"}, "note"),
        ({"note": "x" * 201}, "note"),
        ({"idempotency_key": ""}, "idempotency_key"),
        ({"amount": None}, "amount"),
    ],
)
def test_nonsense_names_its_field(api: Api, over: dict[str, Any], field: str | None) -> None:
    answer = api.post(f"/inspections/{added(api).pk}/payments", {"amount": "5.00", "method": "cash"} | over)
    if field is None:
        assert answer.status == 201
    else:
        assert answer.status == 422
        assert field in answer.body["detail"][0]["loc"]


def test_a_payment_for_nothing_is_404(api: Api) -> None:
    assert api.post("/inspections/999/payments", {"amount": "5.00", "method": "cash"}).status == 404
