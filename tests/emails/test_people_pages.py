"""Sending again from the three dots; correcting an address and sending what failed in one action."""

from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from emails import outbox
from emails.models import AddressHold, Message
from emails.states import Reason, Status
from inspections.models import ContactChange, Participant
from tests.emails.mailed import make_client, make_failed, make_message, template, told
from tests.factories import in_days, make_company, make_contact, make_inspection, make_participant, make_user

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def office(client: Client) -> Client:
    """Kim, signed in."""
    make_company(sender_email="office@oakwood.example")
    client.force_login(make_user(name="Kim Reyes"))
    template("confirmation")
    return client


def words(answer: Any) -> str:
    return str(answer.content.decode())


def save(office: Client, person: Participant, *, page: str = "edit", htmx: bool = False, **over: Any) -> Any:
    """Press "Save and resend" with everything ticked."""
    unsent = [message.pk for message in outbox.unsent_for(person)]
    data = {"email": "ann@gmail.com", "nonce": "n-1", "resend": unsent, "then": "resend"} | over
    extra: dict[str, Any] = {"headers": HTMX} if htmx else {"follow": True}
    return office.post(f"/people/{person.pk}/{page}/", data, **extra)


# --- the three dots --------------------------------------------------------------------------------------------------


def test_resend_sends_a_new_email_and_offers_undo(office: Client, settings: LazySettings) -> None:
    settings.UNDO_SECONDS = 10
    message = told(make_message(), Status.DELIVERED)
    person = message.participant
    assert person is not None
    answer = office.post(f"/people/{person.pk}/resend/confirmation/", {"nonce": "n-1"}, follow=True)
    again = Message.objects.get(root=message)
    assert (again.status, again.created_by) == (Status.QUEUED, "Kim Reyes")
    assert f"/messages/{again.pk}/undo/" in words(answer)
    assert "Confirmation to Ann Lee goes out in 10 seconds." in words(answer)


def test_pressing_twice_sends_once(office: Client) -> None:
    person = make_client()
    for _ in range(2):
        office.post(f"/people/{person.pk}/resend/agreement/", {"nonce": "n-1"})
    assert person.messages.count() == 1


def test_too_soon_is_a_question_that_can_be_answered(office: Client, settings: LazySettings) -> None:
    settings.COOLDOWN_SECONDS = 600
    person = make_client()
    office.post(f"/people/{person.pk}/resend/confirmation/", {"nonce": "n-1"})
    told(person.messages.get(), Status.DELIVERED)
    answer = office.post(f"/people/{person.pk}/resend/confirmation/", {"nonce": "n-2"})
    assert answer.status_code == 429
    assert "Send it again?" in words(answer)
    assert 'name="confirmed" value="1"' in words(answer)
    office.post(f"/people/{person.pk}/resend/confirmation/", {"nonce": "n-2", "confirmed": "1"})
    assert person.messages.count() == 2


def test_a_blocked_address_leads_to_its_repair(office: Client) -> None:
    message = make_failed()
    answer = office.post(f"/people/{message.participant_id}/resend/confirmation/", {"nonce": "n-1"})
    assert answer.status_code == 409
    assert f'href="/people/{message.participant_id}/edit/"' in words(answer)
    assert Message.objects.count() == 1


def test_an_agreement_is_not_sent_to_an_agent(office: Client) -> None:
    agent = make_participant(make_inspection(status="confirmed"), role="buyer_agent")
    answer = office.post(f"/people/{agent.pk}/resend/agreement/", {"nonce": "n-1"})
    assert answer.status_code == 409
    assert not Message.objects.exists()


def test_nothing_is_sent_to_somebody_who_was_taken_off(office: Client) -> None:
    person = make_client(removed_at="2026-11-01T00:00Z")
    assert office.post(f"/people/{person.pk}/resend/confirmation/", {"nonce": "n-1"}).status_code == 409
    assert not Message.objects.exists()


def test_only_known_emails_to_known_people_and_never_by_a_link(office: Client) -> None:
    person = make_client()
    assert office.get(f"/people/{person.pk}/resend/confirmation/").status_code == 405
    assert office.post(f"/people/{person.pk}/resend/one_off/").status_code == 404
    assert office.post("/people/999/resend/confirmation/").status_code == 404
    assert office.get("/people/999/edit/").status_code == 404
    assert office.get("/people/999/fix/").status_code == 404


# --- the form --------------------------------------------------------------------------------------------------------


def test_the_fix_form_holds_the_old_address_the_phone_and_what_failed_ticked(office: Client) -> None:
    message = make_failed()
    page = words(office.get(f"/people/{message.participant_id}/fix/?problem=7", headers=HTMX))
    assert "<html" not in page
    assert 'id="fix-7-email"' in page
    assert 'value="ann@gmial.com"' in page
    assert "a-n-n at g-m-i-a-l dot com" in page
    assert 'href="tel:+12175550101"' in page
    assert f'name="resend" value="{message.pk}" checked' in page
    assert "Save and resend 1 failed email<" in page
    assert "Save only" in page


def test_the_page_shows_former_addresses_and_who_changed_them(office: Client) -> None:
    person = make_client()
    save(office, person, name="Ann Lee", phone="", then="save")
    page = words(office.get(f"/people/{person.pk}/edit/"))
    assert "ann@gmial.com" in page
    assert "Kim Reyes" in page


# --- saving ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("htmx", [True, False])
def test_save_and_resend_corrects_and_sends_to_the_new_address(
    office: Client, settings: LazySettings, htmx: bool
) -> None:
    settings.UNDO_SECONDS = 10
    message = make_failed()
    assert message.participant is not None
    answer = save(office, message.participant, page="fix" if htmx else "edit", htmx=htmx)
    again = Message.objects.get(root=message)
    assert (again.to_address, again.status) == ("ann@gmail.com", Status.QUEUED)
    assert "Saved. 1 email goes out to ann@gmail.com in 10 seconds." in words(answer)
    assert f"/messages/{again.pk}/undo/" in words(answer)
    message.refresh_from_db()
    assert (message.to_address, message.status) == ("ann@gmial.com", Status.BOUNCED)
    change = ContactChange.objects.get()
    assert (change.old, change.new, change.by) == ("ann@gmial.com", "ann@gmail.com", "Kim Reyes")
    if htmx:
        assert (answer["HX-Trigger"], answer["HX-Reswap"]) == ("refresh", "innerHTML")


def test_saving_twice_sends_once(office: Client) -> None:
    message = make_failed()
    assert message.participant is not None
    unsent = [message.pk]
    for _ in range(2):
        save(office, message.participant, resend=unsent)
    assert Message.objects.filter(root=message).count() == 1


def test_what_was_held_for_the_address_goes_out_once_by_itself(office: Client) -> None:
    person = make_client(email="")
    held = make_message(person, status=Status.HELD, reason=Reason.NO_ADDRESS, to_address="")
    answer = save(office, person)
    held.refresh_from_db()
    assert (held.status, held.to_address) == (Status.QUEUED, "ann@gmail.com")
    assert Message.objects.count() == 1
    assert "Saved. 1 waiting email goes out now to ann@gmail.com." in words(answer)


def test_a_held_reminder_still_waits_for_its_time(office: Client) -> None:
    person = make_client(email="")
    held = make_message(person, kind="reminder", status=Status.HELD, reason=Reason.NO_ADDRESS, to_address="")
    its_time = in_days(4)
    Message.objects.filter(pk=held.pk).update(send_after=its_time)
    answer = save(office, person)
    held.refresh_from_db()
    assert (held.status, held.send_after) == (Status.QUEUED, its_time)
    assert "Saved. 1 waiting email goes out at its time to ann@gmail.com." in words(answer)


def test_a05_failed_and_held_are_both_made_good_in_one_action(office: Client) -> None:
    failed = make_failed()
    assert failed.participant is not None
    held = make_message(failed.participant, kind="agreement", status=Status.HELD, reason=Reason.ADDRESS_BLOCKED)
    save(office, failed.participant)
    held.refresh_from_db()
    assert held.status == Status.QUEUED
    assert Message.objects.get(root=failed).status == Status.QUEUED
    assert Message.objects.count() == 3


def test_a15_save_only_sends_nothing_and_the_problem_stays(office: Client) -> None:
    message = make_failed()
    assert message.participant is not None
    save(office, message.participant, then="save")
    assert message.participant.contact.changes.exists()
    assert Message.objects.count() == 1
    assert message.problems.get().closed_at is None


def test_what_is_not_ticked_is_not_sent(office: Client) -> None:
    message = make_failed()
    assert message.participant is not None
    other = make_failed(message.participant, kind="agreement")
    save(office, message.participant, resend=[other.pk])
    assert [m.root_id for m in Message.objects.filter(root__isnull=False)] == [other.pk]


def test_somebody_elses_email_cannot_be_smuggled_in(office: Client) -> None:
    mine = make_failed()
    theirs = make_failed(make_client(email="bob@gmial.com", name="Bob"))
    assert mine.participant is not None
    save(office, mine.participant, resend=[theirs.pk, "x", "9" * 30])
    assert not Message.objects.filter(root__isnull=False).exists()


@pytest.mark.parametrize(
    ("email", "said"),
    [
        ("ann@gmail", "The part after @ needs a dot, like gmail.com."),
        ("ann", "An email address needs an @"),
        ("", "Please enter an email address"),
        ("ann@gmail.com, bob@gmail.com", "one email address only"),
        ("Office@Oakwood.example", "own office’s address"),
        ("ann@gmial.com", "on hold: it failed before"),
    ],
)
@pytest.mark.parametrize("page", ["edit", "fix"])
def test_a_useless_address_is_refused_at_the_field_and_nothing_is_lost(
    office: Client, email: str, said: str, page: str
) -> None:
    message = make_failed()
    assert message.participant is not None
    answer = save(office, message.participant, page=page, htmx=page == "fix", email=email)
    assert answer.status_code == 422
    assert said in words(answer)
    assert 'aria-invalid="true"' in words(answer)
    if email:
        assert f'value="{email}"' in words(answer)
    assert f'name="resend" value="{message.pk}" checked' in words(answer)
    message.participant.contact.refresh_from_db()
    assert message.participant.contact.email == "ann@gmial.com"
    assert Message.objects.count() == 1


def test_a_phone_number_can_be_saved_while_the_address_is_on_hold(office: Client) -> None:
    message = make_failed()
    assert message.participant is not None
    data = {"email": "ann@gmial.com", "name": "Ann Lee", "phone": "555 0199", "then": "save"}
    office.post(f"/people/{message.participant_id}/edit/", data)
    message.participant.contact.refresh_from_db()
    assert message.participant.contact.phone == "555 0199"


def test_a_shared_address_is_named_and_kept(office: Client) -> None:
    make_contact(name="Bob Lee", email="Family@Example.com")
    person = make_client()
    answer = save(office, person, email="family@example.com", name="Ann Lee", phone="", then="save")
    assert "is also used for Bob Lee. Both will get their own email." in words(answer)
    assert "Also used for <bdi>Bob Lee</bdi>" in words(office.get(f"/people/{person.pk}/edit/"))


def test_after_an_undone_resend_the_failed_email_is_listed_again(office: Client) -> None:
    failed = make_failed()
    assert failed.participant is not None
    make_message(failed.participant, root=failed, resend_of=failed, status=Status.CANCELLED)
    assert outbox.unsent_for(failed.participant) == [failed]


def test_a_limit_keeps_the_correction_and_says_so(office: Client) -> None:
    failed = make_failed()
    assert failed.participant is not None
    for number in range(5):
        told(make_message(make_client(email="ann@gmail.com"), kind="one_off", nonce=f"x{number}"), Status.DELIVERED)
    Message.objects.filter(kind="one_off").update(created_at=failed.changed_at)
    answer = save(office, failed.participant)
    assert "has had enough for now" in words(answer)
    assert ContactChange.objects.exists()
    assert not Message.objects.filter(root=failed).exists()


def test_holds_stay_where_they_are(office: Client) -> None:
    message = make_failed()
    assert message.participant is not None
    save(office, message.participant)
    assert AddressHold.objects.get().released_at is None


def test_the_language_of_a_person_can_be_chosen_and_is_on_record(office: Client) -> None:
    person = make_participant(name="Ann Lee", email="ann@example.com")
    fields = {"name": "Ann Lee", "email": "ann@example.com", "phone": "", "then": "save"}
    assert "Español" in office.get(f"/people/{person.pk}/edit/").content.decode()
    office.post(f"/people/{person.pk}/edit/", fields | {"language": "es"})
    person.contact.refresh_from_db()
    assert person.contact.language == "es"
    assert "Language" in office.get(f"/people/{person.pk}/edit/").content.decode()
    assert office.post(f"/people/{person.pk}/edit/", fields | {"language": "xx"}).status_code == 422
