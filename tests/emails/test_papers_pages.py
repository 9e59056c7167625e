"""The office's side of signing and paying: the box on the inspection's page, payments, settings, the agreement."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from inspections import agreements, services, signing
from inspections.models import Agreement, Company, Inspection, InspectionEvent, Payment
from tests.emails.mailed import make_message, template, told
from tests.factories import (
    consent,
    in_days,
    make_agreement,
    make_client_who_signs,
    make_company,
    make_draft,
    make_inspection,
    make_participant,
    make_user,
)

pytestmark = pytest.mark.django_db
Type = InspectionEvent.Type


@pytest.fixture
def office(client: Client) -> Client:
    """Kim, an owner, signed in."""
    make_company()
    template("confirmation")
    client.force_login(make_user(name="Kim Reyes", is_superuser=True))
    return client


def text(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def box(office: Client, inspection: Inspection) -> str:
    page = text(office.get(f"/inspections/{inspection.pk}/"))
    return page[page.index("Agreement and payment") : page.index("Notifications:")]


# --- the box ---------------------------------------------------------------------------------------------------------


def test_the_box_says_who_signed_and_what_is_due(office: Client) -> None:
    ann = make_client_who_signs(name="Ann Lee")
    bo = make_participant(ann.inspection, name="Bo Li", email="bo@example.com")
    told(make_message(bo, has_link=True), "delivered")
    signature = signing.sign(ann, consent(ann))
    said = box(office, ann.inspection)
    assert re.search(r"Ann Lee signed \w+ \d+ \w+, \d+:\d\d [AP]M\s?\. Signed copy \(PDF\)", said)
    assert "Bo Li has a link to it by email and has not signed." in said
    assert "$425.00 is due of $425.00." in said
    page = office.get(f"/inspections/{ann.inspection.pk}/").content.decode()
    assert f'href="/signatures/{signature.pk}/agreement.pdf"' in page


def test_the_box_says_what_ended_a_signature(office: Client) -> None:
    ann = make_client_who_signs(name="Ann Lee")
    signing.sign(ann, consent(ann))
    services.correct(ann.inspection, make_draft(services=("Full inspection",), fee=Decimal("500.00")), by="Kim")
    said = box(office, ann.inspection)
    assert "Ann Lee has to sign again." in said
    assert "fee $425.00 → $500.00" in said


def test_a_signature_that_somebody_else_gave_is_ended_by_the_office(office: Client) -> None:
    ann = make_client_who_signs(name="Ann Lee")
    signature = signing.sign(ann, consent(ann))
    page = f"/signatures/{signature.pk}/disown/"
    assert page in office.get(f"/inspections/{ann.inspection_id}/").content.decode()
    assert "Did somebody else sign for Ann Lee ?" in text(office.get(page))
    refused = office.post(page, {"note": " "})
    assert refused.status_code == 422
    assert "Please write how you know it" in text(refused)
    assert signing.standing(ann)
    assert office.post(page, {"note": "Ann said so on the phone"}).status_code == 302
    said = box(office, ann.inspection)
    assert "sign again" not in said
    assert ": somebody else had signed." in said
    log = text(office.get(f"/inspections/{ann.inspection_id}/"))
    assert re.search(r"Somebody else had signed: Ann Lee\s+“Ann said so on the phone”", log)
    assert "Nothing is left to do." in text(office.get(page))
    office.post(page, {"note": "Once more"})
    assert ann.inspection.events.filter(type=Type.DISOWNED).count() == 1
    assert office.get(f"/signatures/{signature.pk}/agreement.pdf").status_code == 200
    assert "Somebody else had signed" in text(office.get(f"/inspections/{ann.inspection_id}/record/"))


def test_one_that_ended_leads_there_too_and_the_note_is_one_line(office: Client) -> None:
    ann = make_client_who_signs(name="Ann Lee")
    signature = signing.sign(ann, consent(ann))
    services.correct(ann.inspection, make_draft(fee=Decimal("500.00")), by="Kim")
    page = f"/signatures/{signature.pk}/disown/"
    assert page in office.get(f"/inspections/{ann.inspection_id}/").content.decode()
    assert office.post(page, {"note": "Ann\u202e said so"}).status_code == 422
    office.post(page, {"note": "Ann said so"})
    assert page not in office.get(f"/inspections/{ann.inspection_id}/").content.decode()


def test_an_open_page_follows_the_box(office: Client) -> None:
    ann = make_client_who_signs(name="Ann Lee")
    page = office.get(f"/inspections/{ann.inspection.pk}/").content.decode()
    version = re.search(r'data-version="([^"]+)"', page)
    assert version
    address = f"/inspections/{ann.inspection.pk}/log/?v={version[1]}"
    assert office.get(address).status_code == 204
    signing.sign(ann, consent(ann))
    assert "Ann Lee signed" in text(office.get(address))


def test_without_an_agreement_or_a_fee_the_box_says_so(office: Client) -> None:
    said = box(office, make_inspection(agreement=None, fee=None))
    assert "No agreement belongs to this inspection." in said
    assert "No fee is given." in said


# --- payments --------------------------------------------------------------------------------------------------------


def record(office: Client, inspection: Inspection, **over: str) -> Any:
    data = {"amount": "$100", "method": "check", "note": "No. 12", "nonce": "n-1"} | over
    return office.post(f"/inspections/{inspection.pk}/payments/", data, follow=True)


def test_what_is_due_stands_in_the_form(office: Client) -> None:
    inspection = make_inspection(status="confirmed")
    for page in (f"/inspections/{inspection.pk}/", f"/inspections/{inspection.pk}/payments/"):
        assert 'name="amount" value="425.00"' in office.get(page).content.decode()


def test_a_payment_is_recorded_once_however_often_it_is_pressed(office: Client) -> None:
    inspection = make_inspection(status="confirmed")
    for _ in range(2):
        answer = record(office, inspection)
    payment = Payment.objects.get()
    assert (payment.amount, payment.method, payment.note, payment.recorded_by) == (
        Decimal("100.00"),
        "check",
        "No. 12",
        "Kim Reyes",
    )
    assert "$100.00 by check is recorded. $325.00 is still due." in text(answer)
    assert f"/payments/{payment.pk}/undo/" in answer.content.decode()
    assert "$325.00 is due of $425.00." in box(office, inspection)


def test_a_payment_can_be_taken_back_and_stays_on_record(office: Client) -> None:
    inspection = make_inspection(status="confirmed")
    record(office, inspection, amount="425")
    assert "Paid. The fee was $425.00." in box(office, inspection)
    address = f"/payments/{Payment.objects.get().pk}/undo/"
    assert "is taken back." in text(office.post(address, follow=True))
    assert "It was taken back already." in text(office.post(address, follow=True))
    said = box(office, inspection)
    assert "$425.00 is due" in said
    assert "by Kim Reyes" in said
    types = list(inspection.events.values_list("type", flat=True))
    assert types == [Type.PAYMENT, Type.PAID, Type.PAYMENT_UNDONE]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"amount": ""}, "Please enter the amount."),
        ({"amount": "0"}, "more than 0"),
        ({"amount": "-5"}, "isn't an amount"),
        ({"amount": "lots"}, "isn't an amount"),
        ({"amount": "9999999"}, "less than a million"),
        ({"method": "gold"}, "gold is not one of the available choices"),
        ({"note": "a\u202eb"}, "invisible character"),
    ],
)
def test_a_payment_that_cannot_be_is_refused_with_a_sentence(office: Client, bad: dict[str, str], said: str) -> None:
    inspection = make_inspection(status="confirmed")
    answer = record(office, inspection, **bad)
    assert answer.status_code == 422
    assert said in text(answer).replace("&#x27;", "'")
    assert not Payment.objects.exists()


# --- settings --------------------------------------------------------------------------------------------------------


def test_an_owner_says_how_clients_pay_and_when_reports_open(office: Client) -> None:
    office.post(
        "/settings/portal/", {"payment_link": "https://pay.example.com/o", "payment_words": "By check.\r\nOr cash."}
    )
    company = Company.get()
    assert (company.payment_link, company.payment_words, company.report_locked) == (
        "https://pay.example.com/o",
        "By check.\nOr cash.",
        False,
    )
    said = text(office.get("/settings/"))
    assert "https://pay.example.com/o" in said
    assert "Opens as soon as it is published." in said


@pytest.mark.parametrize("link", ["javascript:alert(1)", "ftp://example.com", "nonsense here", "data:text/html,x"])
def test_a_payment_page_must_be_a_web_page(office: Client, link: str) -> None:
    answer = office.post("/settings/portal/", {"payment_link": link})
    assert answer.status_code == 422
    assert Company.get().payment_link == ""


# --- the agreement ---------------------------------------------------------------------------------------------------


def publish(office: Client, title: str = "Inspection agreement", body: str = "New words.") -> Any:
    return office.post("/settings/agreement/", {"title": title, "body": body}, follow=True)


def test_a_new_version_is_for_new_inspections_and_the_old_one_stays(office: Client) -> None:
    agreements.install()
    before = Agreement.objects.values().get(version=1)
    publish(office)
    newest = agreements.current()
    assert newest
    assert (newest.version, newest.body) == (2, "New words.")
    assert Agreement.objects.values().get(version=1) == before
    made, _ = services.save(make_draft(), by="Kim")
    assert made.agreement == newest


def test_the_same_words_again_are_no_new_version(office: Client) -> None:
    agreements.install()
    for _ in range(2):
        publish(office)
    publish(office, body="New words.\r\n")
    assert Agreement.objects.count() == 2


@pytest.mark.parametrize("bad", [{"title": ""}, {"body": " \n"}, {"body": "a\u202eb"}, {"title": "a\nb"}])
def test_a_version_that_cannot_be_is_refused(office: Client, bad: dict[str, str]) -> None:
    answer = publish(office, **bad)
    assert answer.status_code == 422
    assert not Agreement.objects.filter(version__gt=1).exists()


def test_inspections_to_come_that_nobody_signed_for_are_offered_the_new_version(office: Client) -> None:
    old = make_agreement()
    free = make_inspection(agreement=old, address="1 Free St", status="confirmed")
    over = make_inspection(agreement=old, address="2 Past St", status="confirmed", starts_at=in_days(-2))
    signed = make_client_who_signs()
    signing.sign(signed, consent(signed))
    answer = publish(office)
    said = text(answer)
    assert "1 Free St" in said
    assert "2 Past St" not in said
    assert signed.inspection.address not in said.replace("1 Free St", "")
    newest = agreements.current()
    assert newest
    ids = [free.pk, over.pk, signed.inspection.pk, 999_999]
    moved = office.post(f"/settings/agreement/{newest.version}/move/", {"inspection": ids}, follow=True)
    assert f"1 inspection has version {newest.version} now." in text(moved)
    free.refresh_from_db()
    assert free.agreement == newest
    assert Inspection.objects.filter(agreement=newest).count() == 1
    event = free.events.get(type=Type.UPDATED)
    assert event.data["after"] == {"agreement": str(newest)}
    assert f"Agreement: {old} → {newest}" in text(office.get(f"/inspections/{free.pk}/"))


def test_only_owners_change_the_agreement_and_everybody_reads_it(office: Client) -> None:
    agreements.install()
    office.force_login(make_user(name="Sam Fox"))
    assert office.get("/settings/agreement/1/").status_code == 200
    page = text(office.get("/settings/agreement/"))
    assert "Only owners change the agreement." in page
    assert publish(office).status_code == 403
    assert office.post("/settings/agreement/1/move/").status_code == 403
    assert Agreement.objects.count() == 1


def test_an_older_version_is_given_to_nobody(office: Client) -> None:
    agreements.install()
    publish(office)
    assert office.get("/settings/agreement/1/move/").headers["Location"] == "/settings/agreement/1/"


def test_a_nonce_that_no_database_holds_is_no_error(office: Client) -> None:
    person = make_client_who_signs()
    data = {"amount": "5", "method": "cash", "note": "", "nonce": "n\0"}
    assert office.post(f"/inspections/{person.inspection_id}/payments/", data).status_code == 302
