"""Today: what needs the office, in the order of the inspections, and what its buttons do."""

import json
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from emails import channel
from emails.models import Channel, Message, Problem
from emails.states import Status
from tests.emails.mailed import make_client, make_failed, make_message, problem_of, told
from tests.factories import in_days, make_company, make_inspection, make_user

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def office(client: Client) -> Client:
    """Kim, signed in; a worker is alive, so that nothing but the emails is worth a word."""
    make_company()
    Channel.get()
    Channel.objects.update(worker_seen_at=timezone.now())
    client.force_login(make_user(name="Kim Reyes"))
    return client


def page(office: Client) -> str:
    return office.get("/").content.decode()


def test_a_mail_service_that_takes_nothing_for_hours_is_on_today(office: Client) -> None:
    make_message(status=Status.QUEUED)
    channel.pause("The mail service asked us to slow down.", seconds=0)
    Channel.objects.update(trouble_since=timezone.now() - timedelta(hours=3))
    assert "has taken no email for 3 h" in page(office)


# --- what it says ----------------------------------------------------------------------------------------------------


def test_strangers_are_sent_to_the_sign_in_page(client: Client) -> None:
    assert client.get("/").headers["Location"].startswith("/accounts/login/")


def test_an_empty_office_is_told_how_to_begin(office: Client) -> None:
    assert "No inspections yet" in page(office)


def test_all_clear_says_how_many_arrived_today(office: Client) -> None:
    told(make_message(), Status.DELIVERED)
    assert "All clear. 1 email delivered today, none failed." in page(office)
    assert "Nothing needs you" in page(office)


def test_a_failed_email_says_who_where_why_and_what_to_do(office: Client) -> None:
    make_failed()
    html = page(office)
    assert "1 email needs you" in html
    assert "Ann Lee" in html
    assert "12 Oak St" in html
    assert "This address doesn’t exist." in html
    assert "gmial.com says there is no mailbox “ann”." in html
    assert "Fix address and resend" in html


def test_what_did_not_reach_one_person_is_one_row(office: Client) -> None:
    person = make_client()
    make_failed(person)
    make_failed(person, kind="agreement")
    html = page(office)
    assert html.count("Fix address and resend") == 1
    assert "2 emails to 1 person need you" in html
    assert "Confirmation and Agreement to ann@gmial.com" in html


def test_a30_the_soonest_inspection_comes_first_and_those_that_are_over_come_last(office: Client) -> None:
    for name, days in (("Over", -2), ("Later", 9), ("Soon", 1)):
        make_failed(
            make_client(name=f"{name} Person", inspection=make_inspection(status="confirmed", starts_at=in_days(days)))
        )
    html = page(office)
    assert html.index("Soon Person") < html.index("Later Person") < html.index("Over Person")


def test_three_refusals_at_one_domain_are_one_card(office: Client) -> None:
    for n in range(3):
        make_failed(make_client(name=f"Client {n}", email=f"client{n}@comcast.net"), "recipient_policy")
    html = page(office)
    assert "3 emails to <bdi>comcast.net</bdi>" in html
    assert "Client 1" not in html
    assert "Client 1" in office.get("/today/recipient_policy/comcast.net/").content.decode()


def test_three_wrong_addresses_at_one_domain_stay_three_rows(office: Client) -> None:
    for n in range(3):
        make_failed(make_client(name=f"Client {n}", email=f"client{n}@comcast.net"))
    assert page(office).count("Fix address and resend") == 3


def test_what_was_sent_again_moves_to_keep_an_eye_on(office: Client) -> None:
    failed = make_failed(category="mailbox_full")
    office.post(f"/messages/{failed.pk}/resend/", {"nonce": "n1"})
    html = page(office)
    assert "All clear" in html
    assert "Keep an eye on" in html
    assert "You can still undo it" in html or "In our queue" in html


def test_a_delayed_email_is_watched_not_worked_on(office: Client) -> None:
    told(make_message(), Status.DEFERRED)
    html = page(office)
    assert "Delayed, still trying" in html
    assert "All clear" in html


def test_what_was_not_sent_on_purpose_says_why_and_can_be_sent(office: Client) -> None:
    make_message(status=Status.SKIPPED, reason="off_inspection", note="Maria")
    html = page(office)
    assert "Maria turned notifications off for this inspection." in html
    assert "Send it now" in html


def test_a_dead_worker_is_said_on_top(office: Client) -> None:
    Channel.objects.update(worker_seen_at=timezone.now() - timedelta(minutes=10))
    assert "was last seen 10 min ago" in page(office)


def test_names_and_server_words_are_text_never_markup(office: Client) -> None:
    make_failed(make_client(name="<script>alert(1)</script>"), words="<img src=x onerror=alert(2)>")
    html = page(office)
    assert "<script>alert(1)" not in html
    assert "<img src=x" not in html


@pytest.mark.parametrize("category", ["address_unknown", "mailbox_full"])
def test_many_problems_cost_no_more_queries_than_a_few(
    office: Client, django_assert_max_num_queries: DjangoAssertNumQueries, category: str
) -> None:
    for n in range(12):
        make_failed(make_client(name=f"Client {n}", email=f"client{n}@gmial.com"), category)
    with django_assert_max_num_queries(30):
        page(office)


# --- staying up to date ----------------------------------------------------------------------------------------------


def version(html: str) -> str:
    return html.split('data-version="')[1].split('"')[0]


def test_a_page_that_is_up_to_date_gets_no_content_and_the_time(office: Client) -> None:
    make_failed()
    answer = office.get("/today/list/", {"v": version(page(office))}, headers=HTMX)
    assert answer.status_code == 204
    assert answer.headers["X-Updated"].endswith(("AM", "PM"))


def test_news_bring_the_lists_and_one_line_to_announce(office: Client) -> None:
    message = make_message()
    shown = version(page(office))
    told(message, Status.DELIVERED)
    html = office.get("/today/list/", {"v": shown}, headers=HTMX).content.decode()
    assert "Confirmation to Ann Lee: Delivered" in html
    assert 'id="announcer"' in html


@pytest.mark.parametrize("nonsense", ["", "x", "1e999.x", "nan.y", "💥", "-1.abc"])
def test_a_nonsense_version_is_simply_old(office: Client, nonsense: str) -> None:
    assert office.get("/today/list/", {"v": nonsense}, headers=HTMX).status_code == 200


# --- its buttons -----------------------------------------------------------------------------------------------------


def test_snoozed_it_is_gone_until_tomorrow_and_undo_brings_it_back(office: Client) -> None:
    problem = problem_of(make_failed())
    office.post(f"/problems/{problem.pk}/snooze/")
    assert "Fix address" not in page(office)
    problem.refresh_from_db()
    back = timezone.localtime(problem.snoozed_until, ZoneInfo("America/Chicago"))
    assert (back.hour, back.minute) == (7, 0)
    assert back > timezone.now()
    office.post(f"/problems/{problem.pk}/unsnooze/")
    assert "Fix address" in page(office)


def test_marked_as_handled_it_keeps_the_reason_and_undo_brings_it_back(office: Client) -> None:
    problem = problem_of(make_failed())
    office.post(f"/problems/{problem.pk}/handle/", {"reason": "other", "note": "Ann called"})
    problem.refresh_from_db()
    assert (problem.closed_by, problem.closed_note) == ("Kim Reyes", "Ann called")
    office.post(f"/problems/{problem.pk}/reopen/")
    assert Problem.objects.open().count() == 1


def test_handled_without_a_reason_is_asked_for_one(office: Client) -> None:
    problem = problem_of(make_failed())
    answer = office.post(f"/problems/{problem.pk}/handle/", {})
    assert answer.status_code == 422
    assert "<title>Error: Mark handled" in answer.content.decode()
    assert (
        "Please say in a few words"
        in office.post(f"/problems/{problem.pk}/handle/", {"reason": "other"}).content.decode()
    )
    assert Problem.objects.open().count() == 1


def test_one_button_sends_again_all_that_did_not_reach_a_person(office: Client) -> None:
    person = make_client(email="ann@example.com")
    for kind in ("confirmation", "agreement"):
        make_failed(person, "mailbox_full", kind=kind)
    assert "Resend 2 emails" in page(office)
    problem = Problem.objects.open().first()
    assert problem
    for _ in range(2):  # pressed twice
        office.post(f"/problems/{problem.pk}/resend/", {"nonce": "n1"})
    assert Message.objects.filter(resend_of__isnull=False).count() == 2


@pytest.mark.parametrize("verb", ["snooze", "unsnooze", "reopen", "resend"])
def test_looking_changes_nothing(office: Client, verb: str) -> None:
    problem = problem_of(make_failed())
    assert office.get(f"/problems/{problem.pk}/{verb}/").status_code == 405


def test_an_htmx_action_answers_with_its_note_and_refreshes_the_lists(office: Client) -> None:
    problem = problem_of(make_failed())
    answer = office.post(f"/problems/{problem.pk}/snooze/", headers=HTMX)
    assert answer.headers["HX-Trigger"] == "refresh"
    assert answer.headers["HX-Reswap"] == "none"
    assert "Ann Lee comes back tomorrow" in answer.content.decode()
    assert f"/problems/{problem.pk}/unsnooze/" in answer.content.decode()


def test_without_htmx_the_note_is_on_the_next_page_with_its_undo(office: Client) -> None:
    problem = problem_of(make_failed())
    answer = office.post(f"/problems/{problem.pk}/snooze/", follow=True)
    assert answer.redirect_chain == [("/", 302)]
    assert f'action="/problems/{problem.pk}/unsnooze/"' in answer.content.decode()


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example/", "\\\\evil.example", "javascript:alert(1)"]
)
def test_an_action_never_leads_to_a_strange_place(office: Client, wanted: str) -> None:
    problem = problem_of(make_failed())
    assert office.post(f"/problems/{problem.pk}/snooze/", {"next": wanted}).headers["Location"] == "/"


def test_the_extras_of_a_note_are_plain_data(office: Client) -> None:
    problem = problem_of(make_failed())
    answer = office.post(f"/problems/{problem.pk}/snooze/")
    (note,) = get_messages(answer.wsgi_request)
    assert json.loads(note.extra_tags) == {"undo": f"/problems/{problem.pk}/unsnooze/", "seconds": 10}
