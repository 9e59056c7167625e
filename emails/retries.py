"""What failed for a passing reason is tried again by ourselves: each try a new message, planned, shown and stoppable.

Never what may have arrived, never after it would be of use, never against a word of staff. Whoever sends it sooner
takes the place of the planned try.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from emails import activity, eligibility, outbox
from emails.diagnosis import RETRYABLE
from emails.limits import Refused
from emails.models import Message, same_email
from emails.states import ON_PURPOSE, Status

BY = "Email Desk"
FAILED = (Status.SOFT_BOUNCED, Status.BOUNCED, Status.FAILED)
LOOK_BACK = timedelta(hours=1)
AT_ONCE = 200


def waits(category: str) -> list[float]:
    """When to try again, in seconds after the first failure."""
    return list(settings.RETRY_FULL if category == "mailbox_full" else settings.RETRY_SERVER)


def plan_all() -> int:
    """Plan the tries that are missing. Returns how many; repeating is harmless."""
    tried = Message.objects.filter(resend_of=OuterRef("pk"), retry__gt=0)
    failed = Message.objects.filter(
        ~Exists(tried), status__in=FAILED, category__in=RETRYABLE, changed_at__gt=timezone.now() - LOOK_BACK
    )
    return sum(plan(message) is not None for message in failed.order_by("pk")[:AT_ONCE])


def plan(failed: Message) -> Message | None:
    """Plan one more try of an email that failed; None if there is none left or it makes no sense."""
    with transaction.atomic():
        root = Message.objects.select_for_update().get(pk=failed.family_id)
        failed = Message.objects.with_people().select_related("root").get(pk=failed.pk)
        due = _due(failed)
        if due is None or _is_settled(failed) or _is_silent(failed) or not eligibility.is_timely_at(failed, due[1]):
            return None
        try:
            return outbox.try_later(failed, root, by=BY, number=due[0], at=due[1])
        except Refused:
            return None


def _due(failed: Message) -> tuple[int, datetime] | None:
    """Number and time of the next try to the same address."""
    if failed.status not in FAILED or failed.category not in RETRYABLE:
        return None
    family = Message.objects.filter(pk=failed.family_id) | Message.objects.filter(root_id=failed.family_id)
    there = family.filter(to_key=failed.to_key).exclude(status__in=ON_PURPOSE)
    number = there.filter(retry__gt=0).count()
    planned = waits(failed.category)[number : number + 1]
    first = there.filter(status__in=FAILED).order_by("pk").first()
    if not planned or first is None:
        return None
    return number + 1, max(first.changed_at + timedelta(seconds=planned[0]), timezone.now())


def _is_settled(failed: Message) -> bool:
    """It was tried again already, arrived in another way, staff settled it, or the person has another address now."""
    person = failed.participant
    if Message.objects.filter(resend_of=failed, retry__gt=0).exists() or person is None:
        return True
    settled = not failed.problems.filter(closed_at=None).exists()
    return settled or person.contact.email_key != failed.to_key


def _is_silent(message: Message) -> bool:
    """Sent by a rule, and notifications are off by now."""
    rule = message.rule
    return rule is not None and not rule.even_if_off and not message.inspection.notifications


def why_not_now(retry: Message) -> str:
    """Why a planned try whose time has come is not wanted any more, "" if it is."""
    if not eligibility.is_timely(retry):
        return "Its time had passed"
    if _is_silent(retry):
        return "Notifications are off"
    later = Message.objects.filter(same_email(retry), pk__gt=retry.resend_of_id or 0).exclude(pk=retry.pk)
    if later.exclude(status__in=ON_PURPOSE).exists():
        return "Another one took its place"
    failed = retry.resend_of
    if failed and (failed.status not in FAILED or failed.category not in RETRYABLE):
        return "There is news about the one before"
    return ""


def stop(messages: list[Message], *, by: str, text: str) -> int:
    """Staff settled these another way: they are not tried again by themselves. How many were planned."""
    return sum(activity.stop_retries(message, by=by, text=text) for message in messages)
