"""The practice mailbox: what would have left, as its reader sees it; a mail service that misbehaves on demand."""

import json
from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.test import Client

from emails import keys, views_practice
from emails.practice import client as practice
from emails.practice.fates import NAMES
from emails.wording_practice import ANSWERS, FATES
from tests.emails.mailed import make_message
from tests.emails.practice_mail import Running
from tests.factories import make_company, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def service(mail: Running, settings: LazySettings) -> Iterator[Running]:
    settings.PRACTICE_MAIL_URL = mail.url
    yield mail
    practice.set_switches({"answer": None, "share": 1.0, "webhooks": {"copies": 1, "delay_ms": 0, "shuffle": False}})


@pytest.fixture
def office(client: Client) -> Client:
    make_company()
    client.force_login(make_user(name="Kim Reyes"))
    return client


@pytest.fixture
def key() -> dict[str, str]:
    return {"Authorization": f"Bearer {keys.create('Tests', by='Kim')[1]}"}


def body(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


# --- the mailbox -----------------------------------------------------------------------------------------------------


def test_it_lists_what_was_captured_and_what_becomes_of_it(office: Client, service: Running) -> None:
    service.send("Bounce Betty <bounce+list@example.com>")
    html = body(office, "/practice/?q=bounce%2Blist")
    assert "Bounce Betty" in html
    assert "bounce+list@example.com" in html
    assert "Comes back: there is no such mailbox." in html


def test_it_is_searched_by_address(office: Client, service: Running) -> None:
    service.send("one-of-a-kind@example.com")
    assert "one-of-a-kind@example.com" in body(office, "/practice/?q=one-of-a-kind")
    assert "Nothing for" in body(office, f"/practice/?q={uuid4()}")


def test_it_goes_on_to_older_ones(office: Client, service: Running) -> None:
    tag = uuid4().hex
    for number in range(27):
        service.send(f"p{number}@{tag}.example.com")
    first = office.get(f"/practice/?q={tag}").context["mailbox"]
    assert (len(first.rows), first.rows[0].to) == (25, f"p26@{tag}.example.com")
    rest = office.get("/practice/", {"q": tag, "after": first.older}).context["mailbox"]
    assert ([row.to.partition("@")[0] for row in rest.rows], rest.older) == (["p1", "p0"], "")


def test_one_email_links_to_our_own_record_of_it(office: Client, service: Running) -> None:
    message = make_message()
    sent = service.send("ann@example.com", message=str(message.uuid))
    html = body(office, f"/practice/{sent.anymail_status.message_id}/")
    assert f'href="/messages/{message.pk}/"' in html
    assert "It arrived" in html
    assert "Office" in html


def test_its_frame_can_do_nothing_but_open_links(office: Client, service: Running) -> None:
    sent = service.send("ann@example.com")
    page = body(office, f"/practice/{sent.anymail_status.message_id}/")
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    response = office.get(f"/practice/{sent.anymail_status.message_id}/html/")
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none';")
    assert "script" not in policy
    assert "frame-ancestors 'self'" in policy
    assert response.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert '<base target="_blank">' in response.content.decode()


@pytest.mark.parametrize(
    ("page", "changed"),
    [
        ("<p>x</p>", '<base target="_blank"><p>x</p>'),
        ("<!doctype html><HEAD lang=en><title>", '<!doctype html><HEAD lang=en><base target="_blank"><title>'),
        ("<head></head><head>", '<head><base target="_blank"></head><head>'),
        (r"<head>\1", r'<head><base target="_blank">\1'),
    ],
)
def test_links_open_beside_the_frame(page: str, changed: str) -> None:
    assert views_practice._opening_beside(page) == changed


def test_an_email_that_was_never_captured_is_not_found(office: Client, service: Running) -> None:
    assert office.get(f"/practice/{uuid4()}/").status_code == 404
    assert office.get(f"/practice/{uuid4()}/html/").status_code == 404


@pytest.mark.parametrize("after", ["nonsense", "../switches", "a b", "%00", "x" * 500])
def test_nonsense_in_the_address_is_the_first_page(office: Client, service: Running, after: str) -> None:
    service.send("ann@example.com")
    assert office.get(f"/practice/?after={after}").context["mailbox"].rows


def test_every_fate_and_answer_has_words() -> None:
    assert set(NAMES) <= FATES.keys()
    assert set(NAMES) >= FATES.keys()


def test_without_the_service_the_page_says_so(office: Client) -> None:
    response = office.get("/practice/")
    assert response.status_code == 503
    assert "The practice mail service does not answer" in response.content.decode()


@pytest.mark.parametrize("path", ["", "x/", "x/html/", "switches/", "messages.json", "switches.json"])
def test_outside_practice_mode_there_is_no_such_place(
    office: Client, settings: LazySettings, path: str, key: dict[str, str]
) -> None:
    settings.PRACTICE_MODE = False
    assert office.get(f"/practice/{path}", headers=key).status_code == 404


def test_strangers_are_sent_to_the_sign_in_page(client: Client) -> None:
    for path in ("", "x/", "x/html/", "switches/"):
        assert client.get(f"/practice/{path}").headers["Location"].startswith("/accounts/login/")


# --- switches --------------------------------------------------------------------------------------------------------

QUIET = {"answer": "normal", "share": "100", "delay": "0", "copies": "1", "news_delay": "0"}


def test_switches_are_set_in_seconds_and_percent(office: Client, service: Running) -> None:
    wanted = {"answer": "503", "share": "50", "delay": "0.5", "copies": "2", "news_delay": "3", "shuffle": "on"}
    assert office.post("/practice/switches/", wanted).status_code == 302
    said = practice.switches()
    assert (said["answer"], said["share"], said["delay_ms"]) == ("503", 0.5, 500)
    assert said["webhooks"] == {"copies": 2, "delay_ms": 3000, "shuffle": True}
    assert "The mail service is set to misbehave." in body(office, "/practice/")
    shown = office.get("/practice/switches/").context["form"].initial
    assert (shown["share"], shown["delay"], shown["news_delay"]) == (50, 0.5, 3)


def test_one_press_brings_it_back_to_normal(office: Client, service: Running) -> None:
    office.post("/practice/switches/", QUIET | {"answer": "timeout"})
    assert office.post("/practice/switches/normal/").status_code == 302
    assert practice.switches()["answer"] is None
    assert "misbehave.</strong>" not in body(office, "/practice/")


@pytest.mark.parametrize(
    ("field", "value"),
    [("answer", "418"), ("answer", ""), ("share", "101"), ("share", ""), ("delay", "-1"), ("delay", "nan"),
     ("copies", "x"), ("news_delay", "inf"), ("copies", "101")],
)  # fmt: skip
def test_a_switch_that_makes_no_sense_is_refused(office: Client, service: Running, field: str, value: str) -> None:
    response = office.post("/practice/switches/", QUIET | {field: value})
    assert response.status_code == 422
    assert "Please check this" in response.content.decode()
    assert practice.switches()["answer"] is None


def test_every_answer_on_the_form_is_one_that_the_service_knows(service: Running) -> None:
    for code, _ in ANSWERS:
        practice.set_switches({"answer": None if code == "normal" else code})


# --- for programs ----------------------------------------------------------------------------------------------------


def test_programs_read_every_accepted_request_in_order(client: Client, service: Running, key: dict[str, str]) -> None:
    first = service.send("json-1@example.com", message="m-1")
    again = service.send("json-1@example.com", message="m-1")
    items = client.get("/practice/messages.json", headers=key).json()["items"]
    ours = [item for item in items if item["to"] == "json-1@example.com"]
    assert [item["provider_message_id"] for item in ours] == [
        first.anymail_status.message_id, again.anymail_status.message_id
    ]  # fmt: skip
    assert set(ours[0]) == {"provider_message_id", "to", "subject", "metadata", "accepted_at"}
    assert ours[0]["metadata"] == {"message": "m-1"}


@pytest.mark.parametrize("name", ["../switches", "x/../../switches", "?limit=1", "#", "a/b", "%2e%2e/switches"])
def test_a_strange_id_is_no_other_address_of_the_service(service: Running, name: str) -> None:
    assert practice.message(name) is None


def test_programs_set_switches(client: Client, service: Running, key: dict[str, str]) -> None:
    said = {"answer": "429", "share": 0.25, "webhooks": {"copies": 3}}
    response = client.post("/practice/switches.json", json.dumps(said), content_type="application/json", headers=key)
    assert response.status_code == 200
    assert response.json()["webhooks"] == {"copies": 3, "delay_ms": 0, "shuffle": False}
    assert client.get("/practice/switches.json", headers=key).json()["answer"] == "429"


@pytest.mark.parametrize("said", ["{", "[]", "null", '{"answer": "418"}', '{"nonsense": 1}', "[" * 100_000, "\xff"])
def test_switches_that_make_no_sense_name_the_field(
    client: Client, service: Running, key: dict[str, str], said: str
) -> None:
    response = client.post("/practice/switches.json", said, content_type="application/json", headers=key)
    assert response.status_code == 422
    assert response.json()["field"]


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", "Basic dGVzdA==", "Bearer \xff"])
def test_without_a_key_there_is_nothing(client: Client, service: Running, header: str) -> None:
    headers = {"Authorization": header}
    for path in ("messages.json", "switches.json"):
        response = client.get(f"/practice/{path}", headers=headers)
        assert response.status_code == 401
        assert response.json()["detail"]
    assert (
        client.post("/practice/switches.json", "{}", content_type="application/json", headers=headers).status_code
        == 401
    )


def test_a_colleague_may_read_but_not_switch_by_session(office: Client, service: Running) -> None:
    assert office.get("/practice/messages.json").status_code == 200
    assert office.post("/practice/switches.json", "{}", content_type="application/json").status_code == 401


def test_a_switched_off_key_opens_nothing(client: Client, service: Running) -> None:
    key, secret = keys.create("Old", by="Kim")
    keys.revoke(key)
    assert client.get("/practice/messages.json", headers={"Authorization": f"Bearer {secret}"}).status_code == 401


def test_programs_are_told_when_the_service_is_down(client: Client, key: dict[str, str]) -> None:
    response = client.get("/practice/messages.json", headers=key)
    assert response.status_code == 503
    assert response.json()["detail"]
