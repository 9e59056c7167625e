"""No more marketing, and marketing again: by their own press, or by staff with a note of how they asked."""

import logging

import pytest
from django.test import Client

from config.logs import MaskSecrets
from emails import optouts, outbox
from emails.models import OptOut
from inspections.models import Participant
from tests.emails.mailed import make_client, make_message, template
from tests.factories import make_company, make_user

pytestmark = pytest.mark.django_db

ANN = "ann@example.com"


@pytest.fixture
def office(client: Client) -> Client:
    make_company(postal_address="12 Oak St")
    client.force_login(make_user(name="Sam Ortiz"))
    return client


def stopped() -> tuple[Participant, str]:
    """Somebody who pressed Stop, and the page where they did."""
    ann = make_client(email=ANN)
    message = make_message(ann, kind="review_request", template=template("review_request") or template("confirmation"))
    page = optouts.address(message).removeprefix("http://testserver")
    Client().post(page)
    return ann, page


def test_the_page_offers_to_send_them_again_and_looking_changes_nothing(office: Client) -> None:
    _, page = stopped()
    html = Client().get(page).content.decode()
    assert "Send them again" in html
    assert optouts.applies("review_request", ANN)


def test_one_more_press_ends_it(office: Client) -> None:
    _, page = stopped()
    for _ in range(2):
        html = Client().post(page, {"again": "1"}).content.decode()
    assert "We may ask you for a review again" in html
    assert not optouts.applies("review_request", ANN)
    assert OptOut.objects.get().ended_by == "Ann Lee"


def test_a_mail_program_that_presses_stop_is_never_taken_for_again(office: Client) -> None:
    _, page = stopped()
    Client().post(page, {"again": "1"})
    Client().post(page, {"List-Unsubscribe": "One-Click"})
    assert optouts.applies("review_request", ANN)
    assert OptOut.objects.count() == 2


def test_staff_allow_it_with_a_note(office: Client) -> None:
    ann, _ = stopped()
    page = f"/contacts/{ann.contact_id}/"
    assert "They want them again" in office.get(page).content.decode()
    assert office.get(f"{page}marketing/").status_code == 200
    assert office.post(f"{page}marketing/", {"note": " "}).status_code == 422
    assert optouts.applies("review_request", ANN)
    for _ in range(2):
        html = office.post(f"{page}marketing/", {"note": "Ann called on Monday"}, follow=True).content.decode()
    assert "Ann called on Monday" in html
    assert "Sam Ortiz" in html
    assert not optouts.applies("review_request", ANN)


def test_a_refused_email_names_the_way_out(office: Client) -> None:
    ann, _ = stopped()
    refused = outbox.refusal(ann, "review_request")
    assert refused is not None
    assert refused.way_out == ("They want them again", f"/contacts/{ann.contact_id}/marketing/")


def test_whoever_never_stopped_anything_has_nothing_to_allow(office: Client) -> None:
    ann = make_client(email=ANN)
    answer = office.post(f"/contacts/{ann.contact_id}/marketing/", {"note": "x"}, follow=True)
    assert "may be asked for reviews" in answer.content.decode()
    assert not OptOut.objects.exists()


def test_whoever_is_not_signed_in_cannot_allow_anything(office: Client) -> None:
    ann, _ = stopped()
    assert Client().post(f"/contacts/{ann.contact_id}/marketing/", {"note": "x"}).status_code == 302
    assert optouts.applies("review_request", ANN)


def test_the_log_keeps_no_link_of_anybody() -> None:
    for path in ("/p/stop/IjEi:1vX:s3cret/", "/p/s3cret/", "/p/stop/s3cret"):
        record = logging.LogRecord("django.request", logging.WARNING, "", 0, "Not Found: %s", (path,), None)
        MaskSecrets().filter(record)
        assert "s3cret" not in record.getMessage()
