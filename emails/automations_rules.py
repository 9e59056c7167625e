"""What owners do to rules: change, switch, copy, delete. What a rule has planned follows it."""

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from emails import activity
from emails.automations_decisions import Decision, apply, decide, revive
from emails.models import Automation, Message
from emails.states import CANCELLABLE, Reason, Status
from inspections.text import MAX_NAME


def scheduled(rule: Automation) -> QuerySet[Message]:
    """What the rule has planned and has not left: around the inspection, or waiting for the end of quiet hours."""
    rows = rule.messages.filter(status__in=CANCELLABLE, root=None).select_related("participant__inspection")
    timed = Q(rule__offset__isnull=False)
    return (
        rows.filter(timed | Q(send_after__gt=timezone.now())).select_related("inspection").order_by("send_after", "pk")
    )


@transaction.atomic
def save(rule: Automation, *, by: str) -> int:
    """Store a new or changed rule. What it has planned already follows; returns how many emails that are."""
    planned = list(scheduled(rule)) if rule.pk else []
    rule.save()
    for message in planned:
        _follow(rule, message, by=by)
    return len(planned)


def _follow(rule: Automation, message: Message, *, by: str) -> None:
    """Another time, template or condition; who is not meant any more gets nothing."""
    person = message.participant
    if person is None:
        return
    decided = decide(rule, person, by=by)
    if person.role not in rule.role_values:
        decided = Decision(message.send_after, message.not_after, Reason.RULE_OFF, rule.name)
    elif not rule.is_timed and decided.reason is None:
        decided = Decision(message.send_after, message.not_after)
    if apply(message, decided, by=by, text="The rule changed") and message.status in CANCELLABLE:
        # Its status stays; the words themselves are filled in when it leaves.
        Message.objects.filter(pk=message.pk, status__in=CANCELLABLE).update(
            template=rule.template, kind=rule.template.kind
        )


@transaction.atomic
def switch(rule: Automation, on: bool, *, by: str) -> int:
    """Turn a rule on or off. Returns how many planned emails that stopped, or brought back; 0 if it was so already.

    Turning it on brings back what turning it off stopped and whose time is still to come, and nothing else.
    """
    changed = Automation.objects.standing().filter(pk=rule.pk).exclude(enabled=on).update(enabled=on)
    rule.refresh_from_db()
    if not changed:
        return 0
    if on:
        return len(revive(rule.messages.filter(reason=Reason.RULE_OFF), by=by))
    return _stop(rule, by=by, text="The rule was turned off")


@transaction.atomic
def delete(rule: Automation, *, by: str) -> int:
    """Take a rule away. Its emails stay and still name it; what it had planned is stopped. Returns how many."""
    gone = Automation.objects.standing().filter(pk=rule.pk).update(enabled=False, deleted_at=timezone.now())
    return _stop(rule, by=by, text="The rule was deleted") if gone else 0


def _stop(rule: Automation, *, by: str, text: str) -> int:
    return sum(
        activity.move(
            message,
            Status.SKIPPED,
            frm=CANCELLABLE,
            type="skipped",
            by=by,
            text=text,
            reason=Reason.RULE_OFF,
            note=rule.name,
        )
        for message in scheduled(rule)
    )


def copy(rule: Automation) -> Automation:
    """The same rule once more, off, under a name of its own."""
    again = Automation.objects.get(pk=rule.pk)
    again.pk, again.built_in, again.enabled = None, None, False
    again._state.adding = True
    again.name = free_name(rule.name)
    again.save()
    return again


def free_name(name: str) -> str:
    """`name (copy)`, or with a number if that is taken."""
    taken = set(Automation.objects.standing().values_list("name", flat=True))
    names = (f"{name[: MAX_NAME - 12]} (copy{'' if n == 1 else f' {n}'})" for n in range(1, len(taken) + 2))
    return next(candidate for candidate in names if candidate not in taken)
