"""The form that adds a colleague. An address that would cost a client their emails is asked about first."""

from typing import Any

from django import forms

from emails.forms_settings import LineField, address_field
from inspections import team
from inspections.errors import NotPossible
from inspections.forms_address import AsksAboutSlips
from inspections.models import User
from inspections.text import canonical

OFFICE, OWNER = "office", "owner"
ROLES = (
    (OFFICE, "Office: sends and fixes emails"),
    (OWNER, "Owner: changes settings and the team, too"),
)


class AddColleagueForm(AsksAboutSlips):
    """Name, address, role. `anyway`: the address that was asked about and is meant."""

    name = LineField(label="Name", error_messages={"required": "Please enter a name."})
    email = address_field(
        label="Email", help_text="They sign in with it.", error_messages={"required": "Please enter an address."}
    )
    role = forms.ChoiceField(label="Role", choices=ROLES, initial=OFFICE, widget=forms.RadioSelect)
    anyway = forms.CharField(required=False, widget=forms.HiddenInput)

    clients: tuple[str, ...] = ()

    def clean_email(self) -> str:
        """Ask about a slip."""
        email: str = self.cleaned_data["email"]
        if question := self.question("email", email):
            raise forms.ValidationError(question)
        return email

    def clean(self) -> dict[str, Any]:
        """Whoever belongs to the office is never written to as a client: say so before that happens."""
        email = self.cleaned_data.get("email", "")
        self.clients = tuple(team.clients_at(email)) if email else ()
        if self.clients and canonical(self.cleaned_data.get("anyway", "")) != canonical(email):
            who = ", ".join(self.clients)
            self.add_error("email", f"{who} has this address on inspections. As a colleague they get no emails there.")
        return self.cleaned_data

    @property
    def asks(self) -> str:
        """The address to be confirmed, if that is all that is in the way."""
        others = {name for name in self.errors if name != "email"}
        return self.data.get("email", "") if self.clients and not others else ""

    def add(self, *, by: User) -> User | None:
        """The new colleague; None if that was refused, with the reason at the address."""
        try:
            facts = self.cleaned_data
            return team.add(facts["email"], facts["name"], owner=facts["role"] == OWNER, by=by)
        except NotPossible as problem:
            self.add_error("email", str(problem))
            return None
