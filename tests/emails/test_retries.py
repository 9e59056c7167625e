"""What failed for a passing reason is tried again by ourselves, until something makes it needless."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from emails import activity, delivery, holds, nightly, outbox, retries, selectors_messages, selectors_today
from emails.models import Message, Problem
from emails.states import Status
from inspections import people, services
from inspections.models import Company
from tests.emails.mailed import make_client, make_message, problem_of, told
from tests.emails.practice_mail import Running
from tests.factories import in_days, make_company, make_inspection, make_user

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def company() -> Company:
    return make_company(time_zone="America/Chicago", sender_email="office@oakwood.example")


def failed(category: str = "mailbox_full", status: str = Status.SOFT_BOUNCED, **over: Any) -> Message:
    person = over.pop("person", None) or make_client(email="ann@example.com")
    return told(make_message(person, **over), status, category=category, decided_by="rule:x", text="452 4.2.2 full")


def planned() -> list[Message]:
    return list(Message.objects.planned_retries().order_by("pk"))


def due_now(message: Message) -> None:
    Message.objects.filter(pk=message.pk).update(send_after=timezone.now() - timedelta(seconds=1))


# --- planned ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("category", "days"),
    [("mailbox_full", [1, 2]), ("server_problem", [1]), ("temporary_deferral", [1])],
)
def test_each_failure_plans_one_new_row_until_none_is_left(category: str, days: list[int]) -> None:
    first = failed(category)
    message = first
    for number, day in enumerate(days, 1):
        assert retries.plan_all() == 1
        assert retries.plan_all() == 0  # repeating is harmless
        (again,) = planned()
        assert (again.resend_of, again.root, again.retry) == (message, first, number)
        assert abs(again.send_after - first.changed_at - day * DAY) < timedelta(seconds=1)
        Message.objects.filter(pk=again.pk).update(status=Status.SENT)
        message = told(again, Status.SOFT_BOUNCED, category=category, decided_by="rule:x", text="452 4.2.2 full")
    assert retries.plan_all() == 0
    assert problem_of(message).message == message
    assert nightly.differences() == []


@pytest.mark.parametrize(
    ("status", "category"),
    [
        (Status.BOUNCED, "address_unknown"),
        (Status.BOUNCED, "recipient_policy"),
        (Status.BOUNCED, "spam_content"),
        (Status.BOUNCED, "unknown"),
        (Status.REJECTED, "suppressed"),
        (Status.COMPLAINED, "complained"),
        (Status.UNKNOWN, ""),
        (Status.UNKNOWN, "mailbox_full"),
    ],
)
def test_nothing_else_is_tried_again(status: str, category: str) -> None:
    failed(category, status)
    assert retries.plan_all() == 0


def test_a_line_with_a_doubtful_send_is_never_tried_again() -> None:
    first = failed()
    make_message(first.participant, root=first, resend_of=first, status=Status.UNKNOWN)
    assert retries.plan_all() == 0


def test_never_after_the_inspection_has_begun() -> None:
    soon = make_client(inspection=make_inspection(status="confirmed", starts_at=in_days(0.9)))
    failed(person=soon)
    assert retries.plan_all() == 0
    assert Problem.objects.open().count() == 1


@pytest.mark.parametrize("what", ["handled", "address", "removed", "cancelled", "silent"])
def test_what_makes_no_sense_any_more_is_not_planned(what: str) -> None:
    message = failed()
    person = message.participant
    assert person
    if what == "handled":
        Problem.objects.update(closed_at=timezone.now())
    elif what == "address":
        people.correct_contact(person.contact, by="Kim", email="other@example.com")
    elif what == "removed":
        people.remove_person(person, by="Kim")
    elif what == "cancelled":
        services.cancel(message.inspection, by="Kim")
    else:
        rule = outbox.Automation.objects.filter(even_if_off=False).first()
        Message.objects.update(rule=rule)
        type(message.inspection).objects.update(notifications=False)
        message.inspection.refresh_from_db()
    assert retries.plan_all() == 0


# --- shown -----------------------------------------------------------------------------------------------------------


def test_while_one_is_planned_the_problem_waits_under_keep_an_eye_on(client: Client) -> None:
    message = failed()
    client.force_login(make_user())
    assert "Needs you" in client.get("/").content.decode()
    retries.plan_all()
    (again,) = planned()
    work = selectors_today.work_list(Company.get())
    assert (len(work.rows), [row.message_id for row in work.watched]) == (0, [again.pk])
    clock = timezone.localtime(again.send_after, Company.get().zone).strftime("%I:%M %p").lstrip("0")
    assert selectors_messages.shown(again).label == "Scheduled"
    sentence = f"Their mailbox is full. We try again tomorrow {clock}."
    for path in ("/", f"/messages/{again.pk}/", f"/messages/{message.pk}/"):
        assert sentence in client.get(path).content.decode(), path


def test_stopped_by_staff_it_needs_them_again_and_is_not_planned_anew(client: Client) -> None:
    failed()
    retries.plan_all()
    (again,) = planned()
    client.force_login(make_user())
    client.post(f"/messages/{again.pk}/undo/")
    assert retries.plan_all() == 0
    assert len(selectors_today.work_list(Company.get()).rows) == 1


# --- stopped ---------------------------------------------------------------------------------------------------------


def test_a_late_delivery_stops_it_and_closes_the_problem() -> None:
    message = failed()
    retries.plan_all()
    told(message, Status.DELIVERED)
    assert planned() == []
    assert not Problem.objects.open().exists()


def test_old_news_of_an_earlier_email_stops_nothing() -> None:
    person = make_client(email="ann@example.com")
    old = told(make_message(person), Status.DELIVERED)
    failed(person=person)
    retries.plan_all()
    activity.add(old, "opened")
    activity.learn([old.pk])
    assert len(planned()) == 1


def test_a05_correcting_the_address_stops_it_and_the_failed_one_is_offered() -> None:
    message = failed()
    retries.plan_all()
    assert message.participant
    assert outbox.unsent_for(message.participant) == [message]
    people.correct_contact(message.participant.contact, by="Kim", email="new@example.com")
    assert planned() == []
    assert outbox.unsent_for(message.participant) == [message]
    assert Problem.objects.open().count() == 1


def test_resent_by_hand_the_planned_one_makes_way() -> None:
    message = failed()
    retries.plan_all()
    again = outbox.resend(message, by="Kim", undo=False)
    assert planned() == []
    assert (again.retry, again.status) == (0, Status.QUEUED)


def test_a_resend_that_is_refused_leaves_the_planned_one_alone() -> None:
    message = failed()
    retries.plan_all()
    holds.block("ann@example.com", by="Kim", why="Asked by phone")
    with pytest.raises(outbox.Refused):
        outbox.resend(message, by="Kim", undo=False)
    assert len(planned()) == 1


def test_marked_as_handled_it_is_not_tried_again(client: Client) -> None:
    message = failed()
    retries.plan_all()
    client.force_login(make_user())
    client.post(f"/problems/{problem_of(message).pk}/handle/", {"reason": "They have it already"})
    assert planned() == []


def test_a_reason_corrected_to_one_that_waiting_does_not_help_stops_it(client: Client) -> None:
    message = failed()
    retries.plan_all()
    client.force_login(make_user())
    client.post(f"/messages/{message.pk}/reason/", {"reason": "address_unknown", "note": ""})
    assert planned() == []


# --- at its hour -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["moved up", "another one", "silent", "arrived"])
def test_looked_at_again_when_its_time_has_come(mail: Running, what: str) -> None:
    message = failed()
    retries.plan_all()
    (again,) = planned()
    due_now(again)
    if what == "moved up":
        type(message.inspection).objects.update(starts_at=timezone.now() - timedelta(minutes=1))
    elif what == "another one":
        make_message(message.participant, status=Status.SENT)
    elif what == "silent":
        Message.objects.update(rule=outbox.Automation.objects.filter(even_if_off=False).first())
        type(message.inspection).objects.update(notifications=False)
    else:  # the news came between the claim and the look
        Message.objects.filter(pk=message.pk).update(status=Status.DELIVERED)
    assert delivery.deliver_due() == 0
    again.refresh_from_db()
    assert again.status == Status.CANCELLED


def test_otherwise_it_is_sent(mail: Running) -> None:
    failed()
    retries.plan_all()
    (again,) = planned()
    due_now(again)
    assert delivery.deliver_due() == 1
    again.refresh_from_db()
    assert again.status == Status.SENT
    assert len(mail.logged(str(again.uuid))) == 1


def test_the_waits_are_settings(settings: LazySettings) -> None:
    settings.RETRY_FULL = [3.0, 5.0]
    message = failed()
    retries.plan_all()
    (again,) = planned()
    assert abs((again.send_after - message.changed_at).total_seconds() - 3) < 1
