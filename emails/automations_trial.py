"""A rule tried out: it fires for real, inside a transaction that is taken back."""

from collections.abc import Mapping

from django.utils import timezone

from emails.automations import fire
from emails.models import Automation, Message, Trigger
from inspections import payments
from inspections.models import Inspection, InspectionEvent, InspectionStatus, Method, Participant, Payment, Role


def try_out(rule: Automation, inspection: Inspection, *, by: str) -> list[Message]:
    """Fire the rule as if it were on and its moment had come. For a transaction that is taken back."""
    rule.enabled = True
    now = timezone.now()
    if inspection.status == InspectionStatus.REQUESTED:
        _pretend(inspection, status=InspectionStatus.CONFIRMED, confirmed_at=now)
    if rule.trigger in _MAKES and inspection.status != InspectionStatus.CANCELLED:
        _pretend(inspection, **{name: value or now for name, value in _MAKES[rule.trigger].items()})
    if rule.trigger == Trigger.PAID and (due := payments.due(inspection)):
        Payment.objects.create(inspection=inspection, amount=due, method=Method.OTHER, recorded_by=by)
    signer = _signer(inspection) if rule.trigger == Trigger.SIGNED else None
    event = InspectionEvent.objects.create(inspection=inspection, type=rule.trigger, by=by, participant=signer)
    return fire(rule, event)


def _signer(inspection: Inspection) -> Participant | None:
    return inspection.participants.current().filter(role=Role.CLIENT).order_by("pk").first()


# What is so once a trigger has come; None stands for now.
_MAKES: Mapping[str, Mapping[str, str | None]] = {
    Trigger.CANCELLED: {"status": InspectionStatus.CANCELLED, "cancelled_at": None},
    Trigger.COMPLETED: {"status": InspectionStatus.COMPLETED, "completed_at": None},
    Trigger.REPORT_PUBLISHED: {"status": InspectionStatus.COMPLETED, "report_published_at": None},
}


def _pretend(inspection: Inspection, **facts: object) -> None:
    Inspection.objects.filter(pk=inspection.pk).update(**facts)
    inspection.refresh_from_db()
