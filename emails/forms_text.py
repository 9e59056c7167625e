"""Fields for what people type: refused, with a sentence, is what could break a header or hide something."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from inspections.text import BadText, single_line


class OneLine(forms.CharField):
    """One line of text without control or invisible characters."""

    def clean(self, value: Any) -> str:
        """The tidied text."""
        text = str(super().clean(value))
        try:
            return single_line(text, limit=self.max_length or 200)
        except BadText as problem:
            raise ValidationError(str(problem)) from None
