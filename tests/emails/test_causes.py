"""Many emails that one mail domain turned away: one card, one cause, and all of them tried again at once."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from emails.models import AddressHold, Message, Problem
from emails.states import Status
from emails.wording_causes import CAUSES
from emails.wording_failures import FAILURES
from tests.emails.mailed import make_client, make_failed, make_message, told
from tests.factories import make_company, make_user

pytestmark = pytest.mark.django_db
RETRY = "/today/server_problem/comcast.net/retry/"


@pytest.fixture
def office(client: Client) -> Client:
    """Kim, signed in."""
    make_company()
    client.force_login(make_user(name="Kim Reyes"))
    return client


def turn_away(count: int, category: str = "server_problem", domain: str = "comcast.net", **over: Any) -> list[Message]:
    return [
        make_failed(make_client(name=f"Client {n}", email=f"client{n}@{domain}"), category, **over)
        for n in range(1, count + 1)
    ]


def opened(message: Message, *, hours_ago: float) -> None:
    Problem.objects.filter(message=message).update(opened_at=timezone.now() - timedelta(hours=hours_ago))


def cards(office: Client) -> int:
    return office.get("/").content.decode().count('id="cause-') // 4  # the card, its name and two buttons


# --- when it is a group ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("category", sorted(CAUSES))
def test_three_of_these_causes_at_one_domain_are_one_card_that_says_what_happened(
    office: Client, category: str
) -> None:
    turn_away(3, category)
    html = office.get("/").content.decode()
    assert f"3 emails to <bdi>comcast.net</bdi> {CAUSES[category].happened} since <time" in html
    assert f"<strong>{FAILURES[category].label}.</strong>" in html
    assert str(CAUSES[category].advice) in html
    assert f'href="/today/{category}/comcast.net/"' in html
    assert f'href="/today/{category}/comcast.net/retry/"' in html
    assert "3 emails need you" in html


@pytest.mark.parametrize("category", sorted(FAILURES.keys() - CAUSES.keys() - {"unsure", "no_news"}))
def test_all_other_causes_are_each_their_own_repair(office: Client, category: str) -> None:
    turn_away(3, category)
    assert cards(office) == 0


def test_the_causes_are_the_seven_that_lie_with_a_domain() -> None:
    assert sorted(CAUSES) == [
        "provider_problem",
        "recipient_policy",
        "sender_reputation",
        "sender_setup",
        "server_problem",
        "spam_content",
        "temporary_deferral",
    ]


def test_two_are_two_rows(office: Client) -> None:
    turn_away(2)
    assert cards(office) == 0


def test_different_domains_and_different_causes_are_not_mixed(office: Client) -> None:
    turn_away(2)
    turn_away(2, domain="example.com")
    turn_away(2, "spam_content")
    assert cards(office) == 0


def test_a_domain_is_the_same_in_capitals(office: Client) -> None:
    turn_away(2)
    make_failed(make_client(name="Shouting", email="loud@Comcast.NET"), "server_problem")
    assert cards(office) == 1
    assert "Shouting" in office.get("/today/server_problem/Comcast.net/").content.decode()


def test_spread_over_more_than_a_day_they_are_no_group(office: Client) -> None:
    for n, message in enumerate(turn_away(3)):
        opened(message, hours_ago=n * 13)
    assert cards(office) == 0


def test_a_group_does_not_fall_apart_the_next_morning(office: Client) -> None:
    for n, message in enumerate(turn_away(3)):
        opened(message, hours_ago=30 + n)
    assert cards(office) == 1


def test_a_lone_one_of_last_week_stays_a_row_of_its_own(office: Client) -> None:
    *_, old = turn_away(4)
    opened(old, hours_ago=24 * 7)
    html = office.get("/").content.decode()
    assert "3 emails to <bdi>comcast.net</bdi>" in html
    assert "Client 4" in html


def test_the_page_behind_the_card_lists_its_people_with_their_own_buttons(office: Client) -> None:
    turn_away(3)
    html = office.get("/today/server_problem/comcast.net/").content.decode()
    assert all(f"Client {n}" in html for n in (1, 2, 3))
    assert "Retry all" in html
    assert html.count("<h1") == 1


def test_a_card_that_is_settled_leads_to_a_page_that_says_so(office: Client) -> None:
    for path in ("", "retry/"):
        html = office.get(f"/today/server_problem/nobody.example/{path}").content.decode()
        assert "There is no group here any more." in html


def test_what_an_owner_must_put_right_first_leads_to_it(office: Client) -> None:
    turn_away(3, "sender_setup")
    html = office.get("/today/sender_setup/comcast.net/").content.decode()
    assert '<a class="btn btn-primary" href="/health/">See what to fix</a>' in html


# --- retry all -------------------------------------------------------------------------------------------------------


def ids(html: str) -> list[str]:
    return [part.split('"')[0] for part in html.split('name="message" value="')[1:]]


def test_retry_all_first_lists_what_goes_and_what_is_skipped_and_sends_nothing(office: Client) -> None:
    _, _, blocked = turn_away(3)
    AddressHold.objects.create(key=blocked.to_key, address=blocked.to_address, category="address_unknown")
    html = office.get(RETRY).content.decode()
    assert "Send 2 again" in html
    skipped = html.split("Will be skipped")[1]
    assert "Client 3" in skipped
    assert "on hold: it failed before" in skipped
    assert not Message.objects.filter(resend_of__isnull=False).exists()


def test_retry_all_sends_each_once_one_after_the_other_however_often_it_is_pressed(office: Client) -> None:
    turn_away(3)
    chosen = ids(office.get(RETRY).content.decode())
    for _ in range(2):
        answer = office.post(RETRY, {"message": chosen, "nonce": "n1"}, follow=True)
    assert "3 emails to comcast.net are on the way." in answer.content.decode()
    again = Message.objects.filter(resend_of__isnull=False).order_by("send_after")
    assert [message.status for message in again] == [Status.QUEUED] * 3
    assert again[2].send_after - again[0].send_after > timedelta(seconds=3)
    assert cards(office) == 0


def test_what_is_in_doubt_is_never_sent_again_by_it(office: Client) -> None:
    *_, doubtful = turn_away(3)
    again = make_message(doubtful.participant, root=doubtful, resend_of=doubtful)
    Message.objects.filter(pk=again.pk).update(status=Status.UNKNOWN)
    answer = office.post(RETRY, {"message": [doubtful.pk], "nonce": "n1"}, follow=True)
    assert "Nothing was sent again. Skipped: Client 3." in answer.content.decode()
    assert Message.objects.filter(root=doubtful).count() == 1


def test_somebody_who_sent_one_of_them_meanwhile_is_not_overtaken(office: Client) -> None:
    first, *_ = turn_away(3)
    chosen = ids(office.get(RETRY).content.decode())
    office.post(f"/messages/{first.pk}/resend/", {"nonce": "other"})
    answer = office.post(RETRY, {"message": chosen, "nonce": "n1"}, follow=True)
    assert "2 emails to comcast.net are on the way. Skipped: Client 1." in answer.content.decode()
    assert Message.objects.filter(root=first).count() == 1


def test_the_others_that_arrive_leave_only_the_one_that_fails_again(office: Client) -> None:
    turn_away(3)
    office.post(RETRY, {"message": ids(office.get(RETRY).content.decode()), "nonce": "n1"})
    one, two, three = Message.objects.filter(resend_of__isnull=False).order_by("pk")
    told(one, Status.DELIVERED)
    told(two, Status.DELIVERED)
    told(three, Status.BOUNCED, category="server_problem")
    html = office.get("/").content.decode()
    assert "1 email needs you" in html
    assert "Client 3" in html


@pytest.mark.parametrize("numbers", [[], ["x"], ["999999999"], ["9" * 5_000], ["-1"], ["²"]])
def test_nonsense_sends_nothing(office: Client, numbers: list[str]) -> None:
    turn_away(3)
    assert office.post(RETRY, {"message": numbers, "nonce": "n1"}).status_code == 302
    assert not Message.objects.filter(resend_of__isnull=False).exists()


def test_other_causes_have_no_retry_all(office: Client) -> None:
    assert office.get("/today/address_unknown/comcast.net/retry/").status_code == 404
