"""Reminders that staff send by hand: to sign, to pay."""

from collections.abc import Callable, Mapping
from enum import StrEnum

from emails import builtin, eligibility, outbox, papers
from emails.limits import Refused
from emails.models import EmailTemplate, Kind, Message
from inspections.models import Participant, Role


class What(StrEnum):
    """What somebody is reminded of."""

    SIGN = "sign"
    PAY = "pay"


TEMPLATES: Mapping[str, str] = {What.SIGN: papers.TO_SIGN, What.PAY: papers.TO_PAY}


def send(
    person: Participant, what: str, *, by: str, nonce: str | None = None, confirmed: bool = False, undo: bool = True
) -> Message:
    """Remind a client, once more if they were. Raises Refused like `outbox.send`, and where nothing is left to do."""
    if refused := why_not(person, what):
        raise refused
    return outbox.send(
        person, Kind.REMINDER, template=_template(what), by=by, nonce=nonce, confirmed=confirmed, undo=undo
    )


def why_not(person: Participant, what: str) -> Refused | None:
    """Why there is nothing to remind this person of, with the way out; None if there is. Asks about no address."""
    refused = eligibility.why_not_to(person, Kind.REMINDER) or _why_not[What(what)](person)
    return refused or eligibility.why_not_about(person.inspection, Kind.REMINDER)


def refusal(person: Participant, what: str) -> Refused | None:
    """Why `send` would refuse now; None if it would not."""
    return why_not(person, what) or outbox.refusal(person, Kind.REMINDER, template=_template(what))


def _template(what: str) -> EmailTemplate:
    return builtin.template(TEMPLATES[what])


def _not_to_sign(person: Participant) -> Refused | None:
    if person.role != Role.CLIENT:
        return Refused("Only clients sign the agreement.")
    if person.inspection.agreement_id is None:
        return Refused("This inspection has no agreement.")
    return Refused(f"{signed} already.") if (signed := papers.signed(person)) else None


def _not_to_pay(person: Participant) -> Refused | None:
    if person.role != Role.CLIENT:
        return Refused("Only clients are asked to pay.")
    if not person.inspection.fee:
        return Refused("There is no fee.", way_out=("Enter it", f"/inspections/{person.inspection_id}/edit/"))
    return Refused(f"{paid} already.") if (paid := papers.paid(person)) else None


_why_not: Mapping[What, Callable[[Participant], Refused | None]] = {What.SIGN: _not_to_sign, What.PAY: _not_to_pay}
