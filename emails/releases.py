"""What was held leaves again: the address was corrected, a fact is there, a template is mended, a domain came back."""

from django.utils import timezone

from emails import activity, domains_checks, eligibility, wake
from emails.models import EmailTemplate, Message
from emails.states import Reason, Status
from inspections.models import Inspection, Participant
from inspections.text import canonical


def follow_address(participant: Participant, *, by: str) -> list[Message]:
    """The person's address changed: what waits goes to the new one, and what was held for it may leave.

    Returns the released messages. What was sent already is left alone: resending it is an act of its own.
    """
    released = []
    for planned in participant.messages.planned_retries():
        activity.cancel(planned, by=by, text="The address was corrected")
    waiting = participant.messages.filter(status__in=[Status.QUEUED, Status.HELD]).order_by("pk")
    address = participant.contact.email
    for message in waiting.select_related("inspection"):
        changes = {"to_address": address, "to_key": canonical(address), "to_name": participant.contact.name}
        if message.status == Status.QUEUED:
            activity.move(
                message, Status.QUEUED, frm={Status.QUEUED}, type="readdressed", by=by, text=address, **changes
            )
        elif _release(message, by=by, **changes):
            released.append(message)
    if released:
        wake.deliver()
    return released


def try_again(inspection: Inspection, *, by: str) -> list[Message]:
    """Facts changed: what a template could not be filled with may be there now. Returns what leaves, to be seen."""
    held = inspection.messages.filter(status=Status.HELD, reason=Reason.TEMPLATE_PROBLEM).order_by("pk")
    return [message for message in held if one(message, by=by)]


def of_template(template: EmailTemplate, *, by: str) -> list[Message]:
    """A new version is out: what the old one held leaves. Returns what does."""
    held = template.messages.filter(status=Status.HELD, reason=Reason.TEMPLATE_PROBLEM).order_by("pk")
    return [message for message in held.select_related("inspection") if one(message, by=by)]


def of_revived_domains() -> list[Message]:
    """What was held for a mail domain that is not known to be dead any more leaves. Returns what does.

    Asked of the held rows, not of what changed: a worker that is killed in between, or an email that was held while
    the answer came, would wait without end.
    """
    held = Message.objects.filter(status=Status.HELD, reason=Reason.NO_MAIL_SERVICE).order_by("pk")
    by_domain = [(domains_checks.domain_of(message.to_key), message) for message in held.select_related("inspection")]
    dead = domains_checks.dead(domain for domain, _ in by_domain)
    return [message for domain, message in by_domain if domain not in dead and one(message, by="")]


def one(message: Message, *, by: str) -> bool:
    """Let a held message leave if what held it is gone. False if it must wait on."""
    done = _release(message, by=by, to_address=message.to_address, to_key=message.to_key)
    if done:
        wake.deliver()
    return done


def _release(message: Message, *, by: str, **changes: str) -> bool:
    message.to_address, message.to_key = changes["to_address"], changes["to_key"]
    reason = eligibility.unusable(message)
    if reason:
        activity.move(message, Status.HELD, frm={Status.HELD}, type="held", by=by, reason=reason, **changes)
        return False
    if not eligibility.is_timely(message):
        activity.move(
            message, Status.CANCELLED, frm={Status.HELD}, type="cancelled", by=by, text="Its time had passed", note=by
        )
        return False
    return activity.move(
        message,
        Status.QUEUED,
        frm={Status.HELD},
        type="released",
        by=by,
        reason="",
        send_after=max(message.send_after, timezone.now()),
        **changes,
    )
