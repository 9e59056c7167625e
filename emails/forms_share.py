"""The form that shares an inspection: what the link opens, how long it works, and who somebody new is."""

from typing import Any
from uuid import UUID, uuid4

from django import forms

from emails import letters_share
from inspections import own
from inspections.drafts import Person
from inspections.errors import BadDraft
from inspections.forms import email_field, name_field, phone_field
from inspections.forms_address import AsksAboutSlips
from inspections.models import Participant, Role, Scope

PERSON_FIELDS = ("name", "email", "phone")


class ShareForm(AsksAboutSlips):
    """`person` is somebody on the inspection; without one the form asks who it is."""

    name = name_field()
    email = email_field()
    phone = phone_field()
    scope = forms.ChoiceField(
        choices=Scope.choices, error_messages={"required": "Please choose what the link opens."}, label="The link opens"
    )
    lasts = forms.ChoiceField(label="It works for", choices=tuple(letters_share.LASTS.items()), initial="after30")
    uuid = forms.UUIDField(widget=forms.HiddenInput, required=False)
    use_required_attribute = False

    def __init__(self, data: Any = None, *, person: Participant | None) -> None:
        super().__init__(data, initial={"scope": Scope.DETAILS, "uuid": uuid4()})
        self.person = person
        if person:
            for name in PERSON_FIELDS:
                del self.fields[name]

    @property
    def role(self) -> str:
        """What whoever gets the link is to the inspection."""
        return self.person.role if self.person else str(Role.OTHER)

    @property
    def by_email(self) -> bool:
        """The email was asked for, not the link."""
        return self.data.get("act") == "email"

    @property
    def scope_now(self) -> str:
        """What is chosen."""
        return str(self.data.get("scope", "")) if self.is_bound else str(self.initial["scope"])

    @property
    def uuid_now(self) -> UUID:
        """The name of the email that this form sends."""
        found: UUID | None = self.cleaned_data.get("uuid") if self.is_bound else None
        return found or self.initial["uuid"]

    def clean_scope(self) -> Scope:
        """One that is for this person."""
        scope = Scope(self.cleaned_data["scope"])
        if refused := letters_share.why_not(scope, self.role):
            raise forms.ValidationError(refused)
        return scope

    def clean_email(self) -> str:
        """Needed for an email; never the office's own; a slip is asked about."""
        email: str = self.cleaned_data["email"]
        if self.by_email and not email:
            raise forms.ValidationError("Please enter an email address.")
        if refused := own.refusal(email, name=self.cleaned_data.get("name", "")):
            raise forms.ValidationError(refused)
        if question := self.question("email", email):
            raise forms.ValidationError(question)
        return email

    def to(self) -> Participant | Person:
        """Whom it is for."""
        typed = {name: self.cleaned_data.get(name, "") for name in PERSON_FIELDS}
        return self.person or Person(Role.OTHER, **typed)

    def refuse(self, problem: BadDraft) -> None:
        """Put each refusal at its field."""
        for path, sentences in problem.errors.items():
            for sentence in sentences:
                self.add_error(path if path in self.fields else None, sentence)
