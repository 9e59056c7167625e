"""The staff pages about the facts of an inspection."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from inspections import people, services
from inspections.forms import EditForm
from inspections.models import Inspection, InspectionEvent, PortalLink
from inspections.selectors import told
from inspections.views import FIRST_ROWS
from tests.factories import in_days, make_company, make_inspection, make_participant, make_person, make_user

pytestmark = pytest.mark.django_db
Type = InspectionEvent.Type
CHICAGO = ZoneInfo("America/Chicago")


@pytest.fixture
def office(client: Client) -> Client:
    """Kim, signed in."""
    make_company(sender_email="office@oakwood.example")
    client.force_login(make_user(name="Kim Reyes"))
    return client


def typed(**over: str) -> dict[str, str]:
    """A filled-in "Add inspection"."""
    return {
        "address": "12 Oak St",
        "starts_at": "2026-12-01T09:00",
        "fee": "$1,425.00",
        "services": "Full inspection, Radon",
        "rows": "3",
        "people-0-role": "client",
        "people-0-name": "Ann Lee",
        "people-0-email": "ann@example.com",
        "people-1-role": "client",
        "people-2-role": "buyer_agent",
    } | over


# --- adding ----------------------------------------------------------------------------------------------------------


def test_an_inspection_is_added_with_its_people_in_the_companys_time(office: Client) -> None:
    answer = office.post("/inspections/add/", typed())
    made = Inspection.objects.get()
    assert answer["Location"] == f"/inspections/{made.pk}/"
    assert made.starts_at == datetime(2026, 12, 1, 9, 0, tzinfo=CHICAGO)
    assert (str(made.fee), made.services) == ("1425.00", ["Full inspection", "Radon"])
    assert [(p.role, p.name, p.email) for p in made.participants.all()] == [("client", "Ann Lee", "ann@example.com")]
    assert made.events.get(type=Type.CREATED).by == "Kim Reyes"


def test_the_same_form_twice_is_one_inspection(office: Client) -> None:
    answers = [office.post("/inspections/add/", typed(nonce="form-1")) for _ in range(2)]
    made = Inspection.objects.get()
    assert {answer["Location"] for answer in answers} == {f"/inspections/{made.pk}/"}


def test_another_row_keeps_what_was_typed_and_stores_nothing(office: Client) -> None:
    page = office.post("/inspections/add/", typed(more="1")).content.decode()
    assert f'id="id_people-{len(FIRST_ROWS)}-name"' in page
    assert 'value="12 Oak St"' in page
    assert 'value="ann@example.com"' in page
    assert not Inspection.objects.exists()


def test_a_refusal_stands_at_the_right_row_with_the_text_kept(office: Client) -> None:
    answer = office.post("/inspections/add/", typed(**{"people-2-name": "Pat", "people-2-email": "pat@kw"}))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "<title>Error: " in page.replace("\n", "")
    assert 'href="#id_people-2-email">Person 3: email: The part after @ needs a dot, like gmail.com.' in page
    assert 'value="pat@kw"' in page
    assert not Inspection.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("address", "", "Please enter the address."),
        ("starts_at", "tomorrow", "Please enter a date and time"),
        ("starts_at", "2026-03-08T02:30", "2026-03-08 02:30:00"),  # the clocks go forward: there is no such time
        ("starts_at", "1926-12-01T09:00", "can&#x27;t be right"),
        ("fee", "a lot", "isn&#x27;t an amount"),
        ("people-0-email", "office@oakwood.example", "own office’s address"),
        ("people-0-name", "", "Please enter a name."),
    ],
)
def test_what_cannot_be_is_refused_in_words(office: Client, field: str, value: str, said: str) -> None:
    answer = office.post("/inspections/add/", typed(**{field: value}))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Inspection.objects.exists()


def test_an_order_number_that_is_taken_changes_nothing(office: Client) -> None:
    make_inspection(external_id="A-1", address="Other house")
    answer = office.post("/inspections/add/", typed(external_id="A-1"))
    assert answer.status_code == 422
    assert "Another inspection has this order number." in answer.content.decode()
    assert Inspection.objects.get().address == "Other house"


# --- changing --------------------------------------------------------------------------------------------------------


def test_editing_changes_the_facts_and_nobody(office: Client) -> None:
    inspection = make_inspection()
    ann = make_participant(inspection, name="Ann Lee", phone="+1 217 555 0101")
    office.post(
        f"/inspections/{inspection.pk}/edit/", {"address": "14 Oak St", "inspector": "Raj", "fee": "", "services": ""}
    )
    inspection.refresh_from_db()
    assert (inspection.address, inspection.fee, inspection.services) == ("14 Oak St", None, [])
    assert inspection.participants.current().get() == ann
    assert {event.type for event in inspection.events.all()} == {Type.UPDATED}


def test_whoever_a_colleague_added_or_moved_meanwhile_stays(office: Client) -> None:
    inspection = make_inspection()
    make_participant(inspection, name="Ann Lee")
    form = EditForm({"address": "14 Oak St"}, inspection=inspection)
    assert form.is_valid()
    draft = form.draft()
    colleagues = Inspection.objects.get()
    people.add_person(colleagues, make_person(name="Bob Lee", email="bob@example.com"), by="Raj")
    moved_to = in_days(9)
    services.reschedule(colleagues, moved_to, by="Raj")
    assert services.correct(inspection, draft, by="Kim")
    assert (inspection.address, inspection.starts_at) == ("14 Oak St", moved_to)
    assert {person.name for person in inspection.participants.current()} == {"Ann Lee", "Bob Lee"}


def test_completing_before_confirming_is_refused_in_words(office: Client) -> None:
    inspection = make_inspection()
    answer = office.post(f"/inspections/{inspection.pk}/complete/", follow=True)
    assert "confirmed yet, so it can" in answer.content.decode()
    inspection.refresh_from_db()
    assert inspection.status == "requested"


def test_notifications_are_switched_and_the_page_says_so(office: Client) -> None:
    inspection = make_inspection(status="confirmed")
    page = office.post(f"/inspections/{inspection.pk}/notifications/", {"on": "0"}, follow=True).content.decode()
    assert "Notifications: Off" in page
    inspection.refresh_from_db()
    assert inspection.notifications is False


# --- people ----------------------------------------------------------------------------------------------------------


def test_a_person_is_added_and_taken_off_after_a_question(office: Client) -> None:
    inspection = make_inspection()
    office.post(
        f"/inspections/{inspection.pk}/people/add/", {"role": "client", "name": "Ann Lee", "email": "ann@example.com"}
    )
    ann = inspection.participants.current().get()
    assert "Take" in office.get(f"/people/{ann.pk}/remove/").content.decode()
    assert inspection.participants.current().exists()
    office.post(f"/people/{ann.pk}/remove/")
    assert not inspection.participants.current().exists()
    assert office.get(f"/people/{ann.pk}/remove/").status_code == 404


def test_a_copied_link_is_shown_once_works_and_is_logged(office: Client) -> None:
    ann = make_participant()
    answer = office.post(f"/people/{ann.pk}/link/")
    address = re.search(r'<pre id="portal-link">([^<]+)</pre>', answer.content.decode())
    assert address is not None
    assert "no-store" in answer["Cache-Control"]
    assert Client().get(address[1].removeprefix("http://testserver")).status_code == 302
    assert ann.inspection.events.get(type=Type.LINK_MADE).by == "Kim Reyes"
    token = address[1].rstrip("/").rpartition("/")[2]
    assert token not in office.get(f"/inspections/{ann.inspection_id}/").content.decode()
    assert PortalLink.objects.count() == 1


# --- access ----------------------------------------------------------------------------------------------------------


def test_what_does_not_exist_is_not_found(office: Client) -> None:
    for path in ("/inspections/999/", "/inspections/999/edit/", "/inspections/999/people/add/", "/people/999/remove/"):
        assert office.get(path).status_code == 404, path
    for path in ("/inspections/999/complete/", "/inspections/999/notifications/", "/people/999/link/"):
        assert office.post(path).status_code == 404, path


def test_what_changes_something_is_not_done_by_a_link(office: Client) -> None:
    person = make_participant()
    for path in (
        f"/inspections/{person.inspection_id}/complete/",
        f"/inspections/{person.inspection_id}/notifications/",
    ):
        assert office.get(path).status_code == 405, path
    assert office.get(f"/people/{person.pk}/link/").status_code == 405
    assert not PortalLink.objects.exists()


def test_names_cannot_break_out_of_the_page(office: Client) -> None:
    person = make_participant(make_inspection(address="<script>alert(1)</script>"), name="<img src=x onerror=alert(2)>")
    page = office.get(f"/inspections/{person.inspection_id}/").content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page


# --- words -----------------------------------------------------------------------------------------------------------


def test_a_changed_address_is_told_with_old_and_new() -> None:
    event = InspectionEvent(
        inspection=Inspection(starts_at=in_days(1)),
        type=Type.CONTACT_CHANGED,
        data={"field": "email", "old": "ann@gmial.com", "new": "ann@gmail.com"},
    )
    assert told(event).detail == "Email: ann@gmial.com → ann@gmail.com"


def test_a_move_is_told_in_the_companys_time() -> None:
    data = {"before": {"starts_at": "2026-12-01T15:00:00+00:00"}, "after": {"starts_at": "2026-12-02T16:30:00+00:00"}}
    event = InspectionEvent(inspection=Inspection(), type=Type.RESCHEDULED, data=data)
    assert told(event).detail.startswith("Time: Tue 1 Dec")
    assert "→ Wed 2 Dec" in told(event).detail


@pytest.mark.parametrize("kind", Type.values)
@pytest.mark.parametrize("data", [{}, {"before": None, "after": None}, {"after": {"services": []}}])
def test_every_kind_of_fact_has_words_whatever_it_holds(kind: str, data: dict[str, object]) -> None:
    assert told(InspectionEvent(inspection=Inspection(), type=kind, data=data)).what
