"""Share Details: links that open a part of an inspection, and the links that are out, without a browser."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone

from emails import delivery, outbox
from emails.models import Letter, Message
from emails.states import Status
from inspections import grants, handover, links
from inspections.models import InspectionEvent, Participant, PortalLink, Scope, User
from tests.emails.mailed import make_client
from tests.emails.practice_mail import Running
from tests.factories import in_days, make_company, make_participant, make_user
from tests.inspections.test_at_once import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def kim() -> User:
    make_company()
    return make_user(name="Kim Reyes", email="kim@oakwood.example")


@pytest.fixture
def office(client: Client, kim: User) -> Client:
    client.force_login(kim)
    return client


@pytest.fixture
def ann(kim: User) -> Participant:
    return make_client(name="Ann Lee", email="ann@example.com")


@pytest.fixture
def pat(ann: Participant) -> Participant:
    return make_participant(ann.inspection, name="Pat Moe", email="pat@example.com", role="buyer_agent")


def page(person: Participant, to: object = None) -> str:
    return f"/inspections/{person.inspection_id}/share/" + (f"?to={to or person.pk}" if to != "" else "")


def form(office: Client, person: Participant, **over: Any) -> dict[str, Any]:
    """What the page posts for this person, its hidden name included."""
    html = office.get(page(person)).content.decode()
    name = re.findall(r'name="uuid" value="([0-9a-f-]+)"', html)[0]
    return {"to": person.pk, "uuid": name, "scope": "details", "lasts": "after30", "act": "email"} | over


def share(office: Client, person: Participant, **over: Any) -> Any:
    return office.post(page(person, ""), form(office, person, **over))


def address_in(answer: Any) -> str:
    return re.findall(r'id="portal-link">([^<]+)<', answer.content.decode())[0]


# --- what it says ----------------------------------------------------------------------------------------------------


def test_a12_the_page_says_what_each_choice_opens(office: Client, ann: Participant, pat: Participant) -> None:
    html = office.get(page(pat)).content.decode()
    assert "Only clients sign and pay." in html
    for said in (
        "Pat Moe (buyer’s agent) will see: date, place, inspector. Not: agreement, invoice, report.",
        "Pat Moe (buyer’s agent) will see: report. Not: date, place, inspector, agreement, invoice.",
        "Pat Moe (buyer’s agent) will see: date, place, inspector, report. Not: agreement, invoice.",
    ):
        assert said in html
    html = office.get(page(ann)).content.decode()
    assert "Ann Lee (client) will see: date, place, inspector, agreement, invoice. Not: report." in html


@pytest.mark.parametrize("role", ["client", "buyer_agent", "seller_agent", "coordinator", "other"])
@pytest.mark.parametrize("scope", list(Scope))
def test_a12_the_sentence_is_the_table_of_grants(scope: Scope, role: str) -> None:
    said = handover.sees(scope, role, "Pat")
    there, _, closed = said.partition("Not:")
    for thing, words in handover._SEES.items():
        assert (words in there) == (thing in grants.things(scope, role))
        assert (words in closed) == (thing not in grants.things(scope, role))


# --- by email --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scope", ["details", "report", "everything"])
def test_a12_by_email(office: Client, pat: Participant, mail: Running, scope: str) -> None:
    share(office, pat, scope=scope, lasts="now7")
    message = Message.objects.get()
    Message.objects.update(send_after=timezone.now())
    delivery.deliver_due()
    message.refresh_from_db()
    link = PortalLink.objects.get(participant=pat)
    assert (message.kind, message.status, message.has_link) == ("one_off", Status.SENT, True)
    assert link.scope == scope
    assert abs(link.expires_at - in_days(7)) < timedelta(minutes=2)
    made = InspectionEvent.objects.get(type="link_made")
    assert (made.by, made.data["scope"], made.participant) == ("Kim Reyes", scope, pat)


def test_a12_the_email_is_in_the_persons_language(office: Client, ann: Participant, mail: Running) -> None:
    ann.contact.language = "es"
    ann.contact.save()
    share(office, ann, scope="sign_pay")
    Message.objects.update(send_after=timezone.now())
    delivery.deliver_due()
    message = Message.objects.get()
    assert message.subject == f"La inspección de {ann.inspection.address}"
    assert "Firmar y pagar" in message.html
    assert "Funciona hasta el" in message.text


def test_a12_pressed_twice_it_is_one_email(office: Client, pat: Participant) -> None:
    values = form(office, pat)
    for _ in range(3):
        office.post(page(pat, ""), values)
    assert Message.objects.count() == 1
    assert InspectionEvent.objects.filter(type="link_made").count() == 1


def test_a12_sign_and_pay_is_for_clients_alone(office: Client, pat: Participant) -> None:
    for act in ("email", "link"):
        answer = share(office, pat, scope="sign_pay", act=act)
        assert answer.status_code == 422
        assert "Only clients sign and pay." in answer.content.decode()
    assert not PortalLink.objects.exists()
    assert not Message.objects.exists()


@pytest.mark.parametrize("over", [{"scope": ""}, {"scope": "all"}, {"lasts": "forever"}, {"uuid": "x"}, {"lasts": ""}])
def test_a12_nonsense_is_refused(office: Client, pat: Participant, over: dict[str, str]) -> None:
    assert share(office, pat, **over).status_code == 422
    assert not Message.objects.exists()


def test_a12_without_an_address_there_is_still_the_link(office: Client, ann: Participant) -> None:
    bob = make_participant(ann.inspection, name="Bob Ray", email="")
    assert "Bob Ray has no usable email address." in office.get(page(bob)).content.decode()
    assert share(office, bob, act="email").status_code == 409
    assert not Letter.objects.exists()
    assert "/p/" in address_in(share(office, bob, act="link"))


# --- to pass on ------------------------------------------------------------------------------------------------------


def test_a12_a_link_to_copy_text_scan_or_read_out(office: Client, ann: Participant) -> None:
    ann.contact.phone = "+1 217 555 0101"
    ann.contact.save()
    answer = share(office, ann, scope="sign_pay", act="link")
    html, address = answer.content.decode(), address_in(answer)
    link = links.find(address.rstrip("/").rpartition("/")[2])
    assert link is not None
    assert (link.participant, link.scope) == (ann, "sign_pay")
    text = re.findall(r'href="(sms:[^"]+)"', html)[0]
    assert text.startswith("sms:+12175550101?body=")
    assert address in unquote(text)
    assert "<svg" in html
    assert 'class="qr-code"' in html
    assert re.search(r'id="portal-code">[A-Z0-9]{4} [A-Z0-9]{4}<', html)
    assert answer["Cache-Control"].startswith("max-age=0, no-cache, no-store")
    assert InspectionEvent.objects.get(type="link_made").data["scope"] == "sign_pay"


def test_a12_pressed_twice_it_is_one_link(office: Client, pat: Participant) -> None:
    values = form(office, pat, act="link")
    first, second = (address_in(office.post(page(pat, ""), values)) for _ in range(2))
    assert first == second
    assert PortalLink.objects.count() == 1
    assert InspectionEvent.objects.filter(type="link_made").count() == 1


def test_a12_another_form_is_another_link(office: Client, pat: Participant) -> None:
    assert address_in(share(office, pat, act="link")) != address_in(share(office, pat, act="link"))


def test_a12_the_link_of_a_form_that_was_switched_off_does_not_come_back(office: Client, pat: Participant) -> None:
    values = form(office, pat, act="link")
    office.post(page(pat, ""), values)
    links.revoke(PortalLink.objects.get(), by="Sam")
    answer = office.post(page(pat, ""), values)
    assert answer.status_code == 409
    assert "switched off meanwhile" in answer.content.decode()
    assert not PortalLink.objects.active().exists()


def test_a12_copy_portal_link_leads_the_same_way(office: Client, ann: Participant) -> None:
    answer = office.post(f"/people/{ann.pk}/link/", {"nonce": "n-1"})
    assert "Ann Lee (client) will see:" in answer.content.decode()
    assert address_in(answer) == address_in(office.post(f"/people/{ann.pk}/link/", {"nonce": "n-1"}))
    assert PortalLink.objects.get().scope == "everything"


def test_a12_if_the_link_cannot_be_made_nothing_is_sent_and_nobody_is_added(office: Client, ann: Participant) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN RAISE 'no room'; END $$ LANGUAGE plpgsql;"
            "CREATE TRIGGER refuse BEFORE INSERT ON inspections_portallink FOR EACH ROW EXECUTE FUNCTION refuse()"
        )
    answer = share(office, ann, act="link")
    assert answer.status_code == 503
    assert "The link could not be made. Nothing was sent." in answer.content.decode()
    new = {"to": "new", "name": "Eve Fox", "email": "eve@example.com", "confirmed": "1", "act": "link"}
    assert office.post(page(ann, ""), form(office, ann) | new).status_code == 503
    assert not Message.objects.exists()
    assert not ann.inspection.participants.filter(role="other").exists()
    assert not InspectionEvent.objects.filter(type="link_made").exists()


# --- somebody new ----------------------------------------------------------------------------------------------------

NEW = {"to": "new", "name": "Eve Fox", "email": "eve@example.com", "phone": ""}


@pytest.mark.parametrize("act", ["email", "link"])
def test_a12_somebody_new_is_asked_about_and_comes_onto_the_inspection(
    office: Client, ann: Participant, act: str
) -> None:
    values = form(office, ann) | NEW | {"act": act}
    html = office.post(page(ann, ""), values).content.decode()
    assert "Eve Fox</bdi> is not on this inspection." in html
    assert "Eve Fox (someone else) will see: date, place, inspector. Not: agreement, invoice, report." in html
    assert not ann.inspection.participants.filter(role="other").exists()
    office.post(page(ann, ""), values | {"confirmed": "1"})
    eve = ann.inspection.participants.get(role="other")
    assert (eve.name, eve.email) == ("Eve Fox", "eve@example.com")
    assert Message.objects.filter(participant=eve).exists() == (act == "email")
    assert PortalLink.objects.filter(participant=eve).exists() == (act == "link")
    kinds = set(InspectionEvent.objects.filter(participant=eve).values_list("type", flat=True))
    assert kinds == {"person_added", "link_made"}


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"name": ""}, "Please enter a name."),
        ({"email": ""}, "Please enter an email address."),
        ({"email": "eve@gmial.com"}, "Did you mean eve@gmail.com?"),
        ({"email": "kim@oakwood.example"}, "your own"),
        ({"email": "eve"}, "needs an @"),
        ({"scope": "sign_pay"}, "Only clients sign and pay."),
    ],
)
def test_a12_who_is_new_is_checked(office: Client, ann: Participant, over: dict[str, str], said: str) -> None:
    for confirmed in ("", "1"):
        answer = office.post(page(ann, ""), form(office, ann) | NEW | over | {"confirmed": confirmed})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not ann.inspection.participants.filter(role="other").exists()


# --- the links that are out ------------------------------------------------------------------------------------------


def test_a12_active_links_are_listed_and_switched_off_at_once(
    office: Client, ann: Participant, pat: Participant, mail: Running
) -> None:
    link, address = links.mint(pat, purpose="Copied by Kim Reyes", scope=Scope.REPORT)
    share(office, ann, scope="details")
    Message.objects.update(send_after=timezone.now())
    delivery.deliver_due()
    html = office.get(page(ann)).content.decode()
    for said in ("Copied by Kim Reyes", "Report only", "Not yet", f'href="/messages/{Message.objects.get().pk}/"'):
        assert said in html
    Client().get(address.partition("/p/")[1] + address.partition("/p/")[2])
    assert "Not yet" in office.get(page(ann)).content.decode()  # that of the email
    office.post(f"/inspections/{ann.inspection_id}/links/{link.pk}/off/")
    assert not PortalLink.objects.get(pk=link.pk).is_active
    off = InspectionEvent.objects.get(type="link_revoked")
    assert (off.by, off.data["scope"], off.data["purpose"]) == ("Kim Reyes", "report", "Copied by Kim Reyes")
    assert "Copied by Kim Reyes" not in office.get(page(ann)).content.decode()
    office.post(f"/inspections/{ann.inspection_id}/links/{link.pk}/off/")
    assert InspectionEvent.objects.filter(type="link_revoked").count() == 1


def test_a12_a_link_of_another_inspection_is_not_switched_off_here(office: Client, ann: Participant) -> None:
    link, _ = links.mint(make_client(name="Eve", email="eve@example.com"), purpose="x")
    assert office.post(f"/inspections/{ann.inspection_id}/links/{link.pk}/off/").status_code == 404
    assert office.get(f"/inspections/{ann.inspection_id}/links/{link.pk}/off/").status_code == 405
    assert PortalLink.objects.get().is_active


def test_a12_grants_and_switching_off_are_in_the_log(office: Client, pat: Participant) -> None:
    share(office, pat, act="link", scope="report")
    links.revoke(PortalLink.objects.get(), by="Sam Ortiz")
    html = office.get(f"/inspections/{pat.inspection_id}/").content.decode()
    assert "Portal link made" in html
    assert "Portal link switched off" in html
    assert "Shared by Kim Reyes: Report only" in html


def test_a12_whoever_left_is_not_offered(office: Client, ann: Participant, pat: Participant) -> None:
    values = form(office, pat, act="link")
    Participant.objects.filter(pk=pat.pk).update(removed_at=timezone.now())
    html = office.post(page(ann, ""), values).content.decode()
    assert "not on this inspection any more" in html
    assert not PortalLink.objects.exists()


# --- a code to read out ----------------------------------------------------------------------------------------------


def test_a12_a_code_opens_the_link_once(client: Client, ann: Participant) -> None:
    link, _ = links.mint(ann, purpose="x")
    code = handover.make_code(link)
    assert client.get("/p/code/").status_code == 200
    answer = client.post("/p/code/", {"code": f" {code.lower()} "})
    assert answer.headers["Location"] == f"/p/home/{ann.pk}/"
    assert client.get(answer.headers["Location"]).status_code == 200
    assert PortalLink.objects.get().last_used_at is not None
    assert client.post("/p/code/", {"code": code}).status_code == 422


def test_a12_a_code_of_a_link_that_is_off_opens_nothing(client: Client, ann: Participant) -> None:
    link, _ = links.mint(ann, purpose="x")
    code = handover.make_code(link)
    links.revoke(link, by="Kim")
    assert client.post("/p/code/", {"code": code}).status_code == 422


@pytest.mark.parametrize("code", ["", "AAAA", "0000 0000", "A" * 500, "ÄÖÜÄÖÜÄÖ", "AAAA AAAA"])
def test_a12_wrong_codes_open_nothing_and_are_slowed_down(client: Client, kim: User, code: str) -> None:
    with time_machine.travel(timezone.now(), tick=False):  # they are counted by the minute
        answers = [client.post("/p/code/", {"code": code}).status_code for _ in range(25)]
    assert set(answers) == {422, 429}


def test_the_right_code_is_not_found_by_trying_on(client: Client, ann: Participant) -> None:
    code = handover.make_code(links.mint(ann, purpose="x")[0])
    with time_machine.travel(timezone.now(), tick=False):  # they are counted by the minute
        assert [client.post("/p/code/", {"code": "ACDE FHJK"}).status_code for _ in range(21)][-1] == 429
        assert client.post("/p/code/", {"code": code}).status_code == 429
    assert client.post("/p/code/", {"code": code}, REMOTE_ADDR="198.51.100.9").status_code == 302  # not used up


def test_a_code_lives_whatever_else_is_remembered(client: Client, ann: Participant) -> None:
    code = handover.make_code(links.mint(ann, purpose="x")[0])
    for number in range(400):
        cache.set(f"a-{number}", 1)
        cache.set(f"z-{number}", 1)
    assert client.post("/p/code/", {"code": code}).status_code == 302


# --- once ------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("to", ["ann", "new"])
def test_pressed_twice_at_once_it_is_one_email(office: Client, ann: Participant, kim: User, to: str) -> None:
    somebody = {"to": "new", "name": "Uncle Bob", "email": "bob@example.org", "confirmed": "1"}
    values = form(office, ann) | (somebody if to == "new" else {})

    def press() -> int:
        browser = Client()
        browser.force_login(kim)
        return int(browser.post(page(ann, ""), values).status_code)

    assert at_once(press, press, press) == [302] * 3
    assert Message.objects.count() == Letter.objects.count() == 1


def test_an_email_whose_link_has_ended_is_shared_anew_not_sent_again(office: Client, ann: Participant) -> None:
    share(office, ann, lasts="now7")
    Letter.objects.update(link_expires_at=timezone.now())
    Message.objects.update(status=Status.BOUNCED)
    refused = outbox.why_not_again(Message.objects.get())
    assert refused is not None
    assert refused.way_out == ("Share it again", page(ann, ""))
