"""Whatever is done to an inspection, in whatever order: one row for each recipient, nothing twice, nothing too late.

STEPS is the table of what can be done, HOLDS of what must hold after each: another act or promise is another line.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.conf import LazySettings
from django.db.models import F, Max
from django.db.models.functions import Now
from django.utils import timezone
from hypothesis import HealthCheck, Phase, example, given
from hypothesis import settings as often
from hypothesis import strategies as st

from emails import automations_rules, builtin, conditions, delivery, outbox, timing
from emails.models import Automation, EmailTemplate, Kind, Message, Trigger
from emails.practice import past
from emails.states import CANCELLABLE, Reason, Status
from inspections import payments, people, services, signing
from inspections.models import InspectionEvent, InspectionStatus, Participant, Role
from tests.emails.practice_mail import Running
from tests.factories import consent, in_days, make_company, make_draft, make_person

pytestmark = pytest.mark.django_db

ANN = make_person()
BOB = make_person(name="Bob Lee", email="bob@example.com")
REQUESTED, CONFIRMED, COMPLETED = InspectionStatus.REQUESTED, InspectionStatus.CONFIRMED, InspectionStatus.COMPLETED
RULES = ("Confirmation", "A", "B", "C", "D", "E", "F")
ZONE = ZoneInfo("America/Chicago")
HOURS = (-3, -1, 1, 5, 13, 26, 49)
NOTHING = st.none()
SLOW: dict[str, Any] = {
    "deadline": None,
    "phases": [Phase.explicit, Phase.reuse, Phase.generate],  # each step is real: shrinking takes minutes
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
}
_numbers = iter(range(10**9))


@pytest.fixture(autouse=True)
def _rules(settings: LazySettings) -> None:
    settings.LEASE_SECONDS = 60  # a busy machine is no part of the question
    make_company(sender_email="office@oakwood.example", time_zone=ZONE.key)
    builtin.install()
    reminder = EmailTemplate.objects.get(name="Reminder")
    timed: dict[str, dict[str, Any]] = {
        "A": {"offset": 2, "unit": "days", "window": 30},
        "B": {"offset": 1, "unit": "days", "side": "after"},
        "C": {"offset": 3, "service": "Radon test"},
        "D": {"offset": 30, "quiet_from": time(22), "quiet_until": time(7)},
        "E": {"offset": 40, "unsigned": True},
        "F": {"offset": 20, "unpaid": True, "window": 2},
    }
    for name, about in timed.items():
        Automation.objects.create(name=name, trigger=Trigger.CONFIRMED, template=reminder, roles=["client"], **about)


class Office:
    """One inspection under test, what its rules owe, and what has left."""

    def __init__(self, mail: Running) -> None:
        self.mail = mail
        draft = make_draft(external_id=f"H-{next(_numbers)}", starts_at=in_days(4))
        self.inspection = services.save(draft, by="Maria")[0]
        self.date = 0
        self.seen_event = InspectionEvent.objects.aggregate(last=Max("pk"))["last"] or 0
        self.owed: dict[tuple[int, int], set[str]] = {}
        self.sent: set[tuple[int | None, int | None, object]] = set()
        self.left: set[int] = set()

    def do(self, name: str, value: Any) -> None:
        STEPS[name].do(self, value)
        self.inspection.refresh_from_db()
        self.rows = list(Message.objects.filter(inspection=self.inspection).select_related("rule", "participant"))
        self.present = list(self.inspection.participants.current().select_related("contact"))
        self._owe()
        for wrong in HOLDS:
            assert not wrong(self), (name, value, wrong.__name__)

    def _owe(self) -> None:
        """What the events since the last look made rules owe: one row for everybody, or one that names nobody."""
        events = InspectionEvent.objects.filter(inspection=self.inspection, pk__gt=self.seen_event)
        for event in events.order_by("pk"):
            self.seen_event = event.pk
            for rule in Automation.objects.standing().filter(trigger=event.type):
                self.owed[rule.pk, event.pk] = {f"{rule.pk}:{who}:{event.pk}" for who in self._recipients(rule, event)}

    def _recipients(self, rule: Automation, event: InspectionEvent) -> list[str]:
        found = [str(person.pk) for person in self.present if person.role in rule.roles and _hears(person, event)]
        somebody = Participant(inspection=self.inspection, role=Role.CLIENT)
        goes = rule.enabled and self.inspection.confirmed_at and not conditions.unmet(rule, somebody)
        return [*found, "nobody"] if goes and Role.CLIENT in rule.roles and not self.clients() else found

    def clients(self) -> list[Participant]:
        return [person for person in self.present if person.role == Role.CLIENT]

    def named(self, name: str) -> Participant | None:
        return self.inspection.participants.current().filter(contact__name=name).first()


def _hears(person: Participant, event: InspectionEvent) -> bool:
    """Of clients only the one who signed hears of a signature."""
    return event.type != Trigger.SIGNED or person.role != Role.CLIENT or event.participant_id == person.pk


# --- what can be done ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """Something that is done, and what with. What is refused by day is not tried: that is tested elsewhere."""

    do: Callable[[Office, Any], object]
    values: st.SearchStrategy[Any] = NOTHING


def _act(verb: Callable[..., object], *allowed: str) -> Callable[[Office, Any], object]:
    """An act that is only possible while the inspection has one of these statuses."""
    return lambda office, _: office.inspection.status in allowed and verb(office.inspection, by="Kim")


def _move(office: Office, hours: int) -> None:
    if office.inspection.status in (REQUESTED, CONFIRMED):
        when = (timezone.now() + timedelta(hours=hours)).replace(second=0, microsecond=0)
        office.date += services.reschedule(office.inspection, when, by="Kim")


def _on(person: Any) -> Callable[[Office, Any], object]:
    return lambda office, _: people.add_person(office.inspection, person, by="Kim")


def _off(name: str) -> Callable[[Office, Any], object]:
    return lambda office, _: (person := office.named(name)) and people.remove_person(person, by="Kim")


def _role(office: Office, role: str) -> None:
    if person := office.named(BOB.name):
        people.change_role(person, role, by="Kim")


def _book(office: Office, names: tuple[str, ...]) -> None:
    services.correct(office.inspection, make_draft(services=names), by="Kim")


def _sign(office: Office, name: str) -> None:
    person = office.named(name)
    if person and not signing.why_not(person):
        signing.sign(person, consent(person))


def _pay_back(office: Office, _: None) -> None:
    if last := office.inspection.payments.standing().last():
        payments.undo(last, by="Kim")


def _switch(office: Office, which: tuple[str, bool]) -> None:
    automations_rules.switch(Automation.objects.get(name=which[0]), which[1], by="Kim")


def _hurry(office: Office, _: None) -> None:
    for message in office.inspection.messages.filter(status=Status.QUEUED, to_name=BOB.name).order_by("-pk")[:2]:
        outbox.send_now(message, by="Kim")


STEPS: Mapping[str, Step] = {
    "confirm": Step(_act(services.confirm, REQUESTED, CONFIRMED, COMPLETED)),
    "cancel": Step(_act(services.cancel, REQUESTED, CONFIRMED)),
    "complete": Step(_act(services.complete, CONFIRMED)),
    "publish": Step(_act(services.publish_report, CONFIRMED, COMPLETED)),
    "move": Step(_move, st.sampled_from([6, 20, 30, 50, 100, 200])),
    "notifications": Step(
        lambda office, on: services.set_notifications(office.inspection, on, by="Kim"), st.booleans()
    ),
    "book": Step(_book, st.sampled_from([("Full inspection",), ("Full inspection", "Radon test")])),
    "Ann on": Step(_on(ANN)),
    "Ann off": Step(_off(ANN.name)),
    "Bob on": Step(_on(BOB)),
    "Bob off": Step(_off(BOB.name)),
    "Bob is": Step(_role, st.sampled_from([Role.CLIENT, Role.BUYER_AGENT])),
    "sign": Step(_sign, st.sampled_from([ANN.name, BOB.name])),
    "pay": Step(
        lambda office, much: payments.record(office.inspection, amount=Decimal(much), method="check", by="Kim"),
        st.sampled_from(["200.00", "425.00"]),
    ),
    "pay back": Step(_pay_back),
    "rule": Step(_switch, st.tuples(st.sampled_from(RULES), st.booleans())),
    "hurry": Step(_hurry),
    # Forward, and an hour or three back.
    "clock": Step(lambda office, hours: past.move(office.inspection, -timedelta(hours=hours)), st.sampled_from(HOURS)),
    "work": Step(lambda office, _: delivery.deliver_due()),
}


# --- what must hold: each gives what is wrong ------------------------------------------------------------------------


def _one_row_for_each_recipient(office: Office) -> object:
    """Of each firing: nobody is left out, nobody is there twice, and nobody else."""
    firings = [message.firing or "" for message in office.rows if message.root_id is None]
    if len(firings) != len(set(firings)):
        return firings
    for (rule, event), owed in office.owed.items():
        there = {f for f in firings if f.startswith(f"{rule}:") and f.endswith(f":{event}")}
        if there != owed:
            return there, owed
    return None


def _what_does_not_leave_says_why(office: Office) -> object:
    return [m for m in office.rows if m.status in (Status.SKIPPED, Status.HELD) and not m.reason]


def _nothing_waits_twice(office: Office) -> object:
    timed = [m for m in office.rows if m.rule and m.rule.is_timed and m.status in CANCELLABLE]
    return len(timed) != len({(m.rule_id, m.participant_id) for m in timed})


def _nothing_waits_for_a_rule_that_is_off(office: Office) -> object:
    return [m for m in office.rows if m.status in CANCELLABLE and m.rule and m.rule.is_timed and not m.rule.enabled]


def _nothing_waits_for_somebody_who_is_gone(office: Office) -> object:
    return [m for m in office.rows if m.status in CANCELLABLE and m.participant not in office.present]


def _everybody_has_an_answer(office: Office) -> object:
    """Of each rule around the inspection, whatever became of it."""
    if office.inspection.status != CONFIRMED:
        return None
    known = {(m.rule_id, m.participant_id) for m in office.rows}
    timed = list(Automation.objects.standing().timed())
    return [(p, r) for p in office.present for r in timed if p.role in r.role_values and (r.pk, p.pk) not in known]


def _nothing_waits_to_ask_for_what_is_done(office: Office) -> object:
    waits = [m for m in office.rows if m.status in CANCELLABLE and m.rule and m.participant]
    return [m for m in waits if conditions.answered(m.rule, m.kind, m.participant)]  # type: ignore[arg-type]


def _what_is_called_done_is_done(office: Office) -> object:
    """As long as it could still go: the newest row of a rule around a confirmed inspection, before its time."""
    if office.inspection.status != CONFIRMED:
        return None
    newest = {(m.rule_id, m.participant_id): m for m in sorted(office.rows, key=lambda m: m.pk)}.values()
    due = [m for m in newest if m.rule and m.rule.is_timed and m.participant and m.send_after > timezone.now()]
    said = [m for m in due if m.reason == Reason.DONE and m.participant in office.present]
    return [m for m in said if not conditions.answered(m.rule, m.kind, m.participant)]  # type: ignore[arg-type]


def _nobody_is_written_to_where_there_is_a_client(office: Office) -> object:
    nobodys = [m for m in office.rows if m.participant_id is None]
    if [m for m in nobodys if (m.status, m.reason) != (Status.SKIPPED, Reason.NO_CLIENT)]:
        return nobodys
    return nobodys if office.clients() else None


def _nothing_is_sent_twice_or_late_or_to_the_wrong_people(office: Office) -> object:
    for message in office.rows:
        if message.sent_at is not None and message.pk not in office.left:
            office.left.add(message.pk)
            if wrong := _sent_wrongly(office, message):
                return wrong, message
    return None


def _sent_wrongly(office: Office, message: Message) -> str:
    assert message.rule
    assert message.participant
    key = (message.rule_id, message.participant_id, office.date if message.rule.is_timed else message.firing)
    twice = key in office.sent
    office.sent.add(key)
    wrongs = {
        "posted more than once": len(office.mail.logged(str(message.uuid))) != 1,
        "sent twice": twice,
        "too late": message.not_after is not None and message.sent_at > message.not_after,  # type: ignore[operator]
        "although notifications are off": not office.inspection.notifications,
        "after the cancellation": office.inspection.status == InspectionStatus.CANCELLED
        and message.kind != Kind.CANCELLED,
        "to somebody who is gone": message.participant not in office.present,
    }
    return ", ".join(what for what, is_so in wrongs.items() if is_so)


HOLDS: tuple[Callable[[Office], object], ...] = (
    _one_row_for_each_recipient,
    _what_does_not_leave_says_why,
    _nothing_waits_twice,
    _nothing_waits_for_a_rule_that_is_off,
    _nothing_waits_for_somebody_who_is_gone,
    _everybody_has_an_answer,
    _nothing_waits_to_ask_for_what_is_done,
    _what_is_called_done_is_done,
    _nobody_is_written_to_where_there_is_a_client,
    _nothing_is_sent_twice_or_late_or_to_the_wrong_people,
)


# --- whatever the order ----------------------------------------------------------------------------------------------


def _with_value(name: str) -> st.SearchStrategy[tuple[str, Any]]:
    return st.tuples(st.just(name), STEPS[name].values)


OFTEN = ["confirm", "clock", "work"]
ORDERS = st.lists(st.sampled_from([*STEPS, *OFTEN]).flatmap(_with_value), min_size=6, max_size=14)
LATER, WORK, CONFIRM = ("clock", 49), ("work", None), ("confirm", None)
BOB_ON, BOB_OFF, ANN_ON, ANN_OFF = (("Bob on", None), ("Bob off", None), ("Ann on", None), ("Ann off", None))


SIGN, PAY = ("sign", ANN.name), ("pay", "425.00")


@often(max_examples=20, **SLOW)
@given(ORDERS)
@example([CONFIRM, LATER, ("clock", 26), WORK])
@example([CONFIRM, BOB_ON, ("hurry", None), WORK, BOB_OFF, BOB_ON, LATER, ("clock", 26), WORK])
@example([("notifications", False), CONFIRM, ("notifications", True), ("move", 100), LATER, WORK])
@example([CONFIRM, ("rule", ("A", False)), ("move", 200), ("rule", ("A", True)), LATER, WORK, ("cancel", None), WORK])
@example([ANN_OFF, CONFIRM, ("move", 100), BOB_ON, ANN_ON, BOB_OFF, BOB_ON, LATER, WORK, ("publish", None), WORK])
@example([ANN_OFF, BOB_ON, ("Bob is", Role.BUYER_AGENT), CONFIRM, ("Bob is", Role.CLIENT), LATER, WORK, ANN_ON])
@example(
    [CONFIRM, SIGN, ("move", 100), SIGN, ("rule", ("E", False)), ("move", 200), ("rule", ("E", True)), LATER, WORK]
)
@example([CONFIRM, PAY, ("notifications", False), ("pay back", None), ("notifications", True), PAY, LATER, WORK])
@example(
    [SIGN, PAY, CONFIRM, BOB_ON, ("sign", BOB.name), ("Bob is", Role.BUYER_AGENT), ("cancel", None), ("pay back", None)]
)
def test_whatever_the_order_every_firing_leaves_one_row_each_and_nothing_is_sent_twice(
    mail: Running, order: list[tuple[str, Any]]
) -> None:
    Automation.objects.standing().update(enabled=True)
    Message.objects.filter(status__in=CANCELLABLE).update(send_after=Now() + timedelta(days=9999))
    office = Office(mail)
    for name, value in order:
        office.do(name, value)


# --- nights when clocks change ---------------------------------------------------------------------------------------


def _nights() -> list[date]:
    """The days to come on which Chicago's clocks change: one loses an hour, the other has one twice."""
    days = [timezone.localdate() + timedelta(days=n) for n in range(10, 400)]
    noons = [datetime.combine(day, time(12), tzinfo=ZONE) for day in days]
    return [day for day, one, other in zip(days[1:], noons, noons[1:], strict=False) if one.dst() != other.dst()]


class Night:
    """A company whose clock goes as the test says, through one of these nights."""

    def __init__(self, mail: Running, began: datetime, starts_at: datetime) -> None:
        self.mail, self.now = mail, began
        with time_machine.travel(began, tick=False):
            draft = make_draft(external_id=f"N-{next(_numbers)}", starts_at=starts_at)
            self.inspection = services.save(draft, by="Maria")[0]
            services.confirm(self.inspection, by="Maria")

    def go(self, minutes: int) -> None:
        """To another moment, back too, and the worker does what is due. The database's own clock goes as it does."""
        self.now += timedelta(minutes=minutes)
        due = self.inspection.messages.filter(status=Status.QUEUED, send_after__lte=self.now)
        due.update(send_after=F("send_after") - timedelta(days=9999))
        with time_machine.travel(self.now, tick=False):
            delivery.deliver_due()
        left = self.inspection.messages.filter(status=Status.QUEUED, send_after__lt=self.now - timedelta(days=999))
        left.update(send_after=F("send_after") + timedelta(days=9999))

    def look(self) -> None:
        rows = self.inspection.messages.select_related("rule")
        sent = [message for message in rows if message.sent_at is not None]
        assert len({(m.rule_id, m.participant_id) for m in sent}) == len(sent)
        assert all(len(self.mail.logged(str(m.uuid))) == 1 for m in sent)
        for m in sent:
            assert m.rule
            assert m.sent_at
            assert not timing.is_quiet(m.rule, m.sent_at, ZONE)
            assert m.not_after is None or m.sent_at <= m.not_after


LOCAL_HOURS = st.tuples(st.integers(0, 23), st.sampled_from([0, 30]), st.integers(0, 1))
LATE_HOURS = st.tuples(st.sampled_from([0, 1, 2, 3, 12, 20, 22, 23]), st.sampled_from([0, 30]), st.integers(0, 1))
MOVES = st.lists(st.sampled_from([-180, -60, -30, 10, 30, 60, 60, 90, 240]), min_size=4, max_size=12)


@often(max_examples=8, **SLOW)
@given(
    which=st.integers(0, 1),
    booked=LATE_HOURS,
    starts=LOCAL_HOURS,
    quiet=st.sampled_from([(22, 7), (23, 2), (1, 3), (21, 1)]),
    moves=MOVES,
)
@example(which=0, booked=(1, 30, 1), starts=(10, 0, 0), quiet=(22, 2), moves=[30, -60, 60, 60])
@example(which=1, booked=(1, 30, 1), starts=(10, 0, 0), quiet=(22, 2), moves=[30, -60, 60, 60])
def test_nights_when_clocks_change_and_a_clock_set_back_send_nothing_twice_or_in_quiet_hours(
    mail: Running,
    which: int,
    booked: tuple[int, int, int],
    starts: tuple[int, int, int],
    quiet: tuple[int, int],
    moves: list[int],
) -> None:
    night = _nights()[which]
    hours = {"quiet_from": time(quiet[0]), "quiet_until": time(quiet[1], 30)}
    Automation.objects.standing().update(**hours)
    Message.objects.filter(status__in=CANCELLABLE).update(status=Status.CANCELLED)
    evening = night - timedelta(days=1) if booked[0] > 4 else night
    office = Night(mail, _local(evening, booked), _local(night + timedelta(days=1), starts))
    for minutes in [*moves, *[60] * 40]:
        office.go(minutes)
    office.look()
    assert not office.inspection.messages.filter(status=Status.QUEUED, send_after__lte=office.now).exists()
    assert office.inspection.messages.get(rule__name="Confirmation").status == Status.SENT


def _local(day: date, clock: tuple[int, int, int]) -> datetime:
    hour, minute, fold = clock
    return datetime.combine(day, time(hour, minute, fold=fold), tzinfo=ZONE).astimezone(UTC)
