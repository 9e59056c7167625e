"""What the office records about money, and the words that clients sign."""

from decimal import Decimal

from django import forms

from inspections import agreements, cells
from inspections.models import Method
from inspections.text import BadText, single_line

_MISSING = {"required": "Please enter the amount."}


class DisownForm(forms.Form):
    """That somebody else signed."""

    note = forms.CharField(
        label="How you know it",
        max_length=300,
        help_text="It stands on the timeline and in the delivery record.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Please write how you know it, such as “Ann said so on the phone”."},
    )

    def clean_note(self) -> str:
        """One line, without what nobody sees."""
        try:
            return single_line(self.cleaned_data["note"], limit=300)
        except BadText as problem:
            raise forms.ValidationError(str(problem)) from None


class PaymentForm(forms.Form):
    """Money that came."""

    amount = forms.CharField(
        label="Amount in dollars",
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        error_messages=_MISSING,
    )
    method = forms.ChoiceField(
        label="How it was paid", choices=Method.choices, error_messages={"required": "Choose how it was paid."}
    )
    note = forms.CharField(
        label="Note",
        required=False,
        max_length=200,
        help_text="Such as the check’s number. Clients don’t see it.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean_amount(self) -> Decimal:
        """As people write it: 425, $1,425.00."""
        try:
            amount = cells.fee(self.cleaned_data["amount"])
        except BadText as problem:
            raise forms.ValidationError(str(problem)) from None
        if amount is None:
            raise forms.ValidationError(_MISSING["required"])
        return amount


class AgreementForm(forms.Form):
    """A new version of the agreement."""

    title = forms.CharField(
        label="Title",
        max_length=200,
        error_messages={"required": "Please enter a title, such as Inspection agreement."},
    )
    body = forms.CharField(
        label="Text",
        max_length=agreements.LONGEST,
        strip=True,
        widget=forms.Textarea(attrs={"rows": 24, "spellcheck": "true"}),
        help_text="An empty line starts a new paragraph. Client, property, date, services and fee stand above it.",
        error_messages={"required": "Please enter the text that clients sign."},
    )
