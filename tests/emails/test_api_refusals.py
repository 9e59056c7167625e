"""What the REST API refuses, and in which words. Never with a 5xx."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from emails import activity, keys
from emails.models import AddressHold, Message
from emails.states import Status
from inspections.models import Inspection
from tests.emails.api_calls import BODY, Api, key_of, make_api, short
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def api() -> Api:
    return make_api()


# --- 409 and 429 ---------------------------------------------------------------------------------


def test_what_is_not_possible_says_why(api: Api) -> None:
    requested = api.post("/inspections", BODY).body["id"]
    assert api.post(f"/inspections/{requested}/complete").status == 409
    refused = api.post(f"/inspections/{requested}/publish-report")
    assert (refused.status, refused.body) == (
        409,
        {"detail": "This inspection isn't confirmed yet, so its report can't be published. Confirm it first."},
    )
    api.post(f"/inspections/{requested}/cancel")
    for action, body in (("confirm", None), ("complete", None), ("reschedule", {"starts_at": "2046-12-02T15:00:00Z"})):
        refused = api.post(f"/inspections/{requested}/{action}", body)
        assert refused.status == 409
        assert "was canceled on" in refused.body["detail"]


def test_a_resend_of_what_is_on_its_way_says_so(api: Api) -> None:
    email = api.emails(api.confirmed())[0]
    refused = api.post(f"/emails/{email['id']}/resend")
    assert (refused.status, refused.body) == (
        409,
        {"detail": "This email is already on its way: API key CRM asked for it."},
    )


def test_a_resend_to_a_blocked_address_says_so(api: Api) -> None:
    email = api.emails(api.confirmed())[0]
    _ends_as(email, Status.BOUNCED)
    AddressHold.objects.create(key="ann@example.com", address="ann@example.com", category="address_unknown")
    refused = api.post(f"/emails/{email['id']}/resend")
    assert (refused.status, refused.body) == (409, {"detail": "Mail to ann@example.com is on hold: it failed before."})


def test_a_resend_right_after_the_last_one_has_to_be_confirmed(api: Api, settings: Any) -> None:
    settings.COOLDOWN_SECONDS = 60
    email = api.emails(api.confirmed())[0]
    _ends_as(email, Status.DELIVERED)
    made = Message.objects.get(pk=email["id"]).created_at
    with time_machine.travel(made + timedelta(seconds=5), tick=False):
        refused = api.post(f"/emails/{email['id']}/resend")
    assert (refused.status, refused.body["can_confirm"]) == (429, True)
    assert int(refused.headers["Retry-After"]) == 55
    assert api.post(f"/emails/{email['id']}/resend", {"confirmed": True}).status == 202


def test_too_many_resends_have_to_wait(api: Api) -> None:
    inspection = api.confirmed()
    first = api.emails(inspection)[0]
    _ends_as(first, Status.DELIVERED)
    for _ in range(3):
        _ends_as(api.post(f"/emails/{first['id']}/resend").body, Status.DELIVERED)
    refused = api.post(f"/emails/{first['id']}/resend", {"confirmed": True})
    assert (refused.status, refused.body["can_confirm"]) == (429, False)
    # Until the oldest of the three is an hour old.
    made = timezone.now()
    Message.objects.filter(root=first["id"]).update(created_at=made)
    with time_machine.travel(made + timedelta(minutes=50), tick=False):
        refused = api.post(f"/emails/{first['id']}/resend", {"confirmed": True})
    assert int(refused.headers["Retry-After"]) == 600


def _ends_as(email: dict[str, Any], status: Status) -> None:
    Message.objects.get(pk=email["id"]).events.create(type=status, status=status)
    activity.learn([email["id"]])


# --- 404 and 405 ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "number", [0, 12345, 2**63 - 1, 2**63, 2**64, 10**30, "1" * 5000, -1, "1.5", "abc", "%00", "1/", "٣"], ids=short
)
def test_what_does_not_exist_is_not_found(api: Api, number: object) -> None:
    for method, path, body in (
        ("GET", "/inspections/{}", None),
        ("GET", "/inspections/{}/emails", None),
        ("GET", "/emails/{}", None),
        ("POST", "/inspections/{}/confirm", None),
        ("POST", "/inspections/{}/cancel", None),
        ("POST", "/inspections/{}/complete", None),
        ("POST", "/inspections/{}/publish-report", None),
        ("POST", "/inspections/{}/reschedule", {"starts_at": "2046-12-01T15:00:00Z"}),
        ("POST", "/emails/{}/resend", None),
        ("PATCH", "/contacts/{}", {"email": "ann@example.com"}),
    ):
        answer = api.call(method, path.format(number), body)
        assert (answer.status, list(answer.body)) == (404, ["detail"])


@pytest.mark.parametrize(
    "path", ["/", "/inspections/", "/inspection", "/inspections/1/confirm/", "/../admin/"], ids=short
)
def test_addresses_that_do_not_exist_are_not_found(api: Api, path: str) -> None:
    for method in ("GET", "POST"):
        assert api.call(method, path).status == 404


def test_another_method_is_not_allowed(api: Api) -> None:
    inspection = api.confirmed()
    for method, path, allowed in (
        ("GET", f"/inspections/{inspection['id']}/confirm", "POST"),
        ("GET", f"/inspections/{inspection['id']}/cancel", "POST"),
        ("DELETE", f"/inspections/{inspection['id']}", "GET"),
        ("POST", f"/inspections/{inspection['id']}/emails", "GET"),
        ("GET", f"/emails/{api.emails(inspection)[0]['id']}/resend", "POST"),
        ("PUT", f"/contacts/{inspection['people'][0]['contact_id']}", "PATCH"),
    ):
        answer = api.call(method, path)
        assert (answer.status, answer.headers["Allow"]) == (405, allowed)
    assert Inspection.objects.get().status == "confirmed"


# --- 401 -----------------------------------------------------------------------------------------


def test_without_a_valid_key_every_address_but_the_schema_is_closed(api: Api, client: Client) -> None:
    revoked = make_api("Old")
    assert keys.revoke(key_of(revoked))
    routes = [
        (method.upper(), path.replace("{inspection_id}", "1").replace("{email_id}", "1").replace("{contact_id}", "1"))
        for path, methods in client.get("/api/v1/openapi.json").json()["paths"].items()
        for method in methods
    ]
    assert len(routes) >= 12
    for secret in ("", "wrong", api.secret[:-1], api.secret.upper(), api.secret + "\u00e9", revoked.secret):
        for method, path in routes:
            answer = Api(secret, Client()).call(method, path.removeprefix("/api/v1"), BODY)
            assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
            assert answer.body == {"detail": "Please send a valid key: Authorization: Bearer <key>."}
    assert not Inspection.objects.exists()


def test_signing_in_does_not_open_the_api(client: Client) -> None:
    client.force_login(make_user())
    assert client.get("/api/v1/inspections?external_id=A-1001").status_code == 401


@pytest.mark.parametrize("header", ["Basic {}", "Token {}", "{}", "bearer{}"], ids=short)
def test_a_key_must_come_as_a_bearer(api: Api, header: str) -> None:
    found = Client().get("/api/v1/inspections/1", headers={"Authorization": header.format(api.secret)})
    assert found.status_code == 401


def test_answers_are_kept_by_no_cache(api: Api) -> None:
    for path in ("/inspections?external_id=A-1001", "/inspections/1", "/nothing"):
        assert api.get(path).headers["Cache-Control"] == "no-store"
