"""Payments: record what came."""

from typing import Any

from ninja import Router, Status

from emails.api.answers import PaymentOut
from emails.api.auth import ApiRequest, actor, nonce
from emails.api.bodies import PaymentIn
from emails.api.inspections import find
from emails.api.refusals import COMMON, Refusal
from inspections import payments
from inspections.errors import NotPossible
from inspections.models import Inspection, Payment

router = Router(tags=["Payments"])

TAKEN: dict[int, Any] = {200: PaymentOut, 201: PaymentOut, 409: Refusal, **COMMON}


@router.post("/{int:inspection_id}/payments", response=TAKEN)
def record_payment(request: ApiRequest, inspection_id: int, body: PaymentIn) -> Status[PaymentOut]:
    """Record money that the office received (201). The same `idempotency_key` again answers 200 and the same payment.

    What pays the fee in full sends the receipt and stops reminders to pay.
    """
    inspection, key = find(inspection_id), nonce(request, body.idempotency_key, what="-pay")
    known = _known(inspection, body, key)
    made = payments.record(
        inspection, amount=body.amount, method=body.method, note=body.note, by=actor(request), nonce=key
    )
    return Status(200 if known else 201, PaymentOut.of(made))


def _known(inspection: Inspection, body: PaymentIn, key: str | None) -> bool:
    """This was said before. Raises NotPossible if it was said of another payment."""
    said = Payment.objects.filter(nonce=key).first() if key else None
    if said and (said.inspection_id, said.amount, said.method) != (inspection.pk, body.amount, body.method):
        raise NotPossible("This idempotency_key was used for another payment. Please use a new one.")
    return said is not None
