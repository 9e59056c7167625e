"""Forms of the pages that touch both an inspection and its emails."""

from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.urls import reverse

from emails import holds, selectors_contacts
from emails.models import Message
from inspections import drafts, own, people, suggestions
from inspections.forms import email_field, moment_field, name_field, phone_field
from inspections.forms_address import AsksAboutSlips
from inspections.models import Contact, Language, Participant, Role
from inspections.text import BadText


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


HERE, EVERYWHERE = "here", "everywhere"
DETAILS = ("email", "name", "phone", "language")


class PersonForm(AsksAboutSlips):
    """Somebody's details. `resend` lists what did not reach them: ids of messages, ticked.

    Shown in a work list it holds the address alone (`brief`); what is not sent along stays as it is. `was_…` is what
    the page showed: a field that nobody touched keeps what a colleague saved since, and a touched one asks.
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
    role = forms.ChoiceField(label="Role on this inspection", choices=Role.choices)

    def __init__(
        self, data: Any = None, *, person: Participant, unsent: Sequence[Message], brief: bool, auto_id: str = "id_%s"
    ) -> None:
        contact = person.contact
        initial = {name: getattr(contact, name) for name in DETAILS} | {"role": person.role}
        super().__init__(_with_untouched(data, contact), initial=initial, auto_id=auto_id)
        self.person, self.unsent, self.brief = person, unsent, brief
        if data is None:
            self.fields["email"].slip = suggestions.slips_of([contact]).get(contact.pk)  # type: ignore[attr-defined]
        self.fields["email"].widget.attrs["hx-get"] = f"{reverse('address-check')}?contact={contact.pk}"
        if brief:
            for name in ("name", "phone", "language", "role"):
                del self.fields[name]
            self.fields["email"].required = True
            self.fields["email"].error_messages["required"] = "Please enter an email address."
        elif data is not None and "role" not in data:
            del self.fields["role"]
        if not brief and (elsewhere := people.open_elsewhere(person)):
            self.fields["scope"] = _scope_field(person, elsewhere)
        self.order_fields(("name", "role", "email", "phone", "language"))

    @property
    def was(self) -> dict[str, str]:
        """What is stored now, to be sent along: it tells later what was touched."""
        return {f"was_{name}": getattr(self.person.contact, name) for name in DETAILS if name in self.fields}

    @property
    def only_here(self) -> bool:
        """The correction is for this inspection alone."""
        return self.cleaned_data.get("scope") == HERE

    def clean(self) -> dict[str, Any]:
        """Ask before something is replaced that a colleague saved since the page was shown."""
        contact = self.person.contact
        for name in [name for name in DETAILS if name in self.cleaned_data]:
            shown, now = self.data.get(f"was_{name}"), getattr(contact, name)
            if shown is not None and shown != now and self.cleaned_data[name] != now:
                change = contact.changes.filter(field=name).first()
                who = change.by if change else "Somebody"
                said = f"{who} changed this to “{now or 'nothing'}” meanwhile. Save again to put yours in its place."
                self.add_error(name, said)
        return self.cleaned_data

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
        return selectors_contacts.sharing(self.person.contact)

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
        if refused := own.refusal(email, name=self.person.name):
            raise forms.ValidationError(refused)
        if self.wants_resend and holds.active(email):
            raise forms.ValidationError("Mail to this address is on hold: it failed before. Please enter another one.")
        return email

    def clean_name(self) -> str:
        """One line."""
        return _tidy(drafts.tidy_name, self.cleaned_data["name"])

    def clean_phone(self) -> str:
        """One line."""
        return _tidy(drafts.tidy_phone, self.cleaned_data["phone"])


def _scope_field(person: Participant, elsewhere: int) -> forms.ChoiceField:
    """How far a correction reaches. Asked only where it makes a difference."""
    everywhere = f"Everywhere {person.name} appears ({elsewhere + 1} open inspections)"
    return forms.ChoiceField(
        label="Where does the change count?",
        required=False,
        initial=EVERYWHERE,
        choices=((EVERYWHERE, everywhere), (HERE, "On this inspection only")),
        widget=forms.RadioSelect,
    )


def _with_untouched(data: Any, contact: Contact) -> Any:
    """The data of a form in which nobody touched a field that changed since: it holds what is stored now."""
    if data is None:
        return None
    fresh = {
        name: getattr(contact, name)
        for name in DETAILS
        if name in data and data.get(f"was_{name}") == data[name] != getattr(contact, name)
    }
    if not fresh:
        return data
    data = data.copy()
    for name, value in fresh.items():
        data[name] = data[f"was_{name}"] = value
    return data


def _tidy(rule: Callable[[str], str], value: str) -> str:
    try:
        return rule(value)
    except BadText as problem:
        raise forms.ValidationError(str(problem)) from None
