"""The delivery record: every fact as it was, the same digest for the same facts, whatever changes around them."""

import hashlib
import io
import json
import random
import re
from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pypdf import PdfReader

from emails import activity, automations_rules, nightly, outbox, record, record_words
from emails.models import Automation, EmailTemplate, Message, MessageEvent
from emails.record import Record
from emails.states import Status
from inspections import corrections, links, payments, people, services, signing
from inspections.models import Company, Contact, Inspection, Participant, User
from tests.emails.conftest import Post, tell
from tests.emails.mailed import make_message, template, told
from tests.emails.practice_mail import Running
from tests.factories import consent, in_days, make_agreement, make_company, make_draft, make_person, make_user

pytestmark = pytest.mark.django_db
WORDS = "smtp;550 5.1.1 <bounce+josé@example.com>: Recipient address rejected: “no such user”"


@pytest.fixture
def kim() -> User:
    make_company(time_zone="America/Chicago", postal_address="1 Main St, Springfield")
    return make_user(name="Kim Reyes", is_superuser=True)


@pytest.fixture
def office(client: Client, kim: User) -> Client:
    """Kim, signed in."""
    client.force_login(kim)
    return client


def lived() -> Inspection:
    """A whole story: a wrong address found, corrected and resent; moved, signed, paid, signed again, paid back."""
    template("confirmation")
    make_agreement()
    couple = (make_person(name="José Núñez", email="bounce+jose@example.com"),)
    agent = make_person(name="李小龙", email="li@example.net", role="buyer_agent")
    inspection = services.save(make_draft(people=(*couple, agent)), by="Kim Reyes")[0]
    services.confirm(inspection, by="Kim Reyes")
    person = inspection.participants.get(role="client")
    first = inspection.messages.get(kind="confirmation", participant=person)
    leave(first)
    told(first, Status.BOUNCED, category="address_unknown", text=WORDS, code="HardBounce")
    links.mint(person, purpose=str(first.uuid))
    corrections.correct_contact(person.contact, by="Sam Ortiz", email="jose@example.com")
    again = outbox.resend(first, by="Sam Ortiz")
    leave(again)
    told(again, Status.DELIVERED, text="smtp;250 2.0.0 OK")
    activity.add(again, "opened", provider="postmark", data={"user_agent": "Mail/7", "click_url": "https://x/p/secret"})
    services.reschedule(inspection, in_days(9), by="Kim Reyes")
    signed(person)
    paid = payments.record(inspection, amount=Decimal("425"), method="check", by="Kim Reyes", note="No. 1042")
    payments.undo(paid, by="Kim Reyes")
    services.set_notifications(inspection, False, by="Kim Reyes")
    make_message(person, kind="reminder", status=Status.SKIPPED, reason="off_inspection", note="Kim Reyes")
    inspection.refresh_from_db()
    return inspection


def leave(message: Message) -> None:
    """A worker takes it and hands it over; the mail service takes it."""
    Message.objects.filter(pk=message.pk).update(status=Status.QUEUED, send_after=timezone.now())
    Message.objects.filter(status=Status.QUEUED).exclude(pk=message.pk).update(send_after=in_days(1))
    claimed = activity.claim(1)[0]
    assert claimed.pk == message.pk
    activity.mark_sending(
        claimed,
        subject="Your inspection on Friday — José",
        html="<p>Hello</p>",
        text="Hello",
        from_header="Oakwood Inspections <office@oakwood.example>",
        has_link=True,
        template_version=message.template.current if message.template else None,
    )
    activity.finish(claimed, Status.SENT, provider_message_id=f"id-{message.pk}")
    message.refresh_from_db()


def signed(person: Participant) -> None:
    person = Participant.objects.select_related("contact", "inspection__agreement").get(pk=person.pk)
    signing.sign(person, consent(person, ip="203.0.113.7", agent="Firefox 140 on a phone"))
    services.correct(person.inspection, make_draft(fee=Decimal("450.00"), people=()), by="Kim Reyes")


def digest(inspection: Inspection) -> str:
    return record.load(Inspection.objects.get(pk=inspection.pk)).sha256


# --- the digest ------------------------------------------------------------------------------------------------------


def test_nothing_that_is_set_up_later_changes_it(kim: User) -> None:
    inspection = lived()
    person = inspection.participants.get(role="client")
    before = digest(inspection)
    confirmation = EmailTemplate.objects.get(messages=inspection.messages.filter(kind="confirmation").earliest("pk"))
    published = confirmation.current
    confirmation.versions.create(
        number=99, subject="Other words", body=published.body, published_at=timezone.now(), created_by="Kim"
    )
    EmailTemplate.objects.filter(pk=confirmation.pk).update(name="Renamed")
    Contact.objects.filter(pk=person.contact_id).update(name="Joe", email="other@example.com", phone="1")
    Company.objects.update(name="New Name LLC", time_zone="Europe/Madrid", sender_email="new@example.com")
    Automation.objects.filter(pk=1).update(name="Renamed")
    inspection.participants.filter(role="buyer_agent").update(role="coordinator")
    assert digest(inspection) == before


def test_the_texts_may_go_after_their_time_and_the_record_stays(kim: User) -> None:
    inspection = lived()
    old = make_message(inspection.participants.get(role="client"), created_at=timezone.now() - timedelta(days=100))
    old.events.update(data={})  # as before events kept what their email was
    before = digest(inspection)
    long_ago = timezone.now() - timedelta(days=100)
    inspection.messages.update(created_at=long_ago)
    inspection.messages.filter(sent_at__isnull=False).update(sent_at=long_ago)
    moved = digest(inspection)
    nightly.run()
    assert not inspection.messages.filter(status=Status.DELIVERED).exclude(html="", text="").exists()
    assert (digest(inspection), before == moved) == (moved, False)


def test_every_new_fact_changes_it_and_is_counted(kim: User) -> None:
    inspection = lived()
    person = inspection.participants.get(role="client")
    message = inspection.messages.filter(status=Status.DELIVERED)[0]
    printed = digest(inspection)
    seen = {printed}
    news = (
        lambda: activity.add(message, "opened", provider="postmark"),
        lambda: told(message, Status.COMPLAINED),
        lambda: people.remove_person(inspection.participants.get(role="buyer_agent"), by="Kim Reyes"),
        lambda: links.mint(person, purpose="Copied", by="Kim Reyes"),
        lambda: links.revoke_all(participant=person),
        lambda: payments.record(inspection, amount=Decimal("1"), method="cash", by="Kim Reyes"),
        lambda: activity.cancel(outbox.resend(message, by="Kim Reyes"), by="Kim Reyes"),
        lambda: services.cancel(inspection, by="Kim Reyes"),
    )
    for add in news:
        add()
        seen.add(digest(inspection))
    assert len(seen) == len(news) + 1
    found = record.load(inspection)
    assert found.since(found.sha256) == 0
    added = found.since(printed)
    assert added is not None
    assert added >= len(news)


def test_an_email_that_moves_on_takes_nothing_back(kim: User) -> None:
    """Not sent, planned again, held, readdressed: each leaves what was so before."""
    inspection = lived()
    rule = Automation.objects.filter(offset__isnull=False, enabled=True)[0]
    automations_rules.switch(rule, False, by="Kim Reyes")
    stopped = record.load(inspection)
    assert automations_rules.switch(rule, True, by="Kim Reyes") >= 0
    corrections.correct_contact(
        inspection.participants.get(role="client").contact, by="Kim Reyes", email="jose@example.org"
    )
    assert record.load(inspection).since(stopped.sha256) is not None


def test_a_client_who_comes_later_takes_nothing_back(kim: User) -> None:
    """What had nobody to go to is theirs by a step of its own."""
    template("confirmation")
    inspection = services.save(make_draft(people=()), by="Kim Reyes")[0]
    services.confirm(inspection, by="Kim Reyes")
    printed = digest(inspection)
    person = people.add_person(inspection, make_person(), by="Kim Reyes")
    assert inspection.messages.filter(participant=person).exists()
    assert record.load(inspection).since(printed)


def test_what_is_heard_of_an_email_from_before_takes_nothing_back(kim: User) -> None:
    """Its steps kept nothing of it: what left, and what waits and is stopped."""
    message = make_message()
    waiting = make_message(message.participant, kind="reminder", status=Status.QUEUED, send_after=in_days(1))
    MessageEvent.objects.update(data={})
    printed = digest(message.inspection)
    told(message, Status.BOUNCED, category="address_unknown", text=WORDS)
    assert record.load(message.inspection).since(printed) == 1
    activity.cancel(waiting, by="Kim Reyes")
    assert record.load(message.inspection).since(printed) == 2


def test_an_email_from_before_that_leaves_now_takes_nothing_back(kim: User) -> None:
    message = make_message(status=Status.QUEUED)
    MessageEvent.objects.update(data={})
    printed = digest(message.inspection)
    leave(message)
    assert record.load(message.inspection).since(printed) == 2


def test_the_order_of_rows_does_not_matter(kim: User) -> None:
    found = record.load(lived())
    mixed = list(found.facts)
    random.Random(7).shuffle(mixed)
    assert Record(found.inspection, mixed).sha256 == found.sha256


def test_somebody_else_can_check_it_with_the_file_alone(office: Client) -> None:
    inspection = lived()
    body = office.get(f"/inspections/{inspection.pk}/record.jsonl").content
    assert hashlib.sha256(body).hexdigest() == digest(inspection)
    lines = body.decode().splitlines(keepends=True)
    facts = [json.loads(line) for line in lines]
    again = [json.dumps(f, sort_keys=True, ensure_ascii=False, separators=(",", ":")) + "\n" for f in facts]
    assert again == lines == sorted(lines)
    assert [fact["at"] for fact in facts] == sorted(fact["at"] for fact in facts)
    assert {fact["fact"] for fact in facts} == {
        *("inspection", "event", "email", "step", "link", "link_off", "signature", "signature_ended"),
        *("payment", "payment_undone"),
    }


def test_no_secret_is_in_it(office: Client) -> None:
    inspection = lived()
    links_to = links.mint(inspection.participants.get(role="client"), purpose="Copied")[1]
    body = office.get(f"/inspections/{inspection.pk}/record.jsonl").content.decode()
    assert "click_url" not in body
    assert links_to.rstrip("/").rpartition("/")[2] not in body


def test_two_inspections_never_share_one(kim: User) -> None:
    first, second = (services.save(make_draft(external_id=number), by="Kim")[0] for number in ("A-1", "A-2"))
    assert digest(first) != digest(second)
    assert record.load(first).since(digest(second)) is None


# --- what it tells ---------------------------------------------------------------------------------------------------

EXPECTED = (
    "Oakwood Inspections", "12 Oak St, Springfield, IL 62701", "A-1001", "by Kim Reyes",
    "José Núñez", "李小龙", "Client", "Buyer’s agent",
    "bounce+jose@example.com", "jose@example.com", "by Sam Ortiz",
    "Email: bounce+jose@example.com → jose@example.com", "Inspection moved",
    "Your inspection on Friday — José", "Handed to the mail service", "Came back",
    "This address doesn’t exist", WORDS, "smtp;250 2.0.0 OK", "Their server accepted it", "HardBounce",
    "Hint, no proof:", "Pictures loaded, maybe opened", "Mail/7",
    "Not sent: notifications are off", "Rule “", "as a resend of email",
    "Opens", "Everything their role may see", "Switched off",
    "203.0.113.7", "Firefox 140 on a phone", "Ended", "fee", "No. 1042", "$425.00", "Taken back", "Check",
    "Portal link", "Was in it", "CST",
)  # fmt: skip


def page_text(office: Client, inspection: Inspection) -> str:
    answer = office.get(f"/inspections/{inspection.pk}/record/")
    assert answer.status_code == 200
    return " ".join(unescape(re.sub(r"<[^>]+>", "", answer.content.decode())).split())


def pdf_text(office: Client, inspection: Inspection) -> tuple[str, PdfReader]:
    answer = office.get(f"/inspections/{inspection.pk}/record.pdf")
    assert answer.headers["Content-Type"] == "application/pdf"
    reader = PdfReader(io.BytesIO(answer.content))
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split()), reader


def squeezed(text: str) -> str:
    """Where a line broke does not matter."""
    return "".join(text.split())


def test_everything_is_on_the_page_and_on_paper(office: Client) -> None:
    inspection = lived()
    page, (paper, reader) = page_text(office, inspection), pdf_text(office, inspection)
    signature = inspection.participants.get(role="client").signatures.get()
    for words in (*EXPECTED, signature.sha256, digest(inspection)):
        assert words in page, words
        assert squeezed(words) in squeezed(paper), words
    assert squeezed(digest(inspection)) in squeezed(reader.pages[-1].extract_text())
    assert reader.attachments["record.jsonl"] == [record.load(inspection).canonical]


def test_every_step_of_every_email_is_on_both(office: Client) -> None:
    inspection = lived()
    page, (paper, _) = page_text(office, inspection), pdf_text(office, inspection)
    with timezone.override("America/Chicago"):
        steps = [step for email in record_words.tell(record.load(inspection)).emails for step in email.steps]
    assert len(steps) == MessageEvent.objects.filter(message__inspection=inspection).count()
    for step in steps:
        for text in (step.title, step.words, *(value for _, value in step.pairs)):
            assert " ".join(text.split()) in page
            assert squeezed(text) in squeezed(paper)


def test_it_tells_the_address_of_then_when_the_person_has_another_now(office: Client) -> None:
    inspection = lived()
    page = page_text(office, inspection)
    first, second = page.split("Email ")[2], page
    assert "bounce+jose@example.com" in first or "bounce+jose@example.com" in second
    sent = [
        dict(step.pairs)["To"]
        for email in record_words.tell(record.load(inspection)).emails
        for step in email.steps
        if "Subject" in dict(step.pairs)
    ]
    assert sent == ["José Núñez <bounce+jose@example.com>", "José Núñez <jose@example.com>"]


def test_times_say_their_zone_whatever_the_season(office: Client) -> None:
    services.save(make_draft(), by="Kim Reyes")
    Inspection.objects.update(created_at="2026-07-01T12:00:00Z")
    inspection = Inspection.objects.get()
    inspection.events.update(at="2026-07-01T12:00:00Z")
    assert "Wed 1 Jul 2026, 7:00:00 AM CDT" in page_text(office, inspection)


def test_an_inspection_without_anything_has_a_record_too(office: Client) -> None:
    inspection = services.save(make_draft(people=()), by="Kim Reyes")[0]
    page, (paper, _) = page_text(office, inspection), pdf_text(office, inspection)
    for words in ("No email was planned or sent.", "Nobody has signed.", "No payment was recorded."):
        assert words in page
    assert "Nobody." in paper


def test_what_was_stored_before_events_kept_their_email_is_told_by_the_row(office: Client) -> None:
    message = make_message()
    message.events.update(data={})
    page = page_text(office, message.inspection)
    assert "Your inspection is confirmed" in page
    assert "Ann Lee <ann@gmial.com>" in page


def test_five_hundred_events_are_all_on_paper_and_hostile_words_stay_words(office: Client) -> None:
    message = told(make_message(), Status.DELIVERED)
    for number in range(500):
        activity.add(message, "deferred", provider="postmark", text=f"421 try {number} <script>alert(1)</script>\u202e")
    paper, reader = pdf_text(office, message.inspection)
    assert len(reader.pages) > 15
    assert all(f"try {number} <script>" in paper for number in range(500))
    assert all(f"Page {number} of {len(reader.pages)}" in paper for number in range(1, len(reader.pages) + 1))
    html = office.get(f"/inspections/{message.inspection_id}/record/").content.decode()
    assert "<script>alert" not in html
    assert "[U+202E]" in html


def test_it_costs_a_fixed_number_of_queries(office: Client, django_assert_max_num_queries: object) -> None:
    inspection = lived()
    with django_assert_max_num_queries(30):  # type: ignore[operator] # a fixture without types
        office.get(f"/inspections/{inspection.pk}/record/")


# --- checking --------------------------------------------------------------------------------------------------------


def check(office: Client, inspection: Inspection, typed: str, *, status: int = 200) -> str:
    answer = office.get(f"/inspections/{inspection.pk}/record/", {"check": typed})
    assert answer.status_code == status
    return answer.content.decode()


def test_a_printed_record_can_be_checked_on_the_page(office: Client) -> None:
    inspection = lived()
    printed = digest(inspection)
    spaced = " ".join(re.findall("....", printed.upper()))
    assert "This record is unchanged." in check(office, inspection, spaced)
    services.set_notifications(inspection, True, by="Kim Reyes")
    assert "1 fact was added since." in check(office, inspection, printed)
    assert "not a digest of this record" in check(office, inspection, "0" * 64)
    for typed in ("", "abc", "g" * 64, "0" * 300):
        assert "Error: " in check(office, inspection, typed, status=422)


def test_a_printed_record_can_be_checked_by_command(kim: User, capsys: pytest.CaptureFixture[str]) -> None:
    inspection = lived()
    printed = digest(inspection)
    for number in ("A-1001", f"#{inspection.pk}", str(inspection.pk)):
        call_command("check_record", number, printed)
    services.set_notifications(inspection, True, by="Kim Reyes")
    call_command("check_record", "A-1001", printed)
    assert capsys.readouterr().out.splitlines() == [
        *["This record is unchanged."] * 3,
        "1 fact was added since. Nothing before was changed.",
    ]
    for number, typed in (("A-1001", "0" * 64), ("nothing", printed), ("#99999999", printed)):
        with pytest.raises(CommandError):
            call_command("check_record", number, typed)


def test_a_changed_row_is_noticed(kim: User) -> None:
    inspection = lived()
    printed = digest(inspection)
    MessageEvent.objects.filter(text=WORDS).update(text="smtp;250 fine")
    assert record.load(inspection).since(printed) is None


# --- who may see it --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["record/", "record.pdf", "record.jsonl"])
def test_only_staff_see_it(client: Client, kim: User, name: str) -> None:
    inspection = services.save(make_draft(), by="Kim Reyes")[0]
    answer = client.get(f"/inspections/{inspection.pk}/{name}")
    assert answer.status_code == 302
    assert "/accounts/login/" in answer.headers["Location"]
    client.force_login(kim)
    assert client.get(f"/inspections/999999/{name}").status_code == 404
    assert client.get(f"/inspections/{inspection.pk}/{name}").headers["Cache-Control"].startswith("max-age=0")


def test_the_inspection_page_leads_to_it(office: Client) -> None:
    inspection = services.save(make_draft(), by="Kim Reyes")[0]
    html = office.get(f"/inspections/{inspection.pk}/").content.decode()
    assert f'href="/inspections/{inspection.pk}/record/"' in html.split('id="log-title"')[1]


def test_what_really_left_is_what_the_record_has(office: Client, mail: Running, webhook: Post) -> None:
    """The whole way: rendered by the worker's code, taken by the mail service, told back by its post."""
    from emails import delivery

    template("confirmation")
    inspection = services.save(make_draft(), by="Kim Reyes")[0]
    services.confirm(inspection, by="Kim Reyes")
    delivery.deliver_due()
    message = inspection.messages.get(kind="confirmation")
    assert message.status == Status.SENT
    tell(webhook, message, "Delivery", DeliveredAt=timezone.now().isoformat())
    email = next(e for e in record_words.tell(record.load(inspection)).emails if e.number == message.pk)
    handed = next(dict(step.pairs) for step in email.steps if "Subject" in dict(step.pairs))
    assert handed["Subject"] == message.subject
    assert handed["SHA-256 of its HTML"] == hashlib.sha256(message.html.encode()).hexdigest()
    assert handed["Template"].endswith("version 1")
    assert [step.title for step in email.steps][-1] == "Their server accepted it"


def test_files_are_named_with_their_digest_and_how_they_went(office: Client) -> None:
    files = [{"name": "a.pdf", "size": 9, "sha256": "ab" * 32}, {"name": "b.pdf", "sha256": "cd" * 32, "link": True}]
    page = page_text(office, make_message(files=files).inspection)
    assert f"a.pdf (SHA-256 {'ab' * 32}), b.pdf by link (SHA-256 {'cd' * 32})" in page
