"""What a rule says when its email is about to leave: facts may have changed since it was planned, or hours gone by."""

from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone

from emails import conditions, papers, timing
from emails.models import Automation, Message
from emails.states import Reason, Status
from inspections.models import Company


@dataclass(frozen=True)
class Objection:
    """It does not leave now: it is skipped for a reason, or waits for the end of the quiet hours."""

    status: Status
    type: str
    text: str = ""
    changes: dict[str, str | datetime] = field(default_factory=dict)


def objection(message: Message) -> Objection | None:
    """Why an email must not leave by itself now; None for one that may, and for what staff asked to send."""
    rule = message.rule
    if rule is None or message.root_id is not None:
        done = answered(message)  # staff asked for it, or we try again, and only then it was signed or paid
        return _skip(Reason.DONE, done) if done else None
    found = _skipped(rule, message) or _quiet(rule, message)
    return None if found and message.events.filter(type="hurried").exists() else found


def answered(message: Message) -> str:
    """That it has nothing left to ask for, in words: signed or paid. What staff send knowing so is not meant."""
    rule, person = message.rule, message.participant
    if person is None:
        return ""
    planned = rule is not None and message.root_id is None
    return conditions.answered(rule, message.kind, person) if rule and planned else papers.done_since(message)


def _skipped(rule: Automation, message: Message) -> Objection | None:
    if not message.inspection.notifications and not rule.even_if_off:
        return _skip(Reason.NOTIFICATIONS_OFF, conditions.who_silenced(message.inspection))
    if rule.is_timed and not rule.enabled:
        return _skip(Reason.RULE_OFF, rule.name)
    only_for = conditions.unmet(rule, message.participant) if rule.is_timed and message.participant else ""
    if only_for:
        return _skip(Reason.CONDITION, only_for)
    if done := answered(message):
        return _skip(Reason.DONE, done)
    if message.not_after is not None and message.not_after < timezone.now():
        return _skip(Reason.WINDOW_MISSED, message.send_after.isoformat())
    return None


def _quiet(rule: Automation, message: Message) -> Objection | None:
    now = timezone.now()
    end = timing.after_quiet(rule, now, Company.get().zone) if rule.quiet_until else now
    if end == now:
        return None
    if message.not_after is not None and message.not_after < end:
        return _skip(Reason.WINDOW_MISSED, message.send_after.isoformat())
    return Objection(Status.QUEUED, "moved", "Quiet hours", {"send_after": end})


def _skip(reason: Reason, note: str = "") -> Objection:
    return Objection(Status.SKIPPED, "skipped", changes={"reason": reason, "note": note[:500]})
