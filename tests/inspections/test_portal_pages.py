"""What each person finds in the portal: by role, by what their link opens, and by how far things are."""

import re
from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.core.cache import cache

from inspections import grants, links, payments, services, signing
from inspections.grants import Thing
from inspections.models import Company, Inspection, InspectionEvent, Participant, Role, Scope
from tests.factories import (
    DECEMBER_1,
    consent,
    make_agreement,
    make_client_who_signs,
    make_company,
    make_inspection,
    make_participant,
)
from tests.inspections.portal_visits import Visitor, text

pytestmark = pytest.mark.django_db
Type = InspectionEvent.Type
REPORT = "https://reports.example.com/12-oak"


@pytest.fixture(autouse=True)
def oakwood() -> None:
    cache.clear()
    make_company()


def visitor(role: str = "client", scope: str = "everything", **facts: object) -> Visitor:
    inspection = make_inspection(**{"status": "confirmed", "agreement": make_agreement()} | facts)
    return Visitor(make_participant(inspection, name="Ann Lee", role=role), scope=scope)


def published(inspection: Inspection, url: str = REPORT) -> None:
    services.publish_report(inspection, by="Kim", url=url)


def pay(inspection: Inspection, amount: str) -> payments.Payment:
    return payments.record(inspection, amount=Decimal(amount), method="check", by="Kim")


# --- scope x role x page ---------------------------------------------------------------------------------------------

NEEDS = {
    "": None,
    "sign/": Thing.AGREEMENT,
    "signed/": Thing.AGREEMENT,
    "agreement.pdf": Thing.AGREEMENT,
    "pay/": Thing.INVOICE,
    "inspection.ics": Thing.DETAILS,
    "report/": Thing.REPORT,
    "not-me/": None,
}
MARKS = {Thing.DETAILS: "12 Oak St", Thing.AGREEMENT: "Read and sign", Thing.INVOICE: "$425.00", Thing.REPORT: "Report"}


def combinations() -> Iterator[tuple[str, str]]:
    return ((scope, role) for scope in Scope.values for role in Role.values)


@pytest.mark.parametrize(("scope", "role"), list(combinations()))
def test_a_link_opens_what_it_names_and_nothing_else(scope: str, role: str) -> None:
    someone = visitor(role, scope)
    allowed = grants.things(scope, role)
    for page, thing in NEEDS.items():
        answer = someone.get(page)
        assert (answer.status_code == 404) is (thing is not None and thing not in allowed), (page, answer.status_code)
    home = text(someone.get())
    for thing, mark in MARKS.items():
        assert (mark in home) is (thing in allowed), (thing, home)


@pytest.mark.parametrize("page", ["sign/", "not-me/"])
def test_posting_is_closed_like_looking(page: str) -> None:
    agent = visitor("seller_agent")
    answer = agent.post(page, typed_name="Ann Lee", agreed="on", seal="x")
    assert answer.status_code == (404 if page == "sign/" else 422)


def test_a_lacking_page_is_no_guessing() -> None:
    agent = visitor("buyer_agent")
    assert [agent.get("sign/").status_code for _ in range(25)] == [404] * 25


@pytest.mark.parametrize("page", NEEDS)
def test_switching_a_link_off_closes_every_open_page(page: str) -> None:
    ann = visitor()
    links.revoke(ann.link, by="Kim")
    for answer in (ann.get(page), ann.client.head(ann.url(page))):
        assert answer.status_code == 410


@pytest.mark.parametrize("page", NEEDS)
def test_every_page_is_private(page: str) -> None:
    answer = visitor().get(page)
    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert answer["Referrer-Policy"] == ("same-origin" if page in ("sign/", "not-me/") else "no-referrer")


@pytest.mark.parametrize("page", ["", "sign/", "pay/", "not-me/", "report/"])
def test_every_page_is_small_and_asks_nobody_else(page: str) -> None:
    answer = visitor().get(page)
    assert len(answer.content) < 30_000
    assert not re.search(r'(src|href|action)="(https?:)?//', answer.content.decode())
    assert not re.search(r"<script|\sstyle=|\son\w+=", answer.content.decode())


# --- paying ----------------------------------------------------------------------------------------------------------


def test_what_is_due_and_how_to_pay_it() -> None:
    make_company(payment_link="https://pay.example.com/oakwood", payment_words="By check to Oakwood.\n\nOr cash.")
    ann = visitor()
    page = ann.get("pay/").content.decode()
    assert "Pay $425.00" in text(ann.get("pay/"))
    assert "By check to Oakwood." in page
    button = re.search(r'<a class="button" href="https://pay.example.com/oakwood"[^>]*>', page)
    assert button
    assert 'rel="noopener noreferrer"' in button[0]
    assert 'referrerpolicy="no-referrer"' in button[0]


def test_without_a_way_to_pay_the_page_says_whom_to_call() -> None:
    assert "Please call us, and we tell you how: (217) 555-0100." in text(visitor().get("pay/"))


def test_part_of_the_fee_is_shown_and_the_rest_is_due() -> None:
    ann = visitor()
    pay(ann.person.inspection, "100.00")
    assert "Pay $325.00" in text(ann.get())
    assert "Received: $100.00" in text(ann.get())
    assert "Still to pay $325.00" in text(ann.get("pay/"))


def test_paid_is_thanked_for_and_nothing_is_left_to_press() -> None:
    ann = visitor()
    pay(ann.person.inspection, "425.00")
    for page in ("", "pay/"):
        assert "Paid. Thank you" in text(ann.get(page))
        assert "How to pay" not in text(ann.get(page))


@pytest.mark.parametrize("fee", [None, Decimal("0.00")])
def test_without_a_fee_there_is_nothing_to_pay(fee: Decimal | None) -> None:
    ann = visitor(fee=fee)
    assert ann.get("pay/").status_code == 404
    assert "How to pay" not in text(ann.get())


# --- the report ------------------------------------------------------------------------------------------------------


def test_the_report_opens_when_this_client_signed_and_it_is_paid() -> None:
    ann = Visitor(make_client_who_signs(name="Ann Lee"))
    make_participant(ann.person.inspection, name="Bo Li")
    inspection = ann.person.inspection
    assert "Ready after the inspection." in text(ann.get("report/"))
    published(inspection)
    assert "opens when the agreement is signed and the fee is paid" in text(ann.get("report/"))
    ann.sign()
    assert "opens when the fee is paid" in text(ann.get("report/"))
    pay(inspection, "425.00")
    answer = ann.get("report/")
    assert (answer.status_code, answer.headers["Location"]) == (302, REPORT)
    assert answer["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("role", ["buyer_agent", "coordinator"])
def test_agents_get_the_report_when_every_client_signed_and_it_is_paid(role: str) -> None:
    ann = make_client_who_signs(name="Ann Lee")
    bo = make_participant(ann.inspection, name="Bo Li")
    agent = Visitor(make_participant(ann.inspection, name="Pat Nguyen", role=role))
    published(ann.inspection)
    pay(ann.inspection, "425.00")
    signing.sign(ann, consent(ann))
    answer = agent.get("report/")
    assert "opens when the agreement is signed" in text(answer)
    assert REPORT.encode() not in answer.content
    signing.sign(bo, consent(bo))
    assert agent.get("report/").status_code == 302


def test_a_signature_that_ended_locks_it_again() -> None:
    ann = Visitor(make_client_who_signs(name="Ann Lee"))
    published(ann.person.inspection)
    pay(ann.person.inspection, "425.00")
    ann.sign()
    assert ann.get("report/").status_code == 302
    Inspection.objects.filter(pk=ann.person.inspection_id).update(address="14 Oak St")
    signing.review(Inspection.objects.get(pk=ann.person.inspection_id), by="Kim")
    assert ann.get("report/").status_code == 200


def test_an_office_that_does_not_lock_reports_opens_them_at_once() -> None:
    Company.objects.update(report_locked=False)
    ann = visitor()
    published(ann.person.inspection)
    assert ann.get("report/").status_code == 302


def test_a_report_without_an_address_says_so() -> None:
    Company.objects.update(report_locked=False)
    ann = visitor()
    published(ann.person.inspection, url="")
    assert "We send it to you another way" in text(ann.get("report/"))


def opened(person: Participant) -> int:
    return person.events.filter(type=Type.REPORT_OPENED).count()


def test_opening_the_report_is_told_once_an_hour() -> None:
    Company.objects.update(report_locked=False)
    ann = visitor()
    published(ann.person.inspection)
    ann.client.head(ann.url("report/"))
    assert opened(ann.person) == 0
    for _ in range(3):
        ann.get("report/")
    assert opened(ann.person) == 1


# --- the calendar ----------------------------------------------------------------------------------------------------


def test_the_date_can_be_put_into_a_calendar() -> None:
    ann = visitor(starts_at=DECEMBER_1, address="12 Oak St; Apt 4, Springfield, IL " + "ü" * 60)
    answer = ann.get("inspection.ics")
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    lines = answer.content.split(b"\r\n")
    assert lines[-1] == b""
    assert all(len(line) <= 75 for line in lines)
    whole = answer.content.replace(b"\r\n ", b"").decode()
    assert "DTSTART:20261201T150000Z" in whole
    assert f"LOCATION:12 Oak St\\; Apt 4\\, Springfield\\, IL {'ü' * 60}\r\n" in whole
    assert f"UID:inspection-{ann.person.inspection_id}@testserver" in whole
    assert whole.count("BEGIN:") == whole.count("END:") == 2


def test_a_moved_inspection_takes_the_place_of_the_old_one_in_the_calendar() -> None:
    ann = visitor()
    services.reschedule(ann.person.inspection, DECEMBER_1, by="Kim")
    assert b"SEQUENCE:1\r\n" in ann.get("inspection.ics").content


@pytest.mark.parametrize("status", ["requested", "completed", "cancelled"])
def test_no_date_is_promised_that_does_not_stand(status: str) -> None:
    ann = visitor(status=status)
    assert ann.get("inspection.ics").status_code == 404
    assert "Add to calendar" not in text(ann.get())
