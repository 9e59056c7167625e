"""Settings: owners change them, everyone sees them, and nothing that was typed is lost."""

import re
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from emails import keys, zones
from emails.models import ApiKey
from inspections.models import Company, User
from tests.factories import make_company, make_user

pytestmark = pytest.mark.django_db

COMPANY = {"name": "Oakwood Inspections", "phone": "(217) 555-0100", "time_zone": "America/Denver"}
SENDER = {"sender_name": "Oakwood", "sender_email": "office@oakwood.example", "reply_to": "reply@oakwood.example"}


@pytest.fixture
def kim() -> User:
    return make_user(name="Kim Reyes", email="kim@oakwood.example", is_superuser=True)


@pytest.fixture
def owner(client: Client, kim: User) -> Client:
    make_company()
    client.force_login(kim)
    return client


@pytest.fixture
def colleague(owner: Client) -> Client:
    other = Client()
    other.force_login(make_user(name="Sam Ortiz", email="sam@oakwood.example"))
    return other


# --- who may ---------------------------------------------------------------------------------------------------------


def test_the_summary_shows_what_is_set(owner: Client) -> None:
    html = owner.get("/settings/").content.decode()
    for words in ("Oakwood Inspections", "(217) 555-0100", "Central (Chicago)", "On: emails go out when you confirm."):
        assert words in html
    assert "Change" in html


def test_a_colleague_sees_values_and_whom_to_ask(colleague: Client) -> None:
    html = colleague.get("/settings/").content.decode()
    assert "Oakwood Inspections" in html
    assert "Ask an owner (Kim)." in html
    assert "/settings/company/" not in html
    assert "/settings/profile/" in html


def test_a_door_that_is_shut_says_whom_to_ask(colleague: Client) -> None:
    answer = colleague.get("/settings/company/")
    assert answer.status_code == 403
    assert "Ask an owner (Kim)." in answer.content.decode()


@pytest.mark.parametrize("path", ["company/", "sender/", "notifications/", "keys/", "keys/1/revoke/"])
def test_only_owners_change_the_company(colleague: Client, path: str) -> None:
    assert colleague.post(f"/settings/{path}", COMPANY).status_code == 403
    assert not ApiKey.objects.exists()


def test_strangers_see_nothing(client: Client) -> None:
    for path in ("", "company/", "profile/", "keys/"):
        assert client.get(f"/settings/{path}").headers["Location"].startswith("/accounts/login/")


def test_an_unknown_topic_does_not_exist(owner: Client) -> None:
    assert owner.get("/settings/nonsense/").status_code == 404


# --- company ---------------------------------------------------------------------------------------------------------


def test_the_company_is_saved_and_the_rest_stays(owner: Client) -> None:
    before = Company.get().sender_email
    answer = owner.post("/settings/company/", COMPANY, follow=True)
    assert "Company saved." in answer.content.decode()
    company = Company.get()
    assert (company.name, company.time_zone, company.sender_email) == ("Oakwood Inspections", "America/Denver", before)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "", "Please enter a name."),
        ("name", " \t", "Please enter a name."),
        ("name", "Oak\u202ewood", "There is an invisible character in this text"),
        ("name", "Oak\r\nBcc: x@x.com", "This must fit on one line"),
        ("name", "x" * 201, "Please use at most 200 characters"),
        ("name", "Oak\x00", "There is an invisible character"),
        ("phone", "call me", "Please enter a phone number with its digits"),
        ("phone", "1" * 41, "Please use at most 40 characters"),
        ("time_zone", "Mars/Olympus", "Please choose a time zone from the list."),
        ("time_zone", "", "required"),
    ],
)
def test_what_cannot_be_is_said_and_what_was_typed_stays(owner: Client, field: str, value: str, sentence: str) -> None:
    answer = owner.post("/settings/company/", COMPANY | {"phone": "555 0199"} | {field: value})
    html = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in html
    assert "<title>Error: " in html
    assert field == "phone" or "555 0199" in html
    assert Company.get().time_zone == "America/Chicago"


def test_the_united_states_come_first_and_every_zone_exists() -> None:
    choices = zones.choices()
    assert choices[0][0] == "United States"
    assert choices[0][1][1] == ("America/Chicago", "Central (Chicago)")
    for _, found in choices:
        for zone, _ in found:
            ZoneInfo(zone)


# --- sender ----------------------------------------------------------------------------------------------------------


def test_the_sender_is_saved_tidied(owner: Client) -> None:
    owner.post("/settings/sender/", SENDER | {"sender_email": " office@OAKWOOD.example "})
    company = Company.get()
    assert (company.sender_email, company.reply_to) == ("office@oakwood.example", "reply@oakwood.example")


def test_replies_may_go_to_the_sender(owner: Client) -> None:
    owner.post("/settings/sender/", SENDER | {"reply_to": "", "sender_name": ""})
    company = Company.get()
    assert (company.sender_name, company.reply_to) == ("", "")


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("sender_email", "", "Please enter the address that emails come from."),
        ("sender_email", "office", "An email address needs an @"),
        ("sender_email", "a@x.com, b@x.com", "Please enter one email address only."),
        ("sender_email", "a@localhost", "The part after @ needs a dot"),
        ("reply_to", "Office <a@x.com>", "email address"),
        ("sender_name", "Oak\nwood", "This must fit on one line"),
    ],
)
def test_a_sender_that_would_not_work_is_refused(owner: Client, field: str, value: str, sentence: str) -> None:
    answer = owner.post("/settings/sender/", SENDER | {field: value})
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert Company.get().sender_email != "office@oakwood.example"


def test_notifications_for_new_inspections_are_a_tick(owner: Client) -> None:
    owner.post("/settings/notifications/", {})
    assert Company.get().notifications is False
    owner.post("/settings/notifications/", {"notifications": "on"})
    assert Company.get().notifications is True


# --- profile ---------------------------------------------------------------------------------------------------------


def test_everybody_has_a_profile_of_their_own(colleague: Client, kim: User) -> None:
    colleague.post("/settings/profile/", {"name": "Sam O."})
    sam = User.objects.get(email="sam@oakwood.example")
    assert (sam.name, sam.shortcuts) == ("Sam O.", False)
    kim.refresh_from_db()
    assert (kim.name, kim.shortcuts) == ("Kim Reyes", True)


def test_a_profile_cannot_make_an_owner(colleague: Client) -> None:
    colleague.post("/settings/profile/", {"name": "Sam", "is_superuser": "on", "email": "kim@oakwood.example"})
    sam = User.objects.get(email="sam@oakwood.example")
    assert not sam.is_superuser


def test_without_shortcuts_pages_listen_to_no_keys(owner: Client) -> None:
    assert "data-shortcuts" in owner.get("/settings/").content.decode()
    owner.post("/settings/profile/", {"name": "Kim"})
    assert "data-shortcuts" not in owner.get("/settings/").content.decode()


# --- API keys --------------------------------------------------------------------------------------------------------


def test_a_key_is_shown_once_and_works(owner: Client) -> None:
    answer = owner.post("/settings/keys/", {"name": "Booking website"})
    found = re.search(r'<pre id="new-key">([A-Za-z0-9_-]{32,})</pre>', answer.content.decode())
    assert found
    assert "no-store" in answer.headers["Cache-Control"]
    key = keys.authenticate(found[1])
    assert key is not None
    assert (key.name, key.created_by) == ("Booking website", "Kim Reyes")
    assert found[1] not in owner.get("/settings/keys/").content.decode()


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\nb"])
def test_a_key_needs_a_name(owner: Client, name: str) -> None:
    assert owner.post("/settings/keys/", {"name": name}).status_code == 422
    assert not ApiKey.objects.exists()


def test_a_key_is_switched_off_for_good(owner: Client) -> None:
    key, secret = keys.create("Booking website", by="Kim")
    html = owner.post(f"/settings/keys/{key.pk}/revoke/", follow=True).content.decode()
    assert keys.authenticate(secret) is None
    assert "Switched off" in html
    assert f"/settings/keys/{key.pk}/revoke/" not in html


def test_keys_in_use_come_first(owner: Client) -> None:
    off, _ = keys.create("Old", by="Kim")
    keys.revoke(off)
    keys.create("A", by="Kim")
    shown = owner.get("/settings/keys/").context["keys"]
    assert [key.name for key in shown] == ["A", "Old"]


def test_a_colleague_sees_keys_but_no_way_to_use_them(colleague: Client) -> None:
    keys.create("Booking website", by="Kim")
    html = colleague.get("/settings/keys/").content.decode()
    assert "Booking website" in html
    assert "Ask an owner (Kim)." in html
    assert "/revoke/" not in html
