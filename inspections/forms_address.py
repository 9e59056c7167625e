"""Forms that ask "Did you mean ann@gmail.com?" before they take an address."""

from django import forms

from inspections import suggestions
from inspections.text import canonical


class AsksAboutSlips(forms.Form):
    """A field with a `slip` shows the question; the answers come back as `use` (the field) or `keep` (the address)."""

    def question(self, name: str, typed: str) -> str:
        """The question about what was typed into a field, "" if there is none or it was answered."""
        slip = suggestions.slip(typed)
        if slip is None or (slip.keepable and canonical(typed) in suggestions.kept(self.data)):
            return ""
        self.fields[name].slip = slip  # type: ignore[attr-defined] # for the page
        return f"{suggestions.wrong_with(typed)} Did you mean {slip.meant}?".strip()

    @property
    def kept(self) -> list[str]:
        """Answers given so far, for the form that is shown again."""
        return list(self.data.getlist("keep")) if hasattr(self.data, "getlist") else []
