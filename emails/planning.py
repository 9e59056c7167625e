"""First messages: what a rule, a letter or a person plans becomes a row, queued, held or skipped with its reason."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from emails import activity, eligibility, optouts, wake
from emails.models import Automation, EmailTemplate, Letter, Message
from emails.states import Reason, Status
from inspections.models import Inspection, Participant
from inspections.text import canonical


@dataclass(frozen=True)
class Plan:
    """An email that a rule or a person wants: to whom, what, when."""

    participant: Participant
    kind: str
    template: EmailTemplate | None
    by: str
    letter: Letter | None = None
    rule: Automation | None = None
    firing: str | None = None
    send_after: datetime | None = None
    not_after: datetime | None = None


def enqueue(plan: Plan) -> Message:
    """Queue an email, or hold it if its address cannot be used. A firing told twice is the same row."""
    message = draft(plan)
    if optouts.applies(message.kind, message.to_key):
        return skip(plan, Reason.UNSUBSCRIBED)
    message.reason = eligibility.unusable(message)
    message.status = Status.HELD if message.reason else Status.QUEUED
    return _write(message)


def skip(plan: Plan, reason: Reason, *, note: str = "") -> Message:
    """Remember an email that is not sent on purpose, and why."""
    message = draft(plan)
    message.status, message.reason, message.note = Status.SKIPPED, reason, note[:500]
    return _write(message)


def skip_for_nobody(inspection: Inspection, rule: Automation, firing: str, *, by: str) -> Message:
    """Remember a rule's email for clients that had no client to go to."""
    message = Message(
        inspection=inspection,
        kind=rule.template.kind,
        template=rule.template,
        rule=rule,
        firing=firing,
        created_by=by,
        provider=settings.MAIL_PROVIDER,
    )
    message.status, message.reason = Status.SKIPPED, Reason.NO_CLIENT
    return _write(message)


def draft(plan: Plan) -> Message:
    """The row of a plan, not stored: the caller chooses its status."""
    now = timezone.now()
    contact = plan.participant.contact
    return Message(
        inspection=plan.participant.inspection,
        participant=plan.participant,
        kind=plan.kind,
        template=plan.template,
        letter=plan.letter,
        rule=plan.rule,
        firing=plan.firing,
        to_name=contact.name,
        to_address=contact.email,
        to_key=canonical(contact.email),
        created_by=plan.by,
        created_at=now,
        send_after=plan.send_after or now,
        not_after=plan.not_after,
        provider=settings.MAIL_PROVIDER,
    )


@transaction.atomic
def _write(message: Message) -> Message:
    if message.firing:
        told = Message.objects.filter(firing=message.firing).first()
        if told:
            return told
    activity.create(message, by=message.created_by)
    wake.deliver()
    return message


def plan_again(message: Message, due: datetime, until: datetime | None, *, by: str) -> bool:
    """What was not sent on purpose goes after all, at its time, to the person's present address. False if too late."""
    if message.participant is None:
        return False
    contact = message.participant.contact
    message.to_address, message.to_key = contact.email, canonical(contact.email)
    reason = eligibility.unusable(message)
    changes = {"to_name": contact.name, "to_address": message.to_address, "to_key": message.to_key}
    planned = activity.move(
        message,
        Status.HELD if reason else Status.QUEUED,
        frm={Status.SKIPPED},
        type="planned_again",
        by=by,
        reason=reason,
        note="",
        send_after=due,
        not_after=until,
        **changes,
    )
    if planned:
        wake.deliver()
    return planned
