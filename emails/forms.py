"""Forms of the pages that touch both an inspection and its emails."""

from collections.abc import Callable, Sequence
from typing import Any

from django import forms

from emails import holds
from emails.models import Message
from inspections import drafts, people, suggestions
from inspections.forms import OWN_ADDRESS, email_field, moment_field, name_field, phone_field
from inspections.forms_address import AsksAboutSlips
from inspections.models import Contact, Language, Participant
from inspections.text import BadText, canonical


class MoveForm(forms.Form):
    """Another time."""

    starts_at = moment_field(label="New date and time")


class PublishForm(forms.Form):
    """Where the report is, if it has an address of its own."""

    url = forms.CharField(
        label="Link to the report",
        required=False,
        help_text="If the report is on another site. People open it from their client portal.",
        widget=forms.URLInput(attrs={"autocomplete": "off", "maxlength": 500}),
    )


class PersonForm(AsksAboutSlips):
    """Somebody's details. `resend` lists what did not reach them: ids of messages, ticked.

    Shown in a work list it holds the address alone (`brief`); what is not sent along stays as it is.
    """

    email = email_field(label="Email address")
    name = name_field()
    phone = phone_field()
    language = forms.ChoiceField(
        label="Language",
        required=False,
        choices=(("", "Not known"), *Language.choices),
        help_text="Of the emails that you have not rewritten, and of what you tell them.",
    )

    def __init__(
        self, data: Any = None, *, person: Participant, unsent: Sequence[Message], brief: bool, auto_id: str = "id_%s"
    ) -> None:
        contact = person.contact
        initial = {"email": contact.email, "name": contact.name, "phone": contact.phone, "language": contact.language}
        super().__init__(data, initial=initial, auto_id=auto_id)
        self.person, self.unsent, self.brief = person, unsent, brief
        if data is None:
            self.fields["email"].slip = suggestions.slips_of([contact]).get(contact.pk)  # type: ignore[attr-defined]
        if brief:
            del self.fields["name"], self.fields["phone"], self.fields["language"]
            self.fields["email"].required = True
            self.fields["email"].error_messages["required"] = "Please enter an email address."
        else:
            self.order_fields(("name", "email", "phone", "language"))

    @property
    def wants_resend(self) -> bool:
        """ "Save and resend" was pressed, and something is ticked."""
        return self.data.get("then") != "save" and bool(self.ticked)

    @property
    def ticked(self) -> list[int]:
        """Ids that are ticked: all of them on the page, those that came back afterwards."""
        if not self.is_bound:
            return [message.pk for message in self.unsent]
        given = self.data.getlist("resend") if hasattr(self.data, "getlist") else []
        return [int(text) for text in given if text.isascii() and text.isdigit() and len(text) < 19]

    @property
    def count(self) -> int:
        """How many emails the button speaks of."""
        return len(self.unsent)

    @property
    def sharing(self) -> list[str]:
        """Names of others with the address that the person has now."""
        return sharing(self.person.contact)

    def clean_email(self) -> str:
        """Refuse what is no address, the office's own, and one that mail waits for if mail is to leave."""
        typed: str = self.cleaned_data["email"]
        if typed == self.person.contact.email and not self.wants_resend:
            return typed  # nothing was asked about it: it must not keep a phone number from being saved
        if typed != self.person.contact.email and (question := self.question("email", typed)):
            raise forms.ValidationError(question)
        email = _tidy(drafts.tidy_email, typed)
        if self.wants_resend and not email:
            raise forms.ValidationError("Please enter an email address, so that something can be sent.")
        if email and canonical(email) in people.own_addresses():
            raise forms.ValidationError(OWN_ADDRESS.format(name=self.person.name))
        if self.wants_resend and holds.active(email):
            raise forms.ValidationError("Mail to this address is on hold: it failed before. Please enter another one.")
        return email

    def clean_name(self) -> str:
        """One line."""
        return _tidy(drafts.tidy_name, self.cleaned_data["name"])

    def clean_phone(self) -> str:
        """One line."""
        return _tidy(drafts.tidy_phone, self.cleaned_data["phone"])


def _tidy(rule: Callable[[str], str], value: str) -> str:
    try:
        return rule(value)
    except BadText as problem:
        raise forms.ValidationError(str(problem)) from None


def sharing(contact: Contact) -> list[str]:
    """Names of others with the same address."""
    if not contact.email_key:
        return []
    others = Contact.objects.filter(email_key=contact.email_key).exclude(pk=contact.pk)
    return list(others.order_by("name").values_list("name", flat=True).distinct()[:5])
