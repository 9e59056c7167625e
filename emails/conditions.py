"""Conditions of a rule. One more is a row of the table (and the column that it reads)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext as _

from emails import papers
from emails.models import Automation, Kind
from emails.wording_facts import FROM_THE_START
from inspections.models import Inspection, InspectionEvent, InspectionStatus, Participant, Role


@dataclass(frozen=True)
class Condition:
    """`asked`: the rule has it. `met`: it holds for this person. `only_for`: "The rule is only for …".

    `answered`: in words, that this person has done what the email would ask for; `while_` says it of the rule.
    """

    asked: Callable[[Automation], bool]
    met: Callable[[Automation, Participant], bool]
    only_for: Callable[[Automation], str]
    answered: Callable[[Participant], str] = lambda person: ""
    while_: str = ""

    def words(self, rule: Automation) -> str:
        """What it adds to the sentence of its rule."""
        return self.while_ or f"Only for {self.only_for(rule)}."


def unmet(rule: Automation, person: Participant) -> str:
    """Whom the rule is only for, if this person's inspection is not of that sort; else ""."""
    for condition in asked(rule):
        if not condition.met(rule, person):
            return condition.only_for(rule)
    return ""


def answered(rule: Automation, kind: str, person: Participant) -> str:
    """That the email has nothing left to ask of this person, in words ("Ann Lee has signed"); "" if it has."""
    if kind == Kind.AGREEMENT and (words := papers.signed(person)):
        return words
    return next((words for condition in asked(rule) if (words := condition.answered(person))), "")


def asked(rule: Automation) -> Iterable[Condition]:
    """The conditions that this rule has."""
    return [condition for condition in CONDITIONS.values() if condition.asked(rule)]


def _booked(rule: Automation, person: Participant) -> bool:
    wanted = rule.service.casefold()
    return any(service.casefold() == wanted for service in person.inspection.services)


def _first_time(rule: Automation, person: Participant) -> bool:
    """No client of this inspection had an earlier one; a client is asked about themselves alone.

    A client who is not there yet (see `automations.fire`) has had none.
    """
    here = person.inspection
    clients = [person] if person.contact_id else []
    if person.role != Role.CLIENT:
        clients = list(here.participants.current().filter(role=Role.CLIENT).select_related("contact"))
    same = Q(contact__in=[client.contact_id for client in clients])
    keys = [client.contact.email_key for client in clients if client.contact.email_key]
    earlier = Participant.objects.current().filter(same | Q(contact__email_key__in=keys), role=Role.CLIENT)
    earlier = earlier.filter(inspection__starts_at__lt=here.starts_at).exclude(inspection=here)
    return not earlier.exclude(inspection__status=InspectionStatus.CANCELLED).exists()


CONDITIONS: Mapping[str, Condition] = {
    "service": Condition(
        lambda rule: bool(rule.service),
        _booked,
        lambda rule: _("inspections with “%(service)s”") % {"service": rule.service},
    ),
    "first_time": Condition(lambda rule: rule.first_time, _first_time, lambda rule: _("first-time clients")),
    "unsigned": Condition(
        lambda rule: rule.unsigned,
        lambda rule, person: person.inspection.agreement_id is not None,
        lambda rule: _("inspections with an agreement"),
        papers.signed,
        "Only while it is not signed.",
    ),
    "unpaid": Condition(
        lambda rule: rule.unpaid,
        lambda rule, person: bool(person.inspection.fee),
        lambda rule: _("inspections with a fee"),
        papers.paid,
        "Only while it is not paid.",
    ),
}


def who_silenced(inspection: Inspection) -> str:
    """Who and when; from the start on it may be the company's setting, so whoever added it is told as that alone."""
    switched = inspection.events.filter(type=InspectionEvent.Type.NOTIFICATIONS_OFF).order_by("-at").first()
    if switched:
        return f"{switched.at.isoformat()} {switched.by}"
    added = inspection.events.filter(type=InspectionEvent.Type.CREATED).first()
    return f"{FROM_THE_START}{added.by}" if added else ""
