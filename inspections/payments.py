"""Money that the office received, and what is still due. No money moves here: staff record what came."""

from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from inspections import events
from inspections.errors import BadField
from inspections.models import Inspection, InspectionEvent, Method, Payment
from inspections.text import MAX_NAME, BadText, single_line

MOST = Decimal("999999.99")


def paid(inspection: Inspection) -> Decimal:
    """What came and was not taken back, in US dollars."""
    total = inspection.payments.standing().aggregate(total=Sum("amount"))["total"]
    return total if total is not None else Decimal("0.00")


def due(inspection: Inspection) -> Decimal:
    """What is still to be paid, never below zero. Without a fee nothing is due."""
    return max((inspection.fee or Decimal("0.00")) - paid(inspection), Decimal("0.00"))


def is_paid(inspection: Inspection) -> bool:
    """Nothing is due."""
    return due(inspection) == 0


def record(
    inspection: Inspection, *, amount: Decimal, method: str, by: str, note: str = "", nonce: str | None = None
) -> Payment:
    """Keep that money came; the same form twice is one payment. Raises BadField."""
    amount, note = _amount(amount), _note(note)
    if method not in Method.values:
        raise BadField("method", "Choose how it was paid.")
    with transaction.atomic():
        locked = Inspection.objects.select_for_update(no_key=True).get(pk=inspection.pk)
        told = Payment.objects.filter(nonce=nonce).first() if nonce else None
        if told:
            return told
        was_paid = is_paid(locked)
        made = Payment.objects.create(
            inspection=locked, amount=amount, method=method, note=note, recorded_by=by[:MAX_NAME], nonce=nonce
        )
        news = [events.new(locked, events.Type.PAYMENT, by=by, **_about(made))]
        if is_paid(locked) and not was_paid:
            news.append(events.new(locked, events.Type.PAID, by=by, amount=paid(locked)))
        events.tell(news)
    return made


def news_of_fee(locked: Inspection, *, by: str) -> InspectionEvent | None:
    """The fee was lowered: with what came before it is paid now. None if it is not.

    To be told by the caller, who holds the inspection's lock.
    """
    amount = paid(locked)
    if locked.fee is None or not amount or not is_paid(locked):
        return None
    return events.new(locked, events.Type.PAID, by=by, amount=amount)


def undo(payment: Payment, *, by: str) -> bool:
    """It was recorded by mistake. False if that was said before. The row stays."""
    with transaction.atomic():
        locked = Inspection.objects.select_for_update(no_key=True).get(pk=payment.inspection_id)
        taken = Payment.objects.standing().filter(pk=payment.pk)
        if not taken.update(undone_at=timezone.now(), undone_by=by[:MAX_NAME]):
            return False
        events.record(locked, events.Type.PAYMENT_UNDONE, by=by, **_about(payment))
    return True


def _about(payment: Payment) -> dict[str, Any]:
    return {"payment": payment.pk, "amount": payment.amount, "method": payment.get_method_display()}


def _amount(value: Decimal) -> Decimal:
    try:
        amount = Decimal(value).quantize(Decimal("0.01"))
    except (InvalidOperation, TypeError, ValueError):
        raise BadField("amount", "Give the amount in dollars, like 425.00.") from None
    if not amount.is_finite() or not 0 < amount <= MOST:
        raise BadField("amount", "The amount must be more than 0 and less than a million.")
    return amount


def _note(value: str) -> str:
    try:
        return single_line(value, limit=200)
    except BadText as problem:
        raise BadField("note", str(problem)) from None
