"""Signing and paying: who hears of it, what it stops, what comes back when it does not stand any more."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from emails import activity, automations_rules, builtin, delivery, outbox, problems
from emails.models import Automation, EmailTemplate, Message, Problem, Trigger
from emails.states import Reason, Status
from inspections import payments, people, services, signing
from inspections.models import Inspection, Participant
from tests.emails.practice_mail import Running
from tests.factories import consent, in_days, make_company, make_draft, make_person

pytestmark = pytest.mark.django_db
ANN, BOB = make_person(), make_person(name="Bob Lee", email="bob@example.com")
PAT = make_person(name="Pat Nguyen", email="pat@example.com", role="buyer_agent")
WAITS, SIGNED = (Status.QUEUED, ""), (Status.SKIPPED, Reason.DONE)


@pytest.fixture(autouse=True)
def _company() -> None:
    make_company(sender_email="office@oakwood.example", time_zone="America/Chicago")
    builtin.install()


def make_rule(**over: Any) -> Automation:
    values: dict[str, Any] = {"name": "Mine", "trigger": Trigger.CONFIRMED, "roles": ["client"]} | over
    values.setdefault("template", EmailTemplate.objects.get(name="Reminder to sign"))
    return Automation.objects.create(**values)


def confirmed(*on_it: Any, **over: Any) -> Inspection:
    inspection = services.save(make_draft(people=on_it or (ANN,), **over), by="Maria")[0]
    services.confirm(inspection, by="Maria")
    return inspection


def client(inspection: Inspection, name: str = "Ann Lee") -> Participant:
    return inspection.participants.select_related("contact", "inspection").get(contact__name=name)


def sign(inspection: Inspection, name: str = "Ann Lee") -> None:
    person = client(inspection, name)
    signing.sign(person, consent(person))


def pay(inspection: Inspection, amount: str = "425.00") -> Any:
    return payments.record(inspection, amount=Decimal(amount), method="check", by="Kim")


def standing(inspection: Inspection, rule: Automation) -> dict[str, tuple[str, str]]:
    return {m.to_name: (m.status, m.reason) for m in inspection.messages.filter(rule=rule).order_by("pk")}


# --- triggers --------------------------------------------------------------------------------------------------------


def test_of_a_signature_hears_the_client_who_gave_it_and_every_agent_of_the_rule() -> None:
    rule = make_rule(trigger=Trigger.SIGNED, roles=["client", "buyer_agent"])
    inspection = confirmed(ANN, BOB, PAT)
    sign(inspection)
    assert standing(inspection, rule) == {"Ann Lee": WAITS, "Pat Nguyen": WAITS}
    sign(inspection, "Bob Lee")
    assert list(inspection.messages.filter(rule=rule).order_by("pk").values_list("to_name", flat=True)) == [
        "Ann Lee",
        "Pat Nguyen",
        "Bob Lee",
        "Pat Nguyen",
    ]


def test_the_agreement_is_signed_once_the_last_client_has_and_everybody_hears_of_it() -> None:
    rule = make_rule(trigger=Trigger.AGREEMENT_SIGNED, roles=["client", "buyer_agent"])
    inspection = confirmed(ANN, BOB, PAT)
    sign(inspection)
    assert standing(inspection, rule) == {}
    sign(inspection, "Bob Lee")
    assert set(standing(inspection, rule)) == {"Ann Lee", "Bob Lee", "Pat Nguyen"}


def test_whoever_signs_gets_the_signed_copy_and_all_clients_the_receipt() -> None:
    inspection = confirmed(ANN, BOB)
    sign(inspection)
    pay(inspection, "400.00")
    rows = inspection.messages.filter(kind="receipt").order_by("pk")
    assert [(m.to_name, m.template.name) for m in rows if m.template] == [("Ann Lee", "Signed agreement")]
    pay(inspection, "25.00")
    assert [(m.to_name, m.template.name) for m in rows.all()[1:] if m.template] == [
        ("Ann Lee", "Receipt"),
        ("Bob Lee", "Receipt"),
    ]


def test_a_fee_that_is_lowered_to_what_came_brings_the_receipt() -> None:
    inspection = confirmed(ANN)
    pay(inspection, "400.00")
    services.correct(inspection, make_draft(people=(ANN,), fee=Decimal("400.00")), by="Kim")
    assert inspection.messages.get(kind="receipt").to_name == "Ann Lee"


def test_a_slip_of_the_fee_costs_no_receipt_and_brings_none_twice() -> None:
    inspection = confirmed(ANN)
    pay(inspection, "425.00")
    for fee in ("450.00", "425.00"):
        services.correct(inspection, make_draft(people=(ANN,), fee=Decimal(fee)), by="Kim")
    rows = inspection.messages.filter(kind="receipt").order_by("pk")
    assert [row.status for row in rows] == [Status.CANCELLED, Status.QUEUED]
    rows.filter(status=Status.QUEUED).update(status=Status.DELIVERED)
    for fee in ("450.00", "425.00"):
        services.correct(inspection, make_draft(people=(ANN,), fee=Decimal(fee)), by="Kim")
    assert [(row.status, row.reason) for row in rows.all()][-1] == (Status.SKIPPED, Reason.DUPLICATE)
    assert rows.all().count() == 3


# --- reminders that ask only whom there is something to ask ----------------------------------------------------------


def test_a_signature_stops_the_reminder_of_that_client_alone() -> None:
    rule = make_rule(offset=48, unsigned=True)
    inspection = confirmed(ANN, BOB)
    sign(inspection)
    assert standing(inspection, rule) == {"Ann Lee": SIGNED, "Bob Lee": WAITS}
    row = inspection.messages.get(rule=rule, to_name="Ann Lee")
    assert row.note == "Ann Lee has signed"


def test_an_agent_is_reminded_until_every_client_has_signed() -> None:
    rule = make_rule(offset=48, unsigned=True, roles=["buyer_agent"])
    inspection = confirmed(ANN, BOB, PAT)
    sign(inspection)
    assert standing(inspection, rule) == {"Pat Nguyen": WAITS}
    sign(inspection, "Bob Lee")
    assert standing(inspection, rule) == {"Pat Nguyen": SIGNED}
    people.add_person(inspection, make_person(name="Cy Fox", email="cy@example.com"), by="Kim")
    assert standing(inspection, rule) == {"Pat Nguyen": WAITS}
    people.remove_person(client(inspection, "Cy Fox"), by="Kim")
    assert standing(inspection, rule) == {"Pat Nguyen": SIGNED}


def test_a_move_ends_the_signature_and_brings_the_reminder_back_at_its_new_time() -> None:
    rule = make_rule(offset=48, unsigned=True)
    inspection = confirmed(starts_at=in_days(5))
    sign(inspection)
    services.reschedule(inspection, in_days(8), by="Kim")
    message = inspection.messages.get(rule=rule)
    assert (message.status, message.send_after) == (Status.QUEUED, inspection.starts_at - timedelta(hours=48))


def test_another_address_ends_the_signature_too() -> None:
    rule = make_rule(offset=48, unsigned=True)
    inspection = confirmed()
    sign(inspection)
    services.correct(inspection, make_draft(address="14 Oak St"), by="Kim")
    assert standing(inspection, rule) == {"Ann Lee": WAITS}


def test_paying_stops_the_reminder_to_pay_and_taking_it_back_brings_it_again() -> None:
    rule = make_rule(offset=48, unpaid=True)
    inspection = confirmed()
    pay(inspection, "400.00")
    assert standing(inspection, rule) == {"Ann Lee": WAITS}
    last = pay(inspection, "25.00")
    assert standing(inspection, rule) == {"Ann Lee": SIGNED}
    payments.undo(last, by="Kim")
    assert standing(inspection, rule) == {"Ann Lee": WAITS}


def test_another_fee_is_paid_or_not_paid_by_what_came() -> None:
    rule = make_rule(offset=48, unpaid=True)
    inspection = confirmed()
    pay(inspection)
    services.correct(inspection, make_draft(fee=Decimal("500.00")), by="Kim")
    assert standing(inspection, rule) == {"Ann Lee": WAITS}
    services.correct(inspection, make_draft(fee=Decimal("300.00")), by="Kim")
    assert standing(inspection, rule) == {"Ann Lee": SIGNED}


def test_what_has_no_agreement_or_no_fee_is_not_asked_about() -> None:
    to_sign, to_pay = make_rule(offset=48, unsigned=True), make_rule(name="Pay", offset=48, unpaid=True)
    inspection = services.save(make_draft(fee=None), by="Maria")[0]
    Inspection.objects.filter(pk=inspection.pk).update(agreement=None)
    inspection.refresh_from_db()
    services.confirm(inspection, by="Maria")
    assert standing(inspection, to_sign) == {"Ann Lee": (Status.SKIPPED, Reason.CONDITION)}
    assert standing(inspection, to_pay) == {"Ann Lee": (Status.SKIPPED, Reason.CONDITION)}


def test_a_reminder_whose_time_has_passed_does_not_come_back() -> None:
    rule = make_rule(offset=48, unsigned=True)
    inspection = confirmed(starts_at=in_days(5))
    sign(inspection)
    services.reschedule(inspection, in_days(1), by="Kim")
    assert standing(inspection, rule) == {"Ann Lee": (Status.SKIPPED, Reason.WINDOW_MISSED)}


def test_notifications_that_are_off_meanwhile_are_the_reason_once_the_signature_ended() -> None:
    rule = make_rule(offset=48, unsigned=True)
    inspection = confirmed()
    sign(inspection)
    services.set_notifications(inspection, False, by="Sam")
    assert standing(inspection, rule) == {"Ann Lee": SIGNED}
    services.correct(inspection, make_draft(address="14 Oak St"), by="Kim")
    assert standing(inspection, rule) == {"Ann Lee": (Status.SKIPPED, Reason.NOTIFICATIONS_OFF)}


def test_a_rule_that_was_off_meanwhile_finds_its_way_back() -> None:
    rule = make_rule(offset=48, unsigned=True)
    inspection = confirmed()
    automations_rules.switch(rule, False, by="Kim")
    sign(inspection)
    automations_rules.switch(rule, True, by="Kim")
    assert standing(inspection, rule) == {"Ann Lee": SIGNED}
    services.correct(inspection, make_draft(address="14 Oak St"), by="Kim")
    assert standing(inspection, rule) == {"Ann Lee": WAITS}


def test_somebody_whose_role_the_rule_no_longer_has_stays_without_it() -> None:
    rule = make_rule(offset=48, unsigned=True)
    inspection = confirmed()
    rule.roles = ["coordinator"]
    automations_rules.save(rule, by="Kim")
    sign(inspection)
    services.correct(inspection, make_draft(address="14 Oak St"), by="Kim")
    assert standing(inspection, rule) == {"Ann Lee": (Status.SKIPPED, Reason.RULE_OFF)}


# --- the agreement ---------------------------------------------------------------------------------------------------


def test_an_agreement_that_waits_for_somebody_who_signed_is_not_sent() -> None:
    inspection = confirmed(make_person(email=""))
    assert inspection.messages.get(kind="agreement").status == Status.HELD
    sign(inspection)
    message = inspection.messages.get(kind="agreement")
    assert (message.status, message.reason) == SIGNED
    assert not Problem.objects.open().filter(kind="agreement").exists()


def test_whoever_signed_before_it_was_confirmed_is_not_asked_again() -> None:
    inspection = services.save(make_draft(people=(ANN, BOB)), by="Maria")[0]
    sign(inspection)
    services.confirm(inspection, by="Maria")
    found = {m.to_name: (m.status, m.reason) for m in inspection.messages.filter(kind="agreement")}
    assert found == {"Ann Lee": SIGNED, "Bob Lee": WAITS}


def test_a_signature_in_the_last_moment_stops_what_a_worker_has_already(mail: Running) -> None:
    inspection = confirmed()
    claimed = {m.kind: m for m in activity.claim(10)}
    sign(inspection)
    for message in claimed.values():
        delivery._prepare(message, make_company())
    rows = {m.kind: (m.status, m.reason) for m in inspection.messages.exclude(kind="receipt")}
    assert rows == {"confirmation": (Status.SENDING, ""), "agreement": SIGNED, "reminder": WAITS}


def test_a_resend_that_waits_when_they_sign_is_not_sent_but_one_asked_for_later_is(mail: Running) -> None:
    inspection = confirmed()
    delivery.deliver_due()
    Message.objects.update(created_at=timezone.now() - timedelta(hours=1))
    first = inspection.messages.get(kind="agreement")
    again = outbox.resend(first, by="Kim")
    sign(inspection)
    again.refresh_from_db()
    assert (again.status, again.reason) == SIGNED
    meant = outbox.resend(first, by="Kim", undo=False, confirmed=True)
    delivery.deliver_due()
    meant.refresh_from_db()
    assert meant.status == Status.SENT


def test_what_is_not_sent_because_it_is_signed_can_still_be_sent(mail: Running) -> None:
    rule = make_rule(offset=48, unsigned=True)
    inspection = confirmed()
    sign(inspection)
    sent = outbox.send_now(inspection.messages.get(rule=rule), by="Kim")
    Message.objects.filter(pk=sent.pk).update(send_after=timezone.now())
    delivery.deliver_due()
    sent.refresh_from_db()
    assert sent.status == Status.SENT


# --- what it tells is taken back -------------------------------------------------------------------------------------


def test_a_receipt_for_money_that_was_taken_back_is_not_sent() -> None:
    inspection = confirmed()
    payments.undo(pay(inspection), by="Kim")
    (receipt,) = inspection.messages.filter(kind="receipt")
    assert receipt.status == Status.CANCELLED
    pay(inspection)
    assert [m.status for m in inspection.messages.filter(kind="receipt").order_by("pk")] == ["cancelled", "queued"]


def test_the_copy_of_a_signature_that_ended_is_not_sent() -> None:
    inspection = confirmed(ANN, BOB)
    sign(inspection)
    sign(inspection, "Bob Lee")
    people.correct_contact(client(inspection).contact, by="Kim", name="Anna Lee")
    copies = inspection.messages.filter(kind="receipt")
    assert {m.to_name: m.status for m in copies} == {"Ann Lee": "cancelled", "Bob Lee": "queued"}


# --- problems --------------------------------------------------------------------------------------------------------


def failed(inspection: Inspection, kind: str, name: str = "Ann Lee") -> Message:
    message = inspection.messages.get(kind=kind, to_name=name, root=None)
    bounce(message)
    return message


def bounce(message: Message) -> None:
    Message.objects.filter(pk=message.pk).update(status=Status.BOUNCED, category="address_unknown")
    message.refresh_from_db()
    problems.follow(message)


def fails(message: Message) -> Problem:
    bounce(message)
    return Problem.objects.open().get(message=message)


def test_a_signature_settles_what_did_not_arrive_for_that_person() -> None:
    inspection = confirmed(ANN, BOB)
    for kind in ("confirmation", "agreement"):
        failed(inspection, kind)
    failed(inspection, "agreement", "Bob Lee")
    sign(inspection)
    left = Problem.objects.open().get()
    assert left.message.to_name == "Bob Lee"
    closed = Problem.objects.get(kind="agreement", participant=client(inspection))
    assert (closed.closed_note, closed.closed_by) == ("Solved: signed", "Ann Lee")


def test_late_news_of_an_agreement_that_is_signed_by_now_needs_nobody() -> None:
    inspection = confirmed()
    message = inspection.messages.get(kind="agreement")
    Message.objects.filter(pk=message.pk).update(status=Status.SENT, sent_at=timezone.now())
    sign(inspection)
    failed(inspection, "agreement")
    failed(inspection, "reminder")
    assert [problem.kind for problem in Problem.objects.open()] == ["reminder"]


def test_paying_settles_the_reminder_to_pay_that_did_not_arrive() -> None:
    rule = make_rule(offset=48, unpaid=True)
    inspection = confirmed()
    fails(inspection.messages.get(rule=rule))
    pay(inspection)
    assert Problem.objects.get().closed_note == "Solved: paid"


def test_a_fee_that_is_lowered_to_what_came_settles_it_too() -> None:
    rule = make_rule(unpaid=True, offset=24, template=builtin.template("Reminder to pay"))
    inspection = confirmed()
    pay(inspection, "400.00")
    problem = fails(inspection.messages.get(rule=rule))
    services.correct(inspection, make_draft(people=(ANN,), fee=Decimal("400.00")), by="Kim")
    problem.refresh_from_db()
    assert (problem.closed_by, problem.closed_note) == ("Kim", "Solved: paid")


def test_once_every_client_has_signed_nobody_else_has_to_hear_that_they_have_not() -> None:
    rule = make_rule(roles=["buyer_agent"], unsigned=True, offset=24)
    inspection = confirmed(ANN, BOB, PAT)
    failed = inspection.messages.get(rule=rule)
    problem = fails(failed)
    again = outbox.resend(failed, by="Kim", how=outbox.How(at=timezone.now() + timedelta(hours=1)))
    sign(inspection)
    problem.refresh_from_db()
    assert problem.closed_at is None
    sign(inspection, "Bob Lee")
    problem.refresh_from_db()
    again.refresh_from_db()
    assert (problem.closed_note, again.status, again.reason) == ("Solved: signed", *SIGNED)


def test_an_agents_confirmation_that_did_not_arrive_is_not_settled_by_a_signature() -> None:
    inspection = confirmed(ANN, PAT)
    problem = fails(inspection.messages.get(rule__name="Confirmation for agents"))
    sign(inspection)
    problem.refresh_from_db()
    assert problem.closed_at is None


@pytest.mark.parametrize("leaves", ["taken off", "no client any more"])
def test_when_the_only_one_who_has_not_signed_leaves_the_agreement_is_signed(leaves: str) -> None:
    rule = make_rule(trigger=Trigger.AGREEMENT_SIGNED, roles=["buyer_agent"])
    inspection = confirmed(ANN, BOB, PAT)
    sign(inspection)
    bob = client(inspection, "Bob Lee")
    people.remove_person(bob, by="Kim") if leaves == "taken off" else people.change_role(bob, "other", by="Kim")
    assert standing(inspection, rule) == {"Pat Nguyen": WAITS}
    people.remove_person(client(inspection), by="Kim")
    assert inspection.messages.filter(rule=rule).count() == 1


def test_several_who_have_not_signed_leave_at_once_and_it_is_told_once() -> None:
    rule = make_rule(trigger=Trigger.AGREEMENT_SIGNED, roles=["buyer_agent"])
    inspection = confirmed(ANN, BOB, make_person(name="Cy Lee", email="cy@example.com"), PAT)
    sign(inspection)
    services.save(make_draft(people=(ANN, PAT)), by="Kim")
    assert inspection.messages.filter(rule=rule).count() == 1


def test_a_name_that_is_spelled_otherwise_changes_nothing() -> None:
    rule = make_rule(offset=48, unsigned=True)
    inspection = confirmed()
    sign(inspection)
    people.correct_contact(client(inspection).contact, by="Kim", name="ANN LEE")
    assert standing(inspection, rule) == {"Ann Lee": SIGNED}
