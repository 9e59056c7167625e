"""Email activity: filters by origin, the orders, the counts by reason and mail domain."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from emails import selectors_activity, selectors_tally
from emails.models import Automation
from emails.states import Status
from tests.emails.mailed import make_client, make_failed, make_message, template, told
from tests.factories import in_days, make_company, make_inspection, make_user

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
    return [row.message.pk for row in office.get(f"/emails/{query}").context["activity"].rows]


# --- filters ---------------------------------------------------------------------------------------------------------


def test_a26_each_filter_finds_its_own_email_and_no_other(office: Client) -> None:
    template("confirmation")
    rule = Automation.objects.filter(template__kind="agreement")[0]
    house = make_inspection(status="confirmed", inspector="Dana Whitfield")
    other = make_inspection(status="confirmed", inspector="Raj Patel")
    mine = make_failed(
        make_client(inspection=house, email="ann@Comcast.net"), category="mailbox_full", kind="agreement", rule=rule
    )
    make_message(make_client(inspection=other, email="bob@gmail.com"))
    for query in (
        "?reason=mailbox_full",
        f"?template={mine.template_id}",
        f"?rule={rule.pk}",
        "?domain=comcast.net",
        "?domain=%40COMCAST.net",
        "?inspector=Dana+Whitfield",
        f"?reason=mailbox_full&domain=comcast.net&inspector=Dana+Whitfield&template={mine.template_id}&rule={rule.pk}",
    ):
        assert shown(office, query) == [mine.pk], query
    assert shown(office, "?reason=mailbox_full&domain=gmail.com") == []


def test_a_mail_domain_is_the_whole_domain(office: Client) -> None:
    make_message(make_client(email="ann@mail.comcast.net"))
    make_message(make_client(email="ann@notcomcast.net"))
    assert shown(office, "?domain=comcast.net") == []


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("?since=2026-03-05&until=2026-03-04", "This day is before the first one."),
        ("?domain=two+words", "Please enter a mail domain like comcast.net."),
        ("?template=999", "Select a valid choice"),
        ("?template=x", "Select a valid choice"),
        ("?inspector=Nobody", "Select a valid choice"),
        ("?sort=sideways", "Select a valid choice"),
        ("?view=pie", "Select a valid choice"),
    ],
)
def test_nonsense_is_left_out_with_a_sentence(office: Client, query: str, sentence: str) -> None:
    make_message()
    html = page(office, query)
    assert sentence in html
    assert "<title>Error: " in html


def test_an_old_link_to_a_reason_still_finds_it(office: Client) -> None:
    failed = make_failed()
    make_message()
    assert shown(office, "?status=address_unknown") == [failed.pk]
    assert '<option value="address_unknown" selected>' in page(office, "?status=address_unknown")


def test_no_match_and_nothing_yet_say_how_long_is_kept(office: Client) -> None:
    assert "kept here for 2 years" in page(office)
    make_message()
    assert "Records are kept for 2 years" in page(office, "?domain=nowhere.example")


# --- order and place -------------------------------------------------------------------------------------------------


def test_a26_the_oldest_or_the_latest_inspection_can_come_first(office: Client) -> None:
    now = timezone.now()
    soon, late = (make_inspection(status="confirmed", starts_at=in_days(days)) for days in (1, 9))
    old = make_message(make_client(inspection=late, email="a@x.com"), created_at=now - timedelta(days=2))
    new = make_message(make_client(inspection=soon, email="b@x.com"), created_at=now)
    assert shown(office) == [new.pk, old.pk]
    assert shown(office, "?sort=oldest") == [old.pk, new.pk]
    assert shown(office, "?sort=inspection") == [old.pk, new.pk]


@pytest.mark.parametrize("sort", ["", "oldest", "inspection"])
def test_a26_every_order_is_walked_page_by_page_without_a_gap(
    office: Client, monkeypatch: pytest.MonkeyPatch, sort: str
) -> None:
    monkeypatch.setattr(selectors_activity, "PAGE", 2)
    house = make_inspection(status="confirmed")
    made = [make_message(make_client(inspection=house, email=f"{n}@x.com")).pk for n in range(5)]
    seen: list[int] = []
    places: list[str] = []
    query = f"?sort={sort}"
    while query:
        found = office.get(f"/emails/{query}").context["activity"]
        seen += [row.message.pk for row in found.rows]
        places.append(found.total.words)
        query = f"?sort={sort}&before={found.page.older}" if found.page.older else ""
    assert sorted(seen) == made
    assert seen == (made if sort == "oldest" else made[::-1])
    assert places == ["1–2 of 5", "3–4 of 5", "5–5 of 5"]


def test_the_count_stops_where_it_would_cost_too_much(office: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selectors_activity, "PAGE", 1)
    monkeypatch.setattr(selectors_activity, "COUNT_UP_TO", 1)
    first, *_ = [make_message().pk for _ in range(3)]
    assert "1–1 of 1+" in page(office)
    assert "1 further on, of 1+" in page(office, f"?before={first + 1}")


# --- counts ----------------------------------------------------------------------------------------------------------


def test_a26_by_reason_counts_each_and_leads_to_the_list(office: Client) -> None:
    for _ in range(2):
        make_failed()
    make_message(make_client(email=""), status="held", reason="no_address")
    make_message(status="skipped", reason="off_inspection")
    told(make_message(), Status.DELIVERED)
    response = office.get("/emails/?view=reason&inspector=Raj+Patel")
    lines = {counted.line.key: counted for counted in response.context["lines"]}
    assert {key: counted.line.emails for key, counted in lines.items()} == {
        "address_unknown": 2,
        "no_address": 1,
        "off_inspection": 1,
    }
    assert lines["off_inspection"].line.failed == 0
    assert len(shown(office, lines["address_unknown"].all.removeprefix("/emails/"))) == 2
    assert "inspector=Raj+Patel" in lines["address_unknown"].all
    assert "view=" not in lines["address_unknown"].all


def test_a26_by_mail_domain_counts_what_arrived_and_what_did_not(office: Client) -> None:
    for n in range(3):
        make_failed(make_client(email=f"{n}@comcast.net"))
    told(make_message(make_client(email="x@comcast.net")), Status.DELIVERED)
    told(make_message(make_client(email="x@gmail.com")), Status.DELIVERED)
    response = office.get("/emails/?view=domain")
    first, second = response.context["lines"]
    assert (first.line.key, first.line.emails, first.line.failed, first.line.share) == ("comcast.net", 4, 3, "75 %")
    assert (second.line.key, second.line.failed) == ("gmail.com", 0)
    assert len(shown(office, first.failed.removeprefix("/emails/"))) == 3
    assert len(shown(office, first.all.removeprefix("/emails/"))) == 4


def test_counts_say_since_when_they_count(office: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selectors_tally, "LOOK_AT", 2)
    now = timezone.now()
    for hours in range(4):
        make_failed(created_at=now - timedelta(hours=hours))
    html = page(office, "?view=domain")
    assert "Counted over the newest 2 emails" in html
    assert '<td class="num" data-label="Emails">2</td>' in html


def test_counts_without_any_email_say_so(office: Client) -> None:
    for view in ("reason", "domain"):
        assert "No email yet" in page(office, f"?view={view}")
        assert "Clear filters" in page(office, f"?view={view}&domain=x.com")
