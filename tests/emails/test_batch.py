"""Ticked rows: resend with a list of what is skipped and why; mark handled."""

from datetime import timedelta
from itertools import pairwise

import pytest
from django.test import Client
from django.utils import timezone

from emails import batch
from emails.models import Message, Problem
from emails.states import Status
from tests.emails.mailed import make_client, make_failed, make_message, problem_of, told
from tests.factories import in_days, make_company, make_inspection, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(client: Client) -> Client:
    make_company(time_zone="America/Chicago")
    client.force_login(make_user(name="Kim Reyes"))
    return client


def full(n: int) -> Message:
    """Failed, and may go again: their mailbox was full."""
    return make_failed(make_client(name=f"Client {n}", email=f"c{n}@comcast.net"), category="mailbox_full")


def ticked(*messages: Message) -> str:
    return "?" + "&".join(f"message={message.pk}" for message in messages)


def test_a26_the_confirm_page_lists_what_goes_and_what_is_skipped_and_why(office: Client) -> None:
    good = full(1)
    blocked = make_failed(make_client(name="Blocked Bob", email="bob@comcast.net"))
    flying = make_message(make_client(name="Flying Fay", email="fay@comcast.net"))
    doubtful = make_message(make_client(name="Dora", email="d@comcast.net"), status=Status.UNKNOWN)
    over = make_failed(
        make_client(email="o@x.com", inspection=make_inspection(status="confirmed", starts_at=in_days(-1))),
        category="mailbox_full",
    )
    response = office.get(f"/emails/resend/{ticked(good, blocked, flying, doubtful, over)}")
    plan = response.context["plan"]
    assert [m.pk for m in plan.going] == [good.pk]
    why = {m.pk: str(refused) for m, refused in plan.skipped}
    assert "on hold" in why[blocked.pk]
    assert "still on its way" in why[flying.pk]
    assert "not sure whether this email left" in why[doubtful.pk]
    assert "comes too late" in why[over.pk]
    html = response.content.decode()
    assert "Resend 1 email?" in html
    assert "4 skipped." in html
    assert Message.objects.count() == 5


def test_a26_resend_sends_each_once_one_after_the_other(office: Client) -> None:
    made = [full(n) for n in range(3)]
    body = {"message": [m.pk for m in made], "nonce": "n1", "next": "/emails/?domain=comcast.net"}
    for _ in range(2):  # pressed twice
        response = office.post("/emails/resend/", body)
        assert response.headers["Location"] == "/emails/?domain=comcast.net"
    again = list(Message.objects.filter(resend_of__in=made).order_by("send_after"))
    assert len(again) == 3
    gaps = [(b.send_after - a.send_after) for a, b in pairwise(again)]
    assert all(gap > batch.EVERY / 2 for gap in gaps)
    assert {m.created_by for m in again} == {"Kim Reyes"}


def test_what_became_doubtful_since_the_list_was_shown_is_not_sent(office: Client) -> None:
    message = full(1)
    Message.objects.filter(pk=message.pk).update(status=Status.UNKNOWN)
    html = office.post("/emails/resend/", {"message": [message.pk], "nonce": "n"}, follow=True).content.decode()
    assert "Nothing was sent again." in html
    assert Message.objects.count() == 1


def test_limits_hold_for_many_at_once_too(office: Client) -> None:
    person = make_client(name="Busy Ben", email="ben@comcast.net")
    kinds = ("confirmation", "agreement", "reminder", "rescheduled", "receipt", "review_request", "one_off")
    made = [make_failed(person, category="mailbox_full", kind=kind) for kind in kinds]
    office.post("/emails/resend/", {"message": [m.pk for m in made], "nonce": "n"})
    assert Message.objects.filter(resend_of__in=made).count() == 5  # an hour, to one address


def test_the_older_of_two_is_skipped(office: Client) -> None:
    person = make_client(email="ann@comcast.net")
    old = make_failed(person, category="mailbox_full")
    new = make_failed(person, category="mailbox_full")
    plan = office.get(f"/emails/resend/{ticked(old, new)}").context["plan"]
    assert [m.pk for m in plan.going] == [new.pk]
    assert "newer one" in str(plan.skipped[0][1])


def test_all_that_fit_are_those_of_the_filters(office: Client) -> None:
    made = {full(n).pk for n in range(3)}
    make_failed(make_client(email="x@gmail.com"), category="mailbox_full")
    arrived = told(make_message(make_client(email="fine@comcast.net")), Status.DELIVERED)
    plan = office.get("/emails/resend/?all=1&domain=comcast.net").context["plan"]
    assert {m.pk for m in plan.going} == made
    assert [m.pk for m, _ in plan.skipped] == [arrived.pk]  # nobody looked at it, so nobody is sent it twice
    assert [m.pk for m in office.get(f"/emails/resend/{ticked(arrived)}").context["plan"].going] == [arrived.pk]


@pytest.mark.parametrize("path", ["/emails/resend/", "/emails/handle/", "/emails/export/"])
def test_nothing_ticked_says_what_to_do(office: Client, path: str) -> None:
    full(1)
    html = office.get(f"{path}?message=nonsense&message=99999999999999999999").content.decode()
    assert "<h1>Nothing to" in html


def test_a26_handled_says_how_and_leaves_the_list(office: Client) -> None:
    made = [full(n) for n in range(2)]
    fine = told(make_message(make_client(email="f@x.com")), Status.DELIVERED)
    html = office.get(f"/emails/handle/{ticked(*made, fine)}").content.decode()
    assert "Mark 2 emails handled" in html
    assert "Nothing is open about it." in html
    body: dict[str, object] = {"message": [m.pk for m in (*made, fine)]}
    assert office.post("/emails/handle/", body).status_code == 422
    assert Problem.objects.open().count() == 2
    office.post("/emails/handle/", body | {"reason": "Told them another way", "note": "by phone"})
    assert Problem.objects.open().count() == 0
    assert set(Problem.objects.values_list("closed_by", "closed_note")) == {
        ("Kim Reyes", "Told them another way: by phone")
    }


def test_a30_late_news_of_an_old_attempt_reopens_nothing(office: Client) -> None:
    person = make_client(email="ann@comcast.net")
    old = make_message(person)
    told(make_message(person), Status.DELIVERED)
    told(old, Status.BOUNCED, category="address_unknown", text="550 5.1.1 no such user")
    assert not Problem.objects.open().exists()


def test_a30_late_news_of_an_old_attempt_leaves_a_handled_problem_handled(office: Client) -> None:
    person = make_client(email="ann@comcast.net")
    old = make_message(person)
    new = make_failed(person, category="mailbox_full")
    problem = problem_of(new)
    office.post(f"/problems/{problem.pk}/handle/", {"reason": "They have it already"})
    told(old, Status.SOFT_BOUNCED, category="server_problem", text="timeout", at=timezone.now() + timedelta(seconds=1))
    assert not Problem.objects.open().exists()
