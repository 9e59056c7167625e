"""The filters of Email activity. They live in the address of the page, so that it can be shared and gone back to."""

import re
from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import QueryDict

from emails.models import Automation, EmailTemplate
from emails.selectors_activity import Sort, View
from emails.selectors_filters import REASONS, Filters, inspectors, reason_choices, status_choices
from emails.wording_statuses import GROUP_LABELS
from inspections.text import canonical

FIRST, LAST = date(2000, 1, 1), date(2199, 12, 31)
SORTS = (("", "Newest first"), (Sort.OLDEST, "Oldest first"), (Sort.INSPECTION, "Inspection date, latest first"))
_DOMAIN = re.compile(r"[^\s@/]{1,253}")


class DayField(forms.DateField):
    """A day that a calendar can offer and a time zone can be put to."""

    def __init__(self, *, label: str) -> None:
        super().__init__(
            label=label,
            required=False,
            widget=forms.DateInput(attrs={"type": "date", "min": FIRST, "max": LAST}, format="%Y-%m-%d"),
            validators=[
                MinValueValidator(FIRST, message="Please choose a later day."),
                MaxValueValidator(LAST, message="Please choose an earlier day."),
            ],
            error_messages={"invalid": "Please enter a day like 2026-12-01."},
        )


class ActivityForm(forms.Form):
    """What to look for. A filter that makes no sense is left out, with a sentence."""

    q = forms.CharField(
        label="Address, name, subject or property",
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    group = forms.ChoiceField(
        required=False, choices=[("", "All"), *GROUP_LABELS.items()], widget=forms.HiddenInput, label="Group"
    )
    view = forms.ChoiceField(required=False, choices=View.choices, widget=forms.HiddenInput, label="View")
    status = forms.ChoiceField(label="Status", required=False)
    reason = forms.ChoiceField(label="Reason", required=False)
    template = forms.TypedChoiceField(label="Template", required=False, coerce=int, empty_value=None)
    rule = forms.TypedChoiceField(label="Automation", required=False, coerce=int, empty_value=None)
    domain = forms.CharField(
        label="Mail domain",
        required=False,
        max_length=253,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}),
    )
    inspector = forms.ChoiceField(label="Inspector", required=False)
    since = DayField(label="From")
    until = DayField(label="To")
    sort = forms.ChoiceField(label="Order", required=False, choices=SORTS)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(_without_old_names(data))
        choices: dict[str, list[Any]] = {
            "status": [("", "Any status"), *status_choices()],
            "reason": [("", "Any reason"), *reason_choices()],
            "template": [("", "Any template"), *EmailTemplate.objects.values_list("pk", "name")],
            "rule": [("", "Any automation"), *Automation.objects.values_list("pk", "name")],
            "inspector": [("", "Any inspector"), *((name, name) for name in inspectors())],
        }
        for name, values in choices.items():
            self.fields[name].choices = values  # type: ignore[attr-defined]

    def clean_domain(self) -> str:
        """As in an address key, whether typed with an @ or in capitals."""
        domain: str = self.cleaned_data["domain"].strip().removeprefix("@")
        if domain and not _DOMAIN.fullmatch(domain):
            raise forms.ValidationError("Please enter a mail domain like comcast.net.")
        return canonical(f"x@{domain}").rpartition("@")[2] if domain else ""

    def clean(self) -> dict[str, Any]:
        """The days in their order."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("since") and data.get("until") and data["until"] < data["since"]:
            self.add_error("until", "This day is before the first one.")
        return data

    @property
    def more(self) -> list[forms.BoundField]:
        """The fields that are folded away."""
        return [self[name] for name in self.fields if name not in ("q", "group", "view")]

    @property
    def filters(self) -> Filters:
        """What can be used of it."""
        self.full_clean()
        used = {name: value for name, value in self.cleaned_data.items() if value and name not in ("view", "sort")}
        return Filters(**used)

    @property
    def order(self) -> Sort:
        """The order that was asked for."""
        return Sort(self.cleaned_data.get("sort") or "")

    @property
    def chosen_view(self) -> View:
        """List, by reason or by mail domain."""
        return View(self.cleaned_data.get("view") or "")


def _without_old_names(data: QueryDict) -> QueryDict:
    """Reasons were statuses once, and links to them are about."""
    if data.get("status") not in REASONS:
        return data
    renamed = data.copy()
    renamed["reason"] = str(data["status"])
    renamed["status"] = ""
    return renamed
