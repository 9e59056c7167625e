"""The form that settles a problem another way."""

from django import forms

from emails.forms_text import OneLine

REASONS = (
    ("Told them another way", "We told them another way, by phone or text"),
    ("They have it already", "They have it already"),
    ("Not needed any more", "It isn’t needed any more"),
    ("other", "Something else"),
)


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
