"""The form that corrects the reason of an email that did not arrive."""

from typing import Any

from django import forms

from emails import reasons
from emails.forms_text import OneLine


class ReasonForm(forms.Form):
    """The right reason, in the plain words of the labels, and a note for whoever looks after the rules."""

    reason = forms.ChoiceField(
        label="What was it really?", widget=forms.RadioSelect, error_messages={"required": "Please choose a reason."}
    )
    note = OneLine(
        label="Note", required=False, max_length=300, help_text="What made you sure? Kept with the server’s words."
    )

    def __init__(self, *args: Any, shown: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = [(code, reasons.label(code)) for code in reasons.choices() if code != shown]
        field = self.fields["reason"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = others
