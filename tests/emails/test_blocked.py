"""Blocked addresses: what holds one, what does not, and allowing it again to the very end."""

import csv
import io
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection, connections
from django.test import Client
from django.utils import timezone

from emails import activity, blocks, delivery, holds, outbox, stoplists
from emails.builtin import install
from emails.diagnosis import CATEGORIES
from emails.models import AddressHold, Message, Problem
from emails.states import Status
from inspections import people, services
from inspections.models import Company, Inspection
from tests.emails.mailed import make_client, make_failed, make_message, problem_of, told
from tests.emails.practice_mail import Running
from tests.factories import in_days, make_company, make_draft, make_inspection, make_person, make_user

pytestmark = pytest.mark.django_db
HOLD = ["address_unknown", "domain_problem", "mailbox_disabled", "suppressed", "complained"]


@pytest.fixture(autouse=True)
def company() -> Company:
    return make_company(time_zone="America/Chicago", sender_email="office@oakwood.example")


@pytest.fixture
def office(client: Client) -> Client:
    client.force_login(make_user(name="Kim Reyes", is_superuser=True))
    return client


def held(person: Any, **over: Any) -> Message:
    return make_message(person, status=Status.HELD, reason="suppressed", **{"kind": "agreement"} | over)


def status(message: Message) -> str:
    return Message.objects.get(pk=message.pk).status


def hold_on(person: Any) -> AddressHold:
    hold = holds.active(person.email)
    assert hold
    return hold


def words(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


# --- what holds an address -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("category", [*CATEGORIES, "complained", "template_problem", "provider_problem"])
@pytest.mark.parametrize(
    "how", [Status.BOUNCED, Status.REJECTED, Status.COMPLAINED, Status.SOFT_BOUNCED, Status.FAILED, Status.DEFERRED]
)
def test_only_what_surely_lies_with_the_address_or_the_person_holds_it(category: str, how: str) -> None:
    message = told(make_message(make_client(email="ann@example.com")), how, category=category)
    sure = how in (Status.BOUNCED, Status.REJECTED, Status.COMPLAINED)
    assert bool(holds.active("ann@example.com")) == (sure and category in HOLD), message


def test_an_address_keeps_its_hold_in_any_spelling_and_when_typed_in_again() -> None:
    person = make_client(email="ann@example.com")
    make_failed(person)
    people.correct_contact(person.contact, by="Kim", email="other@example.com")
    people.correct_contact(person.contact, by="Kim", email="ANN@Example.COM")
    assert holds.active(person.contact.email)


def test_old_news_about_what_staff_let_go_holds_nothing_again() -> None:
    person = make_client(email="ann@example.com")
    message = told(make_message(person), Status.COMPLAINED, category="complained")
    holds.release("ann@example.com", by="Kim", note="Ann called")
    told(message, Status.COMPLAINED, category="complained", key="told twice")
    assert holds.active("ann@example.com") is None
    told(make_message(person), Status.COMPLAINED, category="complained")
    assert holds.active("ann@example.com")


def test_a_complaint_outweighs_a_dead_mailbox() -> None:
    person = make_client(email="ann@example.com")
    make_failed(person)
    told(make_message(person, kind="agreement"), Status.COMPLAINED, category="complained")
    assert hold_on(person).category == "complained"


# --- failures that pass ----------------------------------------------------------------------------------------------


def soft(person: Any, category: str = "mailbox_full", **over: Any) -> Message:
    return told(make_message(person, **over), Status.SOFT_BOUNCED, category=category)


def test_three_emails_in_seven_days_warn_and_events_are_not_emails(office: Client) -> None:
    person = make_client(email="ann@example.com")
    first = soft(person)
    for number in range(5):
        told(first, Status.SOFT_BOUNCED, category="mailbox_full", key=f"again {number}")
    soft(person, "server_problem", kind="agreement")
    assert holds.weary({"ann@example.com"}) == {}
    soft(person, "temporary_deferral", kind="reminder")
    assert holds.weary({"ann@example.com"}) == {"ann@example.com": 3}
    warning = "3 emails to this address failed in 7 days."
    assert warning in words(office.get("/"))
    assert warning in words(office.get(f"/inspections/{person.inspection_id}/"))


def test_a_delivery_resets_the_count_and_old_failures_do_not_count() -> None:
    person = make_client(email="ann@example.com")
    for kind in ("confirmation", "agreement", "reminder"):
        soft(person, kind=kind)
    told(make_message(person, kind="receipt"), Status.DELIVERED)
    assert holds.weary({"ann@example.com"}) == {}
    for kind in ("one_off", "rescheduled", "report_ready"):
        message = soft(person, kind=kind)
    Message.objects.filter(pk=message.pk).update(changed_at=timezone.now() - timedelta(days=8))
    assert holds.weary({"ann@example.com"}) == {}


@pytest.mark.parametrize(
    ("category", "held_"), [("mailbox_full", True), ("server_problem", False), ("temporary_deferral", False)]
)
def test_a_mailbox_that_stays_full_for_five_emails_and_a_day_is_held_and_no_other_passing_failure(
    category: str, held_: bool
) -> None:
    person = make_client(email="ann@example.com")
    for kind in ("confirmation", "agreement", "reminder", "rescheduled", "receipt"):
        first = soft(person, category, kind=kind)
    assert holds.active("ann@example.com") is None  # all within a minute
    Message.objects.filter(pk=first.pk).update(changed_at=timezone.now() - timedelta(days=1))
    soft(person, category, kind="one_off")
    assert bool(holds.active("ann@example.com")) == held_


# --- later emails are held, on every path ----------------------------------------------------------------------------


def confirmed(email: str) -> Inspection:
    install()
    inspection, _ = services.save(make_draft(people=(make_person(email=email),)), by="Kim")
    services.confirm(inspection, by="Kim")
    return inspection


def test_rules_and_imports_write_held_rows_for_a_blocked_address() -> None:
    holds.block("ann@example.com", by="Kim", why="Asked to stop")
    mine = confirmed("Ann@Example.com").messages.filter(send_after__lte=timezone.now() + timedelta(days=30))
    assert mine.exists()
    assert set(mine.values_list("status", "reason")) == {("held", "suppressed")}


def test_a_worker_that_has_claimed_one_holds_it(mail: Running) -> None:
    message = confirmed("ann@example.com").messages.get(kind="confirmation")
    holds.block("ann@example.com", by="Kim", why="Asked to stop")
    delivery.deliver_due()
    assert status(message) == Status.HELD
    assert mail.logged(str(message.uuid)) == []


def test_resend_and_the_menu_are_refused_with_the_reason() -> None:
    person = make_client(email="ann@example.com")
    failed = make_failed(person)
    with pytest.raises(outbox.Refused, match="on hold: it failed before"):
        outbox.resend(failed, by="Kim")
    AddressHold.objects.all().delete()
    holds.block("ann@example.com", by="Sam", why="Asked to stop")
    with pytest.raises(outbox.Refused, match="is blocked by Sam"):
        outbox.send(person, "confirmation", by="Kim")


def test_a05_correcting_the_address_releases_what_is_timely_in_order_and_lists_what_is_stale(office: Client) -> None:
    over = make_client(inspection=make_inspection(status="confirmed", starts_at=in_days(-0.1)), email="a@example.com")
    make_failed(over, kind="one_off")
    late = held(over, kind="reminder")
    first, second = held(over, kind="receipt"), held(over, kind="report_ready")
    page = office.post(f"/people/{over.pk}/edit/", {"email": "b@example.com", "then": "save"}, follow=True)
    assert [status(m) for m in (late, first, second)] == [Status.CANCELLED, Status.QUEUED, Status.QUEUED]
    due = Message.objects.due().order_by("send_after", "id")
    assert list(due) == [first, second]
    assert "Not sent, its time had passed: Reminder to Ann Lee." in words(page)


# --- allowing again --------------------------------------------------------------------------------------------------


def refused(mail: Running, email: str = "suppressed+sam@example.com") -> Message:
    """The mail service refuses it: rejected, on hold, a problem."""
    message = make_message(make_client(email=email), status=Status.QUEUED)
    delivery.deliver_due()
    assert status(message) == Status.REJECTED
    return message


def test_allow_again_lifts_the_block_at_the_mail_service_and_sends(office: Client, mail: Running) -> None:
    message = refused(mail)
    hold, waits = hold_on(message.participant), held(message.participant)
    assert "Allow again and resend (2)" in words(office.get("/blocked/"))
    answer = words(office.post(f"/blocked/{hold.pk}/allow/", follow=True))
    assert "suppressed+sam@example.com is allowed again. 2 emails go out now." in answer
    assert delivery.deliver_due() == 2
    again = Message.objects.get(root=message)
    assert (status(waits), again.status) == (Status.SENT, Status.SENT)
    assert holds.active("suppressed+sam@example.com") is None
    told(again, Status.DELIVERED)
    assert not Problem.objects.open().filter(kind=message.kind).exists()


def test_a_complaint_is_allowed_only_with_the_word_of_the_person(office: Client, mail: Running) -> None:
    person = make_client(email="complaint+ann@example.com")
    told(make_message(person), Status.COMPLAINED, category="complained")
    hold, waits = hold_on(person), held(person)
    path = f"/blocked/{hold.pk}/allow/"
    assert "How did they ask for it?" in words(office.get(path))
    assert office.post(path, {"note": " "}).status_code == 422
    assert status(waits) == Status.HELD
    assert "1 email goes out now" in words(office.post(path, {"note": "Ann called on Monday"}, follow=True))
    assert status(waits) == Status.QUEUED
    hold.refresh_from_db()
    assert (hold.note, hold.allowed_by, hold.released_by) == ("Ann called on Monday", "Kim Reyes", "Kim Reyes")
    assert not Problem.objects.open().filter(category="complained").exists()


def complained_there(mail: Running, email: str) -> None:
    data = {"Suppressions": [{"EmailAddress": email}]}
    mail.post("message-streams/outbound/suppressions?reason=SpamComplaint", data).raise_for_status()


def test_what_only_the_service_can_lift_stays_and_says_so_and_nothing_is_sent(office: Client, mail: Running) -> None:
    email = f"ann{time.time_ns()}@example.com"
    complained_there(mail, email)
    person = make_client(email=email)
    told(make_message(person), Status.COMPLAINED, category="complained")
    hold, waits = hold_on(person), held(person)
    said = words(office.post(f"/blocked/{hold.pk}/allow/", {"note": "Ann called"}, follow=True))
    assert f"Allowed here, but Postmark still blocks {email}. Nothing was sent." in said
    page = words(office.get("/blocked/"))
    assert "by <bdi>Kim Reyes</bdi>" in page
    assert "a spam complaint" in page
    assert "Only Postmark’s support can lift a spam complaint." in page
    assert f"Please take {email} off the list" in page
    assert status(waits) == Status.HELD
    AddressHold.objects.update(there_due_at=timezone.now())
    (mail.data / "suppressions.json").write_text("{}")  # their support did it
    blocks.drain()
    assert status(waits) == Status.HELD  # the service has not read its file again
    AddressHold.objects.update(there_due_at=timezone.now())


def test_once_the_service_lets_go_the_mail_leaves_by_itself(mail: Running, settings: LazySettings) -> None:
    person = make_client(email="ann@example.com")
    make_failed(person)
    hold, waits = hold_on(person), held(person)
    settings.ANYMAIL = {**settings.ANYMAIL, "POSTMARK_API_URL": "http://127.0.0.1:9/"}
    done = blocks.allow(hold, by="Kim")
    assert done
    assert (done.released, done.state) == (False, "silent")
    assert status(waits) == Status.HELD
    settings.ANYMAIL = {**settings.ANYMAIL, "POSTMARK_API_URL": mail.url}
    assert blocks.drain() == 0  # not yet
    AddressHold.objects.update(there_due_at=timezone.now())
    assert blocks.drain() == 1
    assert status(waits) == Status.QUEUED
    assert blocks.drain() == 0


def test_with_a_service_that_cannot_be_asked_it_leaves_at_once(office: Client, settings: LazySettings) -> None:
    settings.MAIL_PROVIDER = "mailgun"
    settings.UNDO_SECONDS = 0
    person = make_client(email="ann@example.com")
    make_failed(person)
    assert "We can’t see it from here. Look at Mailgun." in words(office.get("/blocked/"))
    office.post(f"/blocked/{hold_on(person).pk}/allow/")
    assert holds.active("ann@example.com") is None
    assert Message.objects.filter(resend_of__isnull=False, status=Status.QUEUED).count() == 1


def test_pressed_twice_by_two_people_it_is_sent_once(office: Client, mail: Running) -> None:
    message = refused(mail, "suppressed+two@example.com")
    path = f"/blocked/{hold_on(message.participant).pk}/allow/"
    office.post(path)
    assert "Kim Reyes allowed suppressed+two@example.com already." in words(office.post(path, follow=True))
    assert Message.objects.filter(root=message).count() == 1


def test_what_cannot_be_sent_again_is_said_and_the_rest_goes(office: Client, mail: Running) -> None:
    message = refused(mail, "suppressed+lim@example.com")
    for _ in range(5):  # too many by hand in an hour
        make_message(message.participant, kind="one_off", root=message, created_at=timezone.now())
    answer = words(office.post(f"/blocked/{hold_on(message.participant).pk}/allow/", follow=True))
    assert "has had enough for now" in answer
    assert holds.active("suppressed+lim@example.com") is None


# --- on purpose broken -----------------------------------------------------------------------------------------------


class Slow(BaseHTTPRequestHandler):
    """Says a byte now and then, for a minute or until the test is over."""

    over: threading.Event

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        end = time.monotonic() + 60
        while time.monotonic() < end and not self.over.wait(0.05):
            try:
                self.wfile.write(b" ")
                self.wfile.flush()
            except OSError:
                return

    do_POST = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def trickling() -> Iterator[str]:
    """The address of a service that trickles."""
    Slow.over = threading.Event()
    with ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        Slow.over.set()
        server.shutdown()


def test_a_service_that_trickles_holds_no_page_for_longer_than_our_patience(
    office: Client, settings: LazySettings, trickling: str
) -> None:
    settings.STOP_LIST_PATIENCE_SECONDS = 0.5
    settings.ANYMAIL = {**settings.ANYMAIL, "POSTMARK_API_URL": trickling}
    person = make_client(email="ann@example.com")
    make_failed(person)
    hold = hold_on(person)
    for press, said in (("there", "No answer"), ("allow", "did not answer yet")):
        began = time.monotonic()
        answer = office.post(f"/blocked/{hold.pk}/{press}/")
        assert time.monotonic() - began < 30
        began = time.monotonic()
        assert said in words(office.get(answer["Location"]))
        assert time.monotonic() - began < 30


def test_no_transaction_is_open_while_the_service_is_asked(
    transactional_db: None, mail: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, seen = stoplists.within, []

    def asking(*args: Any, **kwargs: Any) -> Any:
        seen.append(connection.in_atomic_block)
        return real(*args, **kwargs)

    monkeypatch.setattr(stoplists, "within", asking)  # a spy: it calls the real one
    make_company(sender_email="office@oakwood.example")
    person = make_client(email="ann@example.com")
    make_failed(person)
    blocks.look(hold_on(person))
    blocks.allow(hold_on(person), by="Kim")
    assert seen == [False, False]


def together(*acts: Callable[[], object]) -> None:
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> None:
        gate.wait()
        try:
            act()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _note(done: list[Any], hold: AddressHold, who: str) -> None:
    done.append(blocks.allow(hold, by=who))


def test_two_people_allow_at_once_and_each_email_leaves_once(transactional_db: None, mail: Running) -> None:
    make_company(sender_email="office@oakwood.example")
    for number in range(8):
        person = make_client(email=f"ann{number}@example.com")
        failed = make_failed(person)
        waits, hold = held(person), hold_on(person)
        done: list[Any] = []
        together(*(partial(_note, done, hold, who) for who in ("Kim", "Sam")))
        assert sum(settled is not None for settled in done) == 1
        assert status(waits) == Status.QUEUED
        assert Message.objects.filter(root=failed).count() == 1


def test_released_while_a_worker_claims_nothing_waits_for_ever(transactional_db: None, mail: Running) -> None:
    make_company(sender_email="office@oakwood.example")
    for number in range(8):
        email = f"race{number}@example.com"
        person = make_client(email=email)
        message = make_message(person, status=Status.QUEUED)
        holds.block(email, by="Kim", why="Asked to stop")
        together(delivery.deliver_due, partial(blocks.allow, hold_on(person), by="Kim"))
        blocks.release_stragglers()
        delivery.deliver_due()
        assert status(message) == Status.SENT, number
        assert len(mail.logged(str(message.uuid))) == 1


def test_a_correction_by_staff_does_not_send_what_waited_before_they_say_so(office: Client) -> None:
    failed = make_failed(make_client(email="ann@example.com"))
    waits = held(failed.participant)
    activity.correct(failed, "recipient_policy", decided_by="staff:Kim", by="Kim", text="")
    blocks.release_stragglers()
    assert status(waits) == Status.HELD


# --- the page --------------------------------------------------------------------------------------------------------


def test_the_page_says_who_why_since_and_what_waits(office: Client) -> None:
    person = make_client(email="ann@example.com", name="Ann Lee")
    failed = make_failed(person)
    held(person)
    page = words(office.get("/blocked/"))
    for said in (
        "ann@example.com",
        "The mailbox doesn’t exist",
        "Ann Lee",
        person.inspection.address,
        "1 email waiting",
    ):
        assert said in page, said
    assert f'href="/messages/{failed.pk}/"' in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=ann", {"ann"}),
        ("q=Bob+Ray", {"bob"}),
        ("why=staff", {"bob"}),
        ("why=address_unknown", {"ann"}),
        ("q=zzz", set()),
    ],
)
def test_it_is_searched_by_address_name_and_reason(office: Client, query: str, found: set[str]) -> None:
    make_failed(make_client(email="ann@example.com"))
    make_client(name="Bob Ray", email="bob@example.com")
    holds.block("bob@example.com", by="Kim", why="Asked to stop")
    page = office.get(f"/blocked/?{query}").content.decode()
    assert {name for name in ("ann", "bob") if f"{name}@example.com</bdi>" in page} == found


def test_fifty_rows_cost_as_many_queries_as_one(office: Client, django_assert_max_num_queries: Any) -> None:
    for number in range(50):
        make_failed(make_client(email=f"ann{number}@example.com", name=f"Ann {number}"))
    with django_assert_max_num_queries(16):
        assert office.get("/blocked/").status_code == 200


def test_nothing_blocked_says_when_something_would_be(office: Client) -> None:
    page = words(office.get("/blocked/"))
    assert "No blocked addresses" in page
    assert "We add one when a mailbox doesn’t exist or someone presses spam." in page


def test_allow_again_in_the_panel_leads_to_the_right_address(office: Client) -> None:
    message = told(make_message(make_client(email="ann+x@example.com")), Status.COMPLAINED, category="complained")
    assert 'href="/blocked/?q=ann%2Bx%40example.com"' in office.get(f"/messages/{message.pk}/").content.decode()
    holds.release("ann+x@example.com", by="Kim")
    assert "/blocked/?q=" not in office.get(f"/messages/{message.pk}/").content.decode()


def test_blocked_by_hand_with_a_reason(office: Client) -> None:
    assert office.post("/blocked/add/", {"email": "ann@example.com", "why": ""}).status_code == 422
    office.post("/blocked/add/", {"email": "ann@example.com", "why": "She asked us to stop"})
    hold = holds.active("ann@example.com")
    assert hold
    assert (hold.placed_by, hold.why, hold.category) == ("Kim Reyes", "She asked us to stop", "staff")
    assert "blocked already" in words(office.post("/blocked/add/", {"email": "Ann@example.com", "why": "x"}))


@pytest.mark.parametrize("email", ["office@oakwood.example", "not an address", "a@x.com, b@x.com", "a@localhost"])
def test_own_addresses_and_nonsense_cannot_be_blocked(office: Client, email: str) -> None:
    assert office.post("/blocked/add/", {"email": email, "why": "x"}).status_code == 422
    assert not AddressHold.objects.exists()


def test_several_are_allowed_after_a_list_of_what_goes_and_what_is_skipped(office: Client, mail: Running) -> None:
    good, bad = make_client(email="ann@example.com"), make_client(email="bob@example.com", name="Bob Ray")
    make_failed(good)
    told(make_message(bad), Status.COMPLAINED, category="complained")
    ids = [hold_on(good).pk, hold_on(bad).pk]
    page = words(office.get("/blocked/allow/", {"hold": ids}))
    assert "Allow 1 and resend (1)" in page
    assert page.index("ann@example.com") < page.index("Will be skipped") < page.index("bob@example.com")
    office.post("/blocked/allow/", {"hold": ids})
    blocks.drain()
    assert holds.active("ann@example.com") is None
    assert holds.active("bob@example.com")
    assert Message.objects.filter(resend_of__isnull=False).count() == 1


def test_the_export_runs_nothing_and_comes_back_in(office: Client) -> None:
    holds.block("=cmd|x@example.com", by="Kim", why='+1, "call"')
    text = b"".join(office.get("/blocked.csv").streaming_content).decode()  # type: ignore[attr-defined]
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["address"], row["why"]) == ("'=cmd|x@example.com", '\'+1, "call"')
    AddressHold.objects.all().delete()
    assert "Block 1 address" in words(office.post("/blocked/import/", {"lines": text}))
    assert not AddressHold.objects.exists()
    office.post("/blocked/import/", {"lines": text, "then": "save"})
    hold = AddressHold.objects.get()
    assert (hold.address, hold.why) == ("=cmd|x@example.com", '+1, "call"')


def test_an_import_is_checked_first_line_by_line(office: Client) -> None:
    holds.block("old@example.com", by="Kim", why="x")
    lines = "address;why\nann@example.com;asked\nold@example.com;\nnonsense;\noffice@oakwood.example;\nANN@example.com;"
    page = words(office.post("/blocked/import/", {"lines": lines}))
    assert "Block 1 address?" in page
    assert "1 is blocked already." in page
    assert "Line 4 “<bdi>nonsense</bdi>”" in page
    assert "one of your own addresses" in page
    assert AddressHold.objects.count() == 1


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe\x00", b"address,why\n", b'"' + b"x" * 200_000])
def test_a_file_without_addresses_blocks_nothing(office: Client, content: bytes) -> None:
    file = io.BytesIO(content)
    file.name = "list.csv"
    assert office.post("/blocked/import/", {"file": file, "then": "save"}).status_code in (200, 422)
    assert not AddressHold.objects.exists()


def test_a27_what_came_back_stays_visible_until_it_is_put_right(office: Client) -> None:
    person = make_client(email="ann@example.com")
    failed = make_failed(person)
    waits = held(person)
    assert problem_of(failed)
    assert "ann@example.com" in words(office.get("/blocked/"))
    people.correct_contact(person.contact, by="Kim", email="right@example.com")
    assert status(waits) == Status.QUEUED
