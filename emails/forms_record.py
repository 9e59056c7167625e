"""Checking a printed delivery record."""

from django import forms

from emails import record


class CheckForm(forms.Form):
    """The digest from the foot of the paper, however it was typed."""

    check = forms.CharField(
        label="SHA-256 from the foot of the paper",
        max_length=200,
        error_messages={"required": "Type the 64 characters from the foot of the paper."},
        widget=forms.TextInput(attrs={"class": "form-control code", "autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_check(self) -> str:
        """64 hex digits, in lower case and without spaces."""
        digest = record.tidy(self.cleaned_data["check"])
        if not record.DIGEST.fullmatch(digest):
            raise forms.ValidationError("It has 64 characters: 0 to 9 and a to f.")
        return digest
