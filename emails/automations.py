"""Rules: an inspection event -> for every enabled or disabled rule exactly one row per recipient.

Queued, held, or skipped with its reason: an email that is not sent says why.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from emails import activity, eligibility, outbox, problems, searching
from emails.models import Automation, Kind, Message, Trigger
from emails.outbox import Plan
from emails.states import CANCELLABLE, Reason, Status
from inspections.models import Inspection, InspectionEvent, InspectionStatus, Participant, Role

Event = InspectionEvent.Type


def react(event: InspectionEvent) -> None:
    """Do what the rules say about this event; runs inside the event's own transaction."""
    inspection = event.inspection
    if event.type in (Event.UPDATED, Event.PERSON_ADDED, Event.CONTACT_CHANGED):
        outbox.try_again(inspection, by=event.by)
    if event.type == Event.UPDATED:
        searching.index(list(inspection.messages.values_list("pk", flat=True)))
    if event.type == Event.CANCELLED:
        _stop_everything(inspection, by=event.by)
    if event.type == Event.RESCHEDULED:
        _move_reminders(event)
        _stop_what_comes_too_late(event)
    if event.type == Event.NOTIFICATIONS_OFF:
        _silence(inspection, by=event.by)
    if event.type == Event.PERSON_REMOVED and event.participant:
        _stop(event.participant.messages.all(), by=event.by, note="Taken off the inspection")
        problems.close_all(event.participant.problems.all(), by=event.by, note="Taken off the inspection")
    if event.type == Event.ROLE_CHANGED and event.participant:
        _follow_role(event, event.participant)
    if event.type == Event.PERSON_ADDED and event.participant:
        _plan_reminders_for(event, event.participant)
    if event.type == Event.CONTACT_CHANGED and event.participant and event.data.get("field") == "email":
        outbox.follow_address(event.participant, by=event.by)
    if event.type in Trigger.values:
        for rule in Automation.objects.filter(trigger=event.type).select_related("template"):
            _fire(rule, event)


def _fire(rule: Automation, event: InspectionEvent) -> list[Message]:
    people = event.inspection.participants.filter(removed_at=None, role__in=rule.role_values)
    return [_one(rule, event, person) for person in people.select_related("contact", "inspection")]


def _one(rule: Automation, event: InspectionEvent, person: Participant) -> Message:
    due = _due(rule, event.inspection)
    plan = Plan(
        person,
        rule.template.kind,
        rule.template,
        event.by,
        rule=rule,
        firing=f"{rule.pk}:{person.pk}:{event.pk}",
        send_after=due,
    )
    reason, note = _reason_not_to(rule, event, due)
    return outbox.skip(plan, reason, note=note) if reason else outbox.enqueue(plan)


def _due(rule: Automation, inspection: Inspection) -> datetime | None:
    return None if rule.hours_before is None else inspection.starts_at - timedelta(hours=rule.hours_before)


def _reason_not_to(rule: Automation, event: InspectionEvent, due: datetime | None) -> tuple[Reason | None, str]:
    """The first reason that applies, and a detail for its sentence."""
    inspection = event.inspection
    if not rule.enabled:
        return Reason.RULE_OFF, rule.name
    if inspection.confirmed_at is None:
        return Reason.UNCONFIRMED, ""
    if inspection.status == InspectionStatus.CANCELLED and rule.template.kind != Kind.CANCELLED:
        return Reason.INSPECTION_CANCELLED, event.by
    if not inspection.notifications and not rule.even_if_off:
        return Reason.NOTIFICATIONS_OFF, _who_silenced(event)
    if due is not None and due <= timezone.now():
        return Reason.WINDOW_MISSED, due.isoformat()
    return None, ""


def _who_silenced(event: InspectionEvent) -> str:
    switched = event.inspection.events.filter(type=Event.NOTIFICATIONS_OFF).order_by("-at").first()
    return (
        switched.by if switched else event.inspection.events.order_by("at").values_list("by", flat=True).first() or ""
    )


def _stop_everything(inspection: Inspection, *, by: str) -> None:
    _stop(inspection.messages.all(), by=by, note="Inspection canceled")
    problems.close_all(inspection.problems.exclude(kind=Kind.CANCELLED), by=by, note="Inspection canceled")


def _stop(messages: QuerySet[Message], *, by: str, note: str) -> None:
    for message in messages.filter(status__in=CANCELLABLE).order_by("pk"):
        activity.cancel(message, by=by, text=note)


def _silence(inspection: Inspection, *, by: str) -> None:
    """What was still to go out by itself is not sent, and says who switched it off."""
    waiting = inspection.messages.filter(status__in=CANCELLABLE, rule__even_if_off=False, root=None)
    for message in waiting.order_by("pk"):
        activity.move(
            message,
            Status.SKIPPED,
            frm=CANCELLABLE,
            type="skipped",
            by=by,
            reason=Reason.NOTIFICATIONS_OFF,
            note=by,
        )


def _follow_role(event: InspectionEvent, person: Participant) -> None:
    """Another role: what only the old one gets is stopped, reminders of the new one are planned."""
    waiting = person.messages.filter(status__in=CANCELLABLE).select_related("rule").order_by("pk")
    note = f"No longer {Role(event.data['old']).label}"
    for message in waiting:
        signs_no_more = message.kind == Kind.AGREEMENT and person.role != Role.CLIENT
        if signs_no_more or (message.rule and person.role not in message.rule.role_values):
            activity.cancel(message, by=event.by, text=note)
    if person.role != Role.CLIENT:
        problems.close_all(person.problems.filter(kind=Kind.AGREEMENT), by=event.by, note=note)
    planned = set(person.messages.exclude(status=Status.CANCELLED).values_list("rule", flat=True))
    _plan_reminders_for(event, person, but=planned)


def _plan_reminders_for(event: InspectionEvent, person: Participant, *, but: Collection[int | None] = ()) -> None:
    if event.inspection.status != InspectionStatus.CONFIRMED:
        return
    for rule in _timed_rules():
        if person.role in rule.role_values and rule.pk not in but:
            _one(rule, event, person)


def _move_reminders(event: InspectionEvent) -> None:
    """Those still waiting move with the date; where the old one has gone or was missed, a new one is planned."""
    if event.inspection.confirmed_at is None:
        return
    for rule in _timed_rules():
        due = _due(rule, event.inspection)
        waiting = event.inspection.messages.filter(rule=rule, status__in=CANCELLABLE, root=None)
        for message in waiting.order_by("pk"):
            if due is not None and due > timezone.now():
                activity.move(
                    message, Status(message.status), frm={message.status}, type="moved", by=event.by, send_after=due
                )
            else:
                activity.cancel(message, by=event.by, text="Inspection moved")
        moved = set(waiting.values_list("participant_id", flat=True))
        people = event.inspection.participants.filter(removed_at=None, role__in=rule.role_values).exclude(pk__in=moved)
        for person in people.select_related("contact", "inspection"):
            _one(rule, event, person)


def _stop_what_comes_too_late(event: InspectionEvent) -> None:
    """A resend that was put off until tomorrow, and the inspection now begins before."""
    put_off = event.inspection.messages.filter(status=Status.QUEUED, send_after__gt=timezone.now())
    for message in put_off.exclude(root=None).order_by("pk"):
        if not eligibility.is_timely_at(message, message.send_after):
            activity.cancel(message, by=event.by, text="Inspection moved")


def _timed_rules() -> list[Automation]:
    return list(
        Automation.objects.filter(trigger=Trigger.CONFIRMED, hours_before__isnull=False).select_related("template")
    )
