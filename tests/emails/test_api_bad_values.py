"""Values that the REST API refuses, each by the name of its field."""

from typing import Any

import pytest

from inspections.models import Contact, Inspection
from tests.emails.api_calls import BODY, Api, make_api, short

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


@pytest.fixture
def api() -> Api:
    return make_api()


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


@pytest.mark.parametrize(
    "correction", [{"name": ""}, {"name": None}, {"name": "x" * 201}, {"phone": 5}, {"id": 7}], ids=short
)
def test_other_bad_corrections_are_refused_by_name(api: Api, correction: dict[str, Any]) -> None:
    contact = api.post("/inspections", BODY).body["people"][0]["contact_id"]
    refused = api.patch(f"/contacts/{contact}", correction)
    assert (refused.status, refused.places) == (422, [["body", *correction]])


def test_every_problem_is_named_at_once(api: Api) -> None:
    people = [{"role": "client", "name": "", "email": "ann@localhost"}, {"role": "boss", "name": "Bo"}]
    refused = api.post(
        "/inspections", BODY | {"address": "", "fee": "99999999", "services": ["x" * 101], "people": people}
    )
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
    ],
    ids=short,
)
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
        *(
            f"/inspections/{inspection['id']}/{action}"
            for action in ("confirm", "cancel", "complete", "publish-report")
        ),
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


@pytest.mark.parametrize(
    "url", ["nowhere", "javascript:alert(1)", "https://exa mple.com", "https://e.com/" + "x" * 500, 5], ids=short
)
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
