"""The filters of Email activity. They live in the address of the page, so that it can be shared and gone back to."""

from datetime import date

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from emails.selectors_activity import Filters, status_choices
from emails.wording_statuses import GROUP_LABELS

FIRST, LAST = date(2000, 1, 1), date(2199, 12, 31)


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
    status = forms.ChoiceField(label="Status", required=False)
    since = DayField(label="From")
    until = DayField(label="To")

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type] # Django's own
        self.fields["status"].choices = [("", "Any status"), *status_choices()]  # type: ignore[attr-defined]

    @property
    def filters(self) -> Filters:
        """What can be used of it."""
        self.full_clean()
        return Filters(**{name: value for name, value in self.cleaned_data.items() if value})
