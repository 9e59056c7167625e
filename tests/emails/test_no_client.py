"""A rule for clients fires and there is none: a row says so, and is settled once the client is added."""

from typing import Any

import pytest
from django.test import Client

from emails import automations_rules, builtin, crew, exports, outbox, selectors_automations
from emails.models import Automation, Message, Problem
from emails.selectors_filters import Filters
from emails.states import Reason, Status
from inspections import people, services
from inspections.models import Inspection, Participant
from tests.factories import in_days, make_company, make_draft, make_person, make_user

pytestmark = pytest.mark.django_db

AGENT = make_person(role="buyer_agent", name="Pat Nguyen", email="pat@example.net")
NOBODY = (Status.SKIPPED, Reason.NO_CLIENT)


@pytest.fixture
def office(client: Client) -> Client:
    make_company(sender_email="office@oakwood.example")
    builtin.install()
    client.force_login(make_user(name="Kim Reyes"))
    return client


@pytest.fixture(autouse=True)
def _office(office: Client) -> None:
    """Rules are there."""


def confirmed(**over: Any) -> Inspection:
    inspection = services.save(make_draft(**{"people": (AGENT,)} | over), by="Maria")[0]
    services.confirm(inspection, by="Maria")
    return inspection


def row(inspection: Inspection, rule: str) -> Message:
    return inspection.messages.get(rule__name=rule)


def standing(inspection: Inspection) -> dict[str, tuple[str, str]]:
    rows = inspection.messages.filter(rule__roles__contains="client").order_by("pk")
    return {m.rule.name: (m.status, m.reason) for m in rows.select_related("rule") if m.rule}


def ann(inspection: Inspection, **over: Any) -> Participant:
    return people.add_person(inspection, make_person(**over), by="Kim")


# --- the row ---------------------------------------------------------------------------------------------------------


def test_confirming_without_a_client_leaves_one_row_for_each_rule_that_writes_to_clients() -> None:
    inspection = confirmed()
    services.confirm(inspection, by="Maria")
    assert standing(inspection) == {"Confirmation": NOBODY, "Agreement": NOBODY, "Reminder the day before": NOBODY}
    message = row(inspection, "Confirmation")
    assert (message.participant, message.to_address, str(message)) == (None, "", "Confirmation to nobody")
    assert not Problem.objects.filter(message__reason=Reason.NO_CLIENT).exists()


def test_somebody_else_gets_their_email_all_the_same_and_no_agent_is_missed() -> None:
    inspection = confirmed()
    services.reschedule(inspection, in_days(9), by="Kim")
    assert row(inspection, "Confirmation for agents").to_name == "Pat Nguyen"
    moved = inspection.messages.filter(rule__name="New date").order_by("pk")
    assert [(m.to_name, m.reason) for m in moved] == [("Pat Nguyen", ""), ("", Reason.NO_CLIENT)]
    with_client = confirmed(external_id="no agent", people=(make_person(),))
    assert not with_client.messages.filter(reason=Reason.NO_CLIENT).exists()
    assert not with_client.messages.filter(rule__name="Confirmation for agents").exists()


def test_nobody_had_no_inspection_before_so_a_rule_for_first_time_clients_would_have_written_to_them() -> None:
    Automation.objects.filter(name="Confirmation").update(first_time=True)
    assert standing(confirmed())["Confirmation"] == NOBODY


def test_what_would_not_have_gone_to_a_client_either_leaves_no_row() -> None:
    automations_rules.switch(Automation.objects.get(name="Agreement"), False, by="Kim")
    Automation.objects.filter(name="Confirmation").update(service="Radon test")
    assert standing(confirmed()) == {"Reminder the day before": NOBODY}
    requested = services.save(make_draft(external_id="R", people=(AGENT,)), by="Kim")[0]
    services.cancel(requested, by="Kim")
    assert not requested.messages.filter(reason=Reason.NO_CLIENT).exists()


# --- the client is added ---------------------------------------------------------------------------------------------


def test_adding_the_client_plans_the_reminder_and_offers_the_rest() -> None:
    inspection = confirmed()
    before = crew.emails_of(inspection)
    person = ann(inspection)
    assert standing(inspection) == {
        "Confirmation": NOBODY,
        "Agreement": NOBODY,
        "Reminder the day before": (Status.QUEUED, ""),
    }
    rows = inspection.messages.filter(rule__roles__contains="client")
    assert {(m.participant, m.to_address) for m in rows} == {(person, "ann@example.com")}
    assert crew.difference(inspection, before) == (0, 1)
    sent = outbox.send_now(row(inspection, "Confirmation"), by="Kim")
    assert (sent.status, sent.participant, sent.to_address) == (Status.QUEUED, person, "ann@example.com")


def test_a_reminder_whose_time_has_passed_is_not_planned_for_them() -> None:
    inspection = confirmed(starts_at=in_days(0.5))
    ann(inspection)
    assert standing(inspection)["Reminder the day before"] == (Status.SKIPPED, Reason.WINDOW_MISSED)


def test_a_client_without_an_address_gets_the_reminder_held() -> None:
    inspection = confirmed()
    ann(inspection, email="")
    assert standing(inspection)["Reminder the day before"] == (Status.HELD, Reason.NO_ADDRESS)


def test_the_second_client_takes_nothing_from_the_first_and_gets_their_own_reminder() -> None:
    inspection = confirmed()
    first, second = ann(inspection), ann(inspection, name="Bob Lee", email="bob@example.com")
    assert row(inspection, "Confirmation").participant == first
    reminders = inspection.messages.filter(rule__name="Reminder the day before", status=Status.QUEUED)
    assert {m.participant for m in reminders} == {first, second}


def test_after_undo_the_next_client_has_them() -> None:
    inspection = confirmed()
    people.remove_person(ann(inspection, name="Wrong One", email="wrong@example.com"), by="Kim")
    person = ann(inspection)
    assert row(inspection, "Confirmation").participant == person
    reminders = inspection.messages.filter(rule__name="Reminder the day before", status=Status.QUEUED)
    assert [m.participant for m in reminders] == [person]


def test_an_agent_who_turns_out_to_be_the_client_has_them_too() -> None:
    inspection = confirmed()
    agent = inspection.participants.get()
    people.change_role(agent, "client", by="Kim")
    assert row(inspection, "Agreement").participant == agent
    assert standing(inspection)["Reminder the day before"] == (Status.QUEUED, "")


def test_what_a_client_was_sent_stays_theirs() -> None:
    inspection = confirmed()
    first = ann(inspection)
    outbox.send_now(row(inspection, "Confirmation"), by="Kim")
    people.remove_person(first, by="Kim")
    ann(inspection, name="Bob Lee", email="bob@example.com")
    assert {m.participant for m in inspection.messages.filter(kind="confirmation", rule__roles=["client"])} == {first}


# --- the pages -------------------------------------------------------------------------------------------------------


def test_every_page_says_so_and_leads_to_adding_the_client(office: Client) -> None:
    inspection = confirmed()
    message = row(inspection, "Confirmation")
    add = f'href="/inspections/{inspection.pk}/people/add/"'
    for path in (f"/messages/{message.pk}/", f"/inspections/{inspection.pk}/"):
        page = office.get(path).content.decode()
        assert "Not sent: there was no client" in page
        assert add in page
        assert "Send it now" not in page
    assert "What to tell" not in office.get(f"/messages/{message.pk}/").content.decode()
    for path in ("/", "/emails/", "/emails/?reason=off_nobody", "/inspections/", "/emails/?view=reason", "/words/"):
        assert office.get(path).status_code == 200
    ann(inspection)
    page = office.get(f"/messages/{message.pk}/").content.decode()
    assert f'action="/messages/{message.pk}/send-now/"' in page
    assert add not in page


def test_sending_it_too_early_is_refused_with_the_way_out(office: Client) -> None:
    inspection = confirmed()
    answer = office.post(f"/messages/{row(inspection, 'Confirmation').pk}/send-now/")
    assert answer.status_code == 409
    assert "No client is on this inspection." in answer.content.decode()
    assert "Add the client" in answer.content.decode()
    assert not inspection.messages.filter(status=Status.QUEUED, kind="confirmation", to_name="").exists()


def test_many_at_once_name_it_among_the_skipped(office: Client) -> None:
    message = row(confirmed(), "Confirmation")
    page = office.get("/emails/resend/", {"message": message.pk}).content.decode()
    assert "No client is on this inspection." in page


def test_a_file_and_the_turning_on_of_notifications_cope_with_nobody(office: Client) -> None:
    inspection = confirmed(notifications=False)
    assert standing(inspection)["Confirmation"] == NOBODY
    assert [offer.message.to_name for offer in selectors_automations.offers(inspection)] == ["Pat Nguyen"]
    lines = "".join(exports.lines(Filters(reason="off_nobody"))).splitlines()
    assert len(lines) == 4
    assert "Not sent: there was no client" in lines[1]


def test_before_confirming_the_office_is_told(office: Client) -> None:
    inspection = services.save(make_draft(people=(AGENT,)), by="Kim")[0]
    page = office.get(f"/inspections/{inspection.pk}/confirm/").content.decode()
    assert "Not sent: there was no client" in page
    rule = Automation.objects.get(name="Agreement")
    tried = office.get(f"/automations/{rule.pk}/try/", {"inspection": inspection.pk}).content.decode()
    assert "Would skip 1: there was no client." in tried
