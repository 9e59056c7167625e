"""Email activity: every email, found again."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from emails import selectors_activity
from emails.models import Message, Problem
from emails.selectors_filters import reason_choices, status_choices
from emails.states import Status
from emails.wording_statuses import Group
from tests.emails.mailed import make_client, make_failed, make_message, told
from tests.factories import make_company, make_inspection, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(client: Client) -> Client:
    make_company(time_zone="America/Chicago")
    client.force_login(make_user(name="Kim Reyes"))
    return client


def page(office: Client, query: str = "") -> str:
    response = office.get(f"/emails/{query}")
    assert response.status_code == 200
    return response.content.decode()


def shown(office: Client, query: str = "") -> list[int]:
    """Ids of the messages on the page, in order."""
    response = office.get(f"/emails/{query}")
    return [row.message.pk for row in response.context["activity"].rows]


def counts(office: Client, query: str = "") -> dict[str, int]:
    return {c.group: c.number for c in office.get(f"/emails/{query}").context["activity"].counts}


# --- what a row says -------------------------------------------------------------------------------------------------


def test_a_row_says_to_whom_what_about_which_house_and_what_became_of_it(office: Client) -> None:
    message = make_failed()
    html = page(office)
    assert "Ann Lee" in html
    assert "ann@gmial.com" in html
    assert "Confirmation" in html
    assert "Your inspection is confirmed" in html
    assert f'href="/inspections/{message.inspection_id}/"' in html
    assert f'href="/messages/{message.pk}/"' in html
    assert "This address doesn’t exist" in html
    assert "gmial.com says there is no mailbox “ann”." in html


def test_the_address_is_the_one_used_then(office: Client) -> None:
    message = make_failed()
    message.participant.contact.email = "ann@gmail.com"  # type: ignore[union-attr]
    message.participant.contact.save()  # type: ignore[union-attr]
    assert "ann@gmial.com" in page(office)


def test_what_people_type_is_text(office: Client) -> None:
    make_message(make_client(name="<script>alert(1)</script>"), subject="<b>bold</b>")
    html = page(office, "?q=%3Cscript%3E")
    assert "<script>alert" not in html
    assert "<b>bold" not in page(office)


def test_the_newest_come_first_by_their_time_not_their_id(office: Client) -> None:
    now = timezone.now()
    old = make_message(created_at=now - timedelta(days=2))
    new = make_message(created_at=now)
    middle = make_message(created_at=now - timedelta(days=1))
    assert shown(office) == [new.pk, middle.pk, old.pk]


# --- finding ---------------------------------------------------------------------------------------------------------


def test_words_find_address_name_subject_and_property(office: Client) -> None:
    house = make_inspection(address="7 Elm Ave, Chatham", status="confirmed")
    bob = make_message(make_client(inspection=house, name="Bob Stone", email="bob@kw.com"), subject="Report ready")
    make_message()
    for words in ("kw.com", "stone", "report", "elm+chat"):
        assert shown(office, f"?q={words}") == [bob.pk], words


def test_a_whole_address_finds_what_went_to_exactly_it(office: Client) -> None:
    bob = make_message(make_client(name="Bob", email="Bob.Lee@KW.com"))
    make_message(make_client(name="Bob", email="bob.lee@kw.com.example"))
    assert shown(office, "?q=bob.lee%40kw.com") == [bob.pk]
    assert len(shown(office, "?q=bob.lee%40kw.co")) == 2


def test_nothing_found_says_what_was_searched_and_how_to_clear_it(office: Client) -> None:
    make_message()
    html = page(office, "?q=zebra")
    assert "Nothing for “<bdi>zebra</bdi>”" in html
    assert "Searched address, name, subject and property" in html
    assert "Clear filters" in html


def test_an_empty_log_says_when_the_first_comes(office: Client) -> None:
    assert "No email yet" in page(office)


def test_days_are_the_companys(office: Client) -> None:
    message = make_message(created_at=datetime(2026, 3, 3, 23, 30, tzinfo=ZoneInfo("America/Chicago")))
    assert shown(office, "?since=2026-03-03&until=2026-03-03") == [message.pk]
    assert shown(office, "?since=2026-03-04") == []
    assert shown(office, "?until=2026-03-02") == []


@pytest.mark.parametrize(
    "query",
    [
        "?since=yesterday",
        "?since=0001-01-01",
        "?until=9999-12-31",
        "?status=nonsense",
        "?group=nonsense",
        "?q=%00",
        "?q=" + "x" * 201,
        "?since=2026-02-30&status=%27",
    ],
)
def test_a_filter_that_makes_no_sense_is_left_out_with_a_sentence(office: Client, query: str) -> None:
    message = make_message()
    html = page(office, query)
    assert shown(office, query) == [message.pk]
    assert "Please check this" in html
    assert "<title>Error: " in html


# --- groups and statuses ---------------------------------------------------------------------------------------------


@pytest.fixture
def one_of_each(office: Client) -> dict[str, Message]:
    made = {
        "bounced": make_failed(make_client(email="a@x.com")),
        "held": make_message(make_client(email=""), status="held", reason="no_address"),
        "queued": make_message(make_client(email="b@x.com"), status="queued"),
        "scheduled": make_message(
            make_client(email="h@x.com"), status="queued", send_after=timezone.now() + timedelta(days=1)
        ),
        "sent": make_message(make_client(email="c@x.com"), sent_at=timezone.now()),
        "deferred": told(make_message(make_client(email="d@x.com")), Status.DEFERRED),
        "delivered": told(make_message(make_client(email="e@x.com")), Status.DELIVERED),
        "skipped": make_message(make_client(email="f@x.com"), status="skipped", reason="off_unconfirmed"),
        "cancelled": make_message(make_client(email="g@x.com"), status="cancelled"),
    }
    return made


def test_every_message_is_in_the_group_of_its_words(office: Client, one_of_each: dict[str, Message]) -> None:
    def group(name: str) -> set[str]:
        ids = set(shown(office, f"?group={name}"))
        return {key for key, message in one_of_each.items() if message.pk in ids}

    assert group("needs_you") == {"bounced", "held"}
    assert group("on_its_way") == {"queued", "scheduled", "sent", "deferred"}
    assert group("reached") == {"delivered"}
    assert group("on_purpose") == {"skipped", "cancelled"}


def test_the_chips_count_their_groups_under_the_same_words(office: Client, one_of_each: dict[str, Message]) -> None:
    assert counts(office) == {"needs_you": 2, "on_its_way": 4, "reached": 1, "on_purpose": 2}
    assert counts(office, "?group=reached") == counts(office)
    assert counts(office, "?q=e@x") == {"needs_you": 0, "on_its_way": 0, "reached": 1, "on_purpose": 0}


def test_a_failure_that_was_made_good_needs_nobody(office: Client) -> None:
    failed = make_failed()
    Problem.objects.update(closed_at=timezone.now(), closed_by="Kim")
    assert shown(office, "?group=needs_you") == []
    assert shown(office, "?status=address_unknown") == [failed.pk]


def test_counts_stop_at_a_number(office: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selectors_activity, "COUNT_UP_TO", 2)
    for _ in range(3):
        told(make_message(), Status.DELIVERED)
    assert '<span class="num">2+</span>' in page(office)
    monkeypatch.setattr(selectors_activity, "COUNT_FOUND_UP_TO", 1)
    assert '<span class="num">1+</span>' in page(office, "?q=ann")


@pytest.mark.parametrize(
    ("status", "name"),
    [
        ("held", "held"),
        ("queued", "queued"),
        ("scheduled", "scheduled"),
        ("sent", "sent"),
        ("deferred", "deferred"),
        ("delivered", "delivered"),
        ("off_unconfirmed", "skipped"),
        ("cancelled", "cancelled"),
        ("address_unknown", "bounced"),
        ("undelivered", "bounced"),
        ("no_address", "held"),
    ],
)
def test_a_status_finds_what_is_shown_with_it(
    office: Client, one_of_each: dict[str, Message], status: str, name: str
) -> None:
    assert shown(office, f"?status={status}") == [one_of_each[name].pk]


def test_every_status_of_the_filter_can_be_asked_for(office: Client) -> None:
    for name, headings in (("status", status_choices()), ("reason", reason_choices())):
        for _, choices in headings:
            for code, _ in choices:
                page(office, f"?{name}={code}")


def test_silence_has_a_status_of_its_own(office: Client) -> None:
    silent = make_message(sent_at=timezone.now() - timedelta(days=1))
    assert shown(office, "?status=no_news") == [silent.pk]
    assert shown(office, "?status=sent") == []


# --- pages -----------------------------------------------------------------------------------------------------------


def test_pages_keep_the_filters(office: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selectors_activity, "PAGE", 2)
    now = timezone.now()
    made = [told(make_message(created_at=now - timedelta(hours=n)), Status.DELIVERED).pk for n in range(3)]
    html = page(office, "?group=reached&q=ann")
    older = f"/emails/?q=ann&amp;group=reached&amp;before={made[1]}"
    assert f'href="{older}"' in html
    assert shown(office, f"?q=ann&group=reached&before={made[1]}") == [made[2]]


def test_the_query_count_does_not_grow_with_the_rows(office: Client) -> None:
    make_failed()
    page(office)
    with CaptureQueriesContext(connection) as few:
        page(office)
    for _ in range(8):
        make_failed()
    with CaptureQueriesContext(connection) as many:
        page(office)
    assert len(many) == len(few) <= 4 + len(Group) + 7


# --- live ------------------------------------------------------------------------------------------------------------


def test_a_page_with_open_ends_asks_again_and_a_settled_one_does_not(office: Client) -> None:
    make_message(status="queued", send_after=timezone.now() + timedelta(days=1))
    message = make_message(sent_at=timezone.now())
    assert 'hx-trigger="every 5s, refresh from:body"' in page(office)
    told(message, Status.DELIVERED)
    assert "every 5s" not in page(office)


def test_older_pages_do_not_ask_again(office: Client) -> None:
    now = timezone.now()
    new = make_message(created_at=now)
    make_message(created_at=now - timedelta(hours=1))
    assert "hx-get" not in page(office, f"?before={new.pk}")


def test_an_open_page_gets_nothing_new_while_nothing_changes(office: Client) -> None:
    message = make_message(sent_at=timezone.now())
    version = office.get("/emails/").context["activity"].version
    again = office.get(f"/emails/list/?v={version}")
    assert again.status_code == 204
    assert again.headers["X-Updated"]
    told(message, Status.DEFERRED)
    changed = office.get(f"/emails/list/?v={version}")
    assert changed.status_code == 200
    assert "Delayed, still trying" in changed.content.decode()


def test_the_last_answer_tells_the_page_to_stop_asking(office: Client) -> None:
    message = make_message()
    version = office.get("/emails/").context["activity"].version
    told(message, Status.DELIVERED)
    assert office.get(f"/emails/list/?v={version}").status_code == 286


def test_strangers_see_nothing(client: Client) -> None:
    for path in ("/emails/", "/emails/list/"):
        assert client.get(path).headers["Location"].startswith("/accounts/login/")
