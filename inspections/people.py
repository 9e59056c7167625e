"""The people of inspections: correct somebody's details, put people on an inspection, take them off.

Locks are taken in one order everywhere, so that no two requests can wait for each other:
inspection -> new people's keys -> contacts by id -> participants -> portal links.
Rows are locked FOR NO KEY UPDATE: an event or a message that refers to them never waits.
"""

from collections.abc import Callable, Iterable, Sequence

from django.db import connection, transaction
from django.utils import timezone

from inspections import drafts, events, links
from inspections.corrections import correct_contact, correct_here
from inspections.drafts import Person
from inspections.errors import NotPossible
from inspections.models import Contact, Inspection, InspectionEvent, Participant, Role, Via
from inspections.own import own_addresses
from inspections.text import canonical, name_key, phone_key

__all__ = [
    "add_person",
    "are_the_same",
    "change_role",
    "contacts_for",
    "correct_contact",
    "correct_here",
    "fill_in_phones",
    "open_elsewhere",
    "own_addresses",
    "remove_person",
    "sync",
]


def add_person(inspection: Inspection, person: Person, *, by: str) -> Participant:
    """Put somebody on an inspection; the one who is already there if they are. Raises BadDraft."""
    person = drafts.validate_person(person, own=own_addresses())
    with transaction.atomic():
        locked = Inspection.objects.select_for_update(no_key=True).get(pk=inspection.pk)
        present = _present(locked)
        here = next((p for p in present if _key(p) == person.key), None)
        if here is not None and here.removed_at is None:
            return here
        contact = here.contact if here else contacts_for([person])[0]
        participant = here or Participant(inspection=locked, contact=contact, role=person.role)
        _fill_in(contact, person, by=by)
        events.tell(_bring([participant], by=by))
    return participant


def remove_person(participant: Participant, *, by: str) -> bool:
    """Take somebody off an inspection and switch off their links. True if they were on it."""
    with transaction.atomic():
        told = _take_off([participant], by=by)
        events.tell(told)
    return bool(told)


def change_role(participant: Participant, role: str, *, by: str) -> Participant:
    """Make somebody something else on the inspection. Returns the participation that counts from now on.

    Somebody who was taken off in that role before comes back as that one. Raises NotPossible.
    """
    if role not in Role.values:
        raise NotPossible("Choose one of the roles.")
    with transaction.atomic():
        locked = Inspection.objects.select_for_update(no_key=True).get(pk=participant.inspection_id)
        person = Participant.objects.select_related("contact").get(pk=participant.pk)
        person.inspection = locked
        if person.role == role:
            return person
        if person.removed_at is not None:
            raise NotPossible(f"{person.name} is no longer on this inspection.")
        there = Participant.objects.filter(inspection=locked, contact=person.contact_id, role=role).first()
        if there and there.removed_at is None:
            raise NotPossible(f"{person.name} is on this inspection as {Role(role).label} already.")
        if there:
            there.inspection, there.contact = locked, person.contact
            events.tell([*_take_off([person], by=by), *_bring([there], by=by)])
            return there
        before, person.role = person.role, role
        person.save(update_fields=["role"])
        events.record(locked, events.Type.ROLE_CHANGED, by=by, participant=person, old=before, new=role)
    return person


def open_elsewhere(participant: Participant) -> int:
    """On how many other inspections that are not over this person is."""
    on = Participant.objects.current().filter(contact=participant.contact_id, inspection__in=Inspection.objects.open())
    return on.exclude(inspection=participant.inspection_id).values("inspection").distinct().count()


def sync(inspection: Inspection, people: Sequence[Person], *, by: str) -> tuple[list[InspectionEvent], bool]:
    """Make `people` the people of a locked inspection.

    Returns the events of who came and went, for the caller to tell, and whether somebody's details were corrected.

    They match by role, address and name, else by role and address, else by role and name. Whoever is missing is taken
    off; whoever was taken off and is named again comes back.
    """
    present = _present(inspection)
    matched = _match(people, present)
    unmatched = [person for person in people if person not in matched]
    contacts = contacts_for(unmatched)
    corrected = _correct_all([(participant, person) for person, participant in matched.items()], by=by)
    keep = {participant.pk for participant in matched.values()}
    # Somebody else, whom the office shared something with, is not known to those who hand in the people.
    gone = [p for p in present if p.removed_at is None and p.pk not in keep and p.role != Role.OTHER]
    back = [p for p in matched.values() if p.removed_at is not None]
    new = [
        Participant(inspection=inspection, contact=contact, role=person.role)
        for contact, person in zip(contacts, unmatched, strict=True)
    ]
    corrected = fill_in_phones(zip(contacts, unmatched, strict=True), by=by) or corrected
    return [*_take_off(gone, by=by), *_bring([*back, *new], by=by)], corrected


def are_the_same(inspection: Inspection, people: Sequence[Person]) -> bool:
    """Surely nobody came, went or changed. Reads `participants` and their contacts, best fetched ahead."""
    named = {person.key for person in people}
    here = {_key(p): p.contact for p in inspection.participants.all() if p.removed_at is None}
    here = {key: contact for key, contact in here.items() if key in named or key[0] != Role.OTHER}
    return here.keys() == named and not any(_has_new_phone(here[person.key], person) for person in people)


def contacts_for(people: Sequence[Person]) -> list[Contact]:
    """A contact for each person, in order: a known one if address *and* name are the same, else a new one.

    Somebody without an address is always new. Two requests that bring the same new person at once make one contact:
    they queue at a lock on its key.
    """
    keys = [person.key[1:] for person in people]
    known = _known(keys)
    if missing := {key for key in keys if key[0] and key not in known}:
        _queue_at(missing)
        known |= _known(missing)
    found: list[Contact] = []
    new: list[Contact] = []
    for key, person in zip(keys, people, strict=True):
        contact = known.get(key) if key[0] else None
        if contact is None:
            contact = Contact(name=person.name, email=person.email, email_key=key[0], phone=person.phone)
            new.append(contact)
            known[key] = contact
        found.append(contact)
    Contact.objects.bulk_create(new)
    return found


def fill_in_phones(found: Iterable[tuple[Contact, Person]], *, by: str) -> bool:
    """Store the phone numbers that came with people who were known already. True if any was news."""
    news = [_fill_in(contact, person, by=by) for contact, person in sorted(found, key=lambda pair: pair[0].pk)]
    return any(news)


def _present(inspection: Inspection) -> list[Participant]:
    found = list(inspection.participants.select_related("contact").order_by("id"))
    for participant in found:
        participant.inspection = inspection
    return found


def _key(participant: Participant) -> tuple[str, str, str]:
    return participant.role, participant.contact.email_key, name_key(participant.name)


def _same_address(person: Person, participant: Participant) -> bool:
    return bool(person.email) and person.key[:2] == _key(participant)[:2]


def _same_name(person: Person, participant: Participant) -> bool:
    role, _, name = _key(participant)
    return participant.removed_at is None and (person.role, name_key(person.name)) == (role, name)


# The surest first: spouses who share a mailbox, or a name, keep apart.
_MATCHES: tuple[Callable[[Person, Participant], bool], ...] = (
    lambda person, participant: person.key == _key(participant),
    _same_address,
    _same_name,
)


def _match(people: Sequence[Person], present: Sequence[Participant]) -> dict[Person, Participant]:
    matched: dict[Person, Participant] = {}
    free = sorted(present, key=lambda p: p.removed_at is not None)
    for rule in _MATCHES:
        for person in people:
            here = next((p for p in free if person not in matched and rule(person, p)), None)
            if here is not None:
                matched[person] = here
                free.remove(here)
    return matched


def _correct_all(pairs: list[tuple[Participant, Person]], *, by: str) -> bool:
    by_contact = sorted(pairs, key=lambda pair: pair[0].contact_id)
    corrected = [_correct(participant.contact, person, by=by) for participant, person in by_contact]
    return any(corrected)


def _correct(contact: Contact, person: Person, *, by: str) -> bool:
    """Another spelling of the same address or name is no news, so that the same draft twice changes nothing."""
    moved = bool(person.email) and canonical(person.email) != contact.email_key
    renamed = name_key(person.name) != name_key(contact.name)
    email, name = person.email if moved else None, person.name if renamed else None
    changes = correct_contact(contact, by=by, via=Via.DATA, email=email, name=name) if moved or renamed else []
    return _fill_in(contact, person, by=by) or bool(changes)


def _fill_in(contact: Contact, person: Person, *, by: str) -> bool:
    return _has_new_phone(contact, person) and bool(correct_contact(contact, by=by, via=Via.DATA, phone=person.phone))


def _has_new_phone(contact: Contact, person: Person) -> bool:
    return bool(person.phone) and phone_key(person.phone) != phone_key(contact.phone)


def _take_off(participants: list[Participant], *, by: str) -> list[InspectionEvent]:
    told = []
    for participant in participants:
        now = timezone.now()
        if Participant.objects.current().filter(pk=participant.pk).update(removed_at=now):
            participant.removed_at = now
            links.revoke_all(participant=participant)
            told.append(_event(participant, events.Type.PERSON_REMOVED, by))
    return told


def _bring(participants: list[Participant], *, by: str) -> list[InspectionEvent]:
    for participant in participants:
        participant.removed_at = None
        participant.save()
    return [_event(participant, events.Type.PERSON_ADDED, by) for participant in participants]


def _event(participant: Participant, kind: events.Type, by: str) -> InspectionEvent:
    facts = {"role": participant.role, "name": participant.name, "email": participant.email}
    return events.new(participant.inspection, kind, by=by, participant=participant, **facts)


def _known(keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Contact]:
    """Contacts by address key and name key; the oldest where there are several."""
    addresses = {address for address, _ in keys if address}
    found = Contact.objects.filter(email_key__in=addresses).order_by("-id") if addresses else []
    return {(contact.email_key, name_key(contact.name)): contact for contact in found}


def _queue_at(keys: Iterable[tuple[str, str]]) -> None:
    # The keys are sorted, so two requests cannot wait for each other; the locks end with the transaction.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(key, 0)) FROM unnest(%s::text[]) AS key",
            [[" ".join(key) for key in sorted(keys)]],
        )
