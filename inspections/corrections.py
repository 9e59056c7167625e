"""Correct what is known about a person: everywhere, or on one inspection alone.

Everywhere: the contact changes, and with it every inspection that has it. On one inspection alone: that inspection
gets a contact of its own, and the others keep theirs. Locks as in `inspections.people`.
"""

from collections.abc import Callable, Iterable, Mapping

from django.db import transaction

from inspections import drafts, events, links, own
from inspections.errors import BadField
from inspections.models import Contact, ContactChange, Inspection, InspectionEvent, Language, Participant
from inspections.text import MAX_NAME, BadText, canonical

GONE = "This person’s data was deleted. Add them anew if they come back."


def _language(value: str) -> str:
    if value not in ("", *Language.values):
        raise BadText("Choose one of the languages, or leave it open.")
    return value


_TIDY: dict[str, Callable[[str], str]] = {
    "email": drafts.tidy_email,
    "name": drafts.tidy_name,
    "phone": drafts.tidy_phone,
    "language": _language,
}


def correct_contact(
    contact: Contact,
    *,
    by: str,
    via: str = "",
    email: str | None = None,
    name: str | None = None,
    phone: str | None = None,
    language: str | None = None,
) -> list[ContactChange]:
    """Change what is known about a person, everywhere; None leaves a value as it is, email="" removes the address.

    Another address switches off the person's portal links: they may have gone to a stranger. Every open inspection
    of the person gets one event per changed value. Raises BadField (a BadText), also when the name is empty and when
    the new address is the office's own.
    """
    with transaction.atomic():
        stored = Contact.objects.select_for_update(no_key=True).get(pk=contact.pk)
        wanted = _wanted(stored, {"email": email, "name": name, "phone": phone, "language": language})
        changes = [_change(stored, field, getattr(stored, field), wanted[field], by, via) for field in wanted]
        if changes:
            _apply(stored, changes, by=by)
    for field in (*_TIDY, "email_key"):
        setattr(contact, field, getattr(stored, field))
    return changes


def correct_here(
    participant: Participant,
    *,
    by: str,
    via: str = "",
    email: str | None = None,
    name: str | None = None,
    phone: str | None = None,
    language: str | None = None,
) -> list[ContactChange]:
    """The same for one inspection alone: it gets another contact, its links are switched off, the others keep theirs.

    Where the person is on no other inspection there is nothing to part from: the contact itself is corrected.
    `participant.contact` is the contact that counts from now on. Raises BadField like `correct_contact`.
    """
    with transaction.atomic():
        Inspection.objects.select_for_update(no_key=True).get(pk=participant.inspection_id)
        contact_id = Participant.objects.values_list("contact_id", flat=True).get(pk=participant.pk)
        stored = Contact.objects.select_for_update(no_key=True).get(pk=contact_id)
        if Participant.objects.filter(contact=stored).exclude(inspection=participant.inspection_id).exists():
            wanted = _wanted(stored, {"email": email, "name": name, "phone": phone, "language": language})
            changes = _part(participant.inspection, stored, wanted, by=by, via=via) if wanted else []
        else:
            changes = correct_contact(stored, by=by, via=via, email=email, name=name, phone=phone, language=language)
    participant.contact = changes[0].contact if changes else stored
    return changes


def _wanted(stored: Contact, given: Mapping[str, str | None]) -> dict[str, str]:
    """What differs, tidied. Raises BadField."""
    if stored.erased_at:
        raise BadField("email", GONE)
    tidy = {field: _tidied(field, value) for field, value in given.items() if value is not None}
    wanted = {field: value for field, value in tidy.items() if value != getattr(stored, field)}
    moved = canonical(wanted.get("email", "")) not in ("", stored.email_key)
    if moved and (refused := own.refusal(wanted["email"], name=wanted.get("name", stored.name))):
        raise BadField("email", refused)
    return wanted


def _tidied(field: str, value: str) -> str:
    try:
        return _TIDY[field](value)
    except BadText as problem:
        raise BadField(field, str(problem)) from None


def _change(contact: Contact, field: str, old: str, new: str, by: str, via: str) -> ContactChange:
    return ContactChange(contact=contact, field=field, old=old, new=new, by=by[:MAX_NAME], via=via)


def _apply(contact: Contact, changes: list[ContactChange], *, by: str) -> None:
    key = contact.email_key
    for change in changes:
        setattr(contact, change.field, change.new)
    contact.save(update_fields=[*(change.field for change in changes), "email_key"])
    ContactChange.objects.bulk_create(changes)
    if contact.email_key != key:
        links.revoke_all(contact=contact)
    on = Participant.objects.current().filter(contact=contact, inspection__in=Inspection.objects.open())
    _tell(on.select_related("inspection", "contact").order_by("inspection_id", "id"), changes, by=by)


def _part(
    inspection: Inspection, stored: Contact, wanted: Mapping[str, str], *, by: str, via: str
) -> list[ContactChange]:
    own_contact = _contact_like(stored, wanted, away_from=inspection)
    changes = [_change(own_contact, field, getattr(stored, field), wanted[field], by, via) for field in wanted]
    for change in changes:
        change.apart_from, change.inspection = stored, inspection
    here = Participant.objects.filter(inspection=inspection, contact=stored)
    moved = list(here.values_list("pk", flat=True))
    here.update(contact=own_contact)
    ContactChange.objects.bulk_create(changes)
    there = Participant.objects.filter(pk__in=moved).select_related("inspection", "contact").order_by("pk")
    if own_contact.email_key != stored.email_key:
        for participant in there:
            links.revoke_all(participant=participant)
    _tell(there.filter(removed_at__isnull=True), changes, by=by, only_here=True)
    return changes


def _contact_like(stored: Contact, wanted: Mapping[str, str], *, away_from: Inspection) -> Contact:
    """A contact with just these facts, an old one if there is one: taking back a parting joins them again."""
    facts = {field: wanted.get(field, getattr(stored, field)) for field in _TIDY}
    known = Contact.objects.filter(**facts).exclude(participations__inspection=away_from) if facts["email"] else None
    return (known and known.order_by("pk").first()) or Contact.objects.create(**facts)


def _tell(on: Iterable[Participant], changes: Iterable[ContactChange], *, by: str, **more: object) -> None:
    events.tell(_told(participant, change, by, more) for participant in on for change in changes)


def _told(participant: Participant, change: ContactChange, by: str, more: Mapping[str, object]) -> InspectionEvent:
    kind = events.Type.CONTACT_CHANGED
    facts = {"field": change.field, "old": change.old, "new": change.new, **more}
    return events.new(participant.inspection, kind, by=by, participant=participant, **facts)
