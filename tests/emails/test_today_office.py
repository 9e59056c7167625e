"""Today, shared by several colleagues: assigned, put off, settled and taken up again."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from emails.models import Problem
from emails.states import Status
from inspections.models import User
from tests.emails.mailed import make_client, make_failed, make_message, problem_of, told
from tests.factories import make_company, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def kim(client: Client) -> User:
    make_company()
    user = make_user(name="Kim Reyes")
    client.force_login(user)
    return user


def names(client: Client, query: str = "") -> list[str]:
    return [row.name for row in client.get(f"/{query}").context["work"].rows]


def test_a30_a_problem_is_given_to_a_colleague_and_mine_come_first(client: Client, kim: User) -> None:
    for name in ("Ann Lee", "Bob Stone", "Cara Diaz"):
        make_failed(make_client(name=name, email=f"{name[:3].lower()}@x.com"))
    problem = Problem.objects.get(message__to_name="Cara Diaz")
    page = client.get(f"/problems/{problem.pk}/assign/")
    assert f'<option value="{kim.pk}" selected>' in page.content.decode()
    client.post(f"/problems/{problem.pk}/assign/", {"to": kim.pk})
    assert names(client) == ["Ann Lee", "Bob Stone", "Cara Diaz"]
    assert names(client, "?mine=1") == ["Cara Diaz", "Ann Lee", "Bob Stone"]
    assert "with <bdi>Kim Reyes</bdi>" in client.get("/").content.decode()
    client.post(f"/problems/{problem.pk}/assign/", {"to": ""})
    assert names(client, "?mine=1") == ["Ann Lee", "Bob Stone", "Cara Diaz"]


def test_an_open_page_keeps_mine_first(client: Client, kim: User) -> None:
    make_failed()
    assert 'hx-get="/today/list/?mine=1"' in client.get("/?mine=1").content.decode()
    assert client.get("/today/list/?mine=1").context["mine"] is True


def test_nobody_outside_the_office_gets_a_problem(client: Client, kim: User) -> None:
    gone = make_user(name="Gone", is_active=False)
    problem = problem_of(make_failed())
    assert client.post(f"/problems/{problem.pk}/assign/", {"to": gone.pk}).status_code == 422


def test_a30_what_is_put_off_can_be_seen_and_taken_back(client: Client, kim: User) -> None:
    problem = problem_of(make_failed())
    client.post(f"/problems/{problem.pk}/snooze/")
    assert names(client) == []
    assert "1 put off to later" in client.get("/").content.decode()
    html = client.get("/today/settled/").content.decode()
    assert "Ann Lee" in html
    assert "Comes back" in html
    client.post(f"/problems/{problem.pk}/unsnooze/", {"next": "/today/settled/"})
    assert names(client) == ["Ann Lee"]
    assert "Nothing is put off." in client.get("/today/settled/").content.decode()


def test_a30_what_was_settled_says_how_and_can_be_reopened(client: Client, kim: User) -> None:
    problem = problem_of(make_failed())
    client.post(f"/problems/{problem.pk}/handle/", {"reason": "Told them another way", "note": "called her"})
    html = client.get("/today/settled/").content.decode()
    assert "Told them another way: called her" in html
    assert "Kim Reyes" in html
    client.post(f"/problems/{problem.pk}/reopen/", {"next": "/today/settled/"})
    assert names(client) == ["Ann Lee"]


def test_what_a_later_email_solved_is_not_reopened(client: Client, kim: User) -> None:
    person = make_client()
    failed = make_failed(person, category="mailbox_full")
    told(make_message(person, root=failed, resend_of=failed), Status.DELIVERED)
    html = client.get("/today/settled/").content.decode()
    assert "Solved by a later email" in html
    assert "Reopen" not in html


def test_what_was_settled_long_ago_is_not_listed(client: Client, kim: User) -> None:
    problem = problem_of(make_failed())
    Problem.objects.filter(pk=problem.pk).update(closed_at=timezone.now() - timedelta(days=8))
    assert "Nothing was settled in the last 7 days." in client.get("/today/settled/").content.decode()
