"""The daily summary: once a company day, whatever the clocks and workers do, and past every pause."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from unittest import mock
from zoneinfo import ZoneInfo

import pytest
import requests
from django.core import mail
from django.test import Client
from django.utils import timezone

from emails import channel, digests, tasks
from emails.models import Desk, Digest
from inspections.models import User
from tests.emails.mailed import make_client, make_failed
from tests.factories import make_company, make_inspection, make_user

pytestmark = pytest.mark.django_db
CHICAGO = ZoneInfo("America/Chicago")
SENDING = "django.core.mail.backends.locmem.EmailBackend.send_messages"  # where the mail service would be called


@pytest.fixture
def kim() -> User:
    make_company(time_zone="America/Chicago", sender_email="office@oakwood.example")
    user = make_user(name="Kim Reyes", email="kim@oakwood.example", is_superuser=True)
    desk = Desk.get()
    desk.digest_on, desk.digest_hour = True, 7
    desk.save()
    desk.digest_to.add(user)
    return user


def at(*moment: int, fold: int = 0) -> "mock._patch[mock.Mock]":
    """The clock says this, in the company's zone."""
    return mock.patch("django.utils.timezone.now", return_value=datetime(*moment, tzinfo=CHICAGO, fold=fold))  # type: ignore[arg-type, misc]


def run(*moment: int, fold: int = 0) -> list[str]:
    """Subjects of what left at this moment."""
    before = len(mail.outbox)
    with at(*moment, fold=fold):
        digests.run()
    Digest.objects.filter(state="waiting").update(send_after=timezone.now() - timedelta(days=400))
    return [str(email.subject) for email in mail.outbox[before:]]


def test_a30_it_comes_at_its_hour_once_a_day_also_when_all_is_clear(kim: User) -> None:
    assert run(2026, 3, 3, 6, 59) == []
    assert run(2026, 3, 3, 7, 0) == ["Today: All clear. Nothing needs you."]
    assert run(2026, 3, 3, 7, 1) == []
    assert run(2026, 3, 3, 23, 59) == []
    assert run(2026, 3, 4, 7, 0) == ["Today: All clear. Nothing needs you."]
    (first, _) = mail.outbox
    assert first.to == ["Kim Reyes <kim@oakwood.example>"]


def test_a30_it_says_who_needs_what_and_where(kim: User) -> None:
    soon = make_inspection(status="confirmed", starts_at=timezone.now() + timedelta(hours=20), address="7 Elm Ave")
    failed = make_failed(make_client(inspection=soon))
    assert digests.contents(kim, make_company())["headline"] == "1 email needs you"
    Desk.objects.update(digest_hour=0)
    digests.run()
    (email,) = mail.outbox
    body = str(email.body)
    assert email.subject == "Today: 1 email needs you"
    assert "Good morning Kim," in body
    assert "7 Elm Ave" in body
    assert "This address doesn’t exist." in body
    assert re.search(rf"https?://\S+/messages/{failed.pk}/", body)
    assert "Yesterday: 0 emails delivered, 0 not delivered." in body


def test_a30_a_clock_set_back_or_a_missing_or_double_hour_changes_nothing(kim: User) -> None:
    assert len(run(2026, 3, 3, 7, 5)) == 1
    assert run(2026, 3, 3, 6, 0) == []
    assert run(2026, 3, 3, 7, 5) == []
    Desk.objects.update(digest_hour=2)  # on 8 March 2026 there is no 2 AM in Chicago
    assert run(2026, 3, 8, 1, 59) == []
    assert len(run(2026, 3, 8, 3, 0)) == 1
    Desk.objects.update(digest_hour=1)  # and on 1 November two
    assert len(run(2026, 11, 1, 1, 0)) == 1
    assert run(2026, 11, 1, 1, 0, fold=1) == []


def test_a30_two_beats_send_one(kim: User) -> None:
    Desk.objects.update(digest_hour=0)
    tasks.send_digests()
    tasks.send_digests()
    assert len(mail.outbox) == Digest.objects.count() == 1


def test_a30_a_worker_killed_during_the_call_is_not_repeated(kim: User) -> None:
    Desk.objects.update(digest_hour=0)
    with mock.patch(SENDING, side_effect=SystemExit), pytest.raises(SystemExit):
        digests.run()
    digests.run()
    assert mail.outbox == []
    Digest.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    digests.run()
    assert mail.outbox == []
    assert Digest.objects.get().state == Digest.State.UNKNOWN


def test_a30_neither_a_pause_nor_the_breaker_keeps_it(kim: User) -> None:
    Desk.objects.update(digest_hour=0)
    channel.pause("Someone paused it", seconds=None)
    digests.run()
    assert len(mail.outbox) == 1


@pytest.fixture
def refusing() -> Iterator[None]:
    with mock.patch(SENDING, side_effect=requests.ConnectTimeout):
        yield


@pytest.mark.usefixtures("refusing")
def test_a30_when_the_mail_service_takes_nothing_today_says_so_and_it_is_tried_again(
    kim: User, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    Desk.objects.update(digest_hour=0)
    digests.run()
    client.force_login(kim)
    assert "The daily summary may not have reached Kim Reyes." in client.get("/").content.decode()
    assert "did not leave: unreachable" in caplog.text
    for _ in range(digests.TRIES + 2):
        Digest.objects.update(send_after=timezone.now() - timedelta(seconds=1))
        digests.run()
    digest = Digest.objects.get()
    assert (digest.state, digest.tries) == (Digest.State.FAILED, digests.TRIES)


def test_who_left_the_office_gets_none(kim: User) -> None:
    Desk.objects.update(digest_hour=0)
    User.objects.filter(pk=kim.pk).update(is_active=False)
    digests.run()
    assert mail.outbox == []


def test_it_is_off_until_someone_is_chosen(client: Client) -> None:
    Desk.objects.update(digest_hour=0)
    digests.run()
    assert mail.outbox == []


# --- settings --------------------------------------------------------------------------------------------------------


def test_a30_an_owner_chooses_people_and_hour(client: Client, kim: User) -> None:
    Desk.objects.update(digest_on=False)
    sam = make_user(name="Sam Ortiz")
    client.force_login(kim)
    assert "Off. Nobody is told" in client.get("/settings/").content.decode()
    page = client.post("/settings/alerts/", {"digest_on": "on", "digest_hour": "6"})
    assert page.status_code == 422
    assert "Please choose at least one colleague." in page.content.decode()
    client.post("/settings/alerts/", {"digest_on": "on", "digest_hour": "6", "digest_to": [sam.pk]})
    assert "On, at 6 AM to Sam Ortiz" in client.get("/settings/").content.decode()
    desk = Desk.get()
    assert (desk.digest_on, desk.digest_hour, [*desk.digest_to.all()]) == (True, 6, [sam])


@pytest.mark.parametrize("topic", ["alerts", "keeping"])
def test_others_may_not(client: Client, kim: User, topic: str) -> None:
    client.force_login(make_user(name="Sam Ortiz"))
    assert client.post(f"/settings/{topic}/", {"digest_hour": "3", "keep_texts_days": "1"}).status_code == 403
    assert Desk.get().digest_hour == 7
