"""May this email leave, and does it make sense? Asked when it is written, again before it leaves, and by every menu."""

from datetime import datetime

from django.utils import timezone

from emails import domains_checks, holds, optouts
from emails.limits import Refused
from emails.models import Kind, Message
from emails.states import IN_OUR_HANDS, RESENDABLE, WRONG_PERSON, Reason, Status
from emails.wording_plain import PLAIN
from inspections import people
from inspections.models import Inspection, InspectionStatus, Participant, Role
from inspections.text import BadText, email_address

STILL_TIMELY_AFTER_THE_START = frozenset(
    {Kind.REPORT_READY, Kind.RECEIPT, Kind.CANCELLED, Kind.REVIEW_REQUEST, Kind.ONE_OFF}
)


def unusable(message: Message) -> str:
    """Why this message's address cannot be written to now: a Reason, or ""."""
    try:
        email_address(message.to_address)
    except BadText:
        return Reason.NO_ADDRESS
    if message.to_key in people.own_addresses() and not message.test:
        return Reason.OWN_ADDRESS
    if holds.active(message.to_address):
        return Reason.ADDRESS_BLOCKED
    return Reason.NO_MAIL_SERVICE if domains_checks.is_dead(message.to_address) else ""


def is_timely(message: Message) -> bool:
    """It still tells the person something they need."""
    if not message.inspection.is_open and message.kind != Kind.CANCELLED:
        return False
    return message.kind in STILL_TIMELY_AFTER_THE_START or message.inspection.starts_at > timezone.now()


def is_timely_at(message: Message, at: datetime) -> bool:
    """It would still tell the person something they need at that moment."""
    return message.kind in STILL_TIMELY_AFTER_THE_START or message.inspection.starts_at > at


def refuse_if_not_so(message: Message) -> None:
    """Raise Refused if it cannot be sent in the way that was asked for: too late, or without words of its own."""
    if not is_timely_at(message, message.send_after) and message.send_after > timezone.now():
        raise Refused("The inspection begins before that. Use another address, or call.")
    if message.plain and message.kind not in PLAIN:
        raise Refused("This email has no short version.")
    before = message.resend_of
    # One that was to offer them by link, and has not left, has kept none of them yet.
    if message.by_link and not (before and (before.files or before.by_link)):
        raise Refused("No file went along with this email.")


def lacks_client(message: Message) -> bool:
    """It was for a client, and there is none."""
    return message.participant_id is None and message.reason == Reason.NO_CLIENT


def why_not_to(participant: Participant, kind: str) -> Refused | None:
    """Why an email of this kind is not for this person, or None."""
    if participant.removed_at is not None:
        return Refused(f"{participant.name} is no longer on this inspection.")
    if kind == Kind.AGREEMENT and participant.role != Role.CLIENT:
        return Refused("Only clients sign the agreement.")
    if optouts.applies(kind, participant.contact.email_key):
        page = ("They want them again", f"/contacts/{participant.contact_id}/marketing/")
        return Refused(f"{participant.name} asked not to get emails of this kind.", way_out=page)
    return None


def why_not_about(inspection: Inspection, kind: str) -> Refused | None:
    """Why an email of this kind makes no sense for this inspection now, or None."""
    page = ("Open the inspection", f"/inspections/{inspection.pk}/")
    if inspection.status == InspectionStatus.CANCELLED and kind != Kind.CANCELLED:
        return Refused("The inspection was canceled, so only the cancellation can be sent.", way_out=page)
    if inspection.status == InspectionStatus.REQUESTED and kind != Kind.ONE_OFF:
        return Refused(
            "The inspection isn’t confirmed yet.", way_out=("Confirm it", f"/inspections/{inspection.pk}/confirm/")
        )
    if kind == Kind.REPORT_READY and inspection.report_published_at is None:
        return Refused("The report isn’t published yet.", way_out=page)
    return None


def refuse_if_pointless(message: Message) -> None:
    """Raise Refused if sending this email again makes no sense now, or must not happen blindly."""
    if message.test:
        page = ("Open the template", f"/templates/{message.template_id}/")
        if message.template_id is None:
            raise Refused("This was a test of an email that staff wrote. Send another one from its draft.")
        raise Refused("This was a test. Send another one from its template.", way_out=page)
    if message.letter and message.letter.is_forgotten:
        page = ("Create Email", f"/inspections/{message.inspection_id}/email/")
        raise Refused("The words of this email were removed after their time. Please write a new one.", way_out=page)
    ends = message.letter.link_expires_at if message.letter else None
    if ends and ends <= timezone.now():
        page = ("Share it again", f"/inspections/{message.inspection_id}/share/")
        raise Refused("The link of this email has ended. Please share it anew.", way_out=page)
    flying = Message.objects.filter(pk=message.family_id) | Message.objects.filter(root_id=message.family_id)
    # A try that we plan by ourselves is in nobody's way: what is sent now takes its place.
    ahead = flying.filter(status__in=IN_OUR_HANDS).exclude(status=Status.QUEUED, retry__gt=0).order_by("-pk").first()
    if ahead:
        raise Refused(f"This email is already on its way: {ahead.created_by} asked for it.", message=ahead)
    doubtful = flying.filter(status=Status.UNKNOWN).order_by("-pk").first()
    if doubtful:
        raise Refused(
            "We are not sure whether this email left. Please say first whether it arrived.",
            way_out=("Open the email", f"/messages/{doubtful.pk}/"),
        )
    if message.status not in RESENDABLE | {Status.HELD} and not message.is_planned_retry:
        raise Refused("This email can’t be sent again yet.")
    refuse = message.participant and why_not_to(message.participant, message.kind)
    refuse = refuse or why_not_about(message.inspection, message.kind)
    if lacks_client(message):
        add = ("Add the client", f"/inspections/{message.inspection_id}/people/add/")
        refuse = refuse or Refused("No client is on this inspection.", way_out=add)
    if refuse:
        raise refuse


def refuse_if_unusable(message: Message) -> None:
    """Raise Refused if this message's address cannot be written to, with the way to correct it."""
    reason = unusable(message)
    fix = ("Correct the address", f"/people/{message.participant_id}/edit/") if message.participant_id else None
    if reason == Reason.NO_ADDRESS:
        raise Refused(f"{message.to_name} has no usable email address.", way_out=fix)
    if reason == Reason.OWN_ADDRESS:
        raise Refused(f"{message.to_address} is your own address, not {message.to_name}’s.", way_out=fix)
    if reason == Reason.ADDRESS_BLOCKED:
        raise Refused(_held_words(message), way_out=fix)
    if reason == Reason.NO_MAIL_SERVICE:
        domain = domains_checks.domain_of(message.to_address)
        raise Refused(f"There is no mail service at “{domain}”.", way_out=fix)


def _held_words(message: Message) -> str:
    hold = holds.active(message.to_address)
    if hold and hold.placed_by:
        return f"{message.to_address} is blocked by {hold.placed_by}."
    if hold and hold.category == WRONG_PERSON:
        return f"Someone at {message.to_address} said that our mail is not for them."
    return f"Mail to {message.to_address} is on hold: it failed before."
