"""How far a correction reaches, whose address nobody can have, what a change of role or of people does."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from emails import outbox
from emails.models import Message
from emails.states import Status
from inspections import links, people, services
from inspections.importing import compare, parse
from inspections.models import Contact, ContactChange, Inspection, Participant
from tests.emails.api_calls import Api, make_api
from tests.emails.mailed import make_client, make_failed, make_message, template, told
from tests.factories import (
    in_days,
    make_company,
    make_contact,
    make_draft,
    make_inspection,
    make_participant,
    make_person,
    make_user,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(client: Client) -> Client:
    make_company(sender_email="office@oakwood.example", reply_to="desk@oakwood.example")
    client.force_login(make_user(name="Kim Reyes", email="kim@oakwood.example"))
    template("confirmation")
    return client


@pytest.fixture
def api(office: Client) -> Api:
    return make_api()


def words(answer: Any) -> str:
    return str(answer.content.decode())


def agent_on(number: int, **over: Any) -> list[Participant]:
    """One agent on several confirmed inspections."""
    pat = make_contact(name="Pat Kim", email="pat@gmial.com")
    return [
        make_participant(make_inspection(status="confirmed", starts_at=in_days(n + 1)), contact=pat, role="buyer_agent")
        for n in range(number)
    ]


def edit(office: Client, person: Participant, **over: Any) -> Any:
    contact = Contact.objects.get(pk=person.contact_id)
    now = {name: getattr(contact, name) for name in ("name", "email", "phone", "language")}
    data = {**{f"was_{name}": value for name, value in now.items()}, **now, "then": "save"} | over
    return office.post(f"/people/{person.pk}/edit/", data, follow=True)


# --- here or everywhere ----------------------------------------------------------------------------------------------


def test_the_page_asks_only_where_it_makes_a_difference(office: Client) -> None:
    here, *_ = agent_on(3)
    assert "Everywhere Pat Kim appears (3 open inspections)" in words(office.get(f"/people/{here.pk}/edit/"))
    alone = make_client()
    assert 'name="scope"' not in words(office.get(f"/people/{alone.pk}/edit/"))


def test_a04_everywhere_corrects_every_open_inspection(office: Client) -> None:
    here, there = agent_on(2)
    waiting = make_message(there, status=Status.QUEUED, kind="reminder", send_after=in_days(1))
    edit(office, here, email="pat@gmail.com", scope="everywhere")
    there.refresh_from_db()
    waiting.refresh_from_db()
    assert (there.email, waiting.to_address) == ("pat@gmail.com", "pat@gmail.com")
    assert ContactChange.objects.get().via == "edit"


def test_a04_on_this_inspection_only_leaves_the_others_alone(office: Client) -> None:
    here, there = agent_on(2)
    mine, theirs = (
        make_message(p, status=Status.QUEUED, kind="reminder", send_after=in_days(1)) for p in (here, there)
    )
    my_link, their_link = (links.mint(p, purpose="test")[0] for p in (here, there))
    answer = edit(office, here, email="pat@gmail.com", scope="here")
    assert "Saved for this inspection only." in words(answer)
    for row in (here, there, mine, theirs, my_link, their_link):
        row.refresh_from_db()
    assert (here.email, there.email) == ("pat@gmail.com", "pat@gmial.com")
    assert (mine.to_address, theirs.to_address) == ("pat@gmail.com", "pat@gmial.com")
    assert (my_link.is_active, their_link.is_active) == (False, True)
    assert [event.data["only_here"] for event in here.inspection.events.filter(type="contact_changed")] == [True]
    assert not there.inspection.events.filter(type="contact_changed").exists()
    assert f'href="/inspections/{here.inspection_id}/"' in words(office.get(f"/contacts/{there.contact_id}/"))


def test_taking_it_back_joins_them_again(office: Client) -> None:
    here, there = agent_on(2)
    edit(office, here, email="pat@gmail.com", scope="here")
    here.refresh_from_db()
    assert here.contact_id != there.contact_id
    make_participant(make_inspection(), contact=here.contact, role="seller_agent")
    edit(office, here, email="pat@gmial.com", keep="pat@gmial.com", scope="here")
    here.refresh_from_db()
    assert here.contact_id == there.contact_id


def test_one_press_keeps_everywhere(office: Client) -> None:
    here, there = agent_on(2)
    failed = make_failed(here)
    office.post(f"/people/{here.pk}/use/", {"email": "pat@gmail.com"})
    there.refresh_from_db()
    assert there.email == "pat@gmail.com"
    assert Message.objects.get(root=failed).to_address == "pat@gmail.com"
    assert ContactChange.objects.get(field="email").via == "press"


def test_a_sent_email_keeps_its_address_and_a_resend_goes_to_the_new_one(office: Client) -> None:
    here, _ = agent_on(2)
    failed = make_failed(here)
    edit(office, here, email="pat@gmail.com", scope="here", then="resend", resend=[failed.pk])
    failed.refresh_from_db()
    again = Message.objects.get(root=failed)
    assert (failed.to_address, again.to_address, again.participant_id) == ("pat@gmial.com", "pat@gmail.com", here.pk)
    assert outbox.unsent_for(here) == []


def test_a_correction_by_api_applies_to_every_inspection_of_that_contact(api: Api) -> None:
    here, there = agent_on(2)
    people.correct_here(here, by="Kim", email="pat@kw.com")
    api.patch(f"/contacts/{there.contact_id}", {"email": "pat@gmail.com"})
    here.refresh_from_db()
    there.refresh_from_db()
    assert (here.email, there.email) == ("pat@kw.com", "pat@gmail.com")
    assert there.contact.changes.get().via == "api"


# --- two people at once ----------------------------------------------------------------------------------------------


def test_a_field_that_nobody_touched_keeps_a_colleagues_correction(office: Client) -> None:
    person = make_client(email="ann@gmial.com")
    shown = {"name": "Ann Lee", "email": "ann@gmial.com", "phone": "+1 217 555 0101", "language": ""}
    was = {f"was_{name}": value for name, value in shown.items()}
    people.correct_contact(person.contact, by="Raj", email="ann@gmail.com")
    office.post(f"/people/{person.pk}/edit/", {**was, **shown, "phone": "555 0199", "then": "save"})
    person.contact.refresh_from_db()
    assert (person.contact.email, person.contact.phone) == ("ann@gmail.com", "555 0199")


def test_two_different_corrections_are_a_question_not_a_silent_loss(office: Client) -> None:
    person = make_client(email="ann@gmial.com")
    data = {"email": "ann@yahoo.com", "was_email": "ann@gmial.com", "then": "save"}
    people.correct_contact(person.contact, by="Raj", email="ann@gmail.com")
    answer = office.post(f"/people/{person.pk}/fix/", data)
    assert answer.status_code == 422
    assert "Raj changed this to “ann@gmail.com” meanwhile." in words(answer)
    person.contact.refresh_from_db()
    assert person.contact.email == "ann@gmail.com"
    assert 'name="was_email" value="ann@gmail.com"' in words(answer)
    office.post(f"/people/{person.pk}/fix/", data | {"was_email": "ann@gmail.com"})
    person.contact.refresh_from_db()
    assert person.contact.email == "ann@yahoo.com"


# --- whose address nobody can have -----------------------------------------------------------------------------------

OWN = ["Office@Oakwood.example", "desk@oakwood.example.", "KIM@oakwood.example"]


@pytest.mark.parametrize("email", OWN)
def test_a16_our_own_addresses_are_refused_on_every_page(office: Client, email: str) -> None:
    person = make_client()
    job = person.inspection
    new = {"role": "client", "name": "Bob Lee", "email": email, "phone": ""}
    whole = {
        "address": "9 Elm Ave",
        "starts_at": f"{in_days(4):%Y-%m-%dT09:00}",
        "rows": "1",
        "people-0-role": "client",
    }
    for path, data in (
        (f"/people/{person.pk}/edit/", {"name": "Ann Lee", "email": email, "then": "save"}),
        (f"/people/{person.pk}/fix/", {"email": email}),
        (f"/inspections/{job.pk}/people/add/", new),
        ("/inspections/add/", whole | {"people-0-name": "Bob Lee", "people-0-email": email}),
    ):
        answer = office.post(path, data)
        assert answer.status_code == 422, path
        assert "own office’s address" in words(answer), path
    assert Contact.objects.count() == 1


@pytest.mark.parametrize("email", OWN)
def test_a16_our_own_addresses_are_refused_by_the_api_naming_the_field(office: Client, api: Api, email: str) -> None:
    person = make_client()
    body: dict[str, Any] = {
        "address": "9 Elm Ave",
        "starts_at": "2026-12-01T09:00:00-06:00",
        "people": [{"role": "client", "name": "Bob", "email": "bob@oakwood.example"}],
    }
    assert api.post("/inspections", body).status == 201  # the domain alone is no reason
    body["people"].append({"role": "client", "name": "Ann", "email": email})
    answer = api.post("/inspections", body)
    assert (answer.status, answer.places) == (422, [["body", "people", 1, "email"]])
    answer = api.patch(f"/contacts/{person.contact_id}", {"email": email})
    assert (answer.status, answer.places) == (422, [["body", "email"]])


def test_a16_somebody_elses_address_is_a_warning_by_name_and_can_be_kept(office: Client) -> None:
    make_contact(name="Bob Lee", email="family@example.com")
    job = make_inspection()
    check = words(office.get("/addresses/check/?email=Family@example.com"))
    assert "This is the address of Bob Lee. Each person gets their own email." in check
    data = {"role": "client", "name": "Ann Lee", "email": "family@example.com", "phone": ""}
    answer = office.post(f"/inspections/{job.pk}/people/add/", data, follow=True)
    assert "is also used for Bob Lee. Both will get their own email." in words(answer)
    assert job.participants.get().contact.name == "Ann Lee"


def test_a16_a_file_says_whose_address_it_is(office: Client) -> None:
    make_contact(name="Bob Lee", email="family@example.com")
    line = "A-1,12 Oak St,2026-12-01 09:00,,,,,client,Ann Lee,family@example.com,"
    header = "external_id,address,starts_at,inspector,fee,services,notifications,role,name,email,phone"
    found = compare(parse(f"{header}\n{line}\n".encode()))
    said = "Line 2, email: family@example.com is also used for Bob Lee. Each gets their own email."
    assert [str(warning) for warning in found.warnings] == [said]


# --- roles and people ------------------------------------------------------------------------------------------------


def test_a24_another_role_stops_what_only_the_old_one_gets_and_says_so(office: Client) -> None:
    inspection, _ = services.save(make_draft(people=(make_person(),)), by="Kim")
    services.confirm(inspection, by="Kim")
    person = inspection.participants.get()
    waiting = set(person.messages.filter(status=Status.QUEUED).values_list("kind", flat=True))
    assert {"agreement", "reminder"} <= waiting
    answer = edit(office, person, role="coordinator")
    assert "Ann Lee is now Transaction coordinator on this inspection." in words(answer)
    assert "stopped." in words(answer)
    person.refresh_from_db()
    assert person.role == "coordinator"
    assert not person.messages.filter(kind="agreement", status=Status.QUEUED).exists()
    edit(office, person, role="client")
    assert person.messages.filter(kind="reminder", status=Status.QUEUED).exists()
    assert [e.type for e in inspection.events.filter(type="role_changed")] == ["role_changed"] * 2


def test_a_role_that_is_taken_is_refused_and_nothing_is_saved(office: Client) -> None:
    person = make_client()
    make_participant(person.inspection, contact=person.contact, role="coordinator")
    answer = edit(office, person, role="coordinator", phone="1")
    assert answer.status_code == 422
    assert "is on this inspection as Transaction coordinator already" in words(answer)
    person.contact.refresh_from_db()
    assert person.contact.phone == "+1 217 555 0101"


def test_adding_can_be_undone_and_taking_off_says_what_stops(office: Client) -> None:
    inspection, _ = services.save(make_draft(people=()), by="Kim")
    services.confirm(inspection, by="Kim")
    data = {"role": "client", "name": "Ann Lee", "email": "ann@example.com", "phone": ""}
    answer = office.post(f"/inspections/{inspection.pk}/people/add/", data, follow=True)
    person = inspection.participants.get()
    planned = person.messages.filter(status=Status.QUEUED).count()
    assert planned
    assert "planned." in words(answer)
    assert f'action="/people/{person.pk}/remove/"' in words(answer)
    assert "Will be stopped" in words(office.get(f"/people/{person.pk}/remove/"))
    answer = office.post(f"/people/{person.pk}/remove/", follow=True)
    assert f"{planned} waiting email" in words(answer)
    assert not person.messages.filter(status=Status.QUEUED).exists()
    assert office.post(f"/people/{person.pk}/remove/").status_code == 404


# --- what is missing -------------------------------------------------------------------------------------------------


def test_a24_what_is_missing_is_a_finding_with_its_repair(office: Client) -> None:
    job = make_inspection()
    assert "No client is on this inspection" in words(office.get(f"/inspections/{job.pk}/"))
    make_participant(job, name="Client", email="")
    make_participant(job, name="Kim", email="kim@oakwood.example", role="buyer_agent")
    page = words(office.get(f"/inspections/{job.pk}/"))
    assert "No client is on this inspection" not in page
    assert "“Client” is no name." in page
    assert "Client has no email address." in page
    assert "Kim has your own office’s address" in page
    assert "Client has no email address." in words(office.get(f"/inspections/{job.pk}/confirm/"))


def test_agents_recur_an_address_that_failed_elsewhere_is_said_before_it_is_used(office: Client) -> None:
    first, second = agent_on(2)
    Inspection.objects.filter(pk=second.inspection_id).update(status="requested", confirmed_at=None)
    failed = make_failed(first)
    Message.objects.filter(pk=failed.pk).update(sent_at=in_days(-40))
    said = "an email to this address came back (12 Oak St)."
    for path in (
        f"/inspections/{second.inspection_id}/",
        f"/inspections/{second.inspection_id}/confirm/",
        "/addresses/check/?people-0-email=pat@gmial.com",
        f"/contacts/{second.contact_id}/",
    ):
        assert said in words(office.get(path)), path
    told(make_message(first, kind="agreement"), Status.DELIVERED)
    assert said not in words(office.get(f"/inspections/{second.inspection_id}/"))


def test_the_command_refuses_our_own_address(office: Client, tmp_path: Path) -> None:
    header = "external_id,address,starts_at,inspector,fee,services,notifications,role,name,email,phone"
    file = tmp_path / "jobs.csv"
    file.write_text(f"{header}\nA-1,12 Oak St,2026-12-01 09:00,,,,,client,Ann,desk@oakwood.example,\n")
    with pytest.raises(SystemExit):
        call_command("import_inspections", str(file))
    assert not Inspection.objects.exists()
