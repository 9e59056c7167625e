"""Signing in the portal: what is on the page, what counts, what is kept, and what is refused."""

import re
import threading
from decimal import Decimal
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.db import connection
from django.test import Client

from inspections import agreements, corrections, people, services, signing
from inspections.models import InspectionEvent, Signature
from inspections.signals import inspection_event
from tests.factories import make_agreement, make_client_who_signs, make_company, make_draft, make_participant
from tests.inspections.portal_visits import BROWSER, Visitor, text

pytestmark = pytest.mark.django_db
Type = InspectionEvent.Type


@pytest.fixture(autouse=True)
def oakwood() -> None:
    cache.clear()
    make_company()


@pytest.fixture
def ann() -> Visitor:
    return Visitor(make_client_who_signs(name="Ann Lee"))


@pytest.mark.parametrize("ended_before", [False, True])
def test_a_client_is_shown_nothing_of_what_somebody_else_signed(ended_before: bool) -> None:
    person = make_client_who_signs(name="Ann Lee")
    Visitor(person).sign()
    if ended_before:
        services.correct(person.inspection, make_draft(fee=Decimal("500.00")), by="Kim")
    signing.disown(Signature.objects.get(), by="Kim", note="Ann said so")
    ann = Visitor(person)
    assert ann.get("agreement.pdf")["Content-Disposition"] == 'attachment; filename="agreement.pdf"'
    page = text(ann.get("sign/"))
    assert "Please read all of it." in page
    assert "sign again" not in page + text(ann.get())


def test_the_whole_agreement_stands_on_the_page_with_what_it_is_about(ann: Visitor) -> None:
    agreements.install()
    newest = agreements.current()
    assert newest
    ann.person.inspection.agreement = newest
    ann.person.inspection.save()
    page = text(ann.get("sign/"))
    for paragraph in newest.body.split("\n"):
        assert " ".join(paragraph.split()) in page
    for words in ("Client Ann Lee", "Property 12 Oak St", "Fee $425.00", "Company Oakwood Inspections"):
        assert words in page
    assert "I agree to sign electronically" in page


def test_a_client_signs_and_what_they_did_is_kept(ann: Visitor) -> None:
    answer = ann.sign(typed_name="ann lee")
    assert answer.headers["Location"] == ann.url("signed/")
    signed = Signature.objects.get()
    assert signed.participant == ann.person
    assert (signed.typed_name, signed.ip, signed.agent, signed.link) == ("ann lee", "127.0.0.1", BROWSER, ann.link)
    document = signing.document(ann.person)
    assert document
    assert signed.sha256 == document.sha256
    page = text(ann.get("signed/"))
    assert "Thank you. You have signed" in page
    assert "Pay $425.00" in page
    assert "Agreement signed" in text(ann.get())
    assert "1 thing to do before" in text(ann.get())


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ({"typed_name": ""}, "Please type your full name."),
        ({"typed_name": "Bo Li"}, "Please type your name as it stands in the agreement: Ann Lee."),
        ({"typed_name": "Ann\u202eLee"}, "Please type your name by hand, on one line."),
        ({"agreed": ""}, "Please tick that you agree to sign electronically."),
    ],
)
def test_what_is_missing_is_said_at_the_top_and_at_the_field(ann: Visitor, missing: dict[str, str], said: str) -> None:
    answer = ann.sign(**missing)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "<title>Error: " in " ".join(page.split())
    assert text(answer).count(said) == 2
    assert 'aria-invalid="true"' in page
    assert not Signature.objects.exists()


def test_both_faults_are_said_at_once_and_nothing_that_was_typed_is_lost(ann: Visitor) -> None:
    answer = ann.sign(typed_name="Ann L", agreed="")
    assert 'value="Ann L"' in answer.content.decode()
    for said in ("as it stands in the agreement", "Please tick"):
        assert said in text(answer)
    assert ann.sign(seal=ann.seal()).status_code == 302


def test_without_the_token_of_the_form_nothing_is_signed_and_the_page_says_so_kindly(ann: Visitor) -> None:
    seal = ann.seal()
    strict = Client(enforce_csrf_checks=True, headers={"User-Agent": BROWSER})
    strict.cookies = ann.client.cookies
    answer = strict.post(ann.url("sign/"), {"typed_name": "Ann Lee", "agreed": "on", "seal": seal})
    assert answer.status_code == 403
    assert "Nothing was changed." in text(answer)
    assert "Today" not in text(answer)
    assert not Signature.objects.exists()


@pytest.mark.parametrize("seal", ["", "nonsense", "x" * 5000])
def test_a_form_without_a_seal_of_ours_signs_nothing(ann: Visitor, seal: str) -> None:
    answer = ann.post("sign/", typed_name="Ann Lee", agreed="on", seal=seal)
    assert answer.status_code == 422
    assert "read it once more" in text(answer)
    assert not Signature.objects.exists()


def test_the_seal_of_another_link_or_another_page_signs_nothing(ann: Visitor) -> None:
    bo = Visitor(make_client_who_signs(name="Bo Li"))
    for seal in (bo.seal(), ann.seal("not-me/")):
        assert ann.sign(seal=seal).status_code == 422
    assert not Signature.objects.exists()


def test_pressed_twice_is_signed_once(ann: Visitor) -> None:
    seal = ann.seal()
    for _ in range(2):
        assert ann.sign(seal=seal).headers["Location"] == ann.url("signed/")
    assert Signature.objects.count() == 1


def test_a_seal_counts_once_even_when_the_signature_has_ended(ann: Visitor) -> None:
    seal = ann.seal()
    ann.sign(seal=seal)
    services.correct(ann.person.inspection, draft(fee=Decimal("500.00")), by="Kim")
    services.correct(ann.person.inspection, draft(fee=Decimal("425.00")), by="Kim")
    answer = ann.sign(seal=seal)
    assert answer.status_code == 422
    assert "This form was used before." in text(answer)


def draft(**over: Any) -> services.Draft:
    return make_draft(services=("Full inspection",), people=(), **over)


def test_what_was_read_must_be_what_is_signed(ann: Visitor) -> None:
    seal = ann.seal()
    inspection = ann.person.inspection
    newer = make_agreement(body="Something else altogether.")
    agreements.move([inspection.pk], newer, by="Kim")
    answer = ann.sign(seal=seal)
    assert answer.status_code == 422
    assert "The agreement changed while you were reading." in text(answer)
    assert "Something else altogether." in text(answer)
    assert ann.sign().status_code == 302
    assert Signature.objects.get().agreement == newer


def test_a_refused_press_shows_the_agreement_as_it_stands_and_can_be_signed_at_once(ann: Visitor) -> None:
    seal = ann.seal()
    agreements.move([ann.person.inspection_id], make_agreement(body="Something else."), by="Kim")
    answer = ann.sign(seal=seal, agreed="")
    assert "Something else." in text(answer)
    fresh = re.search(r'name="seal" value="([^"]+)"', answer.content.decode())
    assert fresh
    assert ann.sign(seal=fresh[1]).status_code == 302


def test_each_client_signs_for_themselves_and_sees_who_has_not() -> None:
    ann = Visitor(make_client_who_signs(name="Ann Lee"))
    bo = Visitor(make_participant(ann.person.inspection, name="Bo Li"))
    pat = Visitor(make_participant(ann.person.inspection, name="Pat Nguyen", role="buyer_agent"))
    ann.sign()
    assert "Bo Li has not signed yet." in text(ann.get("signed/"))
    assert "Bo Li has not signed yet." in text(ann.get())
    assert "Ann Lee has not signed yet." not in text(bo.get())
    assert "Read and sign" in text(bo.get())
    for name in ("Ann Lee", "Bo Li"):
        assert name not in text(pat.get())
    bo.sign()
    assert "has not signed" not in text(ann.get())
    assert ann.person.inspection.events.filter(type=Type.AGREEMENT_SIGNED).count() == 1


def test_when_something_changed_the_page_says_what_and_asks_again(ann: Visitor) -> None:
    ann.sign()
    services.correct(ann.person.inspection, draft(fee=Decimal("500.00")), by="Kim")
    for page in ("", "sign/"):
        said = text(ann.get(page))
        assert "Something changed: please sign again" in said
        assert "Fee Before: $425.00 → Now: $500.00" in said
    assert ann.get("signed/").headers["Location"] == ann.url("sign/")
    ann.sign()
    assert ann.person.signatures.standing().get().facts["fee"] == "500.00"
    assert ann.person.signatures.count() == 2


def test_a_corrected_name_asks_for_a_signature_under_that_name(ann: Visitor) -> None:
    ann.sign()
    corrections.correct_contact(ann.person.contact, by="Kim", name="Anna Lee")
    assert "Client Before: Ann Lee → Now: Anna Lee" in text(ann.get("sign/"))


def test_a_canceled_inspection_is_not_signed(ann: Visitor) -> None:
    seal = ann.seal()
    services.cancel(ann.person.inspection, by="Kim")
    assert "Read and sign" not in text(ann.get())
    for answer in (ann.get("sign/"), ann.sign(seal=seal)):
        assert "This inspection was canceled." in text(answer)
    assert not Signature.objects.exists()


def test_whoever_was_taken_off_signs_nothing(ann: Visitor) -> None:
    seal = ann.seal()
    people.remove_person(ann.person, by="Kim")
    assert ann.sign(seal=seal).status_code == 410
    assert not Signature.objects.exists()


def test_an_inspection_without_an_agreement_has_no_page_to_sign(ann: Visitor) -> None:
    ann.person.inspection.agreement = None
    ann.person.inspection.save()
    assert ann.get("sign/").status_code == 404
    assert ann.get("agreement.pdf").status_code == 404
    assert "sign" not in text(ann.get()).lower()


def test_the_page_speaks_spanish_and_so_do_its_refusals(ann: Visitor) -> None:
    ann.get("sign/?lang=es")
    assert "Acepto firmar electrónicamente" in text(ann.get("sign/"))
    answer = ann.sign(typed_name="Bo Li", agreed="")
    assert "Por favor, escriba su nombre como aparece en el acuerdo: Ann Lee." in text(answer)
    assert "Por favor, marque que acepta firmar electrónicamente." in text(answer)
    document = signing.document(ann.person)
    ann.sign()
    assert document
    assert Signature.objects.get().sha256 == document.sha256  # the same document in whatever language it was read


@pytest.mark.django_db(transaction=True)
def test_ten_presses_at_once_are_one_signature() -> None:
    ann = Visitor(make_client_who_signs(name="Ann Lee"))
    seals = [ann.seal() for _ in range(10)]
    answers: list[int] = []

    def press(seal: str) -> None:
        client = Client(headers={"User-Agent": BROWSER})
        client.cookies = ann.client.cookies
        data = {"typed_name": "Ann Lee", "agreed": "on", "seal": seal}
        answers.append(client.post(ann.url("sign/"), data).status_code)
        connection.close()

    threads = [threading.Thread(target=press, args=(seal,)) for seal in seals]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [302] * 10
    assert Signature.objects.count() == 1
    assert InspectionEvent.objects.filter(type=Type.SIGNED).count() == 1


def test_the_address_behind_our_proxy_is_the_clients(settings: LazySettings, ann: Visitor) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    data = {"typed_name": "Ann Lee", "agreed": "on", "seal": ann.seal()}
    ann.client.post(ann.url("sign/"), data, headers={"X-Forwarded-For": "192.0.2.66, 203.0.113.9"})
    assert Signature.objects.get().ip == "203.0.113.9"


def test_when_we_fail_the_page_says_that_nothing_was_signed_and_whom_to_call(ann: Visitor) -> None:
    def fail(event: InspectionEvent, **kwargs: object) -> None:
        if event.type == Type.SIGNED:
            raise RuntimeError("no room")

    seal = ann.seal()
    ann.client.raise_request_exception = False
    inspection_event.connect(fail)
    try:
        answer = ann.sign(seal=seal)
    finally:
        inspection_event.disconnect(fail)
    assert answer.status_code == 500
    assert "Nothing was signed and nothing was lost." in text(answer)
    assert "(217) 555-0100" in text(answer)
    assert not Signature.objects.exists()
    assert ann.sign(seal=seal).status_code == 302
