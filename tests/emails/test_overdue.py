"""Silence comes to Today, once, and again when it is a new silence."""

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from emails import overdue, problems
from emails.models import Message, Problem
from emails.states import Status
from inspections.models import Participant
from tests.emails.mailed import make_client, make_failed, make_message, problem_of, told

pytestmark = pytest.mark.django_db


def since(message: Message, **ago: float) -> Message:
    """It has stood as it is for so long."""
    Message.objects.filter(pk=message.pk).update(changed_at=timezone.now() - timedelta(**ago))
    message.refresh_from_db()
    return message


def doubtful(person: Participant | None = None) -> Message:
    """An email that perhaps left, 20 minutes ago."""
    return since(told(make_message(person, status=Status.UNKNOWN), Status.UNKNOWN), minutes=20)


def opened_before(message: Message, category: str) -> None:
    """The office settled another problem of this very email, before the last thing happened to it."""
    problem = Problem.objects.create(
        inspection=message.inspection,
        participant=message.participant,
        kind=message.kind,
        message=message,
        category=category,
        opened_at=message.changed_at - timedelta(hours=1),
    )
    problems.handle(problem, by="Kim", note="Mended the template")


def test_a_doubtful_email_comes_to_today_after_a_quarter_of_an_hour() -> None:
    message = doubtful()
    assert overdue.raise_problems() == 1
    assert problem_of(message).category == "unsure"


def test_not_before() -> None:
    since(doubtful(), minutes=14)
    assert overdue.raise_problems() == 0


@pytest.mark.parametrize(("status", "category"), [(Status.UNKNOWN, "unsure"), (Status.SENT, "no_news")])
def test_an_earlier_problem_that_was_settled_does_not_silence_it(status: Status, category: str) -> None:
    message = doubtful() if status == Status.UNKNOWN else since(make_message(), hours=5)
    opened_before(message, "template_problem")
    assert overdue.raise_problems() == 1
    assert problem_of(message).category == category


def test_a_doubt_that_turned_into_silence_is_told_as_silence() -> None:
    message = doubtful()
    overdue.raise_problems()
    message = since(told(message, Status.SENT), hours=5)
    Problem.objects.update(opened_at=timezone.now() - timedelta(hours=6))
    assert overdue.raise_problems() == 1
    assert problem_of(message).category == "no_news"


def test_what_the_office_settled_does_not_come_back() -> None:
    message = doubtful()
    overdue.raise_problems()
    problems.handle(problem_of(message), by="Kim", note="Called her")
    assert overdue.raise_problems() == 0
    assert not Problem.objects.open().exists()


def test_a_newer_email_of_the_kind_stands_for_the_older_one(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    person = make_client()
    old = doubtful(person)
    new = told(make_message(person, root=old, resend_of=old), Status.BOUNCED, category="mailbox_full")
    with django_assert_num_queries(3):  # nothing is opened, and nothing is looked at one by one
        assert overdue.raise_problems() == 0
    problems.handle(problem_of(new), by="Kim", note="Called her")
    assert overdue.raise_problems() == 0


def test_what_arrived_by_a_newer_email_is_no_silence() -> None:
    person = make_client()
    old = doubtful(person)
    told(make_message(person, root=old, resend_of=old), Status.DELIVERED)
    assert overdue.raise_problems() == 0


def test_only_what_settles_a_problem_is_looked_at() -> None:
    make_failed(kind="agreement", person=(person := make_client()))
    # Its silence says nothing about the agreement.
    since(make_message(person, kind="reminder", provider="smtp"), days=2)
    assert overdue.close_unreported() == 0
    failed = make_failed(make_client(email="bob@example.com"), category="mailbox_full")
    since(make_message(failed.participant, root=failed, resend_of=failed, provider="smtp"), days=2)
    assert [overdue.close_unreported() for _ in range(2)] == [1, 0]
    assert not Problem.objects.open().filter(message=failed).exists()


@pytest.mark.parametrize("now", ["smtp", "postmark"])
def test_who_carried_an_email_decides_what_its_silence_means(settings: LazySettings, now: str) -> None:
    settings.EMAIL_PROVIDER = now  # the office changed its mail service meanwhile
    failed = make_failed(category="mailbox_full")
    since(make_message(failed.participant, root=failed, resend_of=failed, provider="postmark"), days=2)
    since(make_message(make_client(email="bob@example.com"), provider="smtp"), days=2)
    assert (overdue.close_unreported(), overdue.raise_problems()) == (0, 1)
    assert problem_of(failed).category == "no_news"


def test_delayed_for_longer_than_servers_keep_trying_it_comes_to_today() -> None:
    message = told(make_message(make_client(name="Fay", email="fay@example.com")), Status.DEFERRED)
    since(message, days=2)
    assert overdue.raise_problems() == 0
    since(message, days=3, hours=1)
    assert overdue.raise_problems() == 1
    assert problem_of(message).category == "no_news"
