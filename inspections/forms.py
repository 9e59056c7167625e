"""Forms of the staff pages about inspections. `drafts` decides what may be stored; here its words find their field."""

import re
from decimal import Decimal
from functools import cached_property
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.urls import reverse_lazy

from inspections import cells, own
from inspections.drafts import MAX_ADDRESS, MAX_EXTERNAL_ID, MAX_PEOPLE, MAX_PHONE, Draft, Person
from inspections.errors import BadDraft
from inspections.forms_address import AsksAboutSlips
from inspections.models import Inspection, Role
from inspections.text import MAX_EMAIL, MAX_NAME, BadText

FIRST_ROWS = (Role.CLIENT, Role.CLIENT, Role.BUYER_AGENT)
PERSON_FIELDS = ("role", "name", "email", "phone")
_PARTS = re.compile(r"[,;\n]")
_MOMENT = "%Y-%m-%dT%H:%M"


def email_field(**over: Any) -> forms.CharField:
    """An address as typed; `text.email_address` says what is wrong with it."""
    attrs = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false", "maxlength": 320}
    attrs |= {"hx-get": reverse_lazy("address-check"), "hx-trigger": "change", "hx-target": "next .did-you-mean"}
    options: dict[str, Any] = {
        "label": "Email",
        "required": False,
        "widget": forms.EmailInput(attrs=attrs),
        "strip": True,
    }
    return forms.CharField(**options | over)


def phone_field(**over: Any) -> forms.CharField:
    """A phone number as people write it."""
    attrs = {"type": "tel", "autocomplete": "off", "maxlength": MAX_PHONE}
    options: dict[str, Any] = {"label": "Phone", "required": False, "widget": forms.TextInput(attrs=attrs)}
    return forms.CharField(**options | over)


def name_field(**over: Any) -> forms.CharField:
    """A person's name."""
    attrs = {"autocomplete": "off", "maxlength": MAX_NAME}
    said = {"required": "Please enter a name."}
    options: dict[str, Any] = {"label": "Name", "widget": forms.TextInput(attrs=attrs), "error_messages": said}
    return forms.CharField(**options | over)


def moment_field(**over: Any) -> forms.DateTimeField:
    """Date and time in the company's zone."""
    said = {
        "required": "Please enter the date and time.",
        "invalid": "Please enter a date and time, like 12/01/2026 9:00 AM.",
    }
    widget = forms.DateTimeInput(format=_MOMENT, attrs={"type": "datetime-local", "step": 60})
    options: dict[str, Any] = {"label": "Date and time", "widget": widget, "error_messages": said}
    return forms.DateTimeField(**options | over)


class FactsForm(forms.Form):
    """What is known about the job itself."""

    address = forms.CharField(
        label="Property address",
        widget=forms.TextInput(attrs={"autocomplete": "off", "maxlength": MAX_ADDRESS}),
        error_messages={"required": "Please enter the address."},
    )
    inspector = forms.CharField(
        label="Inspector", required=False, widget=forms.TextInput(attrs={"autocomplete": "off", "maxlength": MAX_NAME})
    )
    fee = forms.CharField(
        label="Fee in dollars",
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "maxlength": 20}),
    )
    services = forms.CharField(
        label="Services",
        required=False,
        help_text="Several? Put a comma between them.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def refuse(self, problem: BadDraft) -> None:
        """Put each refusal at its field."""
        for path, sentences in problem.errors.items():
            field = self.field_of(path)
            for sentence in sentences:
                self.add_error(field if field in self.fields else None, sentence)

    def field_of(self, path: str) -> str:
        """Name of the field that a draft's path such as "services.2" speaks of."""
        return path.partition(".")[0]

    def clean_fee(self) -> Decimal | None:
        """As people write it: 425, $1,425.00."""
        try:
            return cells.fee(self.cleaned_data["fee"])
        except BadText as problem:
            raise forms.ValidationError(str(problem)) from None

    def service_list(self) -> tuple[str, ...]:
        """The services as typed, one each."""
        return tuple(part.strip() for part in _PARTS.split(self.cleaned_data.get("services", "")) if part.strip())


class EditForm(FactsForm):
    """The facts of an inspection that exists. Its time has a page of its own, because moving it sends emails."""

    def __init__(self, data: Any = None, *, inspection: Inspection) -> None:
        self.inspection = inspection
        names = ("address", "inspector", "fee")
        initial = {name: getattr(inspection, name) for name in names}
        super().__init__(data, initial=initial | {"services": ", ".join(inspection.services)})

    def draft(self) -> Draft:
        """The new facts, for `services.correct`."""
        return Draft(
            address=self.cleaned_data["address"],
            starts_at=self.inspection.starts_at,
            inspector=self.cleaned_data["inspector"],
            fee=self.cleaned_data["fee"],
            services=self.service_list(),
        )


class AddForm(AsksAboutSlips, FactsForm):
    """A new inspection with its people: as many rows as the page asked for; rows without any text do not count."""

    starts_at = moment_field()
    external_id = forms.CharField(
        label="Order number",
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "maxlength": MAX_EXTERNAL_ID}),
    )
    notifications = forms.BooleanField(
        label="Send emails for this inspection",
        required=False,
        help_text="Nothing goes out before you confirm it.",
    )
    field_order = ("address", "starts_at", "inspector", "fee", "services", "external_id", "notifications")

    def __init__(self, data: Any = None, *, rows: int = len(FIRST_ROWS), **options: Any) -> None:
        super().__init__(data, **options)
        self.count = max(1, min(rows, MAX_PEOPLE))
        for number in range(self.count):
            self._add_row(number)

    def _add_row(self, number: int) -> None:
        who = f"Person {number + 1}"
        role = FIRST_ROWS[number] if number < len(FIRST_ROWS) else Role.CLIENT
        fields = {
            "role": forms.ChoiceField(label=f"{who}: role", choices=Role.choices, initial=role),
            "name": name_field(label=f"{who}: name", required=False),
            "email": email_field(label=f"{who}: email"),
            "phone": phone_field(label=f"{who}: phone"),
        }
        for name, field in fields.items():
            field.short = name.capitalize()  # type: ignore[attr-defined] # for the page, where the row has a heading
            self.fields[f"people-{number}-{name}"] = field

    def rows(self) -> list[list[BoundField]]:
        """The fields of each person, for the page."""
        return [[self[f"people-{number}-{name}"] for name in PERSON_FIELDS] for number in range(self.count)]

    @cached_property
    def filled(self) -> list[int]:
        """Numbers of the rows that hold somebody. Kept, because a refused value is no longer in `cleaned_data`."""
        typed = ("name", "email", "phone")
        return [n for n in range(self.count) if any(self.cleaned_data.get(f"people-{n}-{name}") for name in typed)]

    def clean(self) -> dict[str, Any]:
        """Refuse the office's own address: whoever is written to there would never see it. Ask about slips."""
        for number in self.filled:
            field = f"people-{number}-email"
            name = self.cleaned_data.get(f"people-{number}-name", "")
            if refused := own.refusal(self.cleaned_data.get(field, ""), name=name):
                self.add_error(field, refused)
            elif question := self.question(field, self.cleaned_data.get(field, "")):
                self.add_error(field, question)
        return self.cleaned_data

    def field_of(self, path: str) -> str:
        """Rows that were left empty are not in the draft: "people.0.email" may be the second row's."""
        parts = path.split(".")
        if parts[0] != "people" or len(parts) < 3 or int(parts[1]) >= len(self.filled):
            return parts[0]
        return f"people-{self.filled[int(parts[1])]}-{parts[2]}"

    def draft(self) -> Draft:
        """What was typed."""
        facts = self.cleaned_data
        return Draft(
            address=facts["address"],
            starts_at=facts["starts_at"],
            inspector=facts["inspector"],
            fee=facts["fee"],
            services=self.service_list(),
            notifications=facts["notifications"],
            external_id=facts["external_id"] or None,
            people=tuple(_person(facts, number) for number in self.filled),
        )


def _person(facts: dict[str, Any], number: int) -> Person:
    return Person(*(facts.get(f"people-{number}-{name}", "") for name in PERSON_FIELDS))


class AddPersonForm(AsksAboutSlips):
    """Somebody new on an inspection."""

    role = forms.ChoiceField(label="Role", choices=Role.choices)
    name = name_field()
    email = email_field(max_length=MAX_EMAIL * 2)
    phone = phone_field()

    def clean_email(self) -> str:
        """Refuse the office's own address; ask about a slip."""
        email: str = self.cleaned_data["email"]
        if refused := own.refusal(email, name=self.cleaned_data.get("name", "")):
            raise forms.ValidationError(refused)
        if question := self.question("email", email):
            raise forms.ValidationError(question)
        return email

    def refuse(self, problem: BadDraft) -> None:
        """Put each refusal at its field."""
        for path, sentences in problem.errors.items():
            for sentence in sentences:
                self.add_error(path if path in self.fields else None, sentence)

    def person(self) -> Person:
        """What was typed."""
        return Person(**{name: self.cleaned_data[name] for name in PERSON_FIELDS})
