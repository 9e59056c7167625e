"""Storing an inspection from a form, the API or a file: new, updated, or nothing to do."""

from dataclasses import replace
from decimal import Decimal

import pytest

from inspections import services
from inspections.models import Agreement, Contact, Inspection, InspectionEvent, Participant
from tests.factories import in_days, make_company, make_contact, make_draft, make_person

pytestmark = pytest.mark.django_db


def save(**over: object) -> Inspection:
    inspection, _ = services.save(make_draft(**over), by="API key CRM")
    return inspection


def names(inspection: Inspection) -> list[str]:
    return [p.name for p in inspection.participants.current().select_related("contact")]


def test_a_new_inspection_has_its_facts_people_and_the_newest_agreement(told: list[InspectionEvent]) -> None:
    newest = Agreement.objects.create(version=2, title="Agreement", body="Text")
    draft = make_draft()
    inspection, created = services.save(draft, by="API key CRM")
    assert created is True
    inspection.refresh_from_db()
    assert (inspection.number, inspection.status, inspection.fee) == ("A-1001", "requested", Decimal("425.00"))
    assert (inspection.starts_at, inspection.services) == (draft.starts_at, ["Full inspection"])
    assert inspection.agreement == newest
    (person,) = inspection.participants.all()
    assert (person.role, person.name, person.email) == ("client", "Ann Lee", "ann@example.com")
    assert person.contact.email_key == "ann@example.com"
    assert [(event.type, event.by) for event in told] == [("created", "API key CRM")]


def test_the_same_draft_again_changes_and_tells_nothing(told: list[InspectionEvent]) -> None:
    people = (
        make_person(),
        make_person(name="Bob Lee", phone=""),  # shares the mailbox
        make_person(role="buyer_agent", name="Pat Kim", email="", phone="1"),
        make_person(role="coordinator"),  # has two roles
    )
    first = save(people=people)
    told.clear()
    before = list(Contact.objects.order_by("id").values())
    again, created = services.save(make_draft(people=people, starts_at=first.starts_at), by="API key CRM")
    assert (again, created) == (first, False)
    assert told == []
    assert list(Contact.objects.order_by("id").values()) == before


def test_other_spellings_of_the_same_people_are_no_news(told: list[InspectionEvent]) -> None:
    save()
    told.clear()
    save(people=(make_person(name="ANN  LEE", email="Ann@EXAMPLE.com", phone="+1 (217) 555-0101"),))
    assert told == []
    assert Contact.objects.get().name == "Ann Lee"


def test_an_inspection_without_a_number_is_always_new() -> None:
    assert save(external_id=None) != save(external_id=None)


def test_changed_facts_are_told_with_before_and_after(told: list[InspectionEvent]) -> None:
    inspection = save()
    told.clear()
    again = save(fee=Decimal("450"), inspector="Lou", starts_at=inspection.starts_at)
    (event,) = told
    assert event.type == "updated"
    assert event.data == {
        "before": {"fee": "425.00", "inspector": "Raj Patel"},
        "after": {"fee": "450.00", "inspector": "Lou"},
    }
    assert again.inspector == "Lou"


def test_a_changed_time_of_a_confirmed_inspection_is_a_reschedule_told_last(told: list[InspectionEvent]) -> None:
    services.confirm(save(), by="Kim")
    told.clear()
    save(starts_at=in_days(9), address="14 Oak St", people=(make_person(), make_person(name="Bob Lee")))
    assert [event.type for event in told] == ["person_added", "updated", "rescheduled"]


def test_a_changed_time_of_an_unconfirmed_inspection_is_an_update(told: list[InspectionEvent]) -> None:
    save()
    told.clear()
    save(starts_at=in_days(9))
    assert [event.type for event in told] == ["updated"]


@pytest.mark.parametrize("default", [True, False])
def test_emails_follow_the_company_unless_the_draft_says(default: bool) -> None:
    make_company(notifications=default)
    assert save(external_id="1").notifications is default
    assert save(external_id="2", notifications=not default).notifications is not default


def test_emails_stay_as_they_are_when_an_update_says_nothing(told: list[InspectionEvent]) -> None:
    save(notifications=False)
    assert save(notifications=None).notifications is False
    told.clear()
    assert save(notifications=True).notifications is True
    assert [event.type for event in told] == ["notifications_on"]


def test_a_known_contact_is_reused_only_with_the_same_address_and_name() -> None:
    known = make_contact(name="Pat Kim", email="pat@kw.com")
    people = (
        make_person(role="buyer_agent", name="PAT KIM", email="Pat@KW.com"),
        make_person(name="Pat Kim", email="other@kw.com"),
        make_person(name="Someone Else", email="pat@kw.com"),
        make_person(role="coordinator", name="Pat Kim", email=""),
    )
    inspection = save(people=people)
    assert [p.contact == known for p in inspection.participants.order_by("id")] == [True, False, False, False]
    assert Contact.objects.count() == 4


def test_a_new_phone_number_of_a_known_agent_is_told_on_their_other_inspections(told: list[InspectionEvent]) -> None:
    agent = make_person(role="buyer_agent", name="Pat Kim", email="pat@kw.com", phone="1")
    first = save(external_id="1", people=(agent,))
    told.clear()
    second = save(external_id="2", people=(replace(agent, phone="2"),))
    assert [(event.type, event.inspection) for event in told] == [("contact_changed", first), ("created", second)]
    told.clear()
    save(external_id="2", people=(replace(agent, phone="2"),))
    assert told == []


def test_two_nameless_mailboxes_never_merge_people() -> None:
    services.create([make_draft(external_id=str(n), people=(make_person(email=""),)) for n in (1, 2)], by="CSV")
    assert Contact.objects.count() == 2


def test_an_agent_on_many_inspections_is_one_contact() -> None:
    agent = make_person(role="buyer_agent", name="Pat Kim", email="pat@kw.com")
    services.create([make_draft(external_id=str(n), people=(agent,)) for n in range(5)], by="CSV")
    assert Contact.objects.count() == 1
    assert Participant.objects.count() == 5


def test_people_missing_from_an_update_are_taken_off_and_come_back(told: list[InspectionEvent]) -> None:
    bob = make_person(name="Bob Lee", email="bob@example.com")
    inspection = save(people=(make_person(), bob))
    told.clear()
    save(people=(make_person(),))
    assert names(inspection) == ["Ann Lee"]
    save(people=(make_person(), bob))
    assert names(inspection) == ["Ann Lee", "Bob Lee"]
    assert [(event.type, event.data["name"]) for event in told] == [
        ("person_removed", "Bob Lee"),
        ("person_added", "Bob Lee"),
    ]
    assert Participant.objects.count() == 2


def test_another_address_for_the_same_name_corrects_the_contact(told: list[InspectionEvent]) -> None:
    inspection = save(people=(make_person(email="ann@gmial.com"),))
    told.clear()
    save(people=(make_person(email="ann@gmail.com"),))
    (person,) = inspection.participants.all()
    assert person.email == "ann@gmail.com"
    (event,) = told
    assert (event.type, event.participant) == ("contact_changed", person)
    assert event.data == {"field": "email", "old": "ann@gmial.com", "new": "ann@gmail.com"}


def test_another_name_for_the_same_address_corrects_the_name() -> None:
    save(people=(make_person(name="An Lee"),))
    save(people=(make_person(name="Ann Lee"),))
    assert Contact.objects.get().name == "Ann Lee"


def test_spouses_with_one_mailbox_are_not_taken_for_each_other(told: list[InspectionEvent]) -> None:
    couple = (make_person(name="Ann Lee"), make_person(name="Bob Lee"))
    inspection = save(people=couple)
    told.clear()
    save(people=couple[::-1])
    assert told == []
    save(people=couple[1:])
    assert names(inspection) == ["Bob Lee"]


def test_an_update_without_an_address_keeps_the_one_we_have(told: list[InspectionEvent]) -> None:
    save()
    told.clear()
    save(people=(make_person(email="", phone=""),))
    assert told == []
    assert Contact.objects.get().email == "ann@example.com"


def test_a_person_in_another_role_is_the_same_contact() -> None:
    inspection = save()
    save(people=(make_person(role="coordinator"),))
    assert [p.role for p in inspection.participants.current()] == ["coordinator"]
    assert Contact.objects.count() == 1


def test_a_changed_phone_number_is_kept_and_told(told: list[InspectionEvent]) -> None:
    save()
    told.clear()
    save(people=(make_person(phone="217 555 0199"),))
    assert Contact.objects.get().phone == "217 555 0199"
    assert [event.data["field"] for event in told] == ["phone"]


def test_a_canceled_inspection_can_be_corrected_but_is_not_moved(told: list[InspectionEvent]) -> None:
    services.cancel(save(), by="Kim")
    told.clear()
    inspection = save(starts_at=in_days(9))
    assert inspection.status == "cancelled"
    assert [event.type for event in told] == ["updated"]


def test_the_office_updates_an_inspection_that_has_no_number(told: list[InspectionEvent]) -> None:
    inspection = save(external_id=None)
    told.clear()
    draft = make_draft(external_id=None, address="14 Oak St", starts_at=inspection.starts_at)
    assert services.update(inspection, draft, by="Kim") is True
    assert services.update(inspection, draft, by="Kim") is False
    assert inspection.address == "14 Oak St"
