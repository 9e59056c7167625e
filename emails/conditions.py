"""Conditions of a rule. One more is a row of the table (and the column that it reads)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext as _

from emails.models import Automation
from inspections.models import InspectionStatus, Participant, Role


@dataclass(frozen=True)
class Condition:
    """`asked`: the rule has it. `met`: it holds for this person. `only_for`: "The rule is only for …"."""

    asked: Callable[[Automation], bool]
    met: Callable[[Automation, Participant], bool]
    only_for: Callable[[Automation], str]


def unmet(rule: Automation, person: Participant) -> str:
    """Whom the rule is only for, if this person's inspection is not of that sort; else ""."""
    for condition in asked(rule):
        if not condition.met(rule, person):
            return condition.only_for(rule)
    return ""


def asked(rule: Automation) -> Iterable[Condition]:
    """The conditions that this rule has."""
    return [condition for condition in CONDITIONS.values() if condition.asked(rule)]


def _booked(rule: Automation, person: Participant) -> bool:
    wanted = rule.service.casefold()
    return any(service.casefold() == wanted for service in person.inspection.services)


def _first_time(rule: Automation, person: Participant) -> bool:
    """No client of this inspection had an earlier one; a client is asked about themselves alone."""
    here = person.inspection
    clients = [person]
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
}
