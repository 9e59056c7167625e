"""What an inspection lacks for its emails to reach anybody: the client, a name, an address."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.urls import reverse

from emails import formerly, selectors_menu
from emails.states import Reason
from inspections.models import Inspection, InspectionStatus, Participant, Role
from inspections.text import BadText, canonical, email_address, name_key

# What people type into a name field when they have no name.
NO_NAMES = frozenset(
    ("client", "buyer", "seller", "agent", "name", "unknown", "none", "no name", "n/a", "na", "tbd", "tba", "test", "?")
)


@dataclass(frozen=True)
class Finding:
    """Something that is missing, and the page where it is put right."""

    text: str
    href: str
    label: str


def findings(inspection: Inspection, present: Sequence[Participant], blocked: Mapping[str, str]) -> list[Finding]:
    """What is missing, the client first. Nothing is asked about a canceled inspection."""
    if inspection.status == InspectionStatus.CANCELLED:
        return []
    found = [finding for person in present for finding in _about(person, blocked)]
    if any(person.role == Role.CLIENT for person in present):
        return found
    add = reverse("person-add", args=[inspection.pk])
    return [Finding("No client is on this inspection, so nobody can sign or pay.", add, "Add the client"), *found]


def ahead_of(inspection: Inspection) -> tuple[list[Finding], list[tuple[Participant, str]]]:
    """Before emails go out: what is missing, and whose address failed on another inspection, in words."""
    present = list(inspection.participants.current().select_related("contact").order_by("pk"))
    failed = formerly.failures([person.email for person in present], apart_from=inspection)
    known = [(p, failed[p.contact.email_key].sentence) for p in present if p.contact.email_key in failed]
    return findings(inspection, present, selectors_menu.blocked_of(present)), known


def _about(person: Participant, blocked: Mapping[str, str]) -> list[Finding]:
    page = reverse("person_edit", args=[person.pk])
    found = []
    if _is_no_name(person.name):
        found.append(
            Finding(f"“{_short(person.name)}” is no name. Emails would begin with it.", page, "Enter the name")
        )
    if not person.email:
        found.append(Finding(f"{_short(person.name)} has no email address.", page, "Add it"))
    elif _is_no_address(person.email):
        found.append(Finding(f"The email address of {_short(person.name)} isn’t one.", page, "Correct it"))
    elif blocked.get(canonical(person.email)) == Reason.OWN_ADDRESS:
        said = f"{_short(person.name)} has your own office’s address and would not see the email."
        found.append(Finding(said, page, "Correct it"))
    return found


def _is_no_name(name: str) -> bool:
    return name_key(name) in NO_NAMES or "@" in name or not any(ch.isalpha() for ch in name)


def _is_no_address(email: str) -> bool:
    try:
        email_address(email)
    except BadText:
        return True
    return False


def _short(name: str) -> str:
    return name if len(name) <= 60 else f"{name[:59]}…"
