"""Clients sign the agreement: what counts, what ends it, and that nothing is signed twice or unread."""

import hashlib
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from inspections import corrections, links, people, services, signing
from inspections.errors import BadField, NotPossible
from inspections.models import Inspection, InspectionEvent, Participant, PortalLink, Signature
from tests.factories import (
    consent,
    make_agreement,
    make_client_who_signs,
    make_company,
    make_draft,
    make_inspection,
    make_participant,
    make_person,
)

Type = InspectionEvent.Type
pytestmark = pytest.mark.django_db


def told(inspection: Inspection) -> list[str]:
    return list(inspection.events.values_list("type", flat=True))


def test_a_signature_keeps_the_whole_text_its_digest_and_where_it_came_from() -> None:
    make_company(name="Oakwood Inspections")
    ann = make_client_who_signs(name="Ann Lee")
    signed = signing.sign(ann, consent(ann, ip="203.0.113.7", agent="Firefox"))
    signed.refresh_from_db()
    assert signed.sha256 == hashlib.sha256(signed.text.encode()).hexdigest()
    for words in ("Oakwood Inspections", "Client: Ann Lee", "12 Oak St", "$425.00", "Full inspection", "You pay."):
        assert words in signed.text
    assert (signed.typed_name, signed.ip, signed.agent) == ("Ann Lee", "203.0.113.7", "Firefox")
    assert told(ann.inspection) == [Type.SIGNED, Type.AGREEMENT_SIGNED]


def test_the_agreement_is_signed_when_the_last_client_has() -> None:
    ann = make_client_who_signs(name="Ann Lee")
    bo = make_participant(ann.inspection, name="Bo Li")
    make_participant(ann.inspection, name="Pat Nguyen", role="buyer_agent")
    signing.sign(ann, consent(ann))
    assert told(ann.inspection) == [Type.SIGNED]
    assert Inspection.objects.unsigned().get() == ann.inspection
    signing.sign(bo, consent(bo))
    assert told(ann.inspection) == [Type.SIGNED, Type.SIGNED, Type.AGREEMENT_SIGNED]
    assert not Inspection.objects.unsigned().exists()


def test_signing_twice_is_one_signature() -> None:
    ann = make_client_who_signs()
    first = signing.sign(ann, consent(ann))
    assert signing.sign(ann, consent(ann)) == first
    assert Signature.objects.count() == 1
    assert told(ann.inspection).count(Type.SIGNED) == 1


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"typed_name": ""}, "typed_name"),
        ({"typed_name": "   "}, "typed_name"),
        ({"typed_name": "Bob Lee"}, "typed_name"),
        ({"typed_name": "Ann\nLee"}, "typed_name"),
        ({"typed_name": "A" * 300}, "typed_name"),
        ({"agreed": False}, "agreed"),
    ],
)
def test_without_the_name_and_the_tick_nothing_is_signed(over: dict[str, Any], field: str) -> None:
    ann = make_client_who_signs(name="Ann Lee")
    with pytest.raises(BadField) as problem:
        signing.sign(ann, consent(ann, **over))
    assert problem.value.field == field
    assert not Signature.objects.exists()


@pytest.mark.parametrize("typed", ["ann lee", " ANN  LEE ", "Ann Lee."])
def test_a_name_may_be_typed_as_people_type(typed: str) -> None:
    ann = make_client_who_signs(name="Ann Lee")
    assert signing.sign(ann, consent(ann, typed_name=typed))


def test_accents_need_not_be_found_on_a_phone() -> None:
    jose = make_client_who_signs(name="José Núñez")
    assert signing.sign(jose, consent(jose, typed_name="Jose Nunez"))


def test_what_changed_while_it_was_read_is_not_signed() -> None:
    ann = make_client_who_signs()
    seen = consent(ann)
    services.correct(ann.inspection, make_draft(fee=Decimal("500.00"), starts_at=ann.inspection.starts_at), by="Kim")
    with pytest.raises(NotPossible, match="changed while you were reading"):
        signing.sign(ann, seen)


def test_what_somebody_else_signed_counts_no_more_stays_and_the_client_signs_afresh() -> None:
    ann = make_client_who_signs(name="Ann Lee")
    link, _ = links.mint(ann, purpose="test")
    first = signing.sign(ann, consent(ann, link=link))
    assert signing.disown(first, by="Kim", note="Ann said so on the phone")
    assert not signing.disown(first, by="Kim", note="Twice")
    first.refresh_from_db()
    assert (first.ended_by, first.disowned_by, first.was_somebody_elses) == ("Kim", "Kim", True)
    assert signing.standing(ann) is None
    assert not PortalLink.objects.active().exists()
    event = ann.inspection.events.get(type=Type.DISOWNED)
    assert (event.participant, event.by, event.data["note"]) == (ann, "Kim", "Ann said so on the phone")
    assert ann.inspection.events.filter(type=Type.SIGNATURE_ENDED).count() == 1
    assert signing.sign(ann, consent(ann)) != first
    assert Signature.objects.their_own().count() == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        Signature.objects.filter(pk=first.pk).update(disowned_at=None)


def test_one_that_ended_already_can_be_somebody_elses_too() -> None:
    ann = make_client_who_signs(name="Ann Lee")
    link, _ = links.mint(ann, purpose="test")
    first = signing.sign(ann, consent(ann, link=link))
    services.correct(ann.inspection, make_draft(fee=Decimal("500.00")), by="Kim")
    first.refresh_from_db()
    ended, newer = first.ended_at, links.mint(ann, purpose="newer")[0]
    assert signing.disown(first, by="Sam", note="Ann said so")
    first.refresh_from_db()
    assert (first.ended_at, first.ended_by, first.ended_because) == (ended, "Kim", ["fee"])
    assert list(PortalLink.objects.active()) == [newer]
    assert ann.inspection.events.filter(type=Type.SIGNATURE_ENDED).count() == 1
    assert signing.changes(first) == []


def test_a_used_form_signs_nothing_again() -> None:
    ann = make_client_who_signs()
    seen = consent(ann)
    signing.sign(ann, seen)
    bo = make_participant(ann.inspection, name="Bo Li")
    with pytest.raises(NotPossible, match="used before"):
        signing.sign(bo, consent(bo, nonce=seen.nonce))


def test_only_clients_of_an_inspection_that_takes_place_sign() -> None:
    agreement = make_agreement()
    agent = make_participant(make_inspection(status="confirmed", agreement=agreement), role="buyer_agent")
    gone = make_client_who_signs()
    people.remove_person(gone, by="Kim")
    gone.refresh_from_db()
    off = make_participant(make_inspection(status="cancelled", agreement=agreement))
    nothing = make_participant(make_inspection(status="confirmed"))
    for person in (agent, gone, off, nothing):
        with pytest.raises(NotPossible):
            signing.sign(person, consent(person))
    assert not Signature.objects.exists()


def move(person: Participant) -> None:
    services.reschedule(person.inspection, person.inspection.starts_at + timedelta(days=1), by="Kim")


def rename(person: Participant) -> None:
    corrections.correct_contact(person.contact, name="Anne Lee", by="Kim")


def rename_here(person: Participant) -> None:
    make_participant(contact=person.contact)
    corrections.correct_here(person, name="Anne Lee", by="Kim")


def facts(**over: Any) -> Any:
    def change(person: Participant) -> None:
        here = person.inspection
        now = {"starts_at": here.starts_at, "address": here.address, "fee": here.fee, "services": tuple(here.services)}
        services.correct(here, make_draft(**now | over), by="Kim")

    return change


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        (move, ["starts_at"]),
        (rename, ["name"]),
        (rename_here, ["name"]),
        (facts(address="14 Oak St, Springfield, IL 62701"), ["address"]),
        (facts(fee=Decimal("500.00")), ["fee"]),
        (facts(services=("Full inspection", "Radon")), ["services"]),
    ],
)
def test_a25_a_changed_fact_asks_for_a_new_signature_and_keeps_the_old_one(change: Any, fields: list[str]) -> None:
    ann = make_client_who_signs(name="Ann Lee")
    first = signing.sign(ann, consent(ann))
    change(Participant.objects.get(pk=ann.pk))
    first.refresh_from_db()
    assert (first.ended_by, first.ended_because) == ("Kim", fields)
    assert "Ann Lee" in first.text
    again = Participant.objects.get(pk=ann.pk)
    assert signing.standing(again) is None
    assert told(ann.inspection)[-1] == Type.SIGNATURE_ENDED
    second = signing.sign(again, consent(again))
    assert second != first
    assert told(ann.inspection)[-1] == Type.AGREEMENT_SIGNED


@pytest.mark.parametrize(
    "change",
    [
        facts(inspector="Somebody Else"),
        lambda person: corrections.correct_contact(person.contact, name="ANN LEE", by="Kim"),
        lambda person: corrections.correct_contact(person.contact, email="new@example.com", by="Kim"),
        lambda person: people.add_person(
            person.inspection, make_person(name="Bo Li", email="bo@example.com"), by="Kim"
        ),
    ],
)
def test_what_was_not_agreed_on_may_change(change: Any) -> None:
    ann = make_client_who_signs(name="Ann Lee")
    signing.sign(ann, consent(ann))
    change(ann)
    assert signing.standing(ann)


def test_a_signature_of_one_client_says_nothing_about_the_other() -> None:
    ann = make_client_who_signs(name="Ann Lee")
    bo = make_participant(ann.inspection, name="Bo Li")
    signing.sign(ann, consent(ann))
    signing.sign(bo, consent(bo))
    rename(ann)
    assert signing.standing(bo)
    assert list(Inspection.objects.unsigned()) == [ann.inspection]


@pytest.mark.parametrize("change", [{"text": "Other"}, {"typed_name": "Bo Li"}, {"ip": None}, {"sha256": "0" * 64}])
def test_the_database_refuses_to_change_what_was_signed(change: dict[str, Any]) -> None:
    ann = make_client_who_signs()
    signing.sign(ann, consent(ann))
    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        Signature.objects.update(**change)


def test_what_changed_is_told_as_people_read_it() -> None:
    ann = make_client_who_signs(name="Ann Lee")
    signing.sign(ann, consent(ann))
    draft = make_draft(services=("Full inspection", "Radon"), fee=Decimal("500.00"), people=())
    services.correct(ann.inspection, draft, by="Kim")
    changed = {change.name: (change.old, change.new) for change in signing.changes(Signature.objects.get())}
    assert changed == {"services": ("Full inspection", "Full inspection, Radon"), "fee": ("$425.00", "$500.00")}


def test_a_name_without_letters_is_typed_as_it_is() -> None:
    ann = make_client_who_signs(name="🙂")
    with pytest.raises(BadField):
        signing.sign(ann, consent(ann, typed_name="!"))
    assert signing.sign(ann, consent(ann, typed_name="🙂"))
