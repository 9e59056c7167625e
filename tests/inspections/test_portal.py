"""The client portal: who may see what, and what a link scanner leaves behind."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from inspections import agreements, links, people, portal_doors
from inspections.models import InspectionEvent, Participant, PortalLink
from inspections.signals import inspection_event
from tests.factories import DECEMBER_1, make_company, make_inspection, make_participant

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def oakwood() -> None:
    cache.clear()
    make_company()


def invite(**over: object) -> tuple[Participant, str]:
    """Somebody on an inspection and the path of their link."""
    facts = {key: over.pop(key) for key in list(over) if key not in ("role", "name", "email")}
    inspection = make_inspection(agreement=agreements.current(), **facts)
    person = make_participant(inspection, **({"name": "Ann Lee"} | over))
    _, url = links.mint(person, purpose="confirmation")
    return person, url.removeprefix(settings.BASE_URL)


def text(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def test_the_secret_is_exchanged_for_a_cookie_and_leaves_the_address() -> None:
    person, path = invite()
    answer = Client().get(path)
    assert answer.status_code == 302
    assert answer["Location"] == f"/p/home/{person.pk}/"
    cookie = answer.cookies[f"portal_{person.pk}"]
    assert cookie["path"] == "/p/"
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert path.split("/")[2] not in cookie.value


@time_machine.travel(DECEMBER_1 - timedelta(days=8), tick=False)
def test_a_client_sees_the_inspection_the_fee_and_what_to_do() -> None:
    _, path = invite(starts_at=DECEMBER_1, status="confirmed")
    page = text(Client().get(path, follow=True))
    for words in (
        "Oakwood Inspections",
        "Call (217) 555-0100",
        "Hello Ann Lee",
        "This inspection is confirmed.",
        "Tuesday, December 1, 2026, 9:00 AM CST",
        "12 Oak St, Springfield, IL 62701",
        "Raj Patel",
        "Full inspection",
        "$425.00",
        "2 things to do before Tuesday, December 1, 9:00 AM.",
        "Sign the agreement Read and sign",
        "Pay $425.00 How to pay",
        "Report Ready after the inspection.",
    ):
        assert words in page


def test_looking_at_the_first_page_offers_a_scanner_nothing_to_press() -> None:
    _, path = invite()
    page = Client().get(path, follow=True).content.decode()
    assert not re.search(r"<(button|form|input|script|iframe)|\sstyle=|\son\w+=", page)


@pytest.mark.parametrize("role", ["buyer_agent", "seller_agent", "coordinator"])
def test_only_clients_see_the_fee_and_the_agreement(role: str) -> None:
    _, path = invite(role=role)
    page = text(Client().get(path, follow=True))
    assert "12 Oak St" in page
    assert "425" not in page
    assert "agreement" not in page.lower()
    assert "sign" not in page.lower()


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("requested", "The time is not confirmed yet."),
        ("completed", "This inspection has taken place."),
        ("cancelled", "This inspection was canceled."),
    ],
)
def test_the_page_says_how_things_stand(status: str, words: str) -> None:
    _, path = invite(status=status)
    page = text(Client().get(path, follow=True))
    assert words in page
    assert ("Read and sign" in page) is (status != "cancelled")
    assert ("How to pay" in page) is (status != "cancelled")
    assert "before" not in page  # no time is promised


def test_every_answer_is_private() -> None:
    person, path = invite()
    client = Client()
    for answer in (
        client.get(path),
        client.get(f"/p/home/{person.pk}/"),
        client.get("/p/unknown/"),
        Client().get("/p/home/1/"),
    ):
        assert "no-store" in answer["Cache-Control"]
        assert answer["Referrer-Policy"] == "no-referrer"
        assert answer["X-Robots-Tag"] == "noindex, nofollow"
        policy = answer["Content-Security-Policy"]
        assert "unsafe" not in policy


@pytest.mark.parametrize("how", ["revoked", "expired", "taken off", "address corrected"])
def test_a_dead_link_says_so_with_the_phone_number_before_and_after_it_was_opened(how: str) -> None:
    person, path = invite(email="ann@gmial.com")
    opened = Client()
    opened.get(path)
    link = PortalLink.objects.get()
    if how == "revoked":
        links.revoke(link, by="Kim")
    elif how == "expired":
        past = timezone.now() - timedelta(minutes=1)
        PortalLink.objects.update(created_at=past - timedelta(days=1), expires_at=past)
    elif how == "taken off":
        people.remove_person(person, by="Kim")
    else:
        people.correct_contact(person.contact, by="Kim", email="ann@gmail.com")
    for answer in (opened.get(f"/p/home/{person.pk}/"), Client().get(path)):
        assert answer.status_code == 410
        assert "This link is no longer active" in text(answer)
        assert "(217) 555-0100" in text(answer)
        assert "Ann" not in text(answer)
        assert "Oak St" not in text(answer)


@pytest.mark.parametrize("token", ["x", "a" * 43, "a" * 5000, "%00", "..", "home", "é"])
def test_an_unknown_link_is_not_found(token: str) -> None:
    answer = Client().get(f"/p/{token}/")
    assert answer.status_code == 404


def test_an_unknown_link_gets_the_same_page_as_any_other_dead_end() -> None:
    answer = Client().get("/p/" + "a" * 43 + "/")
    assert "We can’t open this page" in text(answer)
    assert "(217) 555-0100" in text(answer)
    assert answer.content == Client().get("/p/home/1/").content


def test_another_persons_page_is_not_found_whatever_the_cookies() -> None:
    ann, path = invite()
    bob, _ = invite(name="Bob Ray")
    client = Client()
    client.get(path)
    assert client.get(f"/p/home/{ann.pk}/").status_code == 200
    assert client.get(f"/p/home/{bob.pk}/").status_code == 404
    assert client.get("/p/home/999999999/").status_code == 404
    client.cookies[f"portal_{bob.pk}"] = client.cookies[f"portal_{ann.pk}"].value
    assert client.get(f"/p/home/{bob.pk}/").status_code == 404


def test_a_changed_or_old_cookie_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    ann, path = invite()
    client = Client()
    client.get(path)
    monkeypatch.setattr(portal_doors, "COOKIE_LIFETIME", timedelta(seconds=-1))
    assert client.get(f"/p/home/{ann.pk}/").status_code == 404
    monkeypatch.undo()
    client.cookies[f"portal_{ann.pk}"] = f"{PortalLink.objects.get().pk}:forged"
    assert client.get(f"/p/home/{ann.pk}/").status_code == 404


def test_two_inspections_can_be_open_in_one_browser() -> None:
    client = Client()
    opened = [invite(address=address) for address in ("1 Oak St", "2 Elm Ave")]
    for _, path in opened:
        client.get(path)
    assert ["Elm" in text(client.get(f"/p/home/{person.pk}/")) for person, _ in opened] == [False, True]


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_nothing_but_looking_is_allowed(method: str) -> None:
    person, path = invite()
    client = Client()
    client.get(path)
    assert getattr(client, method)(path).status_code == 405
    assert getattr(client, method)(f"/p/home/{person.pk}/").status_code == 405


def test_a_scanner_that_opens_the_link_fifty_times_changes_nothing(told: list[InspectionEvent]) -> None:
    person, path = invite()
    before = type(person.inspection).objects.values().get()
    for _ in range(25):
        assert Client().get(path).status_code == 302
        assert Client().head(path).status_code == 302
    assert told == []
    assert type(person.inspection).objects.values().get() == before
    assert links.find(path.split("/")[2]).is_active  # type: ignore[union-attr]
    assert PortalLink.objects.get().last_used_at is not None


def test_a_head_request_leaves_no_trace() -> None:
    person, path = invite()
    client = Client()
    client.head(path)
    client.head(f"/p/home/{person.pk}/")
    assert PortalLink.objects.get().last_used_at is None
    assert not InspectionEvent.objects.exists()


def test_a_visit_is_told_once_an_hour_and_person(told: list[InspectionEvent]) -> None:
    person, path = invite()
    client = Client()
    for _ in range(3):
        client.get(path, follow=True)
    (event,) = told
    assert (event.type, event.participant, event.by) == ("portal_visited", person, "Ann Lee")
    InspectionEvent.objects.update(at=timezone.now() - timedelta(minutes=61))
    client.get(path, follow=True)
    assert len(told) == 2


def test_a_visit_that_cannot_be_noted_does_not_keep_the_client_out(caplog: pytest.LogCaptureFixture) -> None:
    def fail(**kwargs: object) -> None:
        raise RuntimeError("no room")

    _, path = invite()
    inspection_event.connect(fail)
    try:
        assert Client().get(path, follow=True).status_code == 200
    finally:
        inspection_event.disconnect(fail)
    assert "could not note a visit" in caplog.text
    assert not InspectionEvent.objects.exists()


@time_machine.travel(datetime(2026, 11, 23, 15, 0, tzinfo=UTC), tick=False)  # they are counted by the minute
def test_guessing_is_slowed_down_after_20_tries_a_minute_but_good_links_open() -> None:
    _, path = invite()
    answers = [Client().get(f"/p/{n:043}/").status_code for n in range(22)]
    assert answers == [404] * 20 + [429] * 2
    assert "Please wait a minute" in text(Client().get("/p/x/"))
    assert Client().get(path, follow=True).status_code == 200
    assert Client().get("/p/x/", REMOTE_ADDR="198.51.100.7").status_code == 404


@pytest.mark.parametrize(
    "code", ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "{{ settings.SECRET_KEY }}", "{% debug %}"]
)
def test_code_in_any_field_is_shown_as_text(code: str) -> None:
    make_company(name=code, phone=code[:40])
    _, path = invite(name=code, address=code, inspector=code, services=[code])
    page = Client().get(path, follow=True).content.decode()
    assert page.count("<script") == page.count("<img") == 0
    assert "only-for-tests" not in page
    assert page.count(code.replace("<", "&lt;").replace(">", "&gt;")) >= 5


def test_a_company_without_a_phone_number_still_says_what_to_do() -> None:
    make_company(phone="")
    answer = Client().get("/p/x/")
    assert "reply to our email or call your inspector" in text(answer)
    assert "tel:" not in answer.content.decode()


def test_the_first_load_is_small() -> None:
    person, path = invite()
    page = Client().get(path, follow=True).content
    css = (settings.BASE_DIR / "static" / "portal.css").read_bytes()
    assert len(page) + len(css) < 60_000
    assert re.findall(rb'(?:src|href)="([^"]+)"', page) == [
        b"data:,",
        b"/static/portal.css",
        b"tel:2175550100",
        *(f"/p/home/{person.pk}/{page}".encode() for page in ("sign/", "pay/", "not-me/")),
        b"?lang=es",
    ]


# --- languages -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "greeting"),
    [
        ("es-MX,es;q=0.9,en;q=0.8", "Hola, Ann Lee"),
        ("de,es;q=0.5", "Hola, Ann Lee"),
        ("en-US,es;q=0.9", "Hello Ann Lee"),
        ("de", "Hello Ann Lee"),
        ("*", "Hello Ann Lee"),
        ("xx" * 300, "Hello Ann Lee"),
        ("", "Hello Ann Lee"),
    ],
)
def test_the_portal_speaks_the_browsers_language(asked: str, greeting: str) -> None:
    _, path = invite()
    answer = Client().get(path, follow=True, headers={"Accept-Language": asked})
    assert greeting in text(answer)
    assert answer.headers["Content-Language"] == ("es" if greeting.startswith("Hola") else "en")


def test_a_client_can_choose_and_stays_in_that_language() -> None:
    person, path = invite(starts_at=DECEMBER_1, status="confirmed")
    client = Client()
    client.get(path)
    page = client.get(f"/p/home/{person.pk}/?lang=es")
    assert '<html lang="es">' in page.content.decode()
    assert "martes 1 de diciembre de 2026, 9:00 AM CST" in text(page)
    assert "$425.00" in text(page)
    cookie = page.cookies["portal_language"]
    assert (cookie.value, cookie["path"], cookie["httponly"], cookie["domain"]) == ("es", "/p/", True, "")
    assert "Hola, Ann Lee" in text(client.get(f"/p/home/{person.pk}/"))
    assert "Hello Ann Lee" in text(client.get(f"/p/home/{person.pk}/?lang=en"))


@pytest.mark.parametrize("nonsense", ["xx", "", "es'", "../en", "es-XX"])
def test_a_language_that_we_do_not_speak_changes_nothing(nonsense: str) -> None:
    person, path = invite()
    client = Client()
    client.get(path)
    answer = client.get(f"/p/home/{person.pk}/", {"lang": nonsense})
    assert "Hello Ann Lee" in text(answer)
    assert "portal_language" not in answer.cookies


def test_a_closed_link_is_explained_in_spanish_too() -> None:
    answer = Client().get("/p/no-such-token/", headers={"Accept-Language": "es"})
    assert answer.status_code == 404
    assert "No podemos abrir esta página" in text(answer)
    assert "Llamar al (217) 555-0100" in text(answer)


def test_staff_pages_stay_in_english_whatever_the_browser_asks_for() -> None:
    answer = Client().get("/accounts/login/", headers={"Accept-Language": "es"})
    assert "Sign in" in answer.content.decode()


@time_machine.travel(datetime(2026, 11, 23, 15, 0, tzinfo=UTC), tick=False)  # they are counted by the minute
def test_a_household_that_changes_its_ipv6_address_is_slowed_down_too() -> None:
    answers = [Client().get("/p/x/", REMOTE_ADDR=f"2001:db8:1:2::{n:x}").status_code for n in range(22)]
    assert answers == [404] * 20 + [429] * 2
    assert Client().get("/p/x/", REMOTE_ADDR="2001:db8:1:3::1").status_code == 404


@pytest.mark.parametrize("path", ["/p/code/", "/p/new-link/", "/accounts/login/", "/inspections/1/payments/"])
def test_a_stranger_cannot_fill_the_disk(path: str) -> None:
    client = Client(enforce_csrf_checks=True)  # for which the form is read, before anybody asks who sent it
    client.cookies[settings.CSRF_COOKIE_NAME] = "a" * 32
    large = SimpleUploadedFile("large.bin", b"x" * (settings.WEBHOOK_MAX_BYTES + 1))
    assert client.post(path, {"file": large}).status_code == 400
