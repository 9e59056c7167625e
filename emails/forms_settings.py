"""Settings, one small form per topic. What cannot be stored is said in a sentence and what was typed stays."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.db.models import Manager, Model

from emails import zones
from emails.keys import MAX_KEY_NAME
from inspections.text import MAX_EMAIL, MAX_NAME, BadText, email_address, multi_line, phone_key, single_line

_NAME_MISSING = {"required": "Please enter a name."}


class LineField(forms.CharField):
    """One line of text without anything hidden in it."""

    def __init__(self, *, check: Callable[[str], str] | None = None, longest: int = MAX_NAME, **kwargs: Any) -> None:
        self._check = check or (lambda value: single_line(value, limit=longest))
        super().__init__(strip=False, **kwargs)
        # The check names characters better than Django does.
        self.validators = []
        self.widget.attrs["maxlength"] = longest

    def clean(self, value: Any) -> str:
        """The text tidied. Raises ValidationError with our sentence."""
        text: str = super().clean(value)
        try:
            return self._check(text) if text.strip() else self._blank()
        except BadText as problem:
            raise forms.ValidationError(str(problem)) from None

    def _blank(self) -> str:
        if self.required:
            raise forms.ValidationError(self.error_messages["required"])
        return ""


def address_field(**kwargs: Any) -> LineField:
    """Exactly one address, tidied."""
    widget = forms.TextInput(attrs={"type": "email", "autocomplete": "off", "spellcheck": "false"})
    return LineField(check=email_address, longest=MAX_EMAIL, widget=widget, **kwargs)


class CompanyForm(forms.Form):
    """Who we are and what our clocks say."""

    name = LineField(
        label="Company name", help_text="In every email and in the client portal.", error_messages=_NAME_MISSING
    )
    phone = LineField(
        label="Phone", required=False, longest=40, widget=forms.TextInput(attrs={"type": "tel"}),
        help_text="Clients call it when something is unclear.",
    )  # fmt: skip
    postal_address = LineField(
        label="Postal address", required=False, longest=300,
        help_text="At the foot of marketing, where the law wants it. Such as: 12 Oak St, Springfield, IL 62701.",
    )  # fmt: skip
    time_zone = forms.ChoiceField(
        label="Time zone",
        help_text="Every page and email uses it. Planned emails keep their moment.",
        error_messages={"invalid_choice": "Please choose a time zone from the list."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].choices = zones.choices()  # type: ignore[attr-defined]

    def clean_phone(self) -> str:
        """Something that can be called."""
        phone: str = self.cleaned_data["phone"]
        if phone and len(phone_key(phone)) < 3:
            raise forms.ValidationError("Please enter a phone number with its digits, or leave it empty.")
        return phone


class SenderForm(forms.Form):
    """Whom the emails come from."""

    sender_name = LineField(
        label="Sender name", required=False, help_text="What clients see first. Empty: the company name."
    )
    sender_email = address_field(
        label="Sender address",
        help_text="The mail service must be allowed to send from it, or nothing leaves.",
        error_messages={"required": "Please enter the address that emails come from."},
    )
    reply_to = address_field(
        label="Replies go to", required=False, help_text="Empty: replies go to the sender address."
    )


class NotificationsForm(forms.Form):
    """Whether new inspections send emails."""

    notifications = forms.BooleanField(
        label="Notifications are on for new inspections",
        required=False,
        help_text="Off: nothing goes out for a new inspection until someone turns it on there.",
    )


class PortalForm(forms.Form):
    """What clients find in their portal: how to pay, and when the report opens."""

    payment_link = forms.URLField(
        label="Payment page",
        required=False,
        max_length=500,
        assume_scheme="https",
        help_text="The address of your own page for payments. Clients get a button that opens it.",
        error_messages={"invalid": "Please enter a web address that starts with https://."},
    )
    payment_words = forms.CharField(
        label="How to pay, in words",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="Such as: By check to Oakwood Inspections, or with your card at the inspection.",
    )
    report_locked = forms.BooleanField(
        label="The report opens once it is signed and paid for",
        required=False,
        help_text="Off: clients and their agents can open it as soon as it is published.",
    )

    def clean_payment_link(self) -> str:
        """A page of the web, nothing else that a browser would open."""
        link: str = self.cleaned_data["payment_link"]
        if link and urlsplit(link).scheme not in ("http", "https"):
            raise forms.ValidationError("Please enter a web address that starts with https://.")
        return link

    def clean_payment_words(self) -> str:
        """Without anything hidden in it."""
        try:
            return multi_line(self.cleaned_data["payment_words"], limit=2000)
        except BadText as problem:
            raise forms.ValidationError(str(problem)) from None


class KeyForm(forms.Form):
    """A name for a new API key."""

    name = LineField(
        label="Name",
        longest=MAX_KEY_NAME,
        help_text="The program that will use it, such as “Booking website”.",
        error_messages={"required": "Please give the key a name, such as the program that will use it."},
    )


class ProfileForm(forms.Form):
    """The person who is signed in."""

    name = LineField(label="Your name", help_text="Colleagues see it beside what you do.", error_messages=_NAME_MISSING)
    shortcuts = forms.BooleanField(
        label="Keyboard shortcuts",
        required=False,
        help_text="Single keys such as / for search and ? for help. Switch them off if they get in your way.",
    )


def values(row: Model, form: type[forms.Form]) -> dict[str, object]:
    """What a form shows of a stored row."""
    shown = {name: getattr(row, name) for name in form.base_fields}
    return {name: value.all() if isinstance(value, Manager) else value for name, value in shown.items()}
