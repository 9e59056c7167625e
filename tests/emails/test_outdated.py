"""What a sent email tells that is no longer so: worked out from the facts, cleared by an email that tells it anew."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from emails import placeholders, selectors_inspection
from emails.models import Message, TemplateVersion
from emails.selectors_outdated import FACTS, TELLS
from emails.states import Status
from inspections import people, services
from inspections.drafts import Draft
from inspections.models import Inspection, InspectionEvent, Participant
from tests.emails.mailed import make_client, make_message, template, told
from tests.factories import in_days, make_company, make_participant, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _office() -> Iterator[None]:
    company = make_company(time_zone="America/Chicago")
    template("confirmation")
    with timezone.override(company.zone):  # the days that staff read, at any hour of ours
        yield


def told_to(person: Participant, kind: str = "confirmation", **over: Any) -> Message:
    """An email that arrived an hour ago, filled from the template that is in force."""
    version = template(kind).current  # type: ignore[union-attr]
    return told(make_message(person, kind=kind, template_version=version, **over), Status.DELIVERED)


def publish(kind: str, body: str) -> None:
    """The office's own words are in force from now on."""
    found = template(kind)
    assert found is not None
    TemplateVersion.objects.create(
        template=found, number=99, subject="Yours", body=body, published_at=timezone.now(), created_by="Kim"
    )


def stale(inspection: Inspection) -> dict[str, str]:
    """By kind and name: what the log says is out of date."""
    mail = selectors_inspection.load(Inspection.objects.get(pk=inspection.pk))
    lines = [line for line in mail.log if line.message and line.outdated]
    return {f"{line.message.kind} to {line.message.to_name}": str(line.outdated) for line in lines if line.message}


def correct(inspection: Inspection, **over: Any) -> None:
    facts = {name: getattr(inspection, name) for name in ("address", "starts_at", "inspector", "fee")}
    services.correct(inspection, Draft(**facts | {"services": tuple(inspection.services)} | over), by="Kim Reyes")
    inspection.refresh_from_db()


def today() -> str:
    now = timezone.localtime()
    return f"{now:%a} {now.day} {now:%b}"


def test_every_placeholder_is_in_the_table_or_tells_nothing_that_changes() -> None:
    silent = {"INSPECTOR_NAME", "SERVICES", "CLIENT_PORTAL_LINK", "REPORT_LINK", "COMPANY_NAME", "COMPANY_PHONE"}
    silent |= {"AGENT_NAME", "INVOICE_LINK", "AMOUNT_DUE", "AMOUNT_PAID"}
    assert {p.name for p in placeholders.CATALOGUE} - TELLS.keys() <= silent
    assert set(TELLS.values()) == set(FACTS)


def test_a25_a_moved_date_marks_what_was_sent_before_and_says_since_when() -> None:
    person = make_client()
    told_to(person)
    assert stale(person.inspection) == {}
    services.reschedule(person.inspection, in_days(7), by="Kim Reyes")
    Message.objects.filter(kind="rescheduled").update(send_after=in_days(1))
    assert stale(person.inspection) == {"confirmation to Ann Lee": f"Out of date: the date changed on {today()}"}


def test_a25_the_mail_with_the_new_date_clears_the_mark_and_one_that_came_back_does_not() -> None:
    person = make_client()
    told_to(person)
    services.reschedule(person.inspection, in_days(7), by="Kim Reyes")
    news = Message.objects.get(kind="rescheduled")
    assert stale(person.inspection) == {}  # it leaves in a moment
    Message.objects.filter(pk=news.pk).delete()
    now = timezone.now()
    again = told_to(person, kind="rescheduled", sent_at=now, created_at=now)
    assert stale(person.inspection) == {}
    told(again, Status.BOUNCED, category="address_unknown")
    assert list(stale(person.inspection)) == ["confirmation to Ann Lee"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"address": "14 Oak St"}, "the address"),
        ({"fee": Decimal("450.00")}, "the fee"),
        ({"address": "14 Oak St", "fee": Decimal("450.00")}, "the address and the fee"),
    ],
)
def test_a25_address_and_fee_count_where_the_email_told_them(change: dict[str, Any], said: str) -> None:
    person = make_client()
    publish("confirmation", "<p>{{CLIENT_PORTAL_LINK}} {{PRICE}} {{ADDRESS}}</p>")
    told_to(person)
    correct(person.inspection, **change)
    assert stale(person.inspection) == {"confirmation to Ann Lee": f"Out of date: {said} changed on {today()}"}


def test_a25_what_was_changed_back_is_right_again() -> None:
    person = make_client()
    told_to(person)
    before = person.inspection.address
    correct(person.inspection, address="14 Oak St")
    assert stale(person.inspection)
    correct(person.inspection, address=before)
    assert stale(person.inspection) == {}


def test_a25_a_name_counts_for_that_person_and_in_emails_that_name_the_client() -> None:
    person = make_client(name="An Lee")
    agent = make_participant(person.inspection, role="buyer_agent", name="Pat Kim")
    told_to(person)
    publish("reminder", "<p>{{CLIENT_NAME}}</p>")
    told_to(agent, kind="reminder")
    people.correct_contact(person.contact, by="Kim", name="an lee")  # spelling is no news
    assert stale(person.inspection) == {}
    people.correct_contact(person.contact, by="Kim", name="Ann Lee")
    assert stale(person.inspection)["reminder to Pat Kim"].startswith("Out of date: the client’s name changed")
    assert "confirmation to An Lee" in stale(person.inspection)


def test_what_was_sent_after_the_change_or_never_arrived_or_is_over_is_not_marked() -> None:
    person = make_client()
    correct(person.inspection, address="14 Oak St")
    now = timezone.now()
    told_to(person, sent_at=now, created_at=now)
    told(make_message(make_client(inspection=person.inspection, name="Bob")), Status.BOUNCED, category="mailbox_full")
    correct(person.inspection, address="16 Oak St")
    assert list(stale(person.inspection)) == ["confirmation to Ann Lee"]
    services.cancel(person.inspection, by="Kim")
    assert stale(person.inspection) == {}


def test_a25_the_resend_is_one_press_on_the_persons_line_and_in_the_log(client: Client) -> None:
    client.force_login(make_user(name="Kim Reyes"))
    person = make_client()
    message = told_to(person)
    correct(person.inspection, address="14 Oak St")
    page = client.get(f"/inspections/{person.inspection_id}/").content.decode()
    assert page.count(f"Out of date: the address changed on {today()}") == 2
    assert page.count(f'action="/messages/{message.pk}/resend/"') == 2
    client.post(f"/messages/{message.pk}/resend/", {"nonce": "n-1"})
    assert Message.objects.get(root=message).status == Status.QUEUED
    assert "Out of date" not in client.get(f"/inspections/{person.inspection_id}/").content.decode()


def test_the_mark_costs_one_query_and_none_where_nothing_changed(django_assert_max_num_queries: Any) -> None:
    person = make_client()
    for number in range(5):
        told_to(make_client(inspection=person.inspection, name=f"Client {number}", email=f"c{number}@example.com"))
    inspection = Inspection.objects.get(pk=person.inspection_id)
    with django_assert_max_num_queries(30) as before:
        selectors_inspection.load(inspection)
    correct(inspection, address="14 Oak St")
    with django_assert_max_num_queries(30) as after:
        mail = selectors_inspection.load(Inspection.objects.get(pk=inspection.pk))
    assert sum(line.outdated is not None for line in mail.log) == 5
    assert len(after) <= len(before) + 2  # the inspection itself, and the words of the versions


def test_events_of_before_the_email_do_not_count() -> None:
    person = make_client()
    correct(person.inspection, address="14 Oak St")
    InspectionEvent.objects.update(at=timezone.now() - timedelta(hours=2))
    told_to(person)
    assert stale(person.inspection) == {}
