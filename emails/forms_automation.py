"""A rule as a form: the sentence with its parts to choose. What makes no sense is said in a sentence."""

from datetime import time
from typing import Any

from django import forms

from emails import sentences
from emails.forms_text import OneLine
from emails.models import Automation, EmailTemplate, Kind, Side, Trigger, Unit
from inspections.models import Role
from inspections.text import MAX_NAME

AROUND = {Side.BEFORE: "is coming up: some time before", Side.AFTER: "took place: some time after"}
LONGEST = 1000
_NUMBER = {"min_value": "Please enter 1 or more.", "max_value": f"Please enter {LONGEST} or less.",
           "invalid": "Please enter a whole number."}  # fmt: skip


def _number(**kwargs: Any) -> forms.IntegerField:
    return forms.IntegerField(required=False, min_value=1, max_value=LONGEST, error_messages=_NUMBER, **kwargs)


def _clock(**kwargs: Any) -> forms.TimeField:
    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    return forms.TimeField(
        required=False, widget=widget, error_messages={"invalid": "Please enter a time, such as 21:00."}, **kwargs
    )


class RuleForm(forms.Form):
    """`rule`: the one that is changed, or a new one."""

    when = forms.ChoiceField(label="When an inspection", error_messages={"required": "Please choose when."})
    offset = _number(label="How long before or after", help_text="Only for “some time before” and “some time after”.")
    unit = forms.ChoiceField(label="Hours or days", choices=Unit.choices, required=False)
    template = forms.ModelChoiceField(
        EmailTemplate.objects.filter(versions__isnull=False).distinct(),
        label="Send",
        empty_label=None,
        error_messages={"required": "Please choose what to send.", "invalid_choice": "Please choose what to send."},
    )
    roles = forms.MultipleChoiceField(
        label="To",
        choices=Role.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Please tick at least one."},
    )
    service = OneLine(
        label="Only where this service is booked", required=False, max_length=100, help_text="Empty: always."
    )
    first_time = forms.BooleanField(label="Only for first-time clients", required=False)
    unsigned = forms.BooleanField(
        label="Only while the agreement is not signed",
        required=False,
        help_text="A client is asked about their own signature, anybody else about every client’s.",
    )
    unpaid = forms.BooleanField(label="Only while some of the fee is due", required=False)
    quiet_from = _clock(label="Quiet hours from", help_text="By your company’s clock. It waits until they end.")
    quiet_until = _clock(label="Quiet hours until")
    window = _number(label="Not later than (hours)", help_text="Empty: late by half of the time left, at most.")
    window_side = forms.ChoiceField(
        label="Counted from the start",
        choices=[(Side.BEFORE, "hours before it begins"), (Side.AFTER, "hours after it begins")],
        required=False,
    )
    even_if_off = forms.BooleanField(label="Send even when notifications are off", required=False)
    name = OneLine(
        label="Name of the rule", max_length=MAX_NAME, help_text="The log of every email shows it.",
        error_messages={"required": "Please give the rule a name."},
    )  # fmt: skip

    def __init__(self, data: Any = None, *, rule: Automation) -> None:
        super().__init__(data, initial=_values(rule))
        self.rule = rule
        self.fields["when"].choices = [  # type: ignore[attr-defined]
            *((trigger.value, f"{trigger.label}: right away") for trigger in sentences.offered()),
            *((side.value, label) for side, label in AROUND.items()),
        ]

    def clean_name(self) -> str:
        """One of its own."""
        name: str = self.cleaned_data["name"]
        if Automation.objects.standing().filter(name=name).exclude(pk=self.rule.pk).exists():
            raise forms.ValidationError("Another rule has this name.")
        return name

    def clean(self) -> dict[str, Any]:
        """What belongs together."""
        values = self.cleaned_data
        if values.get("when") in Side.values and "offset" in values and not values["offset"]:
            self.add_error("offset", "Please say how long before or after.")
        self._check_quiet(values.get("quiet_from"), values.get("quiet_until"))
        self._check_done(values)
        if "template" in values:
            self._check_kind(values["template"].kind, values)
        return values

    def _check_quiet(self, start: time | None, end: time | None) -> None:
        if (start is None) != (end is None) and not self.errors.keys() & {"quiet_from", "quiet_until"}:
            self.add_error("quiet_from" if start is None else "quiet_until", "Quiet hours need both times, or none.")
        elif start is not None and start == end:
            self.add_error("quiet_until", "Quiet hours must end at another time than they begin.")

    def _check_done(self, values: dict[str, Any]) -> None:
        for field, trigger in (("unsigned", Trigger.AGREEMENT_SIGNED), ("unpaid", Trigger.PAID)):
            if values.get(field) and values.get("when") == trigger:
                self.add_error(field, "It is done by then, so this email would never go out. Take the tick away.")

    def _check_kind(self, kind: str, values: dict[str, Any]) -> None:
        canceled = values.get("when") == Trigger.CANCELLED
        if canceled and kind != Kind.CANCELLED:
            self.add_error("template", "After a cancellation only a cancellation can be sent. Choose such a template.")
        if kind == Kind.AGREEMENT and set(values.get("roles", [])) - {Role.CLIENT}:
            self.add_error("roles", "Only clients sign the agreement. Tick only Client for this template.")

    def filled(self) -> Automation:
        """The rule with what was chosen, not stored yet."""
        values, rule = self.cleaned_data, self.rule
        timed = values["when"] in Side.values
        rule.trigger = Trigger.CONFIRMED if timed else values["when"]
        rule.offset = values["offset"] if timed else None
        rule.unit = (values["unit"] if timed else "") or Unit.HOURS
        rule.side = values["when"] if timed else Side.BEFORE
        rule.window_side = values["window_side"] or Side.BEFORE
        plain = ("name", "template", "roles", "service", "first_time", "quiet_from", "quiet_until", "window")
        for field in (*plain, "unsigned", "unpaid", "even_if_off"):
            setattr(rule, field, values[field])
        return rule


def _values(rule: Automation) -> dict[str, Any]:
    names = set(RuleForm.base_fields) - {"when"}
    values = {name: getattr(rule, name) for name in names if name != "template"}
    return values | {"when": rule.side if rule.is_timed else rule.trigger, "template": rule.template_id}
