"""Whatever is sent to the REST API, the answer is JSON and never a 5xx."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.emails.api_calls import BODY, Api, make_api

pytestmark = pytest.mark.django_db

NASTY = st.sampled_from(
    [
        "",
        " ",
        "\0",
        "\ud800",
        "\r\n",
        "\u2028",
        "\u202e",
        "ﷺ" * 90,
        "%00",
        "{{7*7}}",
        "'; --",
        "NaN",
        "1e400",
        "-0",
        "ann@example.com",
        "ann@xn--a.com",
        "ann@xn--ls8h.la",
        "a@" + "ä." * 100 + "de",
        "@",
        "ann@exa\u0301mple.com",
        "2046-12-01T09:00:00-06:00",
        "2046-12-01T09:00:00+23:59:59.999999",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59Z",
        "2046-W01-1T00Z",
        "client",
        "https://example.com/",
        "http://[",
        "https://[::1",
    ]
)
TEXT = NASTY | st.text(st.characters(), max_size=40)
LEAF = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
ANY = st.recursive(
    LEAF, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=12
)
PERSON = st.fixed_dictionaries(
    {"role": st.sampled_from(["client", "buyer_agent"]) | ANY, "name": TEXT | ANY},
    optional={"email": TEXT | ANY, "phone": TEXT | ANY},
)
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "external_id": TEXT | ANY,
        "address": TEXT | ANY,
        "starts_at": NASTY | st.datetimes().map(lambda moment: moment.isoformat() + "+01:00") | ANY,
        "inspector": TEXT | ANY,
        "fee": st.decimals().map(str) | st.floats() | ANY,
        "services": st.lists(TEXT, max_size=4) | ANY,
        "notifications": ANY,
        "people": st.lists(PERSON, max_size=4) | ANY,
    },
)
PATHS = st.sampled_from(
    [
        ("POST", "/inspections"),
        ("POST", "/inspections/{inspection}/confirm"),
        ("POST", "/inspections/{inspection}/reschedule"),
        ("POST", "/inspections/{inspection}/publish-report"),
        ("POST", "/inspections/{inspection}/complete"),
        ("POST", "/emails/{email}/resend"),
        ("PATCH", "/contacts/{contact}"),
    ]
)
FIELDS = st.dictionaries(
    st.sampled_from(["starts_at", "url", "idempotency_key", "confirmed", "email", "name", "phone"]),
    TEXT | ANY,
    max_size=4,
)

hard = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,  # a merge must not fail by chance
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def ids(api: Api) -> dict[str, int]:
    inspection = api.confirmed(external_id="fuzz")
    return {
        "inspection": inspection["id"],
        "contact": inspection["people"][0]["contact_id"],
        "email": api.emails(inspection)[0]["id"],
    }


@pytest.fixture
def api() -> Api:
    return make_api()


@hard
@given(changes=CHANGES)
def test_inspections_of_any_shape(api: Api, changes: dict[str, Any]) -> None:
    answer = api.post("/inspections", BODY | changes)
    assert answer.status in (200, 201, 400, 422), answer.body
    if answer.status < 400:
        again = api.post("/inspections", BODY | changes)
        assert again.status in (200, 201)
        assert api.get(f"/inspections/{answer.body['id']}").status == 200


@hard
@given(path=PATHS, body=FIELDS | ANY)
def test_bodies_of_any_shape(api: Api, ids: dict[str, int], path: tuple[str, str], body: Any) -> None:
    method, address = path
    answer = api.call(method, address.format(**ids), body)
    assert answer.status < 500, answer.body


@hard
@given(path=PATHS, raw=st.binary(max_size=60))
def test_bodies_that_are_no_json(api: Api, ids: dict[str, int], path: tuple[str, str], raw: bytes) -> None:
    method, address = path
    answer = api.call(method, address.format(**ids), raw=raw)
    assert answer.status < 500, answer.body


@hard
@given(path=st.text(st.characters(codec="utf-8"), max_size=30))
def test_addresses_of_any_shape(api: Api, path: str) -> None:
    answer = api.get(f"/inspections/{path.replace('?', '')}x")
    assert answer.status in (404, 405), answer.body
