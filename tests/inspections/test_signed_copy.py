"""The copy of what was signed: whole, provable, and the same whenever it is fetched."""

import hashlib
import re
import zlib
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.utils import timezone, translation
from pypdf import PdfReader

from inspections import pdf, portal_sign, services, signing
from inspections.models import Signature
from tests.factories import (
    consent,
    make_agreement,
    make_client_who_signs,
    make_company,
    make_draft,
    make_inspection,
    make_participant,
    make_user,
)
from tests.inspections.portal_visits import Visitor

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def oakwood() -> None:
    cache.clear()
    make_company()


def signed(name: str = "Ann Lee", **over: Any) -> Signature:
    ann = make_client_who_signs(name=name)
    return signing.sign(ann, consent(ann, ip="203.0.113.7", agent="Firefox on a phone", **over))


def attached(content: bytes) -> list[bytes]:
    """What the file holds, unpacked."""
    parts = re.findall(rb"stream\n(.*?)\nendstream", content, re.DOTALL)
    return [zlib.decompress(part) if part.startswith(b"\x78") else part for part in parts]


def test_the_text_that_was_signed_is_in_it_and_has_the_digest_that_it_names() -> None:
    signature = signed()
    texts = [part for part in attached(pdf.signed(signature)) if hashlib.sha256(part).hexdigest() == signature.sha256]
    assert texts == [signature.text.encode()]


def test_it_names_the_evidence() -> None:
    lines = dict(pdf.evidence(signed()))
    assert lines["Signed by"] == "Ann Lee"
    assert lines["From"] == "203.0.113.7"
    assert lines["Browser"] == "Firefox on a phone"
    assert re.fullmatch(r"\w+, \w+ \d+, \d{4}, \d+:\d\d:\d\d [AP]M C[SD]T \(UTC-0[56]00\)", lines["Signed on"])
    assert re.fullmatch(r"[0-9a-f]{64}", lines["SHA-256"])
    assert lines["Agreement"].startswith("Version ")


def test_the_same_signature_is_the_same_file_whatever_happened_since() -> None:
    signature = signed("José Łukasz")
    first = pdf.signed(signature)
    make_company(name="Oakwood & Sons", time_zone="America/New_York")
    services.correct(signature.participant.inspection, make_draft(fee=Decimal("500.00")), by="Kim")
    with translation.override("es"):
        assert pdf.signed(Signature.objects.get()) == first


def test_a_client_gets_it_by_their_link_and_before_signing_the_text_to_read() -> None:
    ann = Visitor(make_client_who_signs(name="Ann Lee"))
    before = ann.get("agreement.pdf")
    assert before["Content-Disposition"] == 'attachment; filename="agreement.pdf"'
    ann.sign()
    after = ann.get("agreement.pdf")
    assert (after["Content-Type"], after.content) == ("application/pdf", pdf.signed(Signature.objects.get()))
    assert after["Content-Disposition"] == 'attachment; filename="signed-agreement.pdf"'
    assert before.content.startswith(b"%PDF-")


def test_nobody_has_it_made_over_and_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portal_sign, "PAPERS_PER_MINUTE", 2)
    with time_machine.travel(timezone.now().replace(second=10), tick=False):  # they are counted by the minute
        ann = Visitor(make_client_who_signs(name="Ann Lee"))
        assert [ann.get("agreement.pdf").status_code for _ in range(3)] == [200, 200, 429]
        assert ann.get("sign/").status_code == 200


def test_a_client_keeps_the_copy_of_what_ended() -> None:
    ann = Visitor(make_client_who_signs(name="Ann Lee"))
    ann.sign()
    first = ann.get("agreement.pdf").content
    services.correct(ann.person.inspection, make_draft(fee=Decimal("500.00")), by="Kim")
    assert ann.get("agreement.pdf").content == first


def test_the_office_gets_the_same_file(client: Client) -> None:
    signature = signed()
    address = f"/signatures/{signature.pk}/agreement.pdf"
    assert client.get(address).status_code == 302
    client.force_login(make_user())
    answer = client.get(address)
    assert answer.content == pdf.signed(signature)
    assert "no-store" in answer["Cache-Control"]


def test_the_address_and_the_browser_that_are_not_known_are_said_to_be_so() -> None:
    ann = make_client_who_signs()
    lines = dict(pdf.evidence(signing.sign(ann, consent(ann, ip=None, agent=""))))
    assert (lines["From"], lines["Browser"]) == ("not known", "not known")


def test_the_words_stand_as_they_were_signed_whatever_they_are() -> None:
    agreement = make_agreement(body="We {nb} look.")
    person = make_participant(make_inspection(status="confirmed", agreement=agreement))
    shown = signing.document(person)
    assert shown is not None
    read = PdfReader(BytesIO(pdf.unsigned(shown))).pages[0].extract_text()
    assert "We {nb} look." in read
    assert "Page 1 of 1" in read
