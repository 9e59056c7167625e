"""The form that settles a problem another way."""

from typing import Any

from django import forms

from emails.forms_text import OneLine
from inspections.models import User

REASONS = (
    ("Told them another way", "We told them another way, by phone or text"),
    ("They have it already", "They have it already"),
    ("Not needed any more", "It isn’t needed any more"),
    ("other", "Something else"),
)


class AssignForm(forms.Form):
    """To whom."""

    to = forms.ModelChoiceField(
        label="Who looks after it", queryset=User.objects.none(), required=False, empty_label="Nobody"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.filter(is_active=True).order_by("name", "pk")
        self.fields["to"].queryset = people  # type: ignore[attr-defined]


class HandleForm(forms.Form):
    """Why nothing more is to be sent."""

    reason = forms.ChoiceField(label="What happened?", choices=REASONS, widget=forms.RadioSelect)
    note = OneLine(label="Note", required=False, max_length=200, help_text="For your colleagues, on the timeline.")

    def clean(self) -> dict[str, object]:
        """Something else needs words."""
        data = super().clean() or {}
        if data.get("reason") == "other" and not data.get("note"):
            self.add_error("note", "Please say in a few words what happened.")
        return data

    @property
    def sentence(self) -> str:
        """What the record keeps."""
        reason = "" if self.cleaned_data["reason"] == "other" else self.cleaned_data["reason"]
        return ": ".join(part for part in (reason, self.cleaned_data["note"]) if part)
