"""What can be sent to somebody again: never missing from their menu, but perhaps with a reason why not now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.urls import reverse

from emails import domains_checks, eligibility
from emails.limits import Refused
from emails.models import AddressHold, Kind, Message
from emails.reminders import TEMPLATES, What
from emails.selectors_papers import UNSIGNED, Papers, Signing
from emails.states import IN_OUR_HANDS, Reason, Status
from inspections import people
from inspections.models import Inspection, InspectionStatus, Participant, Role
from inspections.text import BadText, canonical, email_address

RESENDS = {
    Kind.CONFIRMATION: "Resend Confirmation Email",
    Kind.AGREEMENT: "Resend Agreement",
    Kind.REPORT_READY: "Resend Report",
}


@dataclass(frozen=True)
class Choice:
    """An email in somebody's menu; `why` it is not possible now, with the way out. `remark`: what to know before."""

    kind: str
    label: str
    why: str = ""
    way_out: tuple[str, str] | None = None
    post: str = ""
    remark: str = ""


def blocked_of(present: Sequence[Participant]) -> Mapping[str, str]:
    """Reason by address key, for those addresses that cannot be written to."""
    keys = {canonical(person.email) for person in present}
    held = AddressHold.objects.filter(key__in=keys, released_at__isnull=True).values_list("key", flat=True)
    dead = domains_checks.dead(domains_checks.domain_of(key) for key in keys)
    no_service = [key for key in keys if domains_checks.domain_of(key) in dead]
    return {
        **dict.fromkeys(no_service, Reason.NO_MAIL_SERVICE),
        **dict.fromkeys(held, Reason.ADDRESS_BLOCKED),
        **dict.fromkeys(people.own_addresses(), Reason.OWN_ADDRESS),
    }


def choice(
    person: Participant,
    kind: Kind,
    messages: Sequence[Message],
    blocked: Mapping[str, str],
    templates: set[str],
    signing: Signing = UNSIGNED,
) -> Choice:
    """The same answer as `outbox.refusal`, from what was read already; a test holds them together."""
    refused = _in_the_way(person, kind, messages) or _unreachable(person, blocked)
    if kind not in templates and not refused:
        refused = Refused("There is no template for this email.")
    found = _choice(kind, RESENDS[kind], refused, reverse("person_resend", args=[person.pk, kind]))
    signed = kind == Kind.AGREEMENT and signing.signature is not None and not found.why
    return replace(found, remark=f"{person.name} has signed already.") if signed else found


def reminders(
    person: Participant, messages: Sequence[Message], blocked: Mapping[str, str], signing: Signing, papers: Papers
) -> dict[str, Choice]:
    """What this person can be reminded of, the same answer as `reminders.refusal`. Messages with their templates."""
    return {
        "sign": reminder_to_sign(person, messages, blocked, signing),
        "pay": _reminder_to_pay(person, messages, blocked, papers),
    }


def reminder_to_sign(
    person: Participant, messages: Sequence[Message], blocked: Mapping[str, str], signing: Signing
) -> Choice:
    """Or why there is nothing to remind of."""
    refused = None
    if person.role != Role.CLIENT:
        refused = Refused("Only clients sign the agreement.")
    elif person.inspection.agreement_id is None:
        refused = Refused("This inspection has no agreement.")
    elif signing.signature:
        refused = Refused(f"{person.name} has signed already.")
    return _reminder(What.SIGN, "Send reminder to sign", person, messages, blocked, refused)


def _reminder_to_pay(
    person: Participant, messages: Sequence[Message], blocked: Mapping[str, str], papers: Papers
) -> Choice:
    refused = None
    if person.role != Role.CLIENT:
        refused = Refused("Only clients are asked to pay.")
    elif not papers.money.fee:
        refused = Refused("There is no fee.", way_out=("Enter it", f"/inspections/{person.inspection_id}/edit/"))
    elif not papers.money.due:
        refused = Refused("The fee is paid already.")
    return _reminder(What.PAY, "Send payment link", person, messages, blocked, refused)


def _reminder(
    what: What,
    label: str,
    person: Participant,
    messages: Sequence[Message],
    blocked: Mapping[str, str],
    refused: Refused | None,
) -> Choice:
    by_hand = [m for m in messages if m.rule_id is None and m.template and m.template.built_in == TEMPLATES[what]]
    refused = refused or _in_the_way(person, Kind.REMINDER, by_hand) or _unreachable(person, blocked)
    return _choice(what, label, refused, reverse("person_remind", args=[person.pk, what]))


def _choice(kind: str, label: str, refused: Refused | None, post: str) -> Choice:
    return Choice(kind, label, str(refused) if refused else "", refused.way_out if refused else None, post)


def _in_the_way(person: Participant, kind: Kind, messages: Sequence[Message]) -> Refused | None:
    if refused := eligibility.why_not_to(person, kind):
        return refused
    last = max((m for m in messages if m.kind == kind), key=lambda m: m.pk, default=None)
    if last:
        ours = [m for m in messages if m.family_id == last.family_id and not m.is_planned_retry]
        flying = [m for m in ours if m.status in IN_OUR_HANDS]
        page = ("See it", f"/messages/{(flying or [last])[-1].pk}/")
        if flying:
            return Refused("It is on its way already.", way_out=page)
        if last.status == Status.UNKNOWN:
            return Refused("We are not sure whether the last one left.", way_out=page)
    refused = eligibility.why_not_about(person.inspection, kind)
    return refused and Refused(str(refused), way_out=_way_from_here(person.inspection, kind))


def _way_from_here(inspection: Inspection, kind: str) -> tuple[str, str] | None:
    """The menu is on the inspection's own page, so a link to that would lead nowhere."""
    page = f"/inspections/{inspection.pk}/"
    if inspection.status == InspectionStatus.REQUESTED:
        return "Confirm it", f"{page}confirm/"
    if inspection.status != InspectionStatus.CANCELLED and kind == Kind.REPORT_READY:
        return "Publish it", f"{page}publish/"
    return None


def _unreachable(person: Participant, blocked: Mapping[str, str]) -> Refused | None:
    fix = ("Correct the address", f"/people/{person.pk}/edit/")
    try:
        reason = blocked.get(canonical(email_address(person.email)))
    except BadText:
        return Refused("There is no usable email address.", way_out=("Add one", fix[1]))
    if reason == Reason.OWN_ADDRESS:
        return Refused("This is your own office’s address.", way_out=fix)
    if reason == Reason.NO_MAIL_SERVICE:
        return Refused("There is no mail service at its domain.", way_out=fix)
    return Refused("Mail to this address is on hold: it failed before.", way_out=fix) if reason else None
