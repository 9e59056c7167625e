"""A rule as a sentence, in the parts that its page makes bold, and what rules have to do with each other."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time, timedelta

from django.utils import dateformat

from emails import conditions, timing
from emails.models import Automation, Trigger
from inspections.models import InspectionEvent, Role

TOO_CLOSE = timedelta(hours=1)
# Publishing the report of a confirmed inspection completes it in the same moment; the last client signs for all.
_SAME_MOMENT = {Trigger.COMPLETED: Trigger.REPORT_PUBLISHED, Trigger.AGREEMENT_SIGNED: Trigger.SIGNED}


@dataclass(frozen=True)
class Sentence:
    """`When an inspection is *confirmed*, send *Confirmation* to *Client*, *right away*.` `more`: what else it says."""

    lead: str  # "When an inspection is", "" for a rule around the inspection's time
    moment: str  # "confirmed", "24 hours before"
    template: str
    people: str
    more: tuple[str, ...]

    def __str__(self) -> str:
        if self.lead:
            return f"{self.lead} {self.moment}, send {self.template} to {self.people}, right away."
        return f"{self.moment[:1].upper()}{self.moment[1:]} an inspection, send {self.template} to {self.people}."


def sentence(rule: Automation) -> Sentence:
    """What the rule does, in words."""
    if rule.offset is None:
        words, moment = _parts(Trigger(rule.trigger))
        lead = f"When an inspection {words}"
    else:
        lead, moment = "", f"{_length(rule.offset, rule.unit)} {rule.side}"
    labels = dict(Role.choices)
    people = _together([str(labels[role]) for role in rule.role_values])
    return Sentence(lead, moment, rule.template.name, people, tuple(_more(rule)))


def _parts(trigger: Trigger) -> tuple[str, str]:
    """The label of a trigger, and the end of it that says what happens."""
    if trigger == Trigger.SIGNED:
        return "is", trigger.label.removeprefix("is ")
    words, _, last = trigger.label.rpartition(" ")
    return words, last


def offered() -> list[Trigger]:
    """The triggers whose event the facts can tell."""
    return [trigger for trigger in Trigger if trigger in InspectionEvent.Type.values]


@dataclass(frozen=True)
class Clash:
    """Another rule that writes to the same people within an hour; `what` they would get twice."""

    other: Automation
    what: str


def too_close(rules: Iterable[Automation]) -> dict[int, list[Clash]]:
    """For each rule that is on: the others that send the same to the same role within an hour."""
    on = [rule for rule in rules if rule.enabled]
    return {rule.pk: found for rule in on if (found := clashes(rule, on))}


def clashes(rule: Automation, others: Iterable[Automation]) -> list[Clash]:
    """Which of the others this rule would meet if it were on."""
    meeting = (other for other in others if other.pk != rule.pk and other.enabled and _meet(rule, other))
    return [Clash(other, _what_twice(rule, other)) for other in meeting]


def _what_twice(rule: Automation, other: Automation) -> str:
    return "the same email" if rule.template_id == other.template_id else "the same kind of email"


def _meet(one: Automation, other: Automation) -> bool:
    if one.template.kind != other.template.kind or not set(one.role_values) & set(other.role_values):
        return False
    if one.is_timed and other.is_timed:
        return abs(timing.nominal(one) - timing.nominal(other)) < TOO_CLOSE
    return one.is_timed == other.is_timed and _event(one) == _event(other)


def _event(rule: Automation) -> str:
    trigger = Trigger(rule.trigger)
    return _SAME_MOMENT.get(trigger, trigger)


def _more(rule: Automation) -> Iterable[str]:
    for condition in conditions.asked(rule):
        yield condition.words(rule)
    if rule.window is not None:
        yield f"Not later than {_length(rule.window, 'hours')} {rule.window_side} it begins."
    if rule.quiet_from and rule.quiet_until:
        yield f"Not between {clock(rule.quiet_from)} and {clock(rule.quiet_until)}: it waits until then."
    if rule.even_if_off:
        yield "Even when notifications are off."


def clock(value: time) -> str:
    """`9:00 PM`."""
    return dateformat.time_format(value, "g:i A")


def _length(number: int, unit: str) -> str:
    return f"{number} {unit.removesuffix('s') if number == 1 else unit}"


def _together(words: list[str]) -> str:
    if len(words) < 2:
        return "".join(words) or "nobody"
    return f"{', '.join(words[:-1])} and {words[-1]}"
