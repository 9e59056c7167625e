"""The people of inspections: correct somebody's details, put people on an inspection, take them off.

Locks are taken in one order everywhere, so that no two requests can wait for each other:
inspection -> new people's keys -> contacts by id -> participants -> portal links.
Rows are locked FOR NO KEY UPDATE: an event or a message that refers to them never waits.
"""

from collections.abc import Callable, Iterable, Sequence

from django.db import connection, transaction
from django.utils import timezone

from inspections import drafts, events, links
from inspections.drafts import Person
from inspections.errors import BadField
from inspections.models import (
    Company,
    Contact,
    ContactChange,
    Inspection,
    InspectionEvent,
    Language,
    Participant,
    User,
)
from inspections.text import MAX_NAME, BadText, canonical, name_key, phone_key


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
    email: str | None = None,
    name: str | None = None,
    phone: str | None = None,
    language: str | None = None,
) -> list[ContactChange]:
    """Change what is known about a person, everywhere; None leaves a value as it is, email="" removes the address.

    Another address switches off the person's portal links: they may have gone to a stranger. Every open inspection
    of the person gets one event per changed value. Raises BadField (a BadText), also when the name is empty.
    """
    given = {"email": email, "name": name, "phone": phone, "language": language}
    wanted = {field: _tidied(field, value) for field, value in given.items() if value is not None}
    with transaction.atomic():
        stored = Contact.objects.select_for_update(no_key=True).get(pk=contact.pk)
        changes = [
            ContactChange(contact=stored, field=field, old=getattr(stored, field), new=value, by=by[:MAX_NAME])
            for field, value in wanted.items()
            if getattr(stored, field) != value
        ]
        if changes:
            _apply(stored, changes, by=by)
    for field in (*given, "email_key"):
        setattr(contact, field, getattr(stored, field))
    return changes


def add_person(inspection: Inspection, person: Person, *, by: str) -> Participant:
    """Put somebody on an inspection; the one who is already there if they are. Raises BadDraft."""
    person = drafts.validate_person(person)
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
    gone = [p for p in present if p.removed_at is None and p.pk not in keep]
    back = [p for p in matched.values() if p.removed_at is not None]
    new = [
        Participant(inspection=inspection, contact=contact, role=person.role)
        for contact, person in zip(contacts, unmatched, strict=True)
    ]
    corrected = fill_in_phones(zip(contacts, unmatched, strict=True), by=by) or corrected
    return [*_take_off(gone, by=by), *_bring([*back, *new], by=by)], corrected


def are_the_same(inspection: Inspection, people: Sequence[Person]) -> bool:
    """Surely nobody came, went or changed. Reads `participants` and their contacts, best fetched ahead."""
    here = {_key(p): p.contact for p in inspection.participants.all() if p.removed_at is None}
    return here.keys() == {person.key for person in people} and not any(
        _has_new_phone(here[person.key], person) for person in people
    )


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


def own_addresses() -> frozenset[str]:
    """Keys of the company's and the staff's addresses: a client there would never see the email."""
    company = Company.get()
    own = {canonical(company.sender_email), canonical(company.reply_to)}
    staff = User.objects.filter(is_active=True).values_list("email", flat=True)
    return frozenset((own | {canonical(email) for email in staff}) - {""})


def _tidied(field: str, value: str) -> str:
    try:
        return _TIDY[field](value)
    except BadText as problem:
        raise BadField(field, str(problem)) from None


def _apply(contact: Contact, changes: list[ContactChange], *, by: str) -> None:
    key = contact.email_key
    for change in changes:
        setattr(contact, change.field, change.new)
    contact.save(update_fields=[*(change.field for change in changes), "email_key"])
    ContactChange.objects.bulk_create(changes)
    if contact.email_key != key:
        links.revoke_all(contact=contact)
    on = Participant.objects.current().filter(contact=contact, inspection__in=Inspection.objects.open())
    events.tell(
        events.new(
            participant.inspection,
            events.Type.CONTACT_CHANGED,
            by=by,
            participant=participant,
            field=change.field,
            old=change.old,
            new=change.new,
        )
        for participant in on.select_related("inspection", "contact").order_by("inspection_id", "id")
        for change in changes
    )


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
    changes = correct_contact(contact, by=by, email=email, name=name) if moved or renamed else []
    return _fill_in(contact, person, by=by) or bool(changes)


def _fill_in(contact: Contact, person: Person, *, by: str) -> bool:
    return _has_new_phone(contact, person) and bool(correct_contact(contact, by=by, phone=person.phone))


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
