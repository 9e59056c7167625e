"""“Wrong reason? Tell us”: staff correct the reason of one email, and the example is kept without anybody's address."""

import csv
import io
import json
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from emails import activity, diagnosis, holds, nightly, reasons
from emails.limits import Refused
from emails.models import AddressHold, Message, WrongReason
from emails.states import Status
from tests.emails.mailed import make_client, make_failed, make_message, problem_of, told
from tests.factories import make_company, make_user

pytestmark = pytest.mark.django_db
POLICY = "550 5.1.1 <ann@gmial.com>: mail for Ann Lee refused, see postmaster@gmial.com; ann=gmial.com@relay.example"


@pytest.fixture
def office(client: Client) -> Client:
    """Kim, an owner, signed in."""
    make_company()
    client.force_login(make_user(name="Kim Reyes", is_superuser=True))
    return client


def correct(office: Client, message: Message, reason: str, **over: str) -> Message:
    office.post(f"/messages/{message.pk}/reason/", {"reason": reason, "note": ""} | over)
    message.refresh_from_db()
    return message


# --- what changes ----------------------------------------------------------------------------------------------------


def test_the_chosen_reason_counts_at_once_and_says_who_chose_it(office: Client) -> None:
    failed = correct(office, make_failed(), "recipient_policy")
    assert (failed.status, failed.category, failed.decided_by) == ("bounced", "recipient_policy", "staff:Kim Reyes")
    assert problem_of(failed).category == "recipient_policy"
    html = office.get(f"/messages/{failed.pk}/").content.decode()
    assert "Their mail server turned us away" in html
    assert "Reason corrected" in html
    assert "“This address doesn’t exist” → “Their mail server turned us away”" in html
    assert "Kim Reyes chose this reason." in html


def test_the_nightly_check_finds_no_difference_afterwards(office: Client) -> None:
    failed = correct(office, make_failed(), "recipient_policy")
    assert nightly.differences() == []
    activity.learn([failed.pk])
    failed.refresh_from_db()
    assert failed.category == "recipient_policy"


def test_the_same_news_told_again_does_not_overrule_staff(office: Client) -> None:
    failed = correct(office, make_failed(), "recipient_policy")
    told(failed, Status.BOUNCED, category="address_unknown", decided_by="phrase:y", text="no such user")
    assert failed.category == "recipient_policy"


def test_a_later_fact_of_a_higher_rank_still_wins(office: Client) -> None:
    soft = told(make_message(), Status.SOFT_BOUNCED, category="mailbox_full", decided_by="phrase:x", text="full")
    correct(office, soft, "server_problem")
    told(soft, Status.BOUNCED, category="address_unknown", decided_by="phrase:y", text="no such user")
    assert (soft.status, soft.category, soft.decided_by) == ("bounced", "address_unknown", "phrase:y")


def test_undo_brings_back_what_the_rules_read_and_withdraws_the_example(office: Client) -> None:
    failed = correct(office, correct(office, make_failed(), "recipient_policy"), "mailbox_full")
    office.post(f"/messages/{failed.pk}/reason/undo/")
    failed.refresh_from_db()
    assert (failed.category, failed.decided_by) == ("address_unknown", "phrase:x")
    assert problem_of(failed).category == "address_unknown"
    assert not WrongReason.objects.filter(withdrawn_at=None).exists()
    assert failed.events.filter(type="corrected").count() == 3
    assert nightly.differences() == []


def test_undo_where_there_is_nothing_to_undo_changes_nothing(office: Client) -> None:
    failed = make_failed()
    answer = office.post(f"/messages/{failed.pk}/reason/undo/", follow=True)
    assert "There is nothing to take back any more." in answer.content.decode()
    assert failed.events.filter(type="corrected").count() == 0


def test_a_problem_that_was_settled_stays_settled(office: Client) -> None:
    failed = make_failed()
    problem = problem_of(failed)
    office.post(f"/problems/{problem.pk}/handle/", {"reason": "Told them another way"})
    correct(office, failed, "recipient_policy")
    assert not type(problem).objects.open().exists()


# --- the address -----------------------------------------------------------------------------------------------------


def test_told_not_the_address_its_hold_is_released_and_what_waited_is_offered(office: Client) -> None:
    failed = make_failed()
    held = make_message(failed.participant, kind="reminder", status=Status.HELD, reason="suppressed")
    assert holds.active("ann@gmial.com")
    correct(office, failed, "recipient_policy")
    assert holds.active("ann@gmial.com") is None
    assert "Send it now" in office.get(f"/messages/{failed.pk}/").content.decode()
    office.post(f"/messages/{failed.pk}/waiting/")
    held.refresh_from_db()
    assert held.status == Status.QUEUED


def test_undo_puts_the_hold_back(office: Client) -> None:
    failed = correct(office, make_failed(), "recipient_policy")
    office.post(f"/messages/{failed.pk}/reason/undo/")
    assert holds.active("ann@gmial.com")


def test_told_that_it_is_the_address_it_is_held(office: Client) -> None:
    failed = make_failed(category="recipient_policy")
    assert holds.active("ann@gmial.com") is None
    correct(office, failed, "address_unknown")
    hold = holds.active("ann@gmial.com")
    assert hold
    assert (hold.category, hold.message_id) == ("address_unknown", failed.pk)


def test_what_another_email_proved_goes_on_holding_the_address(office: Client) -> None:
    person = make_client()
    first, second = make_failed(person), make_failed(person, kind="agreement")
    correct(office, first, "recipient_policy")
    hold = holds.active("ann@gmial.com")
    assert hold
    assert hold.message_id == second.pk
    correct(office, second, "recipient_policy")
    assert holds.active("ann@gmial.com") is None


def test_an_old_proof_that_staff_had_let_go_holds_nothing_again(office: Client) -> None:
    person = make_client()
    make_failed(person)
    holds.release("ann@gmial.com", by="Kim", note="Ann called")
    again = make_failed(person, kind="agreement")
    correct(office, again, "recipient_policy")
    assert holds.active("ann@gmial.com") is None
    assert AddressHold.objects.count() == 2


# --- what cannot be corrected ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [Status.DELIVERED, Status.COMPLAINED, Status.FAILED])
def test_facts_of_our_own_and_complaints_are_not_corrected(office: Client, status: str) -> None:
    message = told(make_message(), status, category="complained" if status == Status.COMPLAINED else "")
    assert "Wrong reason?" not in office.get(f"/messages/{message.pk}/").content.decode()
    assert office.post(f"/messages/{message.pk}/reason/", {"reason": "mailbox_full"}).status_code == 409
    with pytest.raises(Refused):
        reasons.correct(message, "mailbox_full", by="Kim")


def test_what_a_mail_server_said_as_it_was_handed_over_can_be_corrected(office: Client) -> None:
    waiting = make_message(status=Status.SENDING, token=uuid4(), lease_until=timezone.now())
    failed = told(waiting, Status.FAILED, category="spam_content", decided_by="rule:spam", text="554 5.7.1 spam")
    assert "Wrong reason?" in office.get(f"/messages/{failed.pk}/").content.decode()
    assert correct(office, failed, "sender_reputation").category == "sender_reputation"


def test_pressed_twice_it_is_one_correction(office: Client) -> None:
    failed = make_failed()
    for _ in range(2):
        answer = office.post(f"/messages/{failed.pk}/reason/", {"reason": "recipient_policy"})
        assert answer.headers["Location"] == f"/messages/{failed.pk}/"
    assert failed.events.filter(type="corrected").count() == 1
    assert WrongReason.objects.count() == 1


@pytest.mark.parametrize("reason", ["", "nonsense", "complained", "address_unknown"])
def test_without_another_reason_it_asks_again(office: Client, reason: str) -> None:
    failed = make_failed()
    answer = office.post(f"/messages/{failed.pk}/reason/", {"reason": reason})
    assert answer.status_code == 422
    assert "<title>Error: Wrong reason?" in answer.content.decode()


def test_the_form_speaks_plain_words_and_leaves_out_what_is_shown(office: Client) -> None:
    failed = make_failed()
    html = office.get(f"/messages/{failed.pk}/reason/").content.decode().split("<main")[1]
    form = html.split('class="reason-form"')[1]
    assert "Their mailbox is full" in form
    assert "This address doesn’t exist" not in form
    assert form.count('type="radio"') == len(diagnosis.CATEGORIES) - 1


# --- the example -----------------------------------------------------------------------------------------------------


def test_the_example_keeps_the_words_and_codes_but_no_address(office: Client) -> None:
    failed = make_failed(words=POLICY)
    correct(office, failed, "recipient_policy", note="ann@gmial.com works for others")
    example = WrongReason.objects.get()
    assert example.smtp_reply == (
        "550 5.1.1 <someone@example.com>: mail for Someone refused, see someone@example.com; someone@example.com"
    )
    assert example.note == "someone@example.com works for others"
    assert (example.old, example.label, example.rule) == ("address_unknown", "recipient_policy", "phrase:x")
    assert (example.provider, example.event, example.enhanced_code) == ("postmark", "bounced", "5.1.1")
    assert example.by == "Kim Reyes"


@pytest.mark.parametrize(
    ("words", "masked"),
    [
        ("550 maria.cole unknown here", "550 someone unknown here"),
        ("550 no MARIA.COLE", "550 no someone"),
        ("550 user unknown", "550 user unknown"),
        ('550 <"maria cole"@x.example> no', "550 <someone@example.com> no"),
        ("550 maria.colette stays", "550 maria.colette stays"),
    ],
)
def test_the_part_before_the_at_is_masked_where_it_stands_alone(words: str, masked: str) -> None:
    message = make_message(make_client(email="maria.cole@example.com"))
    assert reasons.mask(words, message) == masked


def test_right_in_the_end_it_is_no_example(office: Client) -> None:
    failed = make_failed()
    correct(office, failed, "recipient_policy")
    correct(office, failed, "address_unknown")
    assert not WrongReason.objects.filter(withdrawn_at=None).exists()


# --- for owners ------------------------------------------------------------------------------------------------------


def test_owners_see_every_correction_and_can_take_them_along(office: Client) -> None:
    correct(office, make_failed(words="550 odd words"), "mailbox_full", note="=1+1")
    html = office.get("/settings/wrong-reasons/").content.decode()
    assert "550 odd words" in html
    assert "Their mailbox is full" in html
    assert "1 corrected by your office" in office.get("/settings/").content.decode()


def test_the_file_for_programs_is_what_the_classifier_is_asked_with(office: Client) -> None:
    correct(office, make_failed(words="550 odd words"), "mailbox_full")
    answer = office.get("/settings/wrong-reasons.jsonl")
    (row,) = [json.loads(line) for line in answer.content.decode().splitlines()]
    asked: Callable[..., str] = diagnosis.classify
    said = {key: row[key] for key in ("provider", "event", "reject_reason", "enhanced_code")}
    assert asked(row["smtp_reply"], **said) in diagnosis.CATEGORIES
    assert row["label"] == "mailbox_full"
    assert answer.headers["Content-Disposition"].endswith('.jsonl"')


@pytest.mark.parametrize("note", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx"])
def test_the_spreadsheet_runs_nothing(office: Client, note: str) -> None:
    failed = make_failed(words='550 "quoted", with comma')
    reasons.correct(failed, "mailbox_full", by="Kim", note=note)
    rows = list(csv.DictReader(io.StringIO(office.get("/settings/wrong-reasons.csv").content.decode())))
    assert rows[0]["note"] == f"'{note}"
    assert rows[0]["smtp_reply"] == '550 "quoted", with comma'


@pytest.mark.parametrize("path", ["wrong-reasons/", "wrong-reasons.jsonl", "wrong-reasons.csv"])
def test_only_owners_see_them(client: Client, path: str) -> None:
    make_company()
    client.force_login(make_user(name="Sam"))
    assert client.get(f"/settings/{path}").status_code == 403


def test_server_words_on_that_page_are_text_and_show_what_hides_in_them(office: Client) -> None:
    failed = make_failed(words="550 <script>alert(1)</script> \x07 \u202eevil\u202c")
    correct(office, failed, "mailbox_full")
    for path in ("/settings/wrong-reasons/", f"/messages/{failed.pk}/"):
        html = office.get(path).content.decode()
        assert "<script>alert" not in html
        assert "␇ [U+202E]evil[U+202C]" in html
        assert "\u202e" not in html
