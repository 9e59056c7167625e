"""What staff see of signing and paying: the list on Today, hints at emails, reminders, the list of inspections."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from emails import (
    builtin,
    digests,
    exports,
    reminders,
    retries,
    selectors_chase,
    selectors_inspection,
    selectors_why,
    selectors_why_case,
)
from emails.limits import Refused
from emails.models import Channel, Message
from emails.selectors_filters import Filters
from emails.states import Reason, Status
from inspections import events, payments, services, signing
from inspections.models import Company, Inspection, Participant
from tests.emails.mailed import make_failed, make_message, told
from tests.factories import (
    consent,
    in_days,
    make_agreement,
    make_company,
    make_inspection,
    make_participant,
    make_user,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(client: Client) -> Client:
    """Kim, signed in; a worker is alive."""
    make_company(sender_email="office@oakwood.example")
    Channel.get()
    Channel.objects.update(worker_seen_at=timezone.now())
    client.force_login(make_user(name="Kim Reyes"))
    builtin.install()
    return client


def signer(inspection: Inspection | None = None, **over: Any) -> Participant:
    """A client of an inspection in two days that has an agreement."""
    inspection = inspection or job(2)
    about = {"name": "Ann Lee", "email": "ann@example.com", "phone": "+1 217 555 0101"}
    return make_participant(inspection, **about | over)


def job(days: float, **over: Any) -> Inspection:
    values: dict[str, Any] = {"status": "confirmed", "starts_at": in_days(days), "agreement": make_agreement()}
    return make_inspection(**values | over)


def sign(person: Participant) -> None:
    signing.sign(person, consent(person))


def pay(person: Participant, amount: str = "425.00") -> None:
    payments.record(person.inspection, amount=Decimal(amount), method="check", by="Kim")


def visit(person: Participant) -> None:
    events.record(person.inspection, events.Type.PORTAL_VISITED, by=person.name, participant=person)


def page(office: Client, path: str = "/") -> str:
    answer = office.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def unsigned(within: timedelta = selectors_chase.AHEAD) -> list[tuple[str, str]]:
    return [(row.name, row.label) for row in selectors_chase.rows(within=within)]


# --- Today -----------------------------------------------------------------------------------------------------------


def test_whom_no_link_reached_comes_first_then_the_soonest_inspection(office: Client) -> None:
    near = signer(job(0.5), name="Near")
    told(make_message(near), Status.DELIVERED)
    told(make_message(signer(job(2.5), name="Far")), Status.DELIVERED)
    signer(job(2.9), name="Never")
    signer(job(4), name="Later")
    signer(job(1, status="requested"), name="Asked")
    signer(job(1, agreement=None), name="Free")
    sign(signer(job(1), name="Done"))
    assert unsigned() == [
        ("Never", "Agreement not sent"),
        ("Near", "Delivered, not signed"),
        ("Far", "Delivered, not signed"),
    ]
    assert unsigned(timedelta(days=1)) == [("Near", "Delivered, not signed")]
    html = page(office)
    assert "Not signed yet" in html
    assert html.index("Never") < html.index("Near") < html.index("Far")


def test_nothing_is_said_where_all_have_signed(office: Client) -> None:
    sign(signer())
    assert "Not signed yet" not in page(office)


@pytest.mark.parametrize(
    ("days", "act", "label", "primary"),
    [
        (2, lambda person: told(make_message(person), Status.DELIVERED), "Delivered, not signed", "Resend agreement"),
        (0.5, lambda person: told(make_message(person), Status.DELIVERED), "Delivered, not signed", "Call Ann"),
        (2, visit, "Portal visited, not signed", "Resend agreement"),
        (2, lambda person: make_message(person), "On its way, not signed", "Resend agreement"),
        (2, lambda person: None, "Agreement not sent", "Send the agreement"),
        (
            2,
            lambda person: make_failed(person, category="address_unknown"),
            "Cannot reach the agreement",
            "Correct address",
        ),
        (
            2,
            lambda person: make_failed(person, category="mailbox_full"),
            "Cannot reach the agreement",
            "Resend agreement",
        ),
    ],
)
def test_each_has_the_one_button_that_helps(office: Client, days: float, act: Any, label: str, primary: str) -> None:
    act(signer(job(days)))
    (row,) = selectors_chase.rows()
    assert (row.label, row.primary.label) == (label, primary)


def test_a_signature_that_ended_asks_for_a_new_one_here_and_beside_the_person(office: Client) -> None:
    person = signer()
    told(make_message(person), Status.DELIVERED)
    sign(person)
    services.reschedule(person.inspection, in_days(2.5), by="Kim")
    (row,) = selectors_chase.rows()
    assert (row.label, row.primary.label) == ("Asks for a new signature", "Resend agreement")
    assert "Signed before, but the date changed on" in row.sentence
    html = page(office, f"/inspections/{person.inspection_id}/")
    assert "Asks for a new signature: the date changed on" in html
    office.post(f"/people/{person.pk}/resend/agreement/")
    assert person.messages.filter(kind="agreement", status=Status.QUEUED).exists()


def test_a13_today_says_who_cannot_reach_the_agreement_once(office: Client) -> None:
    person = signer()
    make_failed(person)
    html = page(office)
    assert "Ann Lee cannot reach the agreement." in html
    assert "Not signed yet" not in html  # the row above has it
    assert "Ann Lee</bdi> cannot reach the agreement" in page(office, f"/inspections/{person.inspection_id}/")


def test_a_try_that_we_plan_is_no_link_on_its_way(office: Client) -> None:
    person = signer()
    told(make_message(person), Status.SOFT_BOUNCED, category="mailbox_full")
    assert retries.plan_all() == 1
    (row,) = selectors_chase.rows()
    assert (row.label, row.what) == (
        "Cannot reach the agreement",
        f"Confirmation to {person.email}: Their mailbox is full",
    )


def test_a13_nothing_is_cut_off_while_another_email_with_the_link_got_through(office: Client) -> None:
    person = signer()
    make_failed(person)
    told(make_message(person, kind="agreement"), Status.DELIVERED)
    assert "cannot reach the agreement" not in page(office)


def test_today_costs_the_same_for_many(office: Client, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    for number in range(8):
        told(make_message(signer(job(2), email=f"{number}@example.com")), Status.DELIVERED)
    with django_assert_max_num_queries(10):
        assert len(selectors_chase.rows()) == 8


def test_the_daily_summary_names_those_of_the_next_two_days(office: Client) -> None:
    signer(job(1), name="Soon")
    signer(job(2.5), name="Far")
    said = digests._email(digests.Digest(user=make_user(name="Sam Ortiz"), pk=1), Company.get()).body
    assert "Not signed yet, inspection within 2 days:" in said
    assert "Soon, inspection" in said
    assert "Far" not in said


# --- reminders by hand -----------------------------------------------------------------------------------------------


def test_a_reminder_is_sent_by_hand_and_pressed_twice_is_one(office: Client) -> None:
    person = signer()
    for _ in range(2):
        assert office.post(f"/people/{person.pk}/remind/sign/", {"nonce": "n-1"}).status_code == 302
    message = person.messages.get()
    assert (message.kind, message.template and message.template.name) == ("reminder", "Reminder to sign")


def test_a_planned_reminder_of_a_rule_is_in_nobodys_way(office: Client) -> None:
    person = signer()
    rule = builtin.add_ready("unsigned-day")
    make_message(
        person, kind="reminder", template=rule.template, rule=rule, status=Status.QUEUED, send_after=in_days(1)
    )
    assert reminders.send(person, "sign", by="Kim").status == Status.QUEUED
    assert person.messages.filter(status=Status.QUEUED).count() == 2


def test_the_payment_link_goes_out_until_it_is_paid(office: Client) -> None:
    person = signer()
    assert reminders.send(person, "pay", by="Kim").template == builtin.template("Reminder to pay")
    pay(person)
    with pytest.raises(Refused, match="The fee is paid already"):
        reminders.send(person, "pay", by="Kim")
    assert office.post(f"/people/{person.pk}/remind/pay/").status_code == 409


@pytest.mark.parametrize(
    ("what", "over", "role", "why"),
    [
        ("sign", {}, "buyer_agent", "Only clients sign"),
        ("pay", {}, "buyer_agent", "Only clients are asked"),
        ("sign", {"agreement": None}, "client", "no agreement"),
        ("pay", {"fee": None}, "client", "There is no fee"),
        ("sign", {"status": "requested"}, "client", "isn’t confirmed"),
        ("pay", {"status": "cancelled"}, "client", "canceled"),
    ],
)
def test_what_makes_no_sense_says_why_and_so_does_the_menu(
    office: Client, what: str, over: dict[str, Any], role: str, why: str
) -> None:
    person = signer(job(2, **over), role=role)
    with pytest.raises(Refused, match=why):
        reminders.send(person, what, by="Kim")
    (someone,) = selectors_inspection.load(person.inspection).people
    assert why in someone.reminders[what].why
    assert office.post(f"/people/{person.pk}/remind/dance/").status_code == 404


def test_the_menu_has_the_payment_link_and_says_who_has_signed(office: Client) -> None:
    person = signer()
    sign(person)
    html = page(office, f"/inspections/{person.inspection_id}/")
    menu = html[html.index(f'id="menu-{person.pk}"') :]
    assert menu.index("Resend Agreement") < menu.index("Send payment link") < menu.index("Resend Report")
    assert "Ann Lee has signed already." in menu
    answer = office.post(f"/people/{person.pk}/resend/agreement/", follow=True)
    assert "Ann Lee has signed already." in answer.content.decode()
    assert person.messages.filter(kind="agreement", status=Status.QUEUED).exists()


def test_the_box_offers_what_is_left_to_do(office: Client) -> None:
    person = signer()
    path = f"/inspections/{person.inspection_id}/"

    def box() -> str:
        html = page(office, path)
        return html[html.index('id="agreement-state"') : html.index('aria-label="Notifications and details"')]

    assert "Send reminder to sign" in box()
    assert "Send payment link" in box()
    sign(person)
    assert "Send reminder to sign" not in box()
    pay(person)
    assert "Send payment link" not in box()


# --- hints -----------------------------------------------------------------------------------------------------------


def label(message: Message) -> str:
    mail = selectors_inspection.load(message.inspection)
    return next(line.display.label for line in mail.log if line.message == message and line.display)


def test_an_email_that_led_to_a_signature_says_so_everywhere(office: Client) -> None:
    person = signer()
    sent = told(make_message(person), Status.DELIVERED)
    other = told(make_message(person, kind="reminder"), Status.DELIVERED)
    assert label(sent) == "Delivered"
    visit(person)
    assert (label(sent), label(other)) == ("Delivered, portal visited",) * 2
    sign(person)
    assert (label(sent), label(other)) == ("Signed", "Delivered, portal visited")
    pay(person)
    assert label(sent) == "Paid"
    for path in (
        f"/messages/{sent.pk}/",
        "/emails/",
        f"/inspections/{person.inspection_id}/",
        f"/contacts/{person.contact_id}/",
    ):
        assert "<span>Paid</span>" in page(office, path), path
    assert ",Paid," in "".join(exports.lines(Filters()))


def test_the_filters_find_what_the_rows_say(office: Client) -> None:
    visitor, done, payer = (signer(name=name, email=f"{name}@example.com") for name in ("v", "s", "p"))
    sent = {person.name: told(make_message(person), Status.DELIVERED) for person in (visitor, done, payer)}
    visit(visitor)
    for person in (done, payer):
        sign(person)
    pay(payer)
    told(make_message(signer(name="x", email="x@example.com")), Status.DELIVERED)

    def found(code: str) -> set[int]:
        return {row.message.pk for row in office.get(f"/emails/?status={code}").context["activity"].rows}

    assert found("portal_visited") == {sent["v"].pk}
    assert found("signed") == {sent["s"].pk, sent["p"].pk}
    assert found("paid") == {sent["p"].pk}


def test_what_was_signed_before_it_left_or_is_not_signed_any_more_is_no_proof(office: Client) -> None:
    person = signer()
    sign(person)
    later = told(make_message(person, sent_at=timezone.now() + timedelta(seconds=1)), Status.DELIVERED)
    sooner = told(make_message(person, kind="agreement"), Status.DELIVERED)
    assert (label(later), label(sooner)) == ("Delivered", "Signed")
    services.reschedule(person.inspection, in_days(3), by="Kim")
    assert label(sooner) == "Delivered"


def test_delivered_and_not_signed_stands_beside_the_person(office: Client) -> None:
    person = signer()
    told(make_message(person), Status.DELIVERED)
    path = f"/inspections/{person.inspection_id}/"
    assert "Not signed yet." in page(office, path)
    sign(person)
    assert "Not signed yet." not in page(office, path)


def test_a_row_that_was_not_sent_because_it_is_signed_says_who_signed(office: Client) -> None:
    person = signer()
    message = make_message(
        person, kind="reminder", status=Status.SKIPPED, reason=Reason.DONE, note="Ann Lee has signed", template=None
    )
    html = page(office, f"/messages/{message.pk}/")
    assert "Not sent: already signed or paid" in html
    assert "Ann Lee has signed, so there was nothing left to ask for." in html
    assert "Send it now" in html


# --- why -------------------------------------------------------------------------------------------------------------


def answer(person: Participant) -> selectors_why.Answer:
    return selectors_why.answer(selectors_why_case.load(Participant.objects.get(pk=person.pk)))


def test_why_says_signed_paid_or_delivered_but_not_signed(office: Client) -> None:
    person = signer()
    told(make_message(person, has_link=True), Status.DELIVERED)
    found = answer(person)
    assert (found.code, found.primary.label) == ("unsigned", "Send reminder to sign")
    visit(person)
    assert answer(person).code == "visited_unsigned"
    sign(person)
    found = answer(person)
    assert (found.code, found.title) == ("signed", "Signed")
    assert found.sentence.startswith("Ann Lee signed at ")
    pay(person)
    assert answer(person).code == "paid"
    proofs = [proof.words for proof in answer(person).proofs]
    assert "Agreement signed by Ann Lee." in proofs
    assert "Paid in full by Kim." in proofs
    assert page(office, f"/people/{person.pk}/why/")


# --- the list of inspections -----------------------------------------------------------------------------------------


def test_the_list_shows_who_has_signed_and_what_is_paid(office: Client) -> None:
    house = job(2, address="1 Half St")
    sign(signer(house))
    signer(house, name="Bob Lee", email="bob@example.com")
    payments.record(house, amount=Decimal("200.00"), method="check", by="Kim")
    done = job(2, address="2 Done St")
    person = signer(done)
    sign(person)
    pay(person)
    signer(job(2, address="3 Free St", agreement=None, fee=None))
    signer(job(-2, address="4 Past St"))
    html = page(office, "/inspections/?show=all")
    for words in ("1 of 2 signed", "$225.00 due", "Signed", "Paid", "Nothing to sign", "No fee", "Not paid"):
        assert words in html, words
    for show, expected in {"unsigned": {"1 Half St"}, "unpaid": {"1 Half St", "4 Past St"}}.items():
        html = page(office, f"/inspections/?show={show}")
        assert {a for a in ("1 Half St", "2 Done St", "3 Free St", "4 Past St") if a in html} == expected
        assert f'<span class="num">{len(expected)}</span>' in html


def test_chips_without_anything_say_so(office: Client) -> None:
    sign(signer(job(2, fee=None)))
    assert "Every agreement of an upcoming inspection is signed" in page(office, "/inspections/?show=unsigned")
    assert "is paid." in page(office, "/inspections/?show=unpaid")
