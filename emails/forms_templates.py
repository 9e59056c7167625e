"""Forms for templates. A draft may hold anything: what stops it is said at publishing, never at typing."""

from typing import Any

from django import forms

from emails.checks_findings import Words
from emails.forms_settings import LineField
from emails.models import Attach, EmailTemplate, Kind

WORDS = ("name", "subject", "preheader", "body", "attach")
_KINDS = [(kind.value, kind.label) for kind in Kind]


class Anything(forms.CharField):
    """Text as it was typed, with plain line ends and without what a database cannot hold."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strip=False, **kwargs)
        self.validators = []

    def validate(self, value: Any) -> None:
        """Nothing is refused, not even nothing."""

    def to_python(self, value: Any) -> str:
        """The text."""
        text = super().to_python(value) or ""
        return text.replace("\r\n", "\n").replace("\x00", "")


class Example(forms.ChoiceField):
    """What a template is looked at with. One that is gone must not cost what was typed."""

    def validate(self, value: Any) -> None:
        """See `TemplateForm.clean_example`."""


class TemplateForm(forms.Form):
    """The words of a template. `revision` is the one that was read; `example` what it is looked at with."""

    name = Anything(label="Name", help_text="Your colleagues see it. Clients never do.")
    subject = Anything(label="Subject", widget=forms.TextInput(attrs={"autocomplete": "off"}))
    preheader = Anything(
        label="Preheader",
        help_text="Mail programs show it after the subject, in the list of emails. It may stay empty.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    body = Anything(
        label="Text",
        help_text="HTML with placeholders in double braces. The plain text is made from it.",
        widget=forms.Textarea(attrs={"rows": 22, "spellcheck": "true", "class": "code"}),
    )
    attach = forms.ChoiceField(
        label="Goes along",
        required=False,
        choices=(("", "Nothing"), *Attach.choices),
        help_text="Each client’s own. Whoever has not signed waits: the email is held, with this reason.",
    )
    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2_000_000_000)
    example = Example(label="Show it for")
    use_required_attribute = False

    def __init__(self, *args: Any, examples: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["example"].choices = examples  # type: ignore[attr-defined]

    def clean_example(self) -> str:
        """What was chosen; the first where that is not there."""
        known: list[str] = [value for value, _ in self.fields["example"].choices]  # type: ignore[attr-defined]
        chosen: str = self.cleaned_data["example"]
        return chosen if chosen in known else known[0]

    def words(self, kind: str) -> Words:
        """What was typed."""
        return Words(kind, **{name: self.cleaned_data.get(name, "") for name in WORDS})


class NewTemplateForm(forms.Form):
    """A name and what it is for."""

    name = LineField(label="Name", error_messages={"required": "Please give the template a name."})
    kind = forms.ChoiceField(
        label="Kind", choices=_KINDS, help_text="Says which link it needs. It cannot be changed later."
    )

    def clean_name(self) -> str:
        """A name that no other template has."""
        name: str = self.cleaned_data["name"]
        if EmailTemplate.objects.filter(name=name).exists():
            raise forms.ValidationError("Another template has this name. Please choose a different one.")
        return name
