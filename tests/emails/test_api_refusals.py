"""What the REST API refuses, and in which words. Never with a 5xx."""

from typing import Any

import pytest
from django.test import Client

from emails import activity, keys
from emails.models import AddressHold, Message
from emails.states import Status
from inspections.models import Contact, Inspection
from tests.emails.api_calls import BODY, Api, key_of, make_api
from tests.factories import make_user

pytestmark = pytest.mark.django_db

BAD_ADDRESSES = [
    "ann@example.com, bob@example.com",
    "ann@example.com;bob@example.com",
    "Ann Lee <ann@example.com>",
    "ann@example.com\r\nBcc: eve@example.com",
    "ann@example.com\n",
    "ann\0@example.com",
    "ann@example.com\u2028",
    "ann@example.com\u0085",
    "ann@example.com\u200b",
    "ann\u202e@example.com",
    "ann\ud800@example.com",
    "a" * 65 + "@example.com",
    "ann@" + "a." * 130 + "com",
    "ann@localhost",
    "ann@[127.0.0.1]",
    "ann@127.0.0.1",
    "ann@example..com",
    "ann@-example.com",
    "ann example.com",
    "@example.com",
    "ann@",
    "🙂",
]

BAD_VALUES: list[tuple[str, Any]] = [
    ("external_id", 1001),
    ("external_id", "A" * 101),
    ("external_id", "A\0"),
    ("address", None),
    ("address", 12),
    ("address", ["12 Oak St"]),
    ("address", ""),
    ("address", "12 Oak St\nSpringfield"),
    ("address", "x" * 301),
    ("starts_at", None),
    ("starts_at", 1796137200),
    ("starts_at", "1796137200"),
    ("starts_at", "tomorrow"),
    ("starts_at", "2026-12-01"),
    ("starts_at", "2026-12-01T09:00:00"),
    ("starts_at", "2026-02-30T09:00:00Z"),
    ("starts_at", "0001-01-01T00:00:00+14:00"),
    ("starts_at", "9999-12-31T23:59:59-14:00"),
    ("inspector", 7),
    ("inspector", "x" * 201),
    ("fee", "a lot"),
    ("fee", "NaN"),
    ("fee", "Infinity"),
    ("fee", True),
    ("fee", "-1"),
    ("fee", -1),
    ("fee", "1.234"),
    ("fee", 1.234),
    ("fee", "1e3"),
    ("fee", "1_000"),
    ("fee", "4２5"),  # noqa: RUF001 - the 2 is a full-width one
    ("fee", "1" * 5000),
    ("fee", 10**30),
    ("fee", []),
    ("services", "Full inspection"),
    ("services", None),
    ("services", {"0": "Full inspection"}),
    ("services", ["x"] * 51),
    ("notifications", "true"),
    ("notifications", 1),
    ("people", None),
    ("people", "Ann Lee"),
    ("people", {"role": "client", "name": "Ann Lee"}),
    ("people", [{"role": "client", "name": f"Ann {n}"} for n in range(51)]),
    ("status", "confirmed"),
    ("id", 1),
    ("", 1),
]

BAD_PERSON_VALUES: list[tuple[str, Any]] = [
    ("role", None),
    ("role", "boss"),
    ("role", ["client"]),
    ("name", None),
    ("name", ""),
    ("name", 5),
    ("name", "x" * 201),
    ("name", "Ann\r\nBcc: eve@example.com"),
    ("name", "Ann\0"),
    ("name", "Ann\ud800"),
    ("email", 5),
    ("email", ["ann@example.com"]),
    ("phone", 2175550101),
    ("phone", "2" * 41),
    ("contact_id", 1),
    *(("email", address) for address in BAD_ADDRESSES),
]


def short(value: object) -> str:
    """A name for a case: the characters in question can be seen in it."""
    return ascii(value)[:40]


@pytest.fixture
def api() -> Api:
    return make_api()


# --- 422 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("field", "value"), BAD_VALUES, ids=short)
def test_a_bad_value_is_refused_by_name(api: Api, field: str, value: object) -> None:
    refused = api.post("/inspections", BODY | {field: value})
    assert (refused.status, refused.places) == (422, [["body", field]])
    assert not Inspection.objects.exists()


@pytest.mark.parametrize(("field", "value"), BAD_PERSON_VALUES, ids=short)
def test_a_bad_value_of_a_person_is_refused_by_name(api: Api, field: str, value: object) -> None:
    bob = {"role": "client", "name": "Bob Lee", "email": "bob@example.com"}
    refused = api.post("/inspections", BODY | {"people": [bob, BODY["people"][0] | {field: value}]})
    assert (refused.status, refused.places) == (422, [["body", "people", 1, field]])
    assert not Contact.objects.exists()


@pytest.mark.parametrize("email", [*BAD_ADDRESSES, "", "  ", None, 5, {}], ids=short)
def test_a_bad_correction_is_refused_by_name(api: Api, email: object) -> None:
    contact = api.post("/inspections", BODY).body["people"][0]["contact_id"]
    refused = api.patch(f"/contacts/{contact}", {"email": email})
    assert (refused.status, refused.places) == (422, [["body", "email"]])
    assert Contact.objects.get().email == "ann@example.com"


@pytest.mark.parametrize("correction", [{"name": ""}, {"name": None}, {"name": "x" * 201}, {"phone": 5}, {"id": 7}], ids=short)
def test_other_bad_corrections_are_refused_by_name(api: Api, correction: dict[str, Any]) -> None:
    contact = api.post("/inspections", BODY).body["people"][0]["contact_id"]
    refused = api.patch(f"/contacts/{contact}", correction)
    assert (refused.status, refused.places) == (422, [["body", *correction]])


def test_every_problem_is_named_at_once(api: Api) -> None:
    people = [{"role": "client", "name": "", "email": "ann@localhost"}, {"role": "boss", "name": "Bo"}]
    refused = api.post("/inspections", BODY | {"address": "", "fee": "99999999", "services": ["x" * 101], "people": people})
    assert refused.places == [
        ["body", "address"],
        ["body", "fee"],
        ["body", "services", 0],
        ["body", "people", 0, "name"],
        ["body", "people", 0, "email"],
        ["body", "people", 1, "role"],
    ]
    missing = api.post("/inspections", {"people": [{"name": 5}]})
    assert sorted(missing.places, key=str) == [
        ["body", "address"],
        ["body", "people", 0, "name"],
        ["body", "people", 0, "role"],
        ["body", "starts_at"],
    ]


def test_a_thousand_problems_are_cut_short(api: Api) -> None:
    refused = api.post("/inspections", {f"field {n}": n for n in range(1000)})
    assert (refused.status, len(refused.places)) == (422, 100)


def test_a_refusal_is_a_sentence(api: Api) -> None:
    refused = api.post("/inspections", BODY | {"starts_at": "2026-12-01T09:00:00", "fee": "a lot", "status": "x"})
    assert [problem["msg"] for problem in refused.body["detail"]] == [
        "This must be a time with its offset from UTC, such as 2026-12-01T09:00:00-06:00.",
        'This must be an amount with at most two decimals, such as "425.00".',
        "There is no such field.",
    ]


@pytest.mark.parametrize("body", [[], "text", 5, True, [BODY]], ids=short)
def test_a_body_must_be_an_object(api: Api, body: object) -> None:
    for path in ("/inspections", "/inspections/1/reschedule"):
        inspection = Inspection.objects.create(pk=1, address="1 Elm St", starts_at="2046-12-01T15:00:00Z")
        refused = api.post(path, body)
        assert (refused.status, refused.places) == (422, [["body"]])
        inspection.delete()


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"external_id=A-1001",
        b'{"fee": NaN}',
        b'{"fee": -Infinity}',
        b"[" * 100_000,
        b"1" * 5000,
        b'{"a": 1} {"b": 2}',
        b"\xff\xfe\xfa",
        b"\0",
    ], ids=short)
def test_what_is_not_json_is_refused(api: Api, raw: bytes) -> None:
    refused = api.post("/inspections", raw=raw)
    assert (refused.status, refused.body) == (400, {"detail": "Cannot parse request body"})


def test_a_body_is_needed_where_something_must_be_said(api: Api) -> None:
    inspection = api.post("/inspections", BODY).body
    for path in ("/inspections", f"/inspections/{inspection['id']}/reschedule"):
        refused = api.post(path)
        assert (refused.status, refused.places) == (422, [["body"]])
    refused = api.patch(f"/contacts/{inspection['people'][0]['contact_id']}")
    assert (refused.status, refused.places) == (422, [["body"]])


def test_actions_take_no_unknown_fields(api: Api) -> None:
    inspection = api.confirmed()
    email = api.emails(inspection)[0]
    for path in (
        *(f"/inspections/{inspection['id']}/{action}" for action in ("confirm", "cancel", "complete", "publish-report")),
        f"/emails/{email['id']}/resend",
    ):
        refused = api.post(path, {"starts_at": "2046-12-01T15:00:00Z"})
        assert (refused.status, refused.places) == (422, [["body", "starts_at"]])
    assert Inspection.objects.get().status == "confirmed"


@pytest.mark.parametrize("idempotency_key", ["", "x" * 256, 7, "a\0", "\ud800", []], ids=short)
def test_a_bad_idempotency_key_is_refused(api: Api, idempotency_key: object) -> None:
    email = api.emails(api.confirmed())[0]
    refused = api.post(f"/emails/{email['id']}/resend", {"idempotency_key": idempotency_key})
    assert (refused.status, refused.places) == (422, [["body", "idempotency_key"]])


@pytest.mark.parametrize("url", ["nowhere", "javascript:alert(1)", "https://exa mple.com", "https://e.com/" + "x" * 500, 5], ids=short)
def test_a_bad_report_address_is_refused(api: Api, url: object) -> None:
    inspection = api.confirmed()
    refused = api.post(f"/inspections/{inspection['id']}/publish-report", {"url": url})
    assert (refused.status, refused.places) == (422, [["body", "url"]])


@pytest.mark.parametrize("external_id", ["", "?external_id=%00"], ids=short)
def test_a_bad_question_is_refused(api: Api, external_id: str) -> None:
    refused = api.get(f"/inspections{external_id}")
    assert (refused.status, refused.places) == (422, [["query", "external_id"]])


def test_a_body_of_megabytes_is_refused(api: Api, settings: Any) -> None:
    refused = api.post("/inspections", BODY | {"address": "x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE})
    assert (refused.status, refused.body) == (413, {"detail": "The body is too large: at most 2,621,440 bytes."})


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
    refused = api.post(f"/emails/{email['id']}/resend")
    assert (refused.status, refused.body["can_confirm"]) == (429, True)
    assert 50 <= int(refused.headers["Retry-After"]) <= 60
    assert api.post(f"/emails/{email['id']}/resend", {"confirmed": True}).status == 202


def test_too_many_resends_have_to_wait(api: Api) -> None:
    inspection = api.confirmed()
    first = api.emails(inspection)[0]
    _ends_as(first, Status.DELIVERED)
    for _ in range(3):
        _ends_as(api.post(f"/emails/{first['id']}/resend").body, Status.DELIVERED)
    refused = api.post(f"/emails/{first['id']}/resend", {"confirmed": True})
    assert (refused.status, refused.body["can_confirm"]) == (429, False)
    assert int(refused.headers["Retry-After"]) > 60


def _ends_as(email: dict[str, Any], status: Status) -> None:
    Message.objects.get(pk=email["id"]).events.create(type=status, status=status)
    activity.learn([email["id"]])


# --- 404 and 405 ---------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [0, 12345, 2**63 - 1, 2**63, 2**64, 10**30, "1" * 5000, -1, "1.5", "abc", "%00", "1/", "٣"], ids=short)
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


@pytest.mark.parametrize("path", ["", "/", "/inspections/", "/inspection", "/inspections/1/confirm/", "/../admin/"], ids=short)
def test_addresses_that_do_not_exist_are_not_found(api: Api, path: str) -> None:
    api.client.follow = False
    for method in ("GET", "POST"):
        if path:
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
