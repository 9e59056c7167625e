"""What deleting a person's data would take and leave, in numbers."""

from dataclasses import dataclass

from emails import erasures, selectors_contacts
from emails.models import Erasure, Message
from emails.states import CANCELLABLE
from inspections import erasing
from inspections.models import Contact, Participant, PortalLink, Signature


@dataclass(frozen=True)
class Consequences:
    """For the page that asks. `others`: entries that may be the same person and stay."""

    emails: int
    waiting: int
    problems: int
    links: int
    coming_off: list[Participant]
    inspections: int
    signatures: int
    leaving: bool
    others: list[Contact]
    shared: list[str]


def consequences(contact: Contact) -> Consequences:
    """Counted now; more may come until it is done."""
    theirs = Message.objects.filter(participant__contact=contact)
    on = contact.participations
    return Consequences(
        emails=theirs.count(),
        waiting=theirs.filter(status__in=CANCELLABLE).count(),
        problems=on.filter(problems__closed_at=None, problems__isnull=False).count(),
        links=PortalLink.objects.active().filter(participant__contact=contact).count(),
        coming_off=erasing.open_participations(contact),
        inspections=on.values("inspection").distinct().count(),
        signatures=Signature.objects.filter(participant__contact=contact).count(),
        leaving=erasures.leaving(contact),
        others=_others(contact),
        shared=selectors_contacts.sharing(contact),
    )


def done(contact: Contact) -> Erasure | None:
    """When and by whom it was done."""
    return Erasure.objects.filter(contact=contact).first()


def _others(contact: Contact) -> list[Contact]:
    """Entries with their name and address, or that one inspection keeps apart."""
    same = Contact.objects.filter(name__iexact=contact.name, email_key=contact.email_key)
    apart = Contact.objects.filter(changes__apart_from=contact) | Contact.objects.filter(partings__contact=contact)
    ids = {pk for found in (same, apart) for pk in found.values_list("pk", flat=True)} - {contact.pk}
    return list(Contact.objects.filter(pk__in=ids, erased_at=None).order_by("pk"))
