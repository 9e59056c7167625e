"""The mailbox is read from a real IMAP server: each mail once, whatever is cut, killed, renumbered or too much."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.utils import timezone

from config.environment import BASE_DIR
from emails import inbox, mailbox, mailbox_imap, overdue
from emails.models import Mailbox, Message, MessageEvent, Problem, WebhookPost
from emails.states import Status
from tests import live
from tests.emails.by_mail import about, again, box, read, report, sent, where
from tests.emails.imap_server import PASSWORD, USER, Person
from tests.faults.proxy import Proxy

pytestmark = pytest.mark.django_db

# --- once ------------------------------------------------------------------------------------------------------------


def test_the_same_report_twice_counts_once(office: Person) -> None:
    message = sent()
    read(office, report("google_address_unknown"), report("google_address_unknown"))
    again_with_a_new_trace = b"Received: from mx.example.com\r\n" + report("google_address_unknown")
    read(office, again_with_a_new_trace)
    assert message.events.filter(type="bounced").count() == 1


def test_what_was_read_is_not_read_again(office: Person) -> None:
    sent()
    assert read(office, report("google_delayed")) == 1
    assert read(office) == 0
    assert read(office, report("google_address_unknown")) == 1
    assert box().kept == 2


def test_a_renumbered_mailbox_is_read_from_the_start_and_changes_nothing(office: Person) -> None:
    message = sent()
    read(office, report("google_address_unknown"))
    known, number = box().last_uid, box().uidvalidity
    office.folder("Reports")
    office.put(report("answer_of_a_person"), report("google_address_unknown"), folder="Reports")
    read(office)
    assert box().uidvalidity != number
    assert box().last_uid > 0
    assert known > 0
    assert WebhookPost.objects.count() == message.events.filter(type="bounced").count() == 1


def test_nothing_is_marked_moved_or_deleted(office: Person) -> None:
    sent()
    office.put(report("google_address_unknown"), report("answer_of_a_person"), folder="Reports")
    office.imap.select("Reports")
    office.imap.uid("STORE", "1:*", "+FLAGS", r"(\Deleted)")  # someone's waste-basket: not ours to empty
    before = office.flags("Reports")
    read(office)
    assert office.flags("Reports") == before
    assert len(before) == 2


def test_reports_are_marked_as_read_if_that_is_wished_and_nothing_else(office: Person, settings: LazySettings) -> None:
    sent()
    settings.BOUNCE_MAILBOX = replace(where(), mark_seen=True)
    read(office, report("google_address_unknown"), report("answer_of_a_person"))
    seen = [b"\\Seen" in flags for flags in office.flags("Reports")]
    assert seen == [True, False]


def test_a_mailbox_of_five_thousand_is_read_in_bites(office: Person) -> None:
    message = sent()
    lunch = report("answer_of_a_person")
    for mails in ([lunch] * 1_000, [lunch] * 1_000, [lunch] * 1_000, [lunch] * 1_000, [lunch] * 999):
        office.put(*mails, folder="Reports")
    office.put(report("google_address_unknown"), folder="Reports")
    bites: list[int] = []
    while sum(bites) < 5_000 and len(bites) < 20:
        mailbox.poll()
        bites.append(box().passed_over + box().kept - sum(bites))
    assert max(bites) <= mailbox.MOST
    assert (box().passed_over, box().kept) == (4_999, 1)
    inbox.drain()
    assert again(message).status == Status.BOUNCED


def test_old_mail_is_not_looked_at_on_the_first_visit(office: Person) -> None:
    message = sent()
    long_ago = timezone.now() - timedelta(days=90)
    office.imap.append("Reports", "", long_ago, report("google_address_unknown"))
    assert read(office) == 0
    assert again(message).status == Status.SENT


def test_the_time_of_a_run_is_bounded_and_the_next_goes_on(office: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    messages = [sent(f"p{n}@example.com", uuid4()) for n in range(4)]
    office.put(*[about(message) for message in messages], folder="Reports")
    monkeypatch.setattr(mailbox, "SHIFT", 1e-9)
    assert mailbox.poll() == 0
    assert box().read_at
    monkeypatch.undo()
    assert read(office) == 4
    assert [again(message).status for message in messages] == ["bounced"] * 4


# --- trouble ---------------------------------------------------------------------------------------------------------


def test_without_a_mailbox_nothing_happens(settings: LazySettings) -> None:
    settings.BOUNCE_MAILBOX = None
    assert mailbox.poll() == 0
    assert not Mailbox.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "trouble"),
    [
        ({"password": "wrong"}, "sign_in"),
        ({"password": "pässword"}, "sign_in"),
        ({"user": "nobody@oakwood.example"}, "sign_in"),
        ({"folder": "Nowhere"}, "folder"),
        ({"ca_file": ""}, "certificate"),
        ({"host": "127.0.0.1"}, "certificate"),
        ({"port": 1}, "unreachable"),
    ],
)
def test_trouble_has_a_name_and_costs_nothing(
    office: Person, settings: LazySettings, wrong: dict[str, Any], trouble: str
) -> None:
    message, right = sent(), where()
    settings.BOUNCE_MAILBOX = replace(right, **wrong)
    assert read(office, report("google_address_unknown")) == 0
    assert (box().trouble, box().failures, box().read_at) == (trouble, 1, None)
    assert "pass/word" not in box().details
    settings.BOUNCE_MAILBOX = right
    read(office)
    assert again(message).status == Status.BOUNCED
    assert Mailbox.objects.get(name=right.name).trouble == ""


def test_after_failures_it_rests_so_that_the_account_is_not_locked(office: Person, settings: LazySettings) -> None:
    settings.BOUNCE_MAILBOX = replace(where(), password="wrong")
    for _ in range(10):
        mailbox.poll()
    assert box().failures == 3
    assert box().lease_until > timezone.now() + timedelta(seconds=60)  # type: ignore[operator]


def test_a_connection_that_is_cut_loses_and_doubles_nothing(
    office: Person, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = where()
    proxy = Proxy(f"imaps://localhost:{right.port}")
    settings.BOUNCE_MAILBOX = replace(right, port=proxy.port)
    messages = [sent(f"p{n}@example.com", uuid4()) for n in range(60)]
    office.put(*[about(message) for message in messages], folder="Reports")
    whole, count = mailbox_imap.Visit.whole, iter(range(1_000))

    def cut(visit: mailbox_imap.Visit, uid: int, *, limit: int) -> bytes:
        if next(count) == 55:
            proxy.down()
        return whole(visit, uid, limit=limit)

    monkeypatch.setattr(mailbox_imap.Visit, "whole", cut)
    read(office)
    assert (box().trouble, box().kept) == ("unreachable", 50)
    proxy.up()
    read(office)
    proxy.down()
    assert (box().trouble, box().kept, WebhookPost.objects.count()) == ("", 60, 60)
    assert {again(message).status for message in messages} == {Status.BOUNCED}


def test_a_server_that_hangs_is_given_up(
    office: Person, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox_imap, "SOCKET_TIMEOUT", 0.5)
    proxy = Proxy(f"imaps://localhost:{where().port}")
    settings.BOUNCE_MAILBOX = replace(where(), port=proxy.port)
    proxy.hang()
    began = timezone.now()
    mailbox.poll()
    proxy.down()
    assert box().trouble == "unreachable"
    assert timezone.now() - began < timedelta(seconds=30)


@pytest.mark.parametrize(("trouble", "closed"), [("", True), ("sign_in", False)])
def test_no_failure_for_a_day_counts_as_arrived_only_while_failures_are_seen(
    office: Person, trouble: str, closed: bool
) -> None:
    lost = sent(uuid=uuid4())
    read(office, about(lost))
    long_ago = timezone.now() - timedelta(days=2)
    again_sent = sent(inspection=lost.inspection, participant=lost.participant, root=lost, sent_at=long_ago)
    Message.objects.filter(pk=again_sent.pk).update(changed_at=long_ago)
    Mailbox.objects.update(trouble=trouble)
    overdue.close_unreported()
    assert Problem.objects.open().exists() != closed


def test_two_do_not_read_at_once(office: Person, settings: LazySettings) -> None:
    sent()
    office.put(report("google_address_unknown"), folder="Reports")
    Mailbox.objects.create(name=where().name, token=uuid4(), lease_until=timezone.now() + timedelta(seconds=60))
    assert mailbox.poll() == 0
    assert not WebhookPost.objects.exists()


def test_a_worker_that_lost_its_turn_writes_nothing(office: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    sent()
    office.put(report("google_address_unknown"), folder="Reports")
    look = mailbox._look

    def slow(*args: Any) -> mailbox.Catch:
        caught = look(*args)
        Mailbox.objects.update(token=uuid4())  # its lease ran out, and another took over
        return caught

    monkeypatch.setattr(mailbox, "_look", slow)
    assert mailbox.poll() == 0
    assert not WebhookPost.objects.exists()
    assert box().last_uid == 0


KILLED = """
import os, signal, sys
import django
django.setup()
from django.conf import settings
from config.mailbox import from_environment
from emails import mailbox, mailbox_imap
settings.BOUNCE_MAILBOX = from_environment()
mailbox.SHIFT, mailbox_imap.SOCKET_TIMEOUT = 600.0, 60.0
take_in, left = mailbox._take_in, [2]
def dying(box, catch):
    left[0] -= 1
    if sys.argv[1] == "before" and not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    take_in(box, catch)
    if sys.argv[1] == "after" and not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
mailbox._take_in = dying
posts = mailbox.WebhookPost.objects
write = posts.bulk_create
def dying_between(*args, **kwargs):
    if sys.argv[1] == "between" and not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    return write(*args, **kwargs)
posts.bulk_create = dying_between
mailbox.poll()
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("moment", "kept"), [("before", 50), ("between", 50), ("after", 60)])
def test_a_poll_that_is_killed_loses_and_doubles_nothing(
    office: Person, settings: LazySettings, moment: str, kept: int
) -> None:
    at = where()
    messages = [sent(f"p{n}@example.com", uuid4()) for n in range(60)]
    office.put(*[about(message) for message in messages], folder="Reports")
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": live.database_url(),
        "BOUNCE_MAILBOX_URL": f"imaps://{quote(USER)}:{quote(PASSWORD, safe='')}@{at.host}:{at.port}/Reports",
        "BOUNCE_MAILBOX_CA_FILE": at.ca_file,
    }
    killed = subprocess.run([sys.executable, "-c", KILLED, moment], env=env, cwd=BASE_DIR, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert (box().kept, WebhookPost.objects.count()) == (kept, kept)
    assert mailbox.poll() == 0  # its lease still runs
    Mailbox.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    read(office)
    assert (box().kept, WebhookPost.objects.count()) == (60, 60)
    assert {again(message).status for message in messages} == {Status.BOUNCED}
    assert MessageEvent.objects.filter(type="bounced").count() == 60
