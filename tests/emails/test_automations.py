"""Rules over the life of an inspection: every firing leaves one row, what waits follows, nothing goes late or twice."""

from datetime import time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Max
from django.db.models.functions import Now
from django.utils import timezone
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from emails import automations_rules, builtin, conditions, delivery, outbox, sentences
from emails.models import Automation, EmailTemplate, Message, Trigger
from emails.practice import past
from emails.states import CANCELLABLE, Reason, Status
from inspections import payments, people, services, signing
from inspections.models import Inspection, InspectionEvent
from tests.emails.practice_mail import Running
from tests.factories import consent, in_days, make_company, make_draft, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _company() -> None:
    make_company(sender_email="office@oakwood.example", time_zone="America/Chicago")
    builtin.install()


def make_rule(**over: Any) -> Automation:
    values: dict[str, Any] = {"name": "Mine", "trigger": Trigger.CONFIRMED, "roles": ["client"], "offset": 48} | over
    values.setdefault("template", EmailTemplate.objects.get(name="Reminder"))
    return Automation.objects.create(**values)


def booked(**over: Any) -> Inspection:
    return services.save(make_draft(**over), by="Maria")[0]


def confirmed(**over: Any) -> Inspection:
    inspection = booked(**over)
    services.confirm(inspection, by="Maria")
    return inspection


def row(inspection: Inspection, rule: Automation) -> Message:
    return inspection.messages.get(rule=rule)


def standing(inspection: Inspection, rule: Automation) -> tuple[str, str]:
    message = row(inspection, rule)
    return message.status, message.reason


# --- conditions, windows, quiet hours --------------------------------------------------------------------------------


def test_a_service_that_is_not_booked_leaves_a_row_that_says_so() -> None:
    rule = make_rule(service="Radon test")
    inspection = confirmed()
    assert standing(inspection, rule) == (Status.SKIPPED, Reason.CONDITION)
    assert row(inspection, rule).note == "inspections with “Radon test”"


def test_a_service_booked_later_brings_its_reminder_back_and_one_dropped_takes_it_away() -> None:
    rule = make_rule(service="radon test")
    inspection = confirmed()
    services.correct(inspection, make_draft(services=("Full inspection", "Radon test")), by="Kim")
    assert standing(inspection, rule) == (Status.QUEUED, "")
    services.correct(inspection, make_draft(services=("Full inspection",)), by="Kim")
    assert standing(inspection, rule) == (Status.SKIPPED, Reason.CONDITION)


def test_a_first_time_client_is_one_without_an_earlier_inspection() -> None:
    rule = make_rule(first_time=True)
    assert standing(confirmed(external_id="1", starts_at=in_days(5)), rule)[0] == Status.QUEUED
    assert standing(confirmed(external_id="2", starts_at=in_days(9)), rule)[1] == Reason.CONDITION


def test_a_move_takes_a_reminder_out_of_its_window_and_back_into_it_as_the_same_row() -> None:
    rule = make_rule(offset=48)
    inspection = confirmed(starts_at=in_days(5))
    services.reschedule(inspection, in_days(1), by="Kim")
    assert standing(inspection, rule) == (Status.SKIPPED, Reason.WINDOW_MISSED)
    services.reschedule(inspection, in_days(6), by="Kim")
    message = row(inspection, rule)
    assert (message.status, message.send_after) == (Status.QUEUED, inspection.starts_at - timedelta(hours=48))
    assert message.not_after == inspection.starts_at - timedelta(hours=24)


def test_completing_stops_reminders_but_not_what_comes_after() -> None:
    before, after = make_rule(), make_rule(name="After", offset=1, unit="days", side="after")
    inspection = confirmed()
    services.complete(inspection, by="Kim")
    assert row(inspection, before).status == Status.CANCELLED
    assert row(inspection, after).status == Status.QUEUED


def test_a_worker_that_was_down_for_a_day_sends_nothing_late(mail: Running) -> None:
    rule = make_rule(offset=24)
    inspection = confirmed(starts_at=in_days(2))
    past.move(inspection, -timedelta(hours=23))
    past.move(inspection, -timedelta(hours=14))  # due 13 hours ago: more than half of its day is gone
    message = row(inspection, rule)
    delivery.deliver_due()
    assert standing(inspection, rule) == (Status.SKIPPED, Reason.WINDOW_MISSED)
    assert mail.logged(str(message.uuid)) == []


def test_a_worker_that_was_down_for_an_hour_sends_it_all_the_same(mail: Running) -> None:
    rule = make_rule(offset=24)
    inspection = confirmed(starts_at=in_days(2))
    past.move(inspection, -timedelta(hours=25))
    delivery.deliver_due()
    assert row(inspection, rule).status == Status.SENT


def test_what_staff_send_by_hand_goes_whatever_the_rule_says(mail: Running) -> None:
    rule = make_rule(offset=24)
    inspection = confirmed(starts_at=in_days(5))
    outbox.send_now(row(inspection, rule), by="Kim")
    Automation.objects.filter(pk=rule.pk).update(enabled=False)
    delivery.deliver_due()
    assert row(inspection, rule).status == Status.SENT


def test_quiet_hours_hold_a_confirmation_until_their_end(mail: Running) -> None:
    local = timezone.localtime(timezone=make_company().zone)
    start, end = (local - timedelta(hours=1)).time(), (local + timedelta(hours=2)).time().replace(microsecond=0)
    rule = make_rule(offset=None, quiet_from=start, quiet_until=end)
    inspection = confirmed()
    message = row(inspection, rule)
    assert timezone.localtime(message.send_after, make_company().zone).time() == end
    # A worker that comes back in the middle of the night waits for the morning too.
    Message.objects.filter(pk=message.pk).update(send_after=Now() - timedelta(minutes=1))
    delivery.deliver_due()
    message.refresh_from_db()
    assert (message.status, mail.logged(str(message.uuid))) == (Status.QUEUED, [])
    assert message.send_after > timezone.now()


# --- rules change ----------------------------------------------------------------------------------------------------


def test_turning_a_rule_off_stops_what_it_planned_and_on_again_brings_it_back() -> None:
    rule = make_rule()
    inspection = confirmed()
    assert automations_rules.switch(rule, False, by="Kim") == 1
    assert standing(inspection, rule) == (Status.SKIPPED, Reason.RULE_OFF)
    assert automations_rules.switch(rule, False, by="Kim") == 0
    assert automations_rules.switch(rule, True, by="Kim") == 1
    assert standing(inspection, rule) == (Status.QUEUED, "")


def test_turning_a_rule_on_sends_nothing_that_was_missed() -> None:
    rule = Automation.objects.get(name="Confirmation")
    automations_rules.switch(rule, False, by="Kim")
    inspection = confirmed()
    assert automations_rules.switch(rule, True, by="Kim") == 0
    assert standing(inspection, rule) == (Status.SKIPPED, Reason.RULE_OFF)


def test_a_changed_rule_takes_what_it_planned_with_it() -> None:
    rule = make_rule(offset=48)
    inspection = confirmed()
    rule.offset, rule.template = 72, EmailTemplate.objects.get(name="New date")
    assert automations_rules.save(rule, by="Kim") == 1
    message = row(inspection, rule)
    assert message.send_after == inspection.starts_at - timedelta(hours=72)
    assert message.template == rule.template
    rule.roles = ["coordinator"]
    automations_rules.save(rule, by="Kim")
    assert standing(inspection, rule) == (Status.SKIPPED, Reason.RULE_OFF)


def test_a_deleted_rule_stops_what_it_planned_and_keeps_its_name_in_the_log() -> None:
    rule = make_rule()
    inspection = confirmed()
    assert automations_rules.delete(rule, by="Kim") == 1
    message = row(inspection, rule)
    assert (message.status, message.reason, message.note) == (Status.SKIPPED, Reason.RULE_OFF, "Mine")
    assert message.events.latest("pk").text == "The rule was deleted"
    assert not confirmed(external_id="later").messages.filter(rule=rule).exists()
    make_rule()  # its name is free again


def test_a_built_in_rule_that_was_renamed_or_deleted_does_not_come_back() -> None:
    Automation.objects.filter(name="Agreement").update(name="Our agreement")
    automations_rules.delete(Automation.objects.get(name="New date"), by="Kim")
    builtin.install()
    names = set(Automation.objects.standing().values_list("name", flat=True))
    assert {"Our agreement"} <= names
    assert not {"Agreement", "New date"} & names


def test_a_copy_is_off_and_has_a_name_of_its_own() -> None:
    rule = make_rule()
    names = [automations_rules.copy(rule).name for _ in range(3)]
    assert names == ["Mine (copy)", "Mine (copy 2)", "Mine (copy 3)"]
    assert not Automation.objects.filter(name__startswith="Mine (").filter(enabled=True).exists()


def test_somebody_who_comes_back_does_not_get_the_reminder_twice(mail: Running) -> None:
    rule = make_rule(offset=24)
    inspection = confirmed(starts_at=in_days(5))
    outbox.send_now(row(inspection, rule), by="Kim")
    delivery.deliver_due()
    person = inspection.participants.get()
    people.remove_person(person, by="Kim")
    people.add_person(inspection, make_person(), by="Kim")
    again = inspection.messages.filter(rule=rule).latest("pk")
    assert (again.status, again.reason) == (Status.SKIPPED, Reason.DUPLICATE)


def test_only_triggers_whose_event_can_happen_are_offered() -> None:
    assert {trigger.value for trigger in sentences.offered()} == set(Trigger.values) & set(InspectionEvent.Type.values)


# --- whatever the order ----------------------------------------------------------------------------------------------

HOURS = st.sampled_from([-3, 1, 5, 13, 26, 49])
CLOCK = st.tuples(st.just("clock"), HOURS)
STEPS = st.lists(
    st.one_of(
        CLOCK,
        st.just(("work", 0)),
        st.just(("hurry", 0)),
        st.just(("confirm", 0)),
        st.just(("cancel", 0)),
        st.just(("complete", 0)),
        st.tuples(st.just("notifications"), st.booleans()),
        st.tuples(st.just("move"), st.sampled_from([6, 20, 30, 50, 100, 200])),
        st.just(("person on", 0)),
        st.just(("person off", 0)),
        st.tuples(st.just("services"), st.booleans()),
        st.tuples(st.just("sign"), st.sampled_from(["Ann Lee", "Bob Lee"])),
        st.tuples(st.just("sign"), st.sampled_from(["Ann Lee", "Bob Lee"])),
        st.just(("pay", 0)),
        st.just(("pay back", 0)),
        st.tuples(st.just("rule"), st.tuples(st.integers(0, 6), st.booleans())),
        CLOCK,
        st.just(("work", 0)),
    ),
    min_size=3,
    max_size=14,
).map(lambda steps: [("confirm", 0), ("person on", 0), *steps])


class Office:
    """One inspection under test, what its rules owe, and what has left."""

    def __init__(self, number: str, mail: Running) -> None:
        self.mail = mail
        self.inspection = booked(external_id=number, starts_at=in_days(4))
        self.date = 0
        self.seen_event = self.last_event()
        self.owed: set[str] = set()
        self.sent: set[tuple[int | None, int | None, object]] = set()
        self.left: set[int] = set()

    def last_event(self) -> int:
        return InspectionEvent.objects.aggregate(last=Max("pk"))["last"] or 0

    def do(self, step: tuple[str, Any]) -> None:
        name, value = step
        getattr(self, "_" + name.replace(" ", "_"))(value)
        self.inspection.refresh_from_db()
        self.look()

    def _confirm(self, _: int) -> None:
        if self.inspection.status != "cancelled":
            services.confirm(self.inspection, by="Kim")

    def _cancel(self, _: int) -> None:
        if self.inspection.status != "completed":
            services.cancel(self.inspection, by="Kim")

    def _complete(self, _: int) -> None:
        if self.inspection.status == "confirmed":
            services.complete(self.inspection, by="Kim")

    def _notifications(self, on: bool) -> None:
        services.set_notifications(self.inspection, on, by="Kim")

    def _move(self, hours: int) -> None:
        if self.inspection.status not in ("cancelled", "completed"):
            when = (timezone.now() + timedelta(hours=hours)).replace(second=0, microsecond=0)
            self.date += services.reschedule(self.inspection, when, by="Kim")

    def _person_on(self, _: int) -> None:
        people.add_person(self.inspection, make_person(name="Bob Lee", email="bob@example.com"), by="Kim")

    def _person_off(self, _: int) -> None:
        for person in self.inspection.participants.current().filter(contact__name="Bob Lee"):
            people.remove_person(person, by="Kim")

    def _services(self, radon: bool) -> None:
        names = ("Full inspection", "Radon test") if radon else ("Full inspection",)
        draft = make_draft(services=names, starts_at=in_days(4), external_id=self.inspection.external_id)
        services.correct(self.inspection, draft, by="Kim")

    def _sign(self, name: str) -> None:
        for person in self.inspection.participants.current().filter(contact__name=name):
            if not signing.why_not(person):
                signing.sign(person, consent(person))

    def _pay(self, _: int) -> None:
        payments.record(self.inspection, amount=Decimal("425.00"), method="check", by="Kim")

    def _pay_back(self, _: int) -> None:
        if last := self.inspection.payments.standing().last():
            payments.undo(last, by="Kim")

    def _rule(self, which: tuple[int, bool]) -> None:
        rules = Automation.objects.filter(name__in=["Confirmation", "A", "B", "C", "D", "E", "F"]).order_by("pk")
        automations_rules.switch(rules[which[0]], which[1], by="Kim")

    def _clock(self, hours: int) -> None:
        past.move(self.inspection, -timedelta(hours=hours))

    def _hurry(self, _: int) -> None:
        for message in self.inspection.messages.filter(status=Status.QUEUED, to_name="Bob Lee").order_by("-pk")[:2]:
            outbox.send_now(message, by="Kim")

    def _work(self, _: int) -> None:
        delivery.deliver_due()

    def look(self) -> None:
        self.fired()
        self.check_rows()
        self.check_sent()

    def fired(self) -> None:
        """What the events since the last look made rules owe: for everybody whom they write to, one row."""
        events = InspectionEvent.objects.filter(inspection=self.inspection, pk__gt=self.seen_event)
        for event in events.filter(type__in=Trigger.values):
            rules = list(Automation.objects.standing().filter(trigger=event.type))
            for person in self.inspection.participants.current():
                signer = event.type != Trigger.SIGNED or event.participant_id == person.pk
                self.owed |= {f"{r.pk}:{person.pk}:{event.pk}" for r in rules if person.role in r.roles and signer}
        self.seen_event = self.last_event()

    def check_rows(self) -> None:
        rows = list(Message.objects.filter(inspection=self.inspection))
        firings = [message.firing for message in rows]
        assert len(firings) == len(set(firings))
        assert self.owed <= set(firings)
        for message in rows:
            assert message.reason or message.status not in (Status.SKIPPED, Status.HELD)
        waiting = [(m.rule_id, m.participant_id) for m in rows if m.rule and m.rule.is_timed and m.is_cancellable]
        assert len(waiting) == len(set(waiting))
        off = [m for m in rows if m.status in CANCELLABLE and m.rule and m.rule.is_timed and not m.rule.enabled]
        assert off == []
        self.check_answered(rows)
        if self.inspection.confirmed_at and self.inspection.status == "confirmed":
            self.check_everybody(rows)

    def check_answered(self, rows: list[Message]) -> None:
        """Nothing waits to ask for what is signed or paid, and nothing says so that is not."""
        for message in rows:
            person, rule = message.participant, message.rule
            if person is None or rule is None or person.removed_at:
                continue
            answered = conditions.answered(rule, message.kind, person)
            assert not (answered and message.status in CANCELLABLE), answered
            due = message.send_after > timezone.now() and rule.is_timed and self.inspection.status == "confirmed"
            if message.reason == Reason.DONE and due and not self.has_a_later_one(message, rows):
                assert answered

    def has_a_later_one(self, message: Message, rows: list[Message]) -> bool:
        same = (message.rule_id, message.participant_id)
        return any((m.rule_id, m.participant_id) == same and m.pk > message.pk for m in rows)

    def check_everybody(self, rows: list[Message]) -> None:
        """Each rule around the inspection has an answer for each person, whatever became of it."""
        known = {(m.rule_id, m.participant_id) for m in rows}
        for person in self.inspection.participants.current():
            for rule in Automation.objects.standing().timed():
                assert person.role not in rule.roles or (rule.pk, person.pk) in known

    def check_sent(self) -> None:
        for message in Message.objects.filter(inspection=self.inspection, sent_at__isnull=False):
            if message.pk in self.left:
                continue
            self.left.add(message.pk)
            assert len(self.mail.logged(str(message.uuid))) == 1
            assert message.rule
            which: object = self.date if message.rule.is_timed else message.firing
            key = (message.rule_id, message.participant_id, which)
            assert key not in self.sent, "sent twice"
            self.sent.add(key)
            assert message.not_after is None or message.sent_at is None or message.sent_at <= message.not_after
            assert self.inspection.notifications
            assert self.inspection.status != "cancelled" or message.kind == "cancelled"
            assert message.participant
            assert message.participant.removed_at is None


LATER, WORK = ("clock", 49), ("work", 0)
_numbers = iter(range(10**9))


@pytest.fixture
def seven_rules() -> None:
    make_rule(name="A", offset=2, unit="days", window=30)
    make_rule(name="B", offset=1, unit="days", side="after")
    make_rule(name="C", offset=3, service="Radon test")
    make_rule(name="D", offset=30, quiet_from=time(22), quiet_until=time(7))
    make_rule(name="E", offset=40, unsigned=True)
    make_rule(name="F", offset=20, unpaid=True, window=2)


@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # each step is a real send: shrinking takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(STEPS)
@example([("confirm", 0), ("clock", 49), ("clock", 26), ("work", 0)])
@example(
    [("confirm", 0), ("person on", 0), ("hurry", 0), ("work", 0), ("person off", 0), ("person on", 0), LATER, WORK]
)
@example([("notifications", False), ("confirm", 0), ("notifications", True), ("move", 100), LATER, WORK])
@example([("confirm", 0), ("rule", (1, False)), ("move", 200), ("rule", (1, True)), LATER, WORK, ("cancel", 0), WORK])
@example([("sign", "Ann Lee"), ("move", 100), ("sign", "Ann Lee"), ("rule", (5, False)), ("move", 200), LATER, WORK])
@example([("confirm", 0), ("pay", 0), ("notifications", False), ("pay back", 0), ("notifications", True), LATER, WORK])
def test_whatever_the_order_every_firing_leaves_one_row_and_nothing_is_sent_twice(
    mail: Running, seven_rules: None, steps: list[tuple[str, Any]]
) -> None:
    Automation.objects.standing().update(enabled=True)
    Message.objects.filter(status__in=CANCELLABLE).update(send_after=Now() + timedelta(days=9999))
    office = Office(f"H-{next(_numbers)}", mail)
    for step in steps:
        office.do(step)
