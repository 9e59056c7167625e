"""Rules: an inspection event -> for every enabled or disabled rule exactly one row per recipient.

Queued, held, or skipped with its reason: an email that is not sent says why. So does one that had no client to go to.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from emails import (
    activity,
    conditions,
    eligibility,
    eligibility_rules,
    planning,
    problems,
    releases,
    searching,
)
from emails.automations_decisions import Decision, apply, decide, revive, waiting
from emails.models import Automation, AutomationQuerySet, Kind, Message, Side, Trigger
from emails.planning import Plan
from emails.states import CANCELLABLE, IN_OUR_HANDS, Reason, Status
from inspections import payments
from inspections.models import (
    Inspection,
    InspectionEvent,
    InspectionStatus,
    Participant,
    ParticipantQuerySet,
    Role,
)
from inspections.text import canonical

Event = InspectionEvent.Type

# After these somebody may have done what an email asks for, or may have to do it again; or it applies to others.
ASKED_AGAIN = frozenset(
    {
        Event.UPDATED,
        Event.SIGNED,
        Event.SIGNATURE_ENDED,
        Event.PAYMENT,
        Event.PAYMENT_UNDONE,
        Event.PERSON_ADDED,
        Event.PERSON_REMOVED,
        Event.ROLE_CHANGED,
    }
)
# What was taken back, and the trigger whose emails told of it.
TAKEN_BACK: Mapping[str, Collection[str]] = {
    Event.SIGNATURE_ENDED: (Trigger.SIGNED, Trigger.AGREEMENT_SIGNED),
    Event.PAYMENT_UNDONE: (Trigger.PAID,),
    Event.UPDATED: (Trigger.PAID,),  # the fee may be a higher one
}


def react(event: InspectionEvent) -> None:
    """Do what the rules say about this event; runs inside the event's own transaction."""
    inspection, person = event.inspection, event.participant
    if event.type in (Event.UPDATED, Event.PERSON_ADDED, Event.CONTACT_CHANGED, Event.SIGNED):
        releases.try_again(inspection, by=event.by)
    if event.type == Event.UPDATED:
        searching.index(list(inspection.messages.values_list("pk", flat=True)))
    if event.type == Event.CANCELLED:
        _stop_everything(inspection, by=event.by)
    if event.type == Event.COMPLETED:
        _stop(waiting(inspection).filter(rule__side=Side.BEFORE), by=event.by, note="Inspection completed")
    if event.type == Event.RESCHEDULED:
        _move_reminders(event)
        _stop_what_comes_too_late(event)
    if event.type == Event.NOTIFICATIONS_OFF:
        _silence(inspection, by=event.by)
    if event.type == Event.PERSON_REMOVED and person:
        _stop(person.messages.all(), by=event.by, note="Taken off the inspection")
        problems.close_all(person.problems.all(), by=event.by, note="Taken off the inspection")
    if event.type == Event.ROLE_CHANGED and person:
        _follow_role(event, person)
    if event.type == Event.PERSON_ADDED and person:
        _plan_reminders_for(event, person)
    if event.type == Event.CONTACT_CHANGED and person and event.data.get("field") == "email":
        releases.follow_address(person, by=event.by)
    if event.type == Event.SIGNED and person:
        problems.close_signed(person)
        _stop(person.messages.planned_retries().filter(kind=Kind.CONFIRMATION), by=event.by, note="Signed")
    if event.type == Event.AGREEMENT_SIGNED:
        problems.close_signed_by_all(inspection, by=event.by)
    if event.type in (Event.PAID, Event.UPDATED) and payments.is_paid(inspection):  # the fee may be another one
        problems.close_paid(inspection, by=event.by)
    if event.type == Event.DISOWNED and person:
        problems.reopen_signed(person, since=datetime.fromisoformat(event.data["signed_at"]))
    if event.type in TAKEN_BACK:
        _take_back(event)
    if event.type in ASKED_AGAIN:
        _ask_conditions_again(inspection, by=event.by)
    if event.type in Trigger.values:
        for rule in _rules().filter(trigger=event.type):
            fire(rule, event)


def fire(rule: Automation, event: InspectionEvent) -> list[Message]:
    """One row for everybody whom this rule writes to; one that says so if it writes to clients and there is none."""
    people = list(_meant(rule, event).select_related("contact", "inspection").order_by("pk"))
    rows = [_one(rule, event, person, _twice(rule, event, person)) for person in people]
    if _lacks_client(rule, event.inspection, people):
        rows.append(planning.skip_for_nobody(event.inspection, rule, f"{rule.pk}:nobody:{event.pk}", by=event.by))
    return rows


def _twice(rule: Automation, event: InspectionEvent, person: Participant) -> Reason | None:
    """Paid again by another fee alone: whoever was told of this money, or is going to be, is not told twice."""
    if event.type != Event.PAID:
        return None
    money = event.inspection.events.filter(type__in=(Event.PAYMENT, Event.PAYMENT_UNDONE)).order_by("pk").last()
    told = person.messages.filter(rule=rule).exclude(status__in=(Status.SKIPPED, Status.CANCELLED))
    return Reason.DUPLICATE if money and told.filter(created_at__gte=money.at).exists() else None


def _lacks_client(rule: Automation, inspection: Inspection, people: Collection[Participant]) -> bool:
    """It would go to a client if there were one. Other roles may be empty: that is normal."""
    if Role.CLIENT not in rule.role_values or any(person.role == Role.CLIENT for person in people):
        return False
    somebody = Participant(inspection=inspection, role=Role.CLIENT)
    return rule.enabled and inspection.confirmed_at is not None and not conditions.unmet(rule, somebody)


def _meant(rule: Automation, event: InspectionEvent) -> ParticipantQuerySet:
    """Those in its roles; of a signature only the client who gave it hears, and everybody who is no client."""
    found = event.inspection.participants.current().filter(role__in=rule.role_values)
    if event.type != Event.SIGNED:
        return found
    return found.exclude(Q(role=Role.CLIENT) & ~Q(pk=event.participant_id))


def _one(rule: Automation, event: InspectionEvent, person: Participant, reason: Reason | None = None) -> Message:
    decided = decide(rule, person, by=event.by)
    plan = Plan(
        person,
        rule.template.kind,
        rule.template,
        event.by,
        rule=rule,
        firing=f"{rule.pk}:{person.pk}:{event.pk}",
        send_after=decided.due,
        not_after=decided.until,
    )
    reason = decided.reason or reason
    return planning.skip(plan, reason, note=decided.note) if reason else planning.enqueue(plan)


def _rules() -> AutomationQuerySet:
    return Automation.objects.standing().select_related("template")


# --- what waits follows the facts ------------------------------------------------------------------------------------


def _stop_everything(inspection: Inspection, *, by: str) -> None:
    _stop(inspection.messages.all(), by=by, note="Inspection canceled")
    problems.close_all(inspection.problems.exclude(kind=Kind.CANCELLED), by=by, note="Inspection canceled")


def _stop(messages: QuerySet[Message], *, by: str, note: str) -> None:
    for message in messages.filter(status__in=CANCELLABLE).order_by("pk"):
        activity.cancel(message, by=by, text=note)


def _silence(inspection: Inspection, *, by: str) -> None:
    """What was still to go out by itself is not sent, and says who switched it off."""
    rows = inspection.messages.filter(status__in=CANCELLABLE, rule__even_if_off=False, root=None)
    for message in rows.order_by("pk"):
        activity.move(
            message,
            Status.SKIPPED,
            frm=CANCELLABLE,
            type="skipped",
            by=by,
            reason=Reason.NOTIFICATIONS_OFF,
            note=conditions.who_silenced(inspection),
        )


def _ask_conditions_again(inspection: Inspection, *, by: str) -> None:
    """What waits may not apply any more, or be signed or paid; and what was not sent for that may apply now."""
    rows = inspection.messages.filter(status__in=CANCELLABLE).exclude(participant=None)
    rows = rows.select_related("rule", "template", "inspection", "participant__inspection", "participant__contact")
    for message in rows.order_by("pk"):
        if found := _speaks_against(message):
            apply(message, Decision(message.send_after, message.not_after, *found), by=by)
    answers = (Reason.CONDITION, Reason.DONE, Reason.RULE_OFF)
    revive(inspection.messages.filter(reason__in=answers), by=by)


def _speaks_against(message: Message) -> tuple[Reason, str] | None:
    """Its condition or what it asks for; nothing else is looked at."""
    rule, person = message.rule, message.participant
    if rule and person and rule.is_timed and message.root_id is None and (only_for := conditions.unmet(rule, person)):
        return Reason.CONDITION, only_for
    done = eligibility_rules.answered(message)
    return (Reason.DONE, done) if done else None


def _take_back(event: InspectionEvent) -> None:
    """What waits to tell of a signature or a payment that does not stand any more is not sent."""
    rows = event.inspection.messages.filter(root=None, rule__trigger__in=TAKEN_BACK[event.type])
    if event.type == Event.SIGNATURE_ENDED:
        rows = rows.filter(
            Q(rule__trigger=Trigger.AGREEMENT_SIGNED)
            | ~Q(participant__role=Role.CLIENT)
            | Q(participant=event.participant)
        )
    elif payments.is_paid(event.inspection):
        return
    _stop(rows, by=event.by, note=event.get_type_display())


def _follow_role(event: InspectionEvent, person: Participant) -> None:
    """Another role: what only the old one gets is stopped, reminders of the new one are planned."""
    left = person.messages.filter(status__in=CANCELLABLE).select_related("rule").order_by("pk")
    note = f"No longer {Role(event.data['old']).label}"
    for message in left:
        signs_no_more = message.kind == Kind.AGREEMENT and person.role != Role.CLIENT
        if signs_no_more or (message.rule and person.role not in message.rule.role_values):
            activity.cancel(message, by=event.by, text=note)
    if person.role != Role.CLIENT:
        problems.close_all(person.problems.filter(kind=Kind.AGREEMENT), by=event.by, note=note)
    planned = set(person.messages.exclude(status=Status.CANCELLED).values_list("rule", flat=True))
    _plan_reminders_for(event, person, but=planned)


def _plan_reminders_for(event: InspectionEvent, person: Participant, *, but: Collection[int | None] = ()) -> None:
    """Somebody new gets what is still to come. What they had before they were taken off does not come twice."""
    theirs = _take_over(event, person)
    if event.inspection.status not in (InspectionStatus.CONFIRMED, InspectionStatus.COMPLETED):
        return
    for rule in _rules().timed():
        done = event.inspection.status == InspectionStatus.COMPLETED and rule.side == Side.BEFORE
        if person.role not in rule.role_values or done or rule.pk in but:
            continue
        if rule.pk in theirs:
            apply(theirs[rule.pk], decide(rule, person, by=event.by), by=event.by)
        else:
            _one(rule, event, person, Reason.DUPLICATE if _had(rule, person) else None)


def _take_over(event: InspectionEvent, person: Participant) -> dict[int | None, Message]:
    """A client is there: what had nobody to go to is theirs, by its rule. Nothing of it is sent by this alone."""
    rows = event.inspection.messages.for_nobody() if person.role == Role.CLIENT else Message.objects.none()
    contact = person.contact
    to = {"to_name": contact.name, "to_address": contact.email, "to_key": canonical(contact.email)}
    found = list(rows.order_by("pk"))
    for message in found:
        skipped = Status.SKIPPED
        activity.move(message, skipped, frm={skipped}, type="client_added", by=event.by, participant=person, **to)
    return {message.rule_id: message for message in found}


def _had(rule: Automation, person: Participant) -> bool:
    """This rule's email about the present date left for this person, or is in a worker's hands."""
    moved = person.inspection.events.filter(type=Event.RESCHEDULED).order_by("-at", "-pk").first()
    rows = person.messages.filter(rule=rule)
    sent = rows.filter(sent_at__gt=moved.at) if moved else rows.filter(sent_at__isnull=False)
    return sent.exists() or rows.filter(status__in=[*IN_OUR_HANDS, Status.UNKNOWN]).exists()


def _move_reminders(event: InspectionEvent) -> None:
    """Those that have not left move with the date; where the old one has gone, a new one is planned."""
    inspection = event.inspection
    if inspection.confirmed_at is None:
        return
    for rule in _rules().timed():
        people = inspection.participants.current().filter(role__in=rule.role_values)
        for person in people.select_related("contact", "inspection").order_by("pk"):
            last = person.messages.filter(rule=rule, root=None).order_by("-pk").first()
            if not (last and _has_not_left(last) and apply(last, decide(rule, person, by=event.by), by=event.by)):
                _one(rule, event, person)


def _has_not_left(message: Message) -> bool:
    """It waits, or was not sent and nobody sent it all the same. What staff stopped stays stopped for that date."""
    return message.status in CANCELLABLE or (message.status == Status.SKIPPED and not message.family.exists())


def _stop_what_comes_too_late(event: InspectionEvent) -> None:
    """A resend that was put off until tomorrow, and the inspection now begins before."""
    put_off = event.inspection.messages.filter(status=Status.QUEUED, send_after__gt=timezone.now())
    for message in put_off.exclude(root=None).order_by("pk"):
        if not eligibility.is_timely_at(message, message.send_after):
            activity.cancel(message, by=event.by, text="Inspection moved")
