"""The forms of the client portal."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from inspections import signing
from inspections.models import Participant
from inspections.text import MAX_EMAIL, MAX_NAME, BadText, email_address


class SignForm(forms.Form):
    """The typed name and the tick. What they mean is said on the page, beside the whole agreement."""

    typed_name = forms.CharField(
        label=_("Your full name"),
        max_length=MAX_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "name", "autocapitalize": "words", "spellcheck": "false"}),
        error_messages={"required": _("Please type your full name.")},
    )
    agreed = forms.BooleanField(
        label=_("I agree to sign electronically"),
        error_messages={"required": _("Please tick that you agree to sign electronically.")},
    )

    def __init__(self, *args: Any, person: Participant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._person = person

    def clean_typed_name(self) -> str:
        """The name as it stands in the agreement."""
        try:
            return signing.check_name(self._person, self.cleaned_data["typed_name"])
        except BadText as problem:
            raise forms.ValidationError(str(problem)) from None


class AskForm(forms.Form):
    """Where a new link is to be sent: only ever to the address that the office has."""

    email = forms.CharField(
        label=_("Your email address"),
        max_length=MAX_EMAIL,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
        error_messages={"required": _("Please type your email address.")},
    )

    def clean_email(self) -> str:
        """Something that mail can be sent to; the same words for everything that is not."""
        try:
            return email_address(self.cleaned_data["email"])
        except BadText:
            raise forms.ValidationError(_("Please type a whole email address, like ann@gmail.com.")) from None
