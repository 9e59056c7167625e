"""The list of inspections, one inspection's emails, and what confirming would send."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from emails import domains, outbox, reminders, selectors_inspection
from emails.models import AddressHold, Automation, Kind, Message, TemplateVersion
from emails.selectors_menu import RESENDS
from emails.states import Reason, Status
from inspections import services
from inspections.models import Inspection
from tests.emails.mailed import make_client, make_failed, make_message, template, told
from tests.factories import in_days, make_company, make_draft, make_inspection, make_participant, make_person, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(client: Client) -> Client:
    """Kim, signed in."""
    make_company(sender_email="office@oakwood.example")
    client.force_login(make_user(name="Kim Reyes"))
    template("confirmation")
    return client


def text_of(office: Client, path: str, **query: str) -> str:
    answer = office.get(path, query)
    assert answer.status_code == 200
    return str(answer.content.decode())


def booked(**over: Any) -> Inspection:
    """An inspection as the office adds it, with its people."""
    return services.save(make_draft(**over), by="Kim Reyes")[0]


# --- the list --------------------------------------------------------------------------------------------------------


def test_the_list_shows_what_most_wants_attention(office: Client) -> None:
    person = make_client()
    told(make_message(person, kind="agreement"), Status.DELIVERED)
    make_failed(person)
    page = text_of(office, "/inspections/")
    assert "This address doesn’t exist" in page
    assert 'class="pill tone-green"' not in page


def test_each_chip_shows_its_own_and_counts_them(office: Client) -> None:
    make_inspection(address="1 Soon St", status="confirmed")
    make_inspection(address="2 Gone St", starts_at=in_days(-2), status="completed")
    make_inspection(address="3 Quiet St", notifications=False)
    make_failed(make_client(inspection=make_inspection(address="4 Trouble St", status="confirmed")))
    expected = {
        "upcoming": {"1 Soon St", "3 Quiet St", "4 Trouble St"},
        "problem": {"4 Trouble St"},
        "off": {"3 Quiet St"},
        "past": {"2 Gone St"},
        "all": {"1 Soon St", "2 Gone St", "3 Quiet St", "4 Trouble St"},
    }
    for show, addresses in expected.items():
        page = text_of(office, "/inspections/", show=show)
        assert {a for a in expected["all"] if a in page} == addresses
        assert f'<span class="num">{len(addresses)}</span>' in page


def test_a_problem_that_was_made_good_is_none(office: Client) -> None:
    person = make_client()
    failed = make_failed(person)
    told(make_message(person, root=failed, resend_of=failed), Status.DELIVERED)
    assert "None here" in text_of(office, "/inspections/", show="problem")
    assert "Delivered" in text_of(office, "/inspections/")


def test_searching_looks_everywhere_and_says_so_when_there_is_nothing(office: Client) -> None:
    make_client(inspection=make_inspection(address="2 Gone St", starts_at=in_days(-2), status="completed"))
    assert "2 Gone St" in text_of(office, "/inspections/", q="ann lee")
    page = text_of(office, "/inspections/", q="zebra <b>")
    assert "Nothing for “<bdi>zebra &lt;b&gt;</bdi>”" in page
    assert "Clear filters" in page


def test_a_first_day_shows_the_ways_in(office: Client) -> None:
    page = text_of(office, "/inspections/")
    assert "No inspections yet" in page
    assert 'href="/import/"' in page


@pytest.mark.parametrize("query", ["after=999", "before=x", "after=99999999999999999999999", "show=nonsense"])
def test_nonsense_in_the_address_shows_the_usual_list(office: Client, query: str) -> None:
    make_inspection(address="1 Soon St")
    assert "1 Soon St" in text_of(office, f"/inspections/?{query}")


def test_pages_follow_each_other_without_gaps_there_and_back(office: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emails.selectors_inspections.PAGE", 3)
    same_moment = in_days(5)
    for number in range(8):
        make_inspection(address=f"House {number}.", starts_at=same_moment)
    seen: list[list[str]] = []
    address = "/inspections/?show=upcoming"
    while address:
        listing = office.get(address).context["listing"]
        seen.append([row.inspection.address for row in listing.rows])
        back, address = listing.previous, f"/inspections/{listing.next}" if listing.next else ""
    assert seen == [
        ["House 0.", "House 1.", "House 2."],
        ["House 3.", "House 4.", "House 5."],
        ["House 6.", "House 7."],
    ]
    listing = office.get(f"/inspections/{back}").context["listing"]
    assert [row.inspection.address for row in listing.rows] == seen[1]


def queries_for(office: Client, path: str, django_assert_max_num_queries: DjangoAssertNumQueries, most: int) -> int:
    with django_assert_max_num_queries(most) as counted:
        assert office.get(path).status_code == 200
    return len(counted)


def test_the_list_asks_no_more_for_many_than_for_few(
    office: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    make_failed(make_client())
    few = queries_for(office, "/inspections/?show=all", django_assert_max_num_queries, 20)
    for _ in range(5):
        make_failed(make_client(email="other@example.org"))
    assert queries_for(office, "/inspections/?show=all", django_assert_max_num_queries, 20) == few


# --- one inspection --------------------------------------------------------------------------------------------------


def test_each_person_has_their_own_health_and_the_way_to_repair_it(office: Client) -> None:
    inspection = make_inspection(status="confirmed")
    ann, bob = (
        make_client(inspection=inspection),
        make_client(inspection=inspection, name="Bob Lee", email="bob@example.com"),
    )
    make_failed(ann)
    told(make_message(bob), Status.DELIVERED)
    page = text_of(office, f"/inspections/{inspection.pk}/")
    anns = page[page.index(f'id="health-{ann.pk}"') : page.index(f'id="menu-{ann.pk}"')]
    bobs = page[page.index(f'id="health-{bob.pk}"') : page.index(f'id="menu-{bob.pk}"')]
    assert "This address doesn’t exist" in anns
    assert f'href="/people/{ann.pk}/edit/"' in anns
    assert "Delivered" in bobs
    assert "tone-red" not in bobs


def test_a13_the_agreement_box_names_who_cannot_reach_it(office: Client) -> None:
    inspection = make_inspection(status="confirmed")
    make_failed(make_client(inspection=inspection))
    told(make_message(make_client(inspection=inspection, name="Bob Lee", email="bob@example.com")), Status.DELIVERED)
    mail = selectors_inspection.load(inspection)
    assert [s.person.name for s in mail.cut_off] == ["Ann Lee"]
    assert [s.reach for s in mail.signers] == ["cut_off", "delivered"]


def test_a26_the_log_holds_emails_and_facts_in_order_and_filters_them(office: Client) -> None:
    inspection = booked(people=(make_person(), make_person(role="buyer_agent", name="Pat Agent", email="pat@kw.com")))
    services.confirm(inspection, by="Kim Reyes")
    mail = selectors_inspection.load(inspection)
    assert [line.at for line in mail.log] == sorted(line.at for line in mail.log)
    assert {line.told.what for line in mail.lines("facts") if line.told} == {"Inspection added", "Inspection confirmed"}
    assert len(mail.lines("emails")) == inspection.messages.count() > 2
    assert mail.lines("problems") == []
    page = text_of(office, f"/inspections/{inspection.pk}/", show="problems")
    assert "No problems" in page


def test_an_empty_log_says_when_the_confirmation_goes_out(office: Client) -> None:
    page = text_of(office, f"/inspections/{make_inspection().pk}/", show="emails")
    assert "The confirmation goes out when you confirm it." in page


def test_notifications_off_counts_what_was_not_sent(office: Client) -> None:
    inspection = booked(notifications=False)
    services.confirm(inspection, by="Kim Reyes")
    mail = selectors_inspection.load(inspection)
    assert mail.silenced == 3
    assert "3 emails were not sent." in text_of(office, f"/inspections/{inspection.pk}/")


def test_a_missed_reminder_is_not_offered_and_a_silenced_email_is(office: Client) -> None:
    inspection = booked(notifications=False, starts_at=timezone.now() + timedelta(hours=5))
    services.confirm(inspection, by="Kim Reyes")
    services.set_notifications(inspection, True, by="Kim Reyes")
    offered = {
        line.message.kind: line.may_still_go for line in selectors_inspection.load(inspection).log if line.message
    }
    assert offered[Kind.CONFIRMATION]
    late = make_message(make_client(), status=Status.SKIPPED, reason=Reason.WINDOW_MISSED, kind="reminder")
    assert not selectors_inspection.load(late.inspection).log[-1].may_still_go


def test_an_open_page_is_told_only_what_changed(office: Client) -> None:
    message = make_message()
    path = f"/inspections/{message.inspection_id}/"
    version = office.get(path).content.decode().partition('data-version="')[2].partition('"')[0]
    answer = office.get(f"{path}log/", {"v": version})
    assert (answer.status_code, bool(answer["X-Updated"])) == (204, True)
    told(message, Status.DELIVERED)
    answer = office.get(f"{path}log/", {"v": version})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert f'id="line-m{message.pk}"' in page
    assert "Confirmation to Ann Lee: Delivered" in page
    assert "<html" not in page


def test_it_asks_again_only_while_something_is_unfinished(office: Client) -> None:
    message = make_message()
    path = f"/inspections/{message.inspection_id}/"
    assert " data-unfinished" in text_of(office, path)
    told(message, Status.DELIVERED)
    assert " data-unfinished" not in text_of(office, path)


def test_the_page_asks_no_more_for_many_than_for_few(
    office: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    inspection = make_inspection(status="confirmed")
    make_failed(make_client(inspection=inspection))
    domains.that_took_mail()  # asked once a minute, whoever looks
    few = queries_for(office, f"/inspections/{inspection.pk}/", django_assert_max_num_queries, 25)
    for number in range(6):
        make_failed(make_client(inspection=inspection, name=f"Client {number}", email=f"c{number}@example.com"))
    assert queries_for(office, f"/inspections/{inspection.pk}/", django_assert_max_num_queries, 25) == few


# --- the menu --------------------------------------------------------------------------------------------------------


def _sent(status: Status) -> Message:
    message = make_message()
    return told(message, status) if status != Status.SENT else message


def _queued() -> Message:
    return make_message(status=Status.QUEUED)


def _resent_and_queued() -> Message:
    failed = make_failed()
    return make_message(failed.participant, status=Status.QUEUED, root=failed, resend_of=failed)


def _doubtful() -> Message:
    return make_message(status=Status.UNKNOWN)


def _with_address(email: str) -> Message:
    return make_message(make_client(email=email), status=Status.SKIPPED, reason=Reason.DUPLICATE)


def _on_inspection(**over: Any) -> Message:
    person = make_client(inspection=make_inspection(**over))
    return make_message(person, status=Status.SKIPPED, reason=Reason.UNCONFIRMED)


CASES = {
    "delivered": lambda: _sent(Status.DELIVERED),
    "on its way": lambda: _sent(Status.SENT),
    "failed and held": make_failed,
    "queued": _queued,
    "resend queued": _resent_and_queued,
    "in doubt": _doubtful,
    "no address": lambda: _with_address(""),
    "bad address": lambda: _with_address("ann"),
    "own address": lambda: _with_address("OFFICE@oakwood.example"),
    "not confirmed": lambda: _on_inspection(status="requested"),
    "canceled": lambda: _on_inspection(status="cancelled"),
    "report published": lambda: _on_inspection(status="completed", report_published_at=timezone.now()),
}


@pytest.mark.parametrize("case", CASES)
def test_the_menu_says_what_the_outbox_would_say(office: Client, case: str) -> None:
    person = CASES[case]().participant
    assert person is not None
    (someone,) = selectors_inspection.load(person.inspection).people
    for choice in [*someone.choices, *someone.reminders.values()]:
        by_hand = choice.kind in list(reminders.What)
        refused = (reminders.refusal if by_hand else outbox.refusal)(person, choice.kind)
        assert bool(choice.why) == (refused is not None), (choice, refused)
        if refused and refused.way_out and "/inspections/" not in refused.way_out[1]:
            assert choice.way_out is not None


def test_a10_resend_confirmation_is_always_there_and_says_why_not(office: Client) -> None:
    person = make_client(inspection=make_inspection())
    page = text_of(office, f"/inspections/{person.inspection_id}/")
    menu = page[page.index(f'id="menu-{person.pk}"') :]
    for label in RESENDS.values():
        assert label in menu
    assert f'href="/inspections/{person.inspection_id}/confirm/">Confirm it</a>' in menu
    assert f"/people/{person.pk}/resend/confirmation/" not in menu


def test_a_report_that_is_not_published_leads_to_publishing_it(office: Client) -> None:
    person = make_client()
    page = text_of(office, f"/inspections/{person.inspection_id}/")
    assert f'href="/inspections/{person.inspection_id}/publish/">Publish it</a>' in page


def test_an_agent_is_not_offered_the_agreement(office: Client) -> None:
    agent = make_participant(make_inspection(status="confirmed"), role="buyer_agent")
    (someone,) = selectors_inspection.load(agent.inspection).people
    why = {choice.kind: choice.why for choice in someone.choices}
    assert why["agreement"] == "Only clients sign the agreement."
    assert why["confirmation"] == ""


# --- confirm, cancel, move, publish ----------------------------------------------------------------------------------


def test_confirming_first_shows_what_goes_and_what_does_not_and_changes_nothing(office: Client) -> None:
    blocked = make_person(name="Bob Lee", email="bob@example.com")
    AddressHold.objects.create(key="bob@example.com", address="bob@example.com", category="address_unknown")
    Automation.objects.filter(name="Reminder the day before").update(enabled=False)
    inspection = booked(people=(make_person(), blocked))
    page = text_of(office, f"/inspections/{inspection.pk}/confirm/")
    order = [
        "Will go out",
        "Confirmed: your inspection on",
        "Will wait for you",
        "bob@example.com",
        "Will not be sent",
        "rule is off",
    ]
    places = [page.index(words) for words in order]
    assert places == sorted(places)
    inspection.refresh_from_db()
    assert inspection.status == "requested"
    assert not Message.objects.exists()


def test_confirming_sends_and_says_how_much(office: Client) -> None:
    inspection = booked()
    page = office.post(f"/inspections/{inspection.pk}/confirm/", follow=True).content.decode()
    assert "Confirmed. 2 emails go out now, 1 email later." in page
    again = office.post(f"/inspections/{inspection.pk}/confirm/", follow=True).content.decode()
    assert "confirmed before. Nothing was sent again." in again
    assert Message.objects.count() == 3


def test_with_notifications_off_confirming_offers_to_turn_them_on_and_comes_back(office: Client) -> None:
    inspection = booked(notifications=False)
    page = text_of(office, f"/inspections/{inspection.pk}/confirm/")
    assert "Turn notifications on" in page
    assert "Will go out" not in page
    answer = office.post(f"/inspections/{inspection.pk}/notifications/", {"on": "1", "from": "confirm"})
    assert answer["Location"] == f"/inspections/{inspection.pk}/confirm/"
    assert "Will go out" in text_of(office, f"/inspections/{inspection.pk}/confirm/")


def test_a_template_that_cannot_be_filled_shows_before_confirming(office: Client) -> None:
    message = template("confirmation")
    assert message is not None
    version = message.current
    broken = {"number": version.number + 1, "body": version.body + "{{INVOICE_LNK}}", "published_at": timezone.now()}
    TemplateVersion.objects.create(template=message, subject=version.subject, created_by="Kim", **broken)
    page = text_of(office, f"/inspections/{booked().pk}/confirm/")
    assert "Template problem" in page
    assert "INVOICE_LNK" in page


def test_a_canceled_inspection_cannot_be_confirmed_and_says_so(office: Client) -> None:
    inspection = make_inspection(status="cancelled")
    for answer in (
        office.get(f"/inspections/{inspection.pk}/confirm/"),
        office.post(f"/inspections/{inspection.pk}/confirm/"),
    ):
        assert answer.status_code == 409
        assert "was canceled on" in answer.content.decode()


def test_canceling_shows_its_email_and_how_many_it_stops(office: Client) -> None:
    inspection = booked()
    services.confirm(inspection, by="Kim Reyes")
    page = text_of(office, f"/inspections/{inspection.pk}/cancel/")
    assert "Canceled: inspection of 12 Oak St" in page
    assert "3 waiting emails will be stopped." in page
    office.post(f"/inspections/{inspection.pk}/cancel/")
    inspection.refresh_from_db()
    assert inspection.status == "cancelled"


def test_moving_needs_a_real_time_and_moves(office: Client) -> None:
    inspection = booked()
    services.confirm(inspection, by="Kim Reyes")
    answer = office.post(f"/inspections/{inspection.pk}/move/", {"starts_at": "next week"})
    assert answer.status_code == 422
    assert "next week" in answer.content.decode()
    wanted = (timezone.localtime() + timedelta(days=9)).replace(second=0, microsecond=0)
    office.post(f"/inspections/{inspection.pk}/move/", {"starts_at": f"{wanted:%Y-%m-%dT10:00}"})
    assert inspection.messages.filter(kind=Kind.RESCHEDULED).count() == 1


def test_publishing_the_report_takes_its_address(office: Client) -> None:
    inspection = booked()
    services.confirm(inspection, by="Kim Reyes")
    bad = office.post(f"/inspections/{inspection.pk}/publish/", {"url": "javascript:alert(1)"})
    assert bad.status_code == 422
    office.post(f"/inspections/{inspection.pk}/publish/", {"url": "https://reports.example.com/1"})
    inspection.refresh_from_db()
    assert inspection.report_url == "https://reports.example.com/1"
    assert inspection.messages.filter(kind=Kind.REPORT_READY).count() == 1


def test_what_does_not_exist_is_not_found(office: Client) -> None:
    for act in ("", "confirm/", "cancel/", "move/", "publish/", "log/"):
        assert office.get(f"/inspections/999/{act}").status_code == 404, act
