"""Emails and people by the REST API: follow, resend, correct."""

import re
from datetime import datetime
from typing import Any

import pytest

from emails import activity
from emails.models import AddressHold, Message
from emails.selectors_messages import STEPS
from emails.states import Status
from inspections.models import InspectionEvent
from tests.emails.api_calls import BODY, Api, make_api

pytestmark = pytest.mark.django_db


@pytest.fixture
def api() -> Api:
    return make_api()


def failed(email: dict[str, Any], status: Status = Status.BOUNCED) -> None:
    """The provider says that this email did not arrive."""
    message = Message.objects.get(pk=email["id"])
    message.events.create(type=status, status=status, text="550 5.1.1 no such user", category="message_malformed")
    activity.learn([message.pk])


def arrived(email: dict[str, Any]) -> None:
    Message.objects.get(pk=email["id"]).events.create(type="delivered", status=Status.DELIVERED)
    activity.learn([email["id"]])


def test_an_email_is_told_with_its_timeline(api: Api) -> None:
    inspection = api.confirmed()
    email = api.emails(inspection)[0]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", email.pop("created_at"))
    timeline = email.pop("timeline")
    assert email == {
        "id": Message.objects.earliest("pk").pk,
        "inspection_id": inspection["id"],
        "kind": "confirmation",
        "to": "ann@example.com",
        "person_id": inspection["people"][0]["id"],
        "status": "queued",
        "reason": "",
        "category": "",
        "resend_of": None,
        "sent_at": None,
        "provider_message_id": "",
    }
    assert [(event["type"], event["text"]) for event in timeline] == [("created", STEPS["created"][0])]
    failed(email)
    told = api.get(f"/emails/{email['id']}").body
    assert (told["status"], told["category"]) == ("bounced", "message_malformed")
    assert (told["timeline"][-1]["type"], told["timeline"][-1]["text"]) == (
        "bounced",
        f"{STEPS['bounced'][0]}: 550 5.1.1 no such user",
    )
    assert [event["at"] for event in told["timeline"]] == sorted(event["at"] for event in told["timeline"])
    assert api.emails(inspection)[0] == told


def test_an_email_that_is_not_sent_says_why(api: Api) -> None:
    inspection = api.confirmed(notifications=False)
    assert {(email["status"], email["reason"]) for email in api.emails(inspection)} == {("skipped", "off_inspection")}


def test_emails_are_listed_with_few_queries_however_many(api: Api, django_assert_max_num_queries: Any) -> None:
    inspection = api.confirmed()
    email = api.emails(inspection)[-1]
    for _ in range(10):
        failed(email)
        Message.objects.update(created_at=datetime.fromisoformat("2020-01-01T00:00:00Z"))  # below the limits
        email = api.post(f"/emails/{email['id']}/resend").body
    with django_assert_max_num_queries(4):  # key, inspection, emails, events
        emails = api.emails(inspection)
    assert len(emails) == 13
    assert [email["id"] for email in emails] == sorted(email["id"] for email in emails)


def test_a_resend_is_a_new_email_that_leaves_at_once(api: Api, settings: Any) -> None:
    settings.UNDO_SECONDS = 10
    inspection = api.confirmed()
    first = api.emails(inspection)[0]
    failed(first)
    resent = api.post(f"/emails/{first['id']}/resend")
    assert resent.status == 202
    again = api.emails(inspection)[-1]
    assert (again["id"], again["resend_of"], again["status"]) == (resent.body["id"], first["id"], "queued")
    message = Message.objects.get(pk=again["id"])
    assert message.undo_until is None
    assert message.created_by == "API key CRM"


def test_the_same_idempotency_key_is_the_same_resend_whatever_became_of_it(api: Api) -> None:
    email = api.emails(api.confirmed())[0]
    failed(email)
    ask = {"idempotency_key": "call 7 " * 30}
    first = api.post(f"/emails/{email['id']}/resend", ask)
    arrived(first.body)
    again = api.post(f"/emails/{email['id']}/resend", ask)
    assert (first.status, again.status) == (202, 202)
    assert first.body == again.body


def test_idempotency_keys_of_two_programs_do_not_meet(api: Api) -> None:
    email = api.emails(api.confirmed())[0]
    failed(email)
    first = api.post(f"/emails/{email['id']}/resend", {"idempotency_key": "1"}).body
    failed(first)
    other = make_api("Website").post(f"/emails/{email['id']}/resend", {"idempotency_key": "1"})
    assert other.status == 202
    assert other.body != first


def test_an_idempotency_key_belongs_to_one_email(api: Api) -> None:
    confirmation, agreement, _ = api.emails(api.confirmed())
    failed(confirmation)
    failed(agreement)
    api.post(f"/emails/{confirmation['id']}/resend", {"idempotency_key": "1"})
    refused = api.post(f"/emails/{agreement['id']}/resend", {"idempotency_key": "1"})
    assert (refused.status, refused.body) == (
        409,
        {"detail": "This idempotency_key was used for another email. Please use a new one."},
    )


# --- people --------------------------------------------------------------------------------------


def test_a_correction_releases_what_was_held_and_resends_nothing_that_failed(api: Api) -> None:
    inspection = api.confirmed()
    confirmation, agreement, _ = api.emails(inspection)
    failed(confirmation)
    message = Message.objects.get(pk=agreement["id"])
    AddressHold.objects.create(key=message.to_key, address=message.to_address, category="address_unknown")
    activity.move(message, Status.HELD, frm={Status.QUEUED}, type="held", by="", reason="suppressed")
    contact = inspection["people"][0]["contact_id"]

    corrected = api.patch(f"/contacts/{contact}", {"email": "Ann@Example.org"})

    assert (corrected.status, corrected.body) == (
        200,
        {
            "id": contact,
            "name": "Ann Lee",
            "email": "Ann@example.org",
            "phone": "+1 217 555 0101",
            "released": [agreement["id"]],
            "suggestion": None,
        },
    )
    emails = api.emails(inspection)
    assert [(email["status"], email["to"]) for email in emails] == [
        ("bounced", "ann@example.com"),
        ("queued", "Ann@example.org"),
        ("queued", "Ann@example.org"),
    ]
    assert api.patch(f"/contacts/{contact}", {"email": "Ann@example.org"}).body["released"] == []


def test_a_resend_goes_to_the_corrected_address(api: Api) -> None:
    inspection = api.confirmed()
    email = api.emails(inspection)[0]
    failed(email)
    api.patch(f"/contacts/{inspection['people'][0]['contact_id']}", {"email": "ann@example.org"})
    resent = api.post(f"/emails/{email['id']}/resend").body
    assert api.get(f"/emails/{resent['id']}").body["to"] == "ann@example.org"


def test_name_and_phone_can_be_corrected_alone(api: Api) -> None:
    person = api.post("/inspections", BODY).body["people"][0]
    corrected = api.patch(f"/contacts/{person['contact_id']}", {"name": " Ann  B. Lee", "phone": ""}).body
    assert (corrected["name"], corrected["phone"], corrected["email"]) == ("Ann B. Lee", "", "ann@example.com")
    assert InspectionEvent.objects.filter(type="contact_changed").values_list("by", flat=True).distinct().get() == (
        "API key CRM"
    )
