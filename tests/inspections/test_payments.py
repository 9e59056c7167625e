"""Staff record what was paid; what is due follows."""

from decimal import Decimal
from typing import Any

import pytest

from inspections import payments, services
from inspections.errors import BadField
from inspections.models import Inspection, InspectionEvent, Payment
from tests.factories import make_draft, make_inspection

Type = InspectionEvent.Type
pytestmark = pytest.mark.django_db


def pay(inspection: Inspection, amount: str = "425.00", **over: Any) -> Payment:
    values: dict[str, Any] = {"amount": Decimal(amount), "method": "check", "by": "Kim"}
    return payments.record(inspection, **values | over)


def told(inspection: Inspection) -> list[str]:
    return list(inspection.events.values_list("type", flat=True))


def test_it_is_paid_when_nothing_is_due() -> None:
    inspection = make_inspection(fee=Decimal("425.00"))
    pay(inspection, "200.00")
    assert payments.due(inspection) == Decimal("225.00")
    assert list(Inspection.objects.unpaid()) == [inspection]
    pay(inspection, "225.00")
    assert payments.is_paid(inspection)
    assert not Inspection.objects.unpaid().exists()
    assert told(inspection) == [Type.PAYMENT, Type.PAYMENT, Type.PAID]


def test_the_same_form_twice_is_one_payment() -> None:
    inspection = make_inspection()
    assert pay(inspection, nonce="n") == pay(inspection, nonce="n")
    assert Payment.objects.count() == 1


def test_a_payment_can_be_taken_back_once_and_stays_on_record() -> None:
    inspection = make_inspection(fee=Decimal("425.00"))
    made = pay(inspection)
    assert payments.undo(made, by="Kim")
    assert not payments.undo(made, by="Kim")
    assert payments.due(inspection) == Decimal("425.00")
    assert Payment.objects.count() == 1
    assert told(inspection) == [Type.PAYMENT, Type.PAID, Type.PAYMENT_UNDONE]


def test_a_higher_fee_is_due_again() -> None:
    inspection = make_inspection(fee=Decimal("425.00"))
    pay(inspection)
    services.correct(inspection, make_draft(starts_at=inspection.starts_at, fee=Decimal("500.00")), by="Kim")
    assert payments.due(inspection) == Decimal("75.00")


def test_a_fee_that_is_lowered_to_what_came_is_paid() -> None:
    inspection = make_inspection(fee=Decimal("425.00"))
    pay(inspection, "400.00")
    seen = []
    for fee in ("410.00", "400.00", "390.00", "500.00", "350.00"):
        services.correct(inspection, make_draft(starts_at=inspection.starts_at, fee=Decimal(fee)), by="Kim")
        seen.append(told(inspection).count(Type.PAID))
    assert seen == [0, 1, 1, 1, 2]
    assert inspection.events.filter(type=Type.PAID, by="Kim", data__amount="400.00").count() == 2


def test_a_fee_that_is_lost_is_no_payment() -> None:
    inspection = make_inspection(fee=Decimal("425.00"))
    pay(inspection, "400.00")
    services.correct(inspection, make_draft(starts_at=inspection.starts_at, fee=None), by="Kim")
    assert Type.PAID not in told(inspection)


def test_with_nothing_paid_a_fee_that_falls_away_is_no_payment() -> None:
    inspection = make_inspection(fee=Decimal("425.00"))
    services.correct(inspection, make_draft(starts_at=inspection.starts_at, fee=None), by="Kim")
    assert Type.PAID not in told(inspection)


def test_without_a_fee_nothing_is_due_and_too_much_is_not_below_zero() -> None:
    free, dear = make_inspection(fee=None), make_inspection(fee=Decimal("10.00"))
    pay(dear, "20.00")
    assert (payments.due(free), payments.due(dear)) == (Decimal("0.00"), Decimal("0.00"))
    assert not Inspection.objects.unpaid().exists()


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"amount": Decimal("0")}, "amount"),
        ({"amount": Decimal("-5")}, "amount"),
        ({"amount": Decimal("1000000")}, "amount"),
        ({"amount": Decimal("NaN")}, "amount"),
        ({"amount": Decimal("0.001")}, "amount"),
        ({"method": "gold"}, "method"),
        ({"note": "a\nb"}, "note"),
    ],
)
def test_what_is_no_payment_is_refused(over: dict[str, Any], field: str) -> None:
    with pytest.raises(BadField) as problem:
        pay(make_inspection(), **over)
    assert problem.value.field == field
    assert not Payment.objects.exists()
