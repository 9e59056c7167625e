"""The outbox: verbs that send, send again and stop. Each writes the row in one transaction, then wakes a worker."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from emails import activity, eligibility, wake
from emails.limits import Refused, check_limits
from emails.models import Automation, EmailTemplate, Message
from emails.planning import Plan, draft
from emails.states import UNDELIVERED, Status
from inspections.models import Participant
from inspections.text import canonical

__all__ = [
    "How",
    "Refused",
    "begin",
    "cancel",
    "refusal",
    "resend",
    "send",
    "send_now",
    "settle",
    "tomorrow_at_eight",
    "try_later",
    "why_not_again",
]


# --- sending again ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class How:
    """In which way an email is sent again: the short version without pictures, files by link, at a later hour."""

    plain: bool = False
    by_link: bool = False
    at: datetime | None = None


def tomorrow_at_eight() -> datetime:
    """Eight o'clock tomorrow in the company's zone."""
    tomorrow = timezone.localtime() + timedelta(days=1)
    return tomorrow.replace(hour=8, minute=0, second=0, microsecond=0)


def resend(
    message: Message,
    *,
    by: str,
    nonce: str | None = None,
    undo: bool = True,
    confirmed: bool = False,
    how: How = How(),
) -> Message:
    """Send this email again, as a new message to the person's current address.

    The same `nonce` returns the same row. `undo` holds it back for UNDO_SECONDS, unless it leaves later anyway.
    `confirmed` passes the question "you sent this a moment ago". Raises Refused if it is on its way already, makes no
    sense any more, its address cannot be used, or a limit is reached.
    """
    with transaction.atomic():
        root = Message.objects.select_for_update().get(pk=message.family_id)
        said = _same_nonce(nonce, root)
        if said:
            return said
        message.refresh_from_db()
        eligibility.refuse_if_pointless(message)
        _make_way(root, by=by)
        again = _copy(message, root, by=by, nonce=nonce, how=how)
        eligibility.refuse_if_unusable(again)
        eligibility.refuse_if_not_so(again)
        check_limits(again, confirmed=confirmed)
        if undo and not how.at:
            again.undo_until = again.send_after = timezone.now() + timedelta(seconds=settings.UNDO_SECONDS)
        try:
            with transaction.atomic():
                activity.create(again, type="resent", by=by)
        except IntegrityError:
            raise Refused("This email is already on its way.", status_code=409) from None
        for held in Message.objects.filter(root=root, status=Status.HELD) | Message.objects.filter(
            pk=root.pk, status=Status.HELD
        ):
            activity.cancel(held, by=by, text="Replaced by a resend")
        wake.deliver()
    return again


def _make_way(root: Message, *, by: str) -> None:
    """What we planned to try later is sent now: the planned try goes. Raises Refused if it is leaving this moment."""
    for planned in Message.objects.planned_retries().filter(root=root):
        if not activity.cancel(planned, by=by, text="Sent sooner"):
            raise Refused("This email is already on its way.", message=planned)


def try_later(failed: Message, root: Message, *, by: str, number: int, at: datetime) -> Message:
    """Plan the `number`-th try that nobody asked for. The caller holds the lock of `root`. Raises Refused."""
    eligibility.refuse_if_pointless(failed)
    again = _copy(failed, root, by=by, nonce=None, how=How(at=at))
    eligibility.refuse_if_unusable(again)
    again.retry, again.note = number, failed.category
    try:
        with transaction.atomic():
            return activity.create(again, type="retry_planned", by=by)
    except IntegrityError:
        raise Refused("This email is already on its way.") from None


def _same_nonce(nonce: str | None, root: Message) -> Message | None:
    said = Message.objects.filter(nonce=nonce).first() if nonce else None
    if said and said.family_id != root.pk:
        raise Refused("This form was used for another email. Please open the page again.", status_code=409)
    return said


def why_not_again(message: Message) -> Refused | None:
    """Why `resend` would refuse this one now; None if it would not. Asks only: nothing is written."""
    try:
        eligibility.refuse_if_pointless(message)
        again = _copy(message, message.root or message, by="", nonce=None, how=How())
        eligibility.refuse_if_unusable(again)
        check_limits(again, confirmed=True)
    except Refused as refused:
        return refused
    return None


def _copy(message: Message, root: Message, *, by: str, nonce: str | None, how: How) -> Message:
    person = message.participant
    address = person.contact.email if person else message.to_address
    return Message(
        inspection=message.inspection,
        participant=person,
        kind=message.kind,
        template=message.template,
        letter=message.letter,
        rule=message.rule,
        to_name=person.contact.name if person else message.to_name,
        to_address=address,
        to_key=canonical(address),
        created_by=by,
        send_after=how.at or timezone.now(),
        plain=how.plain or message.plain,
        by_link=how.by_link or message.by_link,
        root=root,
        resend_of=message,
        nonce=nonce,
        provider=settings.MAIL_PROVIDER,
    )


def send(
    participant: Participant,
    kind: str,
    *,
    by: str,
    nonce: str | None = None,
    undo: bool = True,
    confirmed: bool = False,
    template: EmailTemplate | None = None,
) -> Message:
    """Send this person their latest email of `kind` again, or a first one. Raises Refused like `resend`.

    With a `template` it is an email of those words that somebody sends, whatever rules send of them.
    """
    with transaction.atomic():
        # There may be no message to lock yet: two people who press at once queue up behind the person.
        Participant.objects.select_for_update(no_key=True).get(pk=participant.pk)
        last = latest(participant, kind, template)
        if last:
            return resend(last, by=by, nonce=nonce, undo=undo, confirmed=confirmed)
        refused = eligibility.why_not_to(participant, kind) or eligibility.why_not_about(participant.inspection, kind)
        if refused:
            raise refused
        plan = Plan(participant, kind, template or template_for(participant, kind), by)
        return begin(plan, nonce=nonce, undo=undo, confirmed=confirmed)


@transaction.atomic
def begin(
    plan: Plan, *, nonce: str | None = None, undo: bool = True, confirmed: bool = False, subject: str = ""
) -> Message:
    """Write a first email that somebody asks for. Raises Refused if its address cannot be used or a limit is reached.

    `undo` holds it back for UNDO_SECONDS, unless it leaves later anyway.
    """
    message = draft(plan)
    message.nonce, message.subject = nonce, subject
    eligibility.refuse_if_unusable(message)
    check_limits(message, confirmed=confirmed)
    if undo and plan.send_after is None:
        message.undo_until = message.send_after = timezone.now() + timedelta(seconds=settings.UNDO_SECONDS)
    activity.create(message, by=plan.by)
    wake.deliver()
    return message


def latest(participant: Participant, kind: str, template: EmailTemplate | None = None) -> Message | None:
    """The newest email of this kind to this person, sent or not; with a `template` of those by hand alone."""
    found = participant.messages.filter(kind=kind)
    found = found.filter(template=template, rule=None) if template else found
    return found.order_by("-pk").first()


def template_for(participant: Participant, kind: str) -> EmailTemplate:
    """The template that the automations use for this kind and role. Raises Refused if there is none."""
    rules = Automation.objects.standing().filter(template__kind=kind, template__versions__isnull=False).distinct()
    rules = rules.select_related("template")
    for rule in rules:
        if participant.role in rule.role_values:
            return rule.template
    template = EmailTemplate.objects.filter(kind=kind, versions__isnull=False).first()
    if template is None:
        raise Refused("There is no template for this email.")
    return template


def refusal(participant: Participant, kind: str, template: EmailTemplate | None = None) -> Refused | None:
    """Why this email cannot be sent to this person now, with the way out; None if it can."""
    try:
        last = latest(participant, kind, template)
        if last:
            eligibility.refuse_if_pointless(last)
        refused = eligibility.why_not_to(participant, kind) or eligibility.why_not_about(participant.inspection, kind)
        if refused:
            return refused
        eligibility.refuse_if_unusable(
            draft(Plan(participant, kind, template or template_for(participant, kind), by=""))
        )
    except Refused as refused:
        return refused
    return None


def send_now(message: Message, *, by: str, nonce: str | None = None) -> Message:
    """Send what was not sent on purpose, or release what is scheduled for later. Raises Refused."""
    if message.status == Status.QUEUED:
        activity.move(
            message,
            Status.QUEUED,
            frm={Status.QUEUED},
            type="hurried",
            by=by,
            send_after=timezone.now(),
            not_after=None,
            undo_until=None,
        )
        wake.deliver()
        return message
    return resend(message, by=by, nonce=nonce)


# --- stopping, settling ----------------------------------------------------------------------------------------------


def cancel(message: Message, *, by: str) -> bool:
    """Stop it before it leaves. False if it was too late."""
    return activity.cancel(message, by=by)


def unsent_for(participant: Participant) -> list[Message]:
    """What did not reach this person and has not been made good: one message per email, the newest, failed or held."""
    newest: dict[tuple[str, int | None], Message] = {}
    for message in participant.messages.select_related("template", "inspection").order_by("pk"):
        # A resend that was undone made nothing good, and one that we only plan has not yet.
        if message.status != Status.CANCELLED and not message.is_planned_retry:
            newest[message.kind, message.letter_id] = message
    unsent = [m for m in newest.values() if m.status in UNDELIVERED | {Status.HELD}]
    return [m for m in unsent if eligibility.why_not_about(m.inspection, m.kind) is None]


def settle(message: Message, *, arrived: bool, by: str, nonce: str | None = None) -> Message:
    """Staff know what became of an ambiguous send: it arrived, or it is to be sent again.

    Returns the message that counts from now on. Raises Refused if it is not in doubt any more.
    """
    with transaction.atomic():
        row = Message.objects.select_for_update().get(pk=message.pk)
        said = Message.objects.filter(nonce=nonce).first() if nonce else None
        if said:
            return said
        if row.status != Status.UNKNOWN:
            raise Refused("There is news about this email already. Please look again.")
        if arrived:
            return activity.vouch(row, Status.DELIVERED, by=by, type="vouched")
        failed = activity.vouch(row, Status.FAILED, by=by, type="given_up")
        return resend(failed, by=by, nonce=nonce, undo=False, confirmed=True)
