"""The form of an email that staff write by hand. A draft may hold anything: what stops it is said when it is sent."""

from typing import Any

from django import forms

from emails.forms_templates import Anything
from emails.letters import Written
from emails.models import EmailTemplate, Letter
from inspections import own
from inspections.drafts import Person
from inspections.errors import BadDraft
from inspections.forms import email_field, moment_field, name_field
from inspections.forms_address import AsksAboutSlips
from inspections.models import Participant, Role
from inspections.text import MAX_EMAIL, MAX_NAME

MOST_IDS = 200


class LetterForm(AsksAboutSlips):
    """Who, what, when. `revision` is the one that was read, `page` names the open window."""

    other_name = name_field(label="Name", required=False)
    other_email = email_field(label="Email")
    template = forms.CharField(label="Start from", required=False)
    subject = Anything(label="Subject", widget=forms.TextInput(attrs={"autocomplete": "off"}))
    body = Anything(
        label="Text",
        help_text="Write as in any email; an empty line begins a new paragraph. Placeholders and HTML work too.",
        widget=forms.Textarea(attrs={"rows": 16, "spellcheck": "true"}),
    )
    send_at = moment_field(
        label="Send at", required=False, help_text="Leave it empty to send it now. In your company’s time zone."
    )
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0, max_value=2_000_000_000)
    page = forms.CharField(widget=forms.HiddenInput, required=False)
    example = forms.CharField(label="Show it for", required=False)
    use_required_attribute = False

    def __init__(self, data: Any = None, *, people: list[Participant], letter: Letter | None, page: str) -> None:
        super().__init__(data, initial=_initial(letter) | {"page": page})
        self.people, self.letter = people, letter

    @property
    def ticked(self) -> list[Participant]:
        """Who is ticked and on the inspection."""
        if not self.is_bound:
            return [person for person in self.people if person.pk in self.initial["to"]]
        given = set(self.data.getlist("to")[:MOST_IDS]) if hasattr(self.data, "getlist") else set()
        return [person for person in self.people if str(person.pk) in given]

    @property
    def has_other(self) -> bool:
        """Somebody who is not on the inspection is named."""
        return bool(self.value("other_name") or self.value("other_email"))

    def value(self, name: str) -> str:
        """What stands in a field."""
        if not self.is_bound:
            return str(self.initial.get(name) or "")
        return str(self.data.get(name) or "").replace("\x00", "").strip()

    def written(self) -> Written:
        """What was typed, right or wrong. Call `is_valid` before."""
        return Written(
            subject=self.cleaned_data.get("subject", ""),
            body=self.cleaned_data.get("body", ""),
            people=self.ticked,
            template=chosen_template(self.value("template")),
            send_at=self.cleaned_data.get("send_at"),
            other_name=self.value("other_name")[:MAX_NAME],
            other_email=self.value("other_email")[: MAX_EMAIL * 2],
        )

    def check_other(self) -> None:
        """Add what is wrong with the name and address of somebody else."""
        name, email = self.value("other_name"), self.value("other_email")
        if not name:
            self.add_error("other_name", "Please enter a name.")
        if not email:
            self.add_error("other_email", "Please enter an email address.")
        elif refused := own.refusal(email, name=name):
            self.add_error("other_email", refused)
        elif question := self.question("other_email", email):
            self.add_error("other_email", question)

    def refuse_other(self, problem: BadDraft) -> None:
        """Put each refusal at its field."""
        for path, sentences in problem.errors.items():
            for sentence in sentences:
                self.add_error(f"other_{path}" if path in ("name", "email") else None, sentence)


def other_person(letter: Letter) -> Person:
    """Somebody else, as the draft names them."""
    return Person(Role.OTHER, letter.other_name, letter.other_email)


def chosen_template(value: str) -> EmailTemplate | None:
    """The template with this id."""
    number = int(value) if value.isascii() and value.isdecimal() and len(value) < 10 else 0
    return EmailTemplate.objects.filter(pk=number).first() if number else None


def _initial(letter: Letter | None) -> dict[str, Any]:
    if letter is None:
        return {"to": set(), "revision": 0}
    names = ("subject", "body", "send_at", "revision", "other_name", "other_email")
    to = set(letter.people.values_list("pk", flat=True)) if letter.pk else set()
    return {name: getattr(letter, name) for name in names} | {"to": to, "template": letter.template_id or ""}
