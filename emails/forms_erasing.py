"""The tick that deletes a person's data."""

from django import forms


class EraseForm(forms.Form):
    """Nobody does this by a slip."""

    sure = forms.BooleanField(
        label="I know that nobody can bring this back",
        error_messages={"required": "Please tick that you know this."},
    )
