"""What becomes of one row of a rule: when it goes or why it does not, and that again as the facts change."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from emails import activity, conditions, planning, timing
from emails.models import Automation, Kind, Message, Side
from emails.states import CANCELLABLE, Reason, Status
from inspections.models import Company, Inspection, InspectionStatus, Participant


@dataclass(frozen=True)
class Decision:
    """What becomes of an email: it goes at `due` if it has no `reason` not to. `note` is a detail of its sentence."""

    due: datetime
    until: datetime | None
    reason: Reason | None = None
    note: str = ""


def decide(rule: Automation, person: Participant, *, by: str) -> Decision:
    """When this rule's email to this person goes, or the first reason why it does not. Changes nothing."""
    now = timezone.now()
    at = timing.moment(rule, person.inspection.starts_at, now=now, zone=Company.get().zone)
    reason, note = _reason_not_to(rule, person, by=by)
    if reason is None and at.late:
        reason, note = Reason.WINDOW_MISSED, min(at.due, at.planned).isoformat()
    return Decision(at.due, at.until, reason, note)


def _reason_not_to(rule: Automation, person: Participant, *, by: str) -> tuple[Reason | None, str]:
    """The first reason that applies, but for its time, and a detail for its sentence."""
    inspection = person.inspection
    if not rule.enabled:
        return Reason.RULE_OFF, rule.name
    if inspection.confirmed_at is None:
        return Reason.UNCONFIRMED, ""
    if inspection.status == InspectionStatus.CANCELLED and rule.template.kind != Kind.CANCELLED:
        return Reason.INSPECTION_CANCELLED, by
    if only_for := conditions.unmet(rule, person):
        return Reason.CONDITION, only_for
    if done := conditions.answered(rule, rule.template.kind, person):
        return Reason.DONE, done
    if not inspection.notifications and not rule.even_if_off:
        return Reason.NOTIFICATIONS_OFF, conditions.who_silenced(inspection)
    return None, ""


# --- rows that have not left -----------------------------------------------------------------------------------------


def waiting(inspection: Inspection) -> QuerySet[Message]:
    """What rules have planned around this inspection's time and has not left."""
    return inspection.messages.filter(rule__offset__isnull=False, status__in=CANCELLABLE, root=None)


def apply(message: Message, decided: Decision, *, by: str, text: str = "") -> bool:
    """Bring a row that has not left up to date: another time, not sent after all, or sent after all.

    False if it left meanwhile.
    """
    status, times = Status(message.status), {"send_after": decided.due, "not_after": decided.until}
    if decided.reason:
        why = {"reason": decided.reason, "note": decided.note[:500]}
        return activity.move(message, Status.SKIPPED, frm={status}, type="skipped", by=by, text=text, **times, **why)
    if status == Status.SKIPPED:
        return planning.plan_again(message, decided.due, decided.until, by=by)
    if (message.send_after, message.not_after) == (decided.due, decided.until):
        return True
    return activity.move(message, status, frm={status}, type="moved", by=by, text=text, **times)


def revive(rows: QuerySet[Message], *, by: str) -> list[Message]:
    """Plan again what was not sent: of these rows those whose time is to come and that nothing speaks against.

    Where something else speaks against it by now, the row says that.
    """
    again = rows.filter(status=Status.SKIPPED, root=None, family=None, send_after__gt=timezone.now())
    again = again.filter(participant__removed_at=None, rule__offset__isnull=False, rule__deleted_at=None)
    again = again.exclude(rule__side=Side.BEFORE, inspection__status=InspectionStatus.COMPLETED)
    back = []
    for message in again.select_related("rule__template", "participant__inspection", "participant__contact"):
        if _is_still_meant(message) and not _has_a_later_one(message):
            decided = decide(message.rule, message.participant, by=by)  # type: ignore[arg-type] # it has both
            if decided.reason != message.reason and apply(message, decided, by=by) and decided.reason is None:
                back.append(message)
    return back


def _is_still_meant(message: Message) -> bool:
    rule, person = message.rule, message.participant
    return rule is not None and person is not None and person.role in rule.role_values


def _has_a_later_one(message: Message) -> bool:
    """The rule answered for this person again since: that row counts."""
    return Message.objects.filter(rule=message.rule, participant=message.participant, pk__gt=message.pk).exists()
