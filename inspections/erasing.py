"""Delete a person's data: what they are called and how they are reached goes; what took place stays.

Signed agreements stay as they were signed: they prove what was agreed.
"""

from collections.abc import Collection, Mapping

from django.utils import timezone

from inspections import links, people
from inspections.events import Type
from inspections.models import Contact, ContactChange, ImportUpload, Inspection, InspectionEvent, Participant, Signature

NAME = "Deleted person"
# Told by the person, under their own name.
_THEIR_WORD = (
    Type.SIGNED,
    Type.AGREEMENT_SIGNED,
    Type.PORTAL_VISITED,
    Type.REPORT_OPENED,
    Type.LINK_ASKED,
)
_PERSONAL = frozenset({"name", "email", "phone", "typed_name", "ip", "agent", "note"})


def addresses_of(contact: Contact) -> list[str]:
    """Every address that they have or had, as written."""
    former = contact.changes.filter(field="email").values_list("old", "new")
    return sorted({contact.email, *(address for pair in former for address in pair)} - {""})


def names_of(contact: Contact) -> list[str]:
    """What they are called, were called while nobody else is, and typed as their name when they signed."""
    pairs = contact.changes.filter(field="name").values_list("old", "new")
    former = {name for pair in pairs for name in pair}
    former -= set(Contact.objects.filter(name__in=former).exclude(pk=contact.pk).values_list("name", flat=True))
    typed = Signature.objects.filter(participant__contact=contact).values_list("typed_name", flat=True)
    return sorted({contact.name, *former, *typed} - {""})


def open_participations(contact: Contact) -> list[Participant]:
    """Where emails would still go to them."""
    on = contact.participations.filter(removed_at=None, inspection__in=Inspection.objects.open())
    return list(on.select_related("inspection", "contact").order_by("inspection_id", "pk"))


def take_off(contact: Contact, *, by: str) -> int:
    """Take them off inspections that are not over. The caller's transaction goes on with `forget`."""
    return sum(people.remove_person(on, by=by) for on in open_participations(contact))


def forget(contact: Contact) -> None:
    """Without a way back. The caller holds the contact's lock. Repeating it is harmless."""
    links.revoke_all(contact=contact)
    asked = InspectionEvent.objects.filter(type=Type.LINK_ASKED, participant=None)
    asked.filter(data__address__in=addresses_of(contact)).update(data={})
    ContactChange.objects.filter(contact=contact).exclude(old="", new="").update(old="", new="")
    ContactChange.objects.filter(apart_from=contact).exclude(old="").update(old="")
    told = InspectionEvent.objects.filter(participant__contact=contact)
    told.filter(type__in=_THEIR_WORD).update(by=NAME)
    theirs = set(contact.participations.values_list("pk", flat=True))
    begun = InspectionEvent.objects.filter(type=Type.CREATED, inspection__participants__in=theirs)
    for event in {*told, *begun}:
        kept = _impersonal(event, theirs)
        if kept != event.data:
            InspectionEvent.objects.filter(pk=event.pk).update(data=kept)
    contact.name, contact.email, contact.phone, contact.language = NAME, "", "", ""
    contact.erased_at = contact.erased_at or timezone.now()
    contact.save(update_fields=["name", "email", "email_key", "phone", "language", "erased_at"])


def empty_uploads(addresses: list[str]) -> int:
    """Files that wait to be imported and name one of these addresses are emptied: they can be uploaded anew."""
    wanted = [address.lower().encode() for address in addresses]
    waiting = ImportUpload.objects.exclude(content=b"").order_by("pk")
    found = [each.pk for each in waiting if any(one in bytes(each.content).lower() for one in wanted)]
    return ImportUpload.objects.filter(pk__in=found).update(content=b"", result={}, name="")


def _impersonal(event: InspectionEvent, theirs: Collection[int]) -> dict[str, object]:
    if event.type == Type.CREATED:  # it names everybody who was on the inspection
        people = event.data.get("people", [])
        kept = [_without(one, _PERSONAL) if one.get("participant") in theirs else one for one in people]
        return event.data | ({"people": kept} if people else {})
    return _without(event.data, _PERSONAL | ({"old", "new"} if event.type == Type.CONTACT_CHANGED else set()))


def _without(data: Mapping[str, object], gone: Collection[str]) -> dict[str, object]:
    return {key: "" if key in gone else value for key, value in data.items()}
