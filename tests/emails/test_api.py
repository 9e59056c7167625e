"""The REST API does what docs/api.md says."""

import re
from pathlib import Path

import pytest
from django.test import Client

from inspections.models import Inspection, InspectionEvent
from tests.emails.api_calls import BODY, Api, make_api

pytestmark = pytest.mark.django_db

DOCS = Path(__file__).parents[2] / "docs" / "api.md"


@pytest.fixture
def api() -> Api:
    return make_api()


# --- inspections ---------------------------------------------------------------------------------


def test_an_inspection_is_added_and_can_be_read(api: Api) -> None:
    added = api.post("/inspections", BODY)
    assert added.status == 201
    inspection = Inspection.objects.get()
    person = inspection.participants.get()
    assert added.body == {
        "id": inspection.pk,
        "external_id": "A-1001",
        "status": "requested",
        "address": "12 Oak St, Springfield, IL 62701",
        "starts_at": "2046-12-01T09:00:00-06:00",
        "inspector": "Raj Patel",
        "fee": "425.00",
        "paid": "0.00",
        "due": "425.00",
        "services": ["Full inspection"],
        "notifications": True,
        "url": f"http://testserver/inspections/{inspection.pk}/",
        "people": [
            {
                "id": person.pk,
                "contact_id": person.contact_id,
                "role": "client",
                "name": "Ann Lee",
                "email": "ann@example.com",
                "phone": "+1 217 555 0101",
                "suggestion": None,
                "signed_at": None,
            }
        ],
    }
    assert api.get(f"/inspections/{inspection.pk}").body == added.body
    assert api.get("/inspections?external_id=A-1001").body == {"items": [added.body]}
    assert api.get("/inspections?external_id=A-1002").body == {"items": []}


def test_the_same_external_id_again_is_the_same_inspection(api: Api) -> None:
    first, again = api.post("/inspections", BODY), api.post("/inspections", BODY)
    assert (first.status, again.status) == (201, 200)
    assert again.body == first.body
    assert InspectionEvent.objects.count() == 1


def test_a_body_that_differs_updates_the_inspection(api: Api) -> None:
    first = api.post("/inspections", BODY).body
    changed = api.post("/inspections", BODY | {"inspector": "Dana Fox", "fee": 450, "notifications": False})
    assert changed.status == 200
    assert changed.body == first | {
        "inspector": "Dana Fox",
        "fee": "450.00",
        "due": "450.00",
        "notifications": False,
    }


def test_what_is_left_out_of_an_update_stays_and_what_is_null_or_empty_goes(api: Api) -> None:
    first = api.post("/inspections", BODY).body
    least = {name: BODY[name] for name in ("external_id", "address", "starts_at")}
    assert api.post("/inspections", least).body == first
    emptied = api.post("/inspections", least | {"fee": None, "inspector": None, "services": [], "people": []}).body
    assert emptied == first | {"fee": None, "due": "0.00", "inspector": "", "services": [], "people": []}


def test_people_missing_from_an_update_are_taken_off_and_others_are_corrected(api: Api) -> None:
    agent = {"role": "buyer_agent", "name": "Bo Diaz", "email": "bo@example.com"}
    first = api.post("/inspections", BODY | {"people": [*BODY["people"], agent]}).body
    ann = BODY["people"][0] | {"email": "ann.lee@example.com"}
    second = api.post("/inspections", BODY | {"people": [ann]}).body
    assert [(p["id"], p["email"]) for p in second["people"]] == [(first["people"][0]["id"], "ann.lee@example.com")]


def test_without_an_external_id_every_post_is_a_new_inspection(api: Api) -> None:
    body = {name: value for name, value in BODY.items() if name != "external_id"}
    assert [api.post("/inspections", body).status for _ in range(2)] == [201, 201]


@pytest.mark.parametrize("fee", ["425.10", 425.1, 425, "425.5", "0", None])
def test_a_fee_is_an_amount_in_any_usual_spelling(api: Api, fee: object) -> None:
    stored = api.post("/inspections", BODY | {"fee": fee}).body["fee"]
    assert stored is None if fee is None else float(stored) == float(str(fee))


def test_confirm_twice_sends_once(api: Api) -> None:
    inspection = api.confirmed()
    assert inspection["status"] == "confirmed"
    emails = api.emails(inspection)
    assert [email["kind"] for email in emails] == ["confirmation", "agreement", "reminder"]
    again = api.post(f"/inspections/{inspection['id']}/confirm")
    assert (again.status, again.body) == (200, inspection)
    assert api.emails(inspection) == emails


def test_reschedule_tells_the_people_and_so_does_a_new_time_in_an_update(api: Api) -> None:
    inspection = api.confirmed()
    moved = api.post(f"/inspections/{inspection['id']}/reschedule", {"starts_at": "2046-12-02T16:00:00Z"})
    assert (moved.status, moved.body["starts_at"]) == (200, "2046-12-02T10:00:00-06:00")
    assert [email["kind"] for email in api.emails(inspection)].count("rescheduled") == 1
    api.post("/inspections", BODY | {"starts_at": "2046-12-03T09:00:00-06:00"})
    assert [email["kind"] for email in api.emails(inspection)].count("rescheduled") == 2


def test_cancel_stops_what_has_not_left(api: Api) -> None:
    inspection = api.confirmed()
    assert api.post(f"/inspections/{inspection['id']}/cancel").body["status"] == "cancelled"
    assert api.post(f"/inspections/{inspection['id']}/cancel").status == 200
    statuses = {email["kind"]: email["status"] for email in api.emails(inspection)}
    assert statuses == {
        "confirmation": "cancelled",
        "agreement": "cancelled",
        "reminder": "cancelled",
        "cancelled": "queued",
    }


def test_complete_and_publish_the_report(api: Api) -> None:
    inspection = api.confirmed()
    assert api.post(f"/inspections/{inspection['id']}/complete").body["status"] == "completed"
    published = api.post(f"/inspections/{inspection['id']}/publish-report", {"url": "https://example.com/r/1"})
    assert published.status == 200
    assert api.post(f"/inspections/{inspection['id']}/publish-report").status == 200
    assert [email["kind"] for email in api.emails(inspection)].count("report_ready") == 1
    assert Inspection.objects.get().report_url == "https://example.com/r/1"


def test_an_empty_object_is_as_good_as_no_body(api: Api) -> None:
    inspection = api.post("/inspections", BODY).body
    for action in ("confirm", "complete", "publish-report"):
        assert api.post(f"/inspections/{inspection['id']}/{action}", {}).status == 200
        assert api.post(f"/inspections/{inspection['id']}/{action}", raw=b" \n").status == 200


# --- the schema ----------------------------------------------------------------------------------


def test_the_schema_is_public_and_the_docs_name_every_address(client: Client) -> None:
    schema = client.get("/api/v1/openapi.json").json()
    docs = DOCS.read_text()
    for path, methods in schema["paths"].items():
        short = re.sub(r"\{\w+\}", "{id}", path)
        for method in methods:
            assert f"{method.upper()} {short}" in docs


def test_there_is_no_page_that_loads_other_peoples_scripts(api: Api) -> None:
    assert api.get("/docs").status == 404


def test_a_slip_is_answered_with_a_suggestion_and_never_refused(api: Api) -> None:
    people = [BODY["people"][0] | {"email": "ann@gmial.com"}]
    answer = api.post("/inspections", BODY | {"people": people})
    assert answer.status == 201
    found = answer.body["people"][0]
    assert (found["email"], found["suggestion"]) == ("ann@gmial.com", "ann@gmail.com")
    corrected = api.patch(f"/contacts/{found['contact_id']}", {"email": "ann@yahho.com"})
    assert (corrected.status, corrected.body["suggestion"]) == (200, "ann@yahoo.com")
    corrected = api.patch(f"/contacts/{found['contact_id']}", {"email": "ann@yahoo.com"})
    assert corrected.body["suggestion"] is None
