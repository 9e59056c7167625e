"""“Why didn’t Ann get it?”: one answer, whatever else is true at the same time."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from emails import activity, holds, outbox, retries, selectors_why, selectors_why_case
from emails.models import Automation, Channel, Message
from emails.selectors_why import Answer
from emails.selectors_why_actions import ACTIONS
from emails.states import Status
from emails.why import PRECEDENCE, Email, Facts, decide
from emails.wording_why import WHY
from inspections import people, services
from inspections.models import InspectionEvent, Participant
from tests.emails.mailed import make_client, make_failed, make_message, template, told
from tests.factories import make_company, make_contact, make_inspection, make_user

ANN = "ann@example.com"
NOW = timezone.now()


def mail(status: str, **over: Any) -> Email:
    return Email(status=status, key=over.pop("key", ANN), **over)


def about(email: Email | None = None, **over: Any) -> Facts:
    return replace(Facts(kind="confirmation", key=ANN, email=email), **over)


BOUNCED = mail(Status.BOUNCED, category="address_unknown")
DELIVERED = mail(Status.DELIVERED)

# Each line: the answer, and all that is true at once. The order of `PRECEDENCE` is what they pin down.
TABLE: list[tuple[str, Facts]] = [
    ("removed", about(BOUNCED, removed=True, cancelled=True)),
    ("cancelled", about(mail(Status.CANCELLED), cancelled=True)),
    ("cancelled", about(BOUNCED, cancelled=True)),
    ("delivered", about(DELIVERED, cancelled=True)),
    ("failed", about(BOUNCED, kind="cancelled", cancelled=True)),
    ("no_address", about(usable=False)),
    ("no_address", about(mail(Status.HELD, reason="no_address", key=""), usable=False, key="", notifications=False)),
    ("own_address", about(mail(Status.HELD, reason="own_address"), own=True)),
    ("other_person", about(mail(Status.DELIVERED, key="bob@example.com"), other="Bob Lee")),
    ("other_person", about(mail(Status.BOUNCED, key="bob@example.com"), other="Bob Lee", usable=False)),
    ("old_address", about(mail(Status.DELIVERED, key="old@example.com"), visited_at=NOW)),
    ("old_address", about(mail(Status.BOUNCED, key="old@example.com", category="address_unknown"), hold="staff")),
    ("skipped", about(mail(Status.SKIPPED, reason="off_inspection"), notifications=False)),
    ("skipped", about(mail(Status.SKIPPED, reason="off_late"), hold="complained")),
    ("skipped", about(mail(Status.SKIPPED, reason="off_rule"))),
    ("stopped", about(mail(Status.CANCELLED))),
    ("unconfirmed", about(confirmed=False, notifications=False, rule_off=True, hold="complained")),
    ("complained", about(mail(Status.HELD, reason="suppressed"), hold="complained")),
    ("complained", about(hold="complained", notifications=False)),
    ("blocked_by_staff", about(mail(Status.HELD, reason="suppressed"), hold="staff")),
    ("typo_held", about(mail(Status.HELD, reason="domain_problem"), dead_domain=True, meant="ann@gmail.com")),
    ("domain_dead", about(mail(Status.HELD, reason="domain_problem"), dead_domain=True)),
    ("blocked", about(mail(Status.HELD, reason="suppressed"), hold="address_unknown")),
    ("blocked", about(mail(Status.QUEUED, later=True), hold="mailbox_full")),
    ("off", about(notifications=False, rule_off=True)),
    ("rule_off", about(rule_off=True)),
    ("never_sent", about()),
    ("lost_link", about(mail(Status.HELD, reason="template_problem", template_lost_link=True))),
    ("held", about(mail(Status.HELD, reason="template_problem"))),
    ("retrying", about(mail(Status.QUEUED, retry=1, later=True), worker_down=True)),
    ("scheduled", about(mail(Status.QUEUED, later=True), worker_down=True, paused=True)),
    ("worker_down", about(mail(Status.QUEUED), worker_down=True, paused=True)),
    ("provider_refuses", about(mail(Status.QUEUED), paused=True)),
    ("waiting", about(mail(Status.CLAIMED))),
    ("waiting", about(mail(Status.SENDING))),
    ("unsure", about(mail(Status.UNKNOWN), silent=True)),
    ("spam_pressed", about(mail(Status.COMPLAINED, category="complained"), hold="complained")),
    ("typo", about(BOUNCED, meant="ann@gmail.com", hold="address_unknown")),
    ("failed", about(BOUNCED, hold="address_unknown")),
    ("failed", about(mail(Status.SOFT_BOUNCED, category="mailbox_full"), meant="ann@gmail.com")),
    ("failed", about(mail(Status.BOUNCED, category="recipient_policy"))),
    ("failed", about(mail(Status.FAILED, category="provider_problem"))),
    ("webhooks_silent", about(mail(Status.SENT, old=True), silent=True)),
    ("no_news", about(mail(Status.SENT, old=True))),
    ("underway", about(mail(Status.SENT))),
    ("deferred", about(mail(Status.DEFERRED), silent=True)),
    ("paid", about(DELIVERED, paid_at=NOW, signed_at=NOW, visited_at=NOW)),
    ("signed", about(replace(DELIVERED, has_link=False, auto_reply=True), signed_at=NOW, visited_at=NOW)),
    ("old_address", about(mail(Status.DELIVERED, key="old@example.com"), signed_at=NOW)),
    ("no_link", about(replace(DELIVERED, has_link=False), visited_at=NOW)),
    ("visited_unsigned", about(replace(DELIVERED, auto_reply=True), visited_at=NOW, unsigned=True)),
    ("auto_reply", about(replace(DELIVERED, auto_reply=True), unsigned=True)),
    ("unsigned", about(replace(DELIVERED, opened=True), unsigned=True)),
    ("failed", about(BOUNCED, unsigned=True)),
    ("delivered", about(replace(DELIVERED, has_link=False), kind="reminder")),
    ("visited", about(replace(DELIVERED, opened=True, auto_reply=True), visited_at=NOW, other="Bob Lee")),
    ("auto_reply", about(replace(DELIVERED, auto_reply=True, opened=True), other="Bob Lee")),
    ("shared", about(replace(DELIVERED, opened=True), other="Bob Lee")),
    ("opened", about(replace(DELIVERED, opened=True))),
    ("delivered", about(DELIVERED, silent=True, paused=True, worker_down=True, hold="complained")),
]


@pytest.mark.parametrize(("code", "facts"), TABLE, ids=[f"{number}-{code}" for number, (code, _) in enumerate(TABLE)])
def test_the_first_that_fits_is_the_answer(code: str, facts: Facts) -> None:
    assert decide(facts) == code


def test_every_answer_has_a_situation_words_and_a_button() -> None:
    codes = [code for code, _ in PRECEDENCE]
    assert len(codes) == len(set(codes))
    assert set(codes) == set(WHY) == {code for code, _ in TABLE}
    assert {words.action for words in WHY.values()} <= set(ACTIONS)


# --- with real rows --------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def company(request: pytest.FixtureRequest) -> None:
    if "django_db" in request.keywords:
        make_company(time_zone="America/Chicago", sender_email="office@oakwood.example")
        Channel.get()
        Channel.objects.update(worker_seen_at=timezone.now())


def answer(person: Participant, kind: str = "") -> Answer:
    person = Participant.objects.select_related("contact", "inspection").get(pk=person.pk)
    return selectors_why.answer(selectors_why_case.load(person, kind))


def ann(**over: Any) -> Participant:
    return make_client(**{"email": ANN} | over)


def _unconfirmed() -> Participant:
    return ann(inspection=make_inspection())


def _off() -> Participant:
    person = ann(inspection=make_inspection(status="confirmed", notifications=False))
    make_message(person, status=Status.SKIPPED, reason="off_inspection", note="Maria")
    return person


def _rule_off() -> Participant:
    person = ann()
    template("confirmation")
    Automation.objects.filter(template__kind="confirmation").update(enabled=False)
    return person


def _window_missed() -> Participant:
    person = ann()
    make_message(person, kind="reminder", status=Status.SKIPPED, reason="off_late", note=timezone.now().isoformat())
    return person


def _lost_link() -> Participant:
    person = ann()
    note = "“Confirmation” has no client portal link."
    make_message(person, status=Status.HELD, reason="template_problem", note=note)
    return person


def _typo() -> Participant:
    person = ann(email="ann@gmial.com")
    make_failed(person)
    return person


def _failed(category: str, how: str = Status.BOUNCED) -> Callable[[], Participant]:
    def make() -> Participant:
        person = ann()
        told(make_message(person), how, category=category)
        return person

    return make


def _blocked() -> Participant:
    person = ann()
    holds.block(ANN, by="Sam", why="She asked us to stop")
    make_message(person, status=Status.HELD, reason="suppressed")
    return person


def _arrived(**over: Any) -> Callable[[], Participant]:
    def make() -> Participant:
        person = ann()
        told(make_message(person, has_link=True, **over), Status.DELIVERED)
        return person

    return make


def _opened() -> Participant:
    person = _arrived()()
    message = Message.objects.get()
    activity.add(message, "opened")
    activity.learn([message.pk])
    return person


def _old_address() -> Participant:
    person = _arrived()()
    people.correct_contact(person.contact, by="Kim", email="new@example.com")
    return person


def _other_person() -> Participant:
    person = _old_address()
    make_contact(name="Bob Lee", email=ANN)
    return person


def _shared() -> Participant:
    person = _arrived()()
    make_contact(name="Bob Lee", email=ANN)
    return person


def _visited() -> Participant:
    person = _arrived()()
    kind = InspectionEvent.Type.PORTAL_VISITED
    InspectionEvent.objects.create(inspection=person.inspection, participant=person, type=kind, by="Ann Lee")
    return person


def _worker_down() -> Participant:
    person = ann()
    make_message(person, status=Status.QUEUED)
    Channel.objects.update(worker_seen_at=timezone.now() - timedelta(hours=1))
    return person


def _paused() -> Participant:
    person = ann()
    make_message(person, status=Status.QUEUED)
    Channel.objects.update(paused_reason="It refuses our key.", paused_at=timezone.now())
    return person


def _silent() -> Participant:
    person = ann()
    for _ in range(5):
        make_message(person, status=Status.SENT, sent_at=timezone.now() - timedelta(hours=5))
    return person


def _retrying() -> Participant:
    person = _failed("mailbox_full", Status.SOFT_BOUNCED)()
    assert retries.plan_all() == 1
    return person


def _cancelled() -> Participant:
    person = ann()
    make_message(person, status=Status.QUEUED)
    services.cancel(person.inspection, by="Kim")
    return person


def _stopped() -> Participant:
    person = ann()
    outbox.cancel(make_message(person, status=Status.QUEUED), by="Kim")
    return person


def _removed() -> Participant:
    person = ann()
    people.remove_person(person, by="Kim")
    return person


def _no_address() -> Participant:
    return ann(email="")


def _own() -> Participant:
    return ann(email="office@oakwood.example")


SITUATIONS: list[tuple[Callable[[], Participant], str, str, str]] = [
    # made how, the answer, words on the page, the button
    (_no_address, "no_address", "There is no email address", "Add an email address"),
    (_own, "own_address", "It is your own address", "Correct the address"),
    (_off, "skipped", "notifications are off", "Send it now"),
    (_unconfirmed, "unconfirmed", "The inspection isn’t confirmed", "Confirm the inspection"),
    (_rule_off, "rule_off", "The rule for it is off", "Send it to Ann Lee"),
    (ann, "never_sent", "It was never sent", "Send it to Ann Lee"),
    (_window_missed, "skipped", "its time had passed", "Send it now"),
    (_lost_link, "lost_link", "The template has lost its link", "Open the "),
    (_typo, "typo", "Did you mean ann@gmail.com?", "Use ann@gmail.com and resend"),
    (_failed("address_unknown"), "failed", "This address doesn’t exist", "Fix address and resend"),
    (_failed("mailbox_full", Status.SOFT_BOUNCED), "failed", "Their mailbox is full", "Try again tomorrow 8 AM"),
    (_failed("recipient_policy"), "failed", "Their mail server turned us away", "See what to ask Ann"),
    (_failed("temporary_deferral", Status.DEFERRED), "deferred", "Delayed, still trying", "See the email"),
    (_failed("complained", Status.COMPLAINED), "spam_pressed", "Marked as spam by the recipient", "Call Ann"),
    (_blocked, "blocked_by_staff", "Sam blocked it: “She asked us to stop”", "See the block"),
    (_retrying, "retrying", "We try again tomorrow", "See the email"),
    (_arrived(), "delivered", "Delivered", "Copy portal link"),
    (_opened, "opened", "maybe opened", "Copy portal link"),
    (_arrived(kind="agreement"), "delivered", "Delivered", "Copy portal link"),
    (_shared, "shared", "which Bob Lee has too", "Copy portal link"),
    (_visited, "visited", "They have been on the portal", "Copy portal link"),
    (_old_address, "old_address", "It was sent to ann@example.com", "Send it to Ann Lee"),
    (_other_person, "other_person", "ann@example.com belongs to Bob Lee", "Send it to Ann Lee"),
    (_worker_down, "worker_down", "Our sending part is not running", "Check sending health"),
    (_paused, "provider_refuses", "The mail service takes no mail now", "Check sending health"),
    (_silent, "webhooks_silent", "The mail service tells us nothing", "Check sending health"),
    (_cancelled, "cancelled", "The inspection was canceled", "Open the inspection"),
    (_stopped, "stopped", "Canceled", "Send it to Ann Lee"),
    (_removed, "removed", "Not on this inspection any more", "Open the inspection"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("make", "code", "words", "button"), SITUATIONS, ids=[f"{n}-{s[1]}" for n, s in enumerate(SITUATIONS)]
)
def test_a01_the_page_gives_one_answer_its_evidence_and_one_button(
    client: Client, make: Callable[[], Participant], code: str, words: str, button: str
) -> None:
    person = make()
    found = answer(person)
    assert found.code == code
    client.force_login(make_user())
    page = " ".join(client.get(f"/people/{person.pk}/why/").content.decode().split("<main")[1].split())
    assert words in page.replace("&quot;", '"')
    assert page.count("btn-primary") == 1
    assert button in page
    assert len(found.proofs) >= 1
    for proof in found.proofs:
        assert proof.href in page.replace("&amp;", "&")
    if found.primary.post:
        follow = {"nonce": "n", **dict(found.primary.fields)}
        assert client.post(found.primary.post, follow, follow=True).status_code == 200
    elif not found.primary.href.startswith("tel:"):
        assert client.get(found.primary.href.partition("#")[0]).status_code == 200


@pytest.mark.django_db
def test_a_resend_to_the_right_address_is_a_new_question() -> None:
    person = _old_address()
    message = Message.objects.get()
    outbox.resend(message, by="Kim", undo=False)
    assert answer(person).code == "waiting"


@pytest.mark.django_db
def test_another_kind_can_be_asked_about_and_the_problem_is_asked_about_first(client: Client) -> None:
    person = _arrived()()
    make_failed(person, kind="agreement")
    assert answer(person).code == "failed"
    assert answer(person, "confirmation").code == "delivered"
    client.force_login(make_user())
    page = client.get(f"/people/{person.pk}/why/?kind=nonsense").content.decode()
    assert 'href="?kind=confirmation"' in page


@pytest.mark.django_db
def test_a_long_history_costs_no_more_questions_to_the_database(
    client: Client, django_assert_max_num_queries: Any
) -> None:
    person = ann()
    for number in range(30):
        make_failed(person, created_at=timezone.now() - timedelta(hours=number))
    client.force_login(make_user())
    with django_assert_max_num_queries(35):
        client.get(f"/people/{person.pk}/why/")


@pytest.mark.django_db
def test_it_is_found_from_the_three_dots_and_from_search(client: Client) -> None:
    person = ann()
    client.force_login(make_user())
    link = f'href="/people/{person.pk}/why/"'
    assert link in client.get(f"/inspections/{person.inspection_id}/").content.decode()
    assert link in client.get("/inspections/?q=ann").content.decode()
    assert link not in client.get("/inspections/").content.decode()
