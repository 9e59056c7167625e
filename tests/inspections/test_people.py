"""Correcting somebody's details, putting people on and taking them off."""

import pytest

from inspections import links, people
from inspections.errors import BadDraft, BadField
from inspections.models import Contact, ContactChange, InspectionEvent
from tests.factories import (
    in_days,
    make_company,
    make_contact,
    make_inspection,
    make_participant,
    make_person,
    make_user,
)

pytestmark = pytest.mark.django_db


def test_a_correction_reaches_every_open_inspection_and_no_other(told: list[InspectionEvent]) -> None:
    ann = make_contact(email="ann@gmial.com")
    upcoming = [make_participant(make_inspection(starts_at=in_days(n)), contact=ann) for n in (1, 2, -29)]
    make_participant(make_inspection(starts_at=in_days(-31)), contact=ann)
    make_participant(make_inspection(status="cancelled"), contact=ann)
    make_participant(contact=ann, removed_at=in_days(-1))
    (change,) = people.correct_contact(ann, by="Kim Reyes", email=" Ann@Gmail.com ")
    assert (change.field, change.old, change.new, change.by) == ("email", "ann@gmial.com", "Ann@gmail.com", "Kim Reyes")
    assert [event.participant for event in told] == upcoming
    assert {event.type for event in told} == {"contact_changed"}
    assert (ann.email, ann.email_key) == ("Ann@gmail.com", "ann@gmail.com")
    ann.refresh_from_db()
    assert (ann.email, ann.email_key) == ("Ann@gmail.com", "ann@gmail.com")


def test_values_that_are_the_same_do_nothing(told: list[InspectionEvent]) -> None:
    ann = make_participant(name="Ann Lee", email="ann@example.com", phone="1").contact
    assert people.correct_contact(ann, by="Kim", email="ann@example.com", name=" Ann Lee", phone="1 ") == []
    assert people.correct_contact(ann, by="Kim") == []
    assert not told
    assert not ContactChange.objects.exists()


def test_each_changed_value_is_told(told: list[InspectionEvent]) -> None:
    ann = make_participant(name="An Lee", email="ann@example.com").contact
    changes = people.correct_contact(ann, by="Kim", name="Ann Lee", phone="217 555 0101", email="a@example.com")
    assert {change.field for change in changes} == {"name", "phone", "email"}
    assert [event.data["field"] for event in told] == ["email", "name", "phone"]


def test_another_address_switches_the_links_off_and_another_name_does_not() -> None:
    ann = make_participant(email="ann@gmial.com")
    other = make_participant(make_inspection(status="cancelled"), contact=ann.contact)
    minted = [links.mint(p, purpose="confirmation")[0] for p in (ann, other)]
    people.correct_contact(ann.contact, by="Kim", name="Ann B. Lee", phone="1")
    people.correct_contact(ann.contact, by="Kim", email="ann@GMIAL.com")  # the same mailbox
    for link in minted:
        link.refresh_from_db()
        assert link.is_active
    people.correct_contact(ann.contact, by="Kim", email="ann@gmail.com")
    for link in minted:
        link.refresh_from_db()
        assert not link.is_active


def test_an_address_can_be_removed() -> None:
    ann = make_contact()
    people.correct_contact(ann, by="Kim", email="")
    ann.refresh_from_db()
    assert (ann.email, ann.email_key) == ("", "")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "a@x.com, b@x.com"),
        ("email", "a@localhost"),
        ("name", " "),
        ("name", "Ann\nLee"),
        ("name", "A" * 201),
        ("phone", "1" * 41),
    ],
)
def test_a_bad_value_changes_nothing_and_names_its_field(field: str, value: str) -> None:
    ann = make_contact(name="Ann Lee")
    with pytest.raises(BadField) as refused:
        people.correct_contact(ann, by="Kim", **{"name": "Changed", field: value})
    assert refused.value.field == field
    ann.refresh_from_db()
    assert ann.name == "Ann Lee"


def test_a_stale_copy_does_not_undo_a_colleagues_correction() -> None:
    ann = make_contact(email="ann@gmial.com", phone="1")
    stale = Contact.objects.get(pk=ann.pk)
    people.correct_contact(ann, by="Kim", email="ann@gmail.com")
    people.correct_contact(stale, by="Raj", phone="2")
    ann.refresh_from_db()
    assert (ann.email, ann.phone) == ("ann@gmail.com", "2")


def test_a_person_is_added_once(told: list[InspectionEvent]) -> None:
    inspection = make_inspection()
    bob = people.add_person(inspection, make_person(name=" Bob  Lee "), by="Kim")
    assert (bob.name, bob.role, bob.inspection) == ("Bob Lee", "client", inspection)
    assert people.add_person(inspection, make_person(name="Bob Lee"), by="Kim") == bob
    (event,) = told
    assert (event.type, event.participant, event.by) == ("person_added", bob, "Kim")


def test_a_known_person_is_added_as_the_contact_they_are() -> None:
    known = make_contact(name="Pat Kim", email="pat@kw.com")
    assert (
        people.add_person(make_inspection(), make_person(name="pat kim", email="PAT@kw.com"), by="Kim").contact == known
    )


def test_a_bad_person_is_refused_with_fields() -> None:
    with pytest.raises(BadDraft) as refused:
        people.add_person(make_inspection(), make_person(name="", email="a@localhost", role="boss"), by="Kim")
    assert set(refused.value.errors) == {"name", "email", "role"}


def test_who_is_taken_off_loses_the_links_and_can_come_back(told: list[InspectionEvent]) -> None:
    ann = make_participant(name="Ann Lee", email="ann@example.com")
    link, _ = links.mint(ann, purpose="confirmation")
    assert people.remove_person(ann, by="Kim") is True
    assert people.remove_person(ann, by="Kim") is False
    link.refresh_from_db()
    assert not link.is_active
    assert people.add_person(ann.inspection, make_person(phone=""), by="Kim") == ann
    ann.refresh_from_db()
    assert ann.removed_at is None
    assert [event.type for event in told] == ["person_removed", "person_added"]


def test_our_own_addresses_are_known() -> None:
    make_company(sender_email="Office@Oakwood.example", reply_to="desk@oakwood.example")
    make_user(email="kim@oakwood.example")
    make_user(email="gone@oakwood.example", is_active=False)
    assert people.own_addresses() == {"office@oakwood.example", "desk@oakwood.example", "kim@oakwood.example"}
