"""Did you mean ann@gmail.com: asked once on entry, and one press that corrects and sends again."""

import pytest
from django.test import Client

from emails import domains, troubleshoot
from emails.models import Message, Problem
from emails.selectors_messages import facts
from emails.states import Status
from inspections import suggestions
from inspections.models import Company, Contact, Inspection, Participant
from tests.emails.mailed import make_client, make_failed, make_message, told
from tests.factories import in_days, make_inspection, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(client: Client) -> Client:
    client.force_login(make_user(name="Kim Reyes"))
    return client


def failed(email: str = "ann@gmial.com", category: str = "domain_problem") -> Message:
    return make_failed(make_client(email=email), category)


def person(message: Message) -> Participant:
    assert message.participant is not None
    return message.participant


def press_use(office: Client, message: Message, email: str = "ann@gmail.com", nonce: str = "once") -> int:
    address = f"/people/{person(message).pk}/use/"
    return office.post(address, {"email": email, "nonce": nonce}, headers={"HX-Request": "true"}).status_code


# --- on the problem --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("category", ["address_unknown", "domain_problem"])
def test_the_first_button_takes_the_address_and_resends(category: str) -> None:
    message = failed(category=category)
    found = troubleshoot.verdict(facts(message, company=Company.get()), message, Problem.objects.get())
    assert found is not None
    assert found.primary is not None
    assert found.primary.label == "Use ann@gmail.com and resend"
    assert found.others[0].label == "Fix address and resend"


def test_without_a_clear_suggestion_the_field_opens_as_before() -> None:
    message = failed("ann@smithhomes.com", "address_unknown")
    found = troubleshoot.verdict(facts(message, company=Company.get()), message, Problem.objects.get())
    assert found is not None
    assert found.primary is not None
    assert found.primary.label == "Fix address and resend"


@pytest.mark.parametrize("page", ["/", "/messages/{message}/", "/inspections/{inspection}/"])
def test_it_is_offered_wherever_the_problem_shows(office: Client, page: str) -> None:
    message = failed()
    answer = office.get(page.format(message=message.pk, inspection=message.inspection_id))
    assert "Use ann@gmail.com and resend" in answer.content.decode()


def test_one_press_corrects_the_contact_and_sends_again(office: Client) -> None:
    message = failed()
    assert press_use(office, message) == 200
    again = Message.objects.get(root=message)
    assert again.to_address == "ann@gmail.com"
    assert again.status == Status.QUEUED
    assert Contact.objects.get(pk=person(message).contact_id).email == "ann@gmail.com"
    message.refresh_from_db()
    assert message.to_address == "ann@gmial.com"
    change = person(message).contact.changes.get()
    assert (change.old, change.new, change.by) == ("ann@gmial.com", "ann@gmail.com", "Kim Reyes")


def test_pressed_twice_it_sends_once(office: Client) -> None:
    message = failed()
    press_use(office, message)
    press_use(office, message)
    press_use(office, message, nonce="another page")
    assert Message.objects.filter(root=message).count() == 1


def test_it_also_sends_what_was_held(office: Client) -> None:
    message = failed()
    held = make_message(person(message), kind="agreement", status=Status.HELD, reason="suppressed")
    press_use(office, message)
    held.refresh_from_db()
    assert (held.status, held.to_address) == (Status.QUEUED, "ann@gmail.com")


def test_an_address_that_is_held_itself_is_refused_with_the_way_out(office: Client) -> None:
    failed("ann@gmail.com", "address_unknown")
    message = failed("ann@gmial.com")
    assert press_use(office, message) == 409
    assert Contact.objects.get(pk=person(message).contact_id).email == "ann@gmial.com"


def test_after_a_correction_by_hand_it_is_not_offered_any_more(office: Client) -> None:
    message = failed()
    office.post(f"/people/{person(message).pk}/edit/", {"email": "lee@yahoo.com", "name": "Ann Lee", "then": "save"})
    assert "Use ann@gmail.com" not in office.get("/").content.decode()


# --- on entry --------------------------------------------------------------------------------------------------------


def add(office: Client, **over: str) -> int:
    data = {
        "address": "12 Oak St",
        "starts_at": in_days(3).strftime("%Y-%m-%dT%H:%M"),
        "rows": "1",
        "people-0-role": "client",
        "people-0-name": "Ann Lee",
        "people-0-email": "ann@gmial.com",
    }
    return office.post("/inspections/add/", data | over).status_code


def test_a_slip_is_asked_about_before_it_is_stored(office: Client) -> None:
    assert add(office) == 422
    assert not Inspection.objects.exists()


def test_use_it_stores_what_was_meant(office: Client) -> None:
    assert add(office, use="people-0-email") == 302
    assert Contact.objects.get().email == "ann@gmail.com"


def test_keep_it_stores_it_and_nobody_is_asked_again(office: Client) -> None:
    assert add(office, keep="ann@gmial.com") == 302
    contact = Contact.objects.get()
    assert contact.email == "ann@gmial.com"
    page = office.get(f"/inspections/{Inspection.objects.get().pk}/").content.decode()
    assert "Did you mean" not in page
    assert "Did you mean" not in office.get(f"/people/{Participant.objects.get().pk}/edit/").content.decode()


def test_the_question_has_both_answers_as_buttons_of_the_form(office: Client) -> None:
    inspection = make_inspection()
    data = {"role": "client", "name": "Ann Lee", "email": "ann@gmial.com"}
    answer = office.post(f"/inspections/{inspection.pk}/people/add/", data)
    said = answer.content.decode()
    assert answer.status_code == 422
    assert 'name="use" value="email"' in said
    assert 'name="keep" value="ann@gmial.com"' in said
    office.post(f"/inspections/{inspection.pk}/people/add/", data | {"keep": "ann@gmial.com"})
    assert inspection.participants.get().contact.changes.get().field == suggestions.KEPT


def test_what_is_no_address_cannot_be_kept(office: Client) -> None:
    inspection = make_inspection()
    data = {"role": "client", "name": "Ann Lee", "email": "ann@gmail", "keep": "ann@gmail"}
    answer = office.post(f"/inspections/{inspection.pk}/people/add/", data)
    said = answer.content.decode()
    assert "needs a dot, like gmail.com. Did you mean ann@gmail.com?" in said
    assert 'btn-sm" name="keep"' not in said
    assert not inspection.participants.exists()


def test_a_changed_field_is_not_overruled_by_an_old_question(office: Client) -> None:
    assert add(office, **{"use": "people-0-email", "people-0-email": "lee@kw.com"}) == 302
    assert Contact.objects.get().email == "lee@kw.com"


def test_the_page_asks_when_the_field_is_left(office: Client) -> None:
    said = office.get("/addresses/check/", {"people-1-email": "ann@gmial.com"}).content.decode()
    assert "ann@gmail.com" in said
    assert 'data-use="ann@gmail.com"' in said
    assert office.get("/addresses/check/", {"email": "ann@kw.com"}).content.decode().strip() == ""
    assert office.get("/addresses/check/").status_code == 200


def test_the_people_box_hints_while_nothing_failed(office: Client) -> None:
    on_it = make_client(email="ann@gmial.com")
    page = f"/inspections/{on_it.inspection_id}/"
    assert "Did you mean" in office.get(page).content.decode()
    office.post(f"/people/{on_it.pk}/keep/")
    assert "Did you mean" not in office.get(page).content.decode()


def test_an_unchanged_address_never_keeps_a_phone_number_from_being_saved(office: Client) -> None:
    on_it = make_client(email="ann@gmial.com")
    data = {"email": "ann@gmial.com", "name": "Ann Lee", "phone": "217 555 0199", "then": "save"}
    assert office.post(f"/people/{on_it.pk}/edit/", data).status_code == 302
    assert Contact.objects.get(pk=on_it.contact_id).phone == "217 555 0199"


# --- domains that took mail ------------------------------------------------------------------------------------------


def test_a_domain_that_took_mail_here_is_trusted_and_corrected_towards() -> None:
    assert suggestions.suggestion("ann@smithinspecttions.com") == ""
    told(make_message(make_client(email="bob@smithinspections.com")), Status.DELIVERED)
    domains.forget()
    assert suggestions.suggestion("ann@smithinspecttions.com") == "ann@smithinspections.com"


def test_one_delivery_to_a_squatter_is_not_yet_trust() -> None:
    told(make_message(make_client(email="bob@gmial.com")), Status.DELIVERED)
    domains.forget()
    assert suggestions.suggestion("ann@gmial.com") == "ann@gmail.com"
    for name in ("eve", "max"):
        told(make_message(make_client(email=f"{name}@gmial.com")), Status.DELIVERED)
    domains.forget()
    assert suggestions.suggestion("ann@gmial.com") == ""
