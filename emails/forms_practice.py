"""The switches of the practice mail service as a form, in seconds and percent."""

from typing import Any

from django import forms

from emails.wording_practice import ANSWERS

NORMAL: dict[str, Any] = {
    "answer": None,
    "share": 1.0,
    "delay_ms": 0,
    "webhooks": {"copies": 1, "delay_ms": 0, "shuffle": False},
}
_NO_FAULT = "normal"
_NUMBER = {
    "required": "Please enter a number.",
    "invalid": "Please enter a number.",
    "min_value": "Please enter %(limit_value)s or more.",
    "max_value": "Please enter %(limit_value)s or less.",
}


class SwitchesForm(forms.Form):
    """What the practice mail service does with our emails, and how it tells us about them."""

    answer = forms.ChoiceField(label="When we hand it an email, it …", choices=ANSWERS)
    share = forms.IntegerField(
        label="How often that happens, in percent",
        help_text="50 means every second email.",
        min_value=0,
        max_value=100,
        error_messages=_NUMBER,
    )
    delay = forms.FloatField(label="Seconds until it answers", min_value=0, max_value=120, error_messages=_NUMBER)
    copies = forms.IntegerField(
        label="How often it tells us each piece of news",
        help_text="1 is normal, 2 is a repeat, 0 is never.",
        min_value=0,
        max_value=100,
        error_messages=_NUMBER,
    )
    news_delay = forms.FloatField(
        label="Extra seconds until it tells us",
        help_text="0 is normal.",
        min_value=0,
        max_value=3600,
        error_messages=_NUMBER,
    )
    shuffle = forms.BooleanField(label="Tell the news in the wrong order", required=False)

    @classmethod
    def showing(cls, switches: dict[str, Any]) -> "SwitchesForm":
        """The form as the service stands."""
        told = switches["webhooks"]
        return cls(
            initial={
                "answer": switches["answer"] or _NO_FAULT,
                "share": round(switches["share"] * 100),
                "delay": _seconds(switches["delay_ms"]),
                "copies": told["copies"],
                "news_delay": _seconds(told["delay_ms"]),
                "shuffle": told["shuffle"],
            }
        )

    @property
    def changes(self) -> dict[str, Any]:
        """What to tell the service; the form must be valid."""
        said = self.cleaned_data
        return {
            "answer": None if said["answer"] == _NO_FAULT else said["answer"],
            "share": said["share"] / 100,
            "delay_ms": round(said["delay"] * 1000),
            "webhooks": {
                "copies": said["copies"],
                "delay_ms": round(said["news_delay"] * 1000),
                "shuffle": said["shuffle"],
            },
        }


def is_normal(switches: dict[str, Any]) -> bool:
    """Nothing is switched to misbehave."""
    quiet = switches["answer"] is None or switches["share"] == 0
    return quiet and not switches["delay_ms"] and switches["webhooks"] == NORMAL["webhooks"]


def _seconds(milliseconds: int) -> float | int:
    seconds = milliseconds / 1000
    return int(seconds) if seconds.is_integer() else seconds
