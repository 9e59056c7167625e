"""Settings of the desk itself: the daily summary, and how long emails are kept."""

from typing import Any

from django import forms

from inspections.models import User

HOURS = [(hour, f"{hour % 12 or 12} {'AM' if hour < 12 else 'PM'}") for hour in range(24)]


class AlertsForm(forms.Form):
    """Who gets the daily summary, and when."""

    digest_on = forms.BooleanField(
        label="Send a daily summary",
        required=False,
        help_text="What needs someone, soonest inspection first. Also when all is clear.",
    )
    digest_hour = forms.TypedChoiceField(label="At", choices=HOURS, coerce=int, help_text="In your time zone.")
    digest_to = forms.ModelMultipleChoiceField(
        label="To",
        queryset=User.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.filter(is_active=True).order_by("name", "pk")
        self.fields["digest_to"].queryset = people  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """A summary to nobody is a mistake."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("digest_on") and not data.get("digest_to"):
            self.add_error("digest_to", "Please choose at least one colleague.")
        return data


def _days(*, label: str, help_text: str) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        min_value=1,
        max_value=3650,
        help_text=help_text,
        error_messages={"required": "Please enter a number of days.", "invalid": "Please enter a number of days."},
    )


class KeepingForm(forms.Form):
    """After how many days what is removed."""

    keep_texts_days = _days(label="Days to keep the text of emails", help_text="Then what it said is removed.")
    keep_records_days = _days(
        label="Days to keep the record of emails", help_text="To whom, when, what became of it. Then it is gone."
    )

    def clean(self) -> dict[str, Any]:
        """No text without its record."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        texts, records = data.get("keep_texts_days"), data.get("keep_records_days")
        if texts and records and records < texts:
            self.add_error("keep_records_days", "The record must be kept at least as long as the text.")
        return data
