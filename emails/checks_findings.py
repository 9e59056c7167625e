"""A template's words, and what is found in them."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """A template's words, published or not."""

    kind: str
    name: str
    subject: str
    body: str
    preheader: str = ""  # what a list of emails shows after the subject
    attach: str = ""  # what goes out with it: one of `Attach`, or nothing

    @property
    def all(self) -> str:
        """Everything that is filled in, for looking through it."""
        return "\n".join((self.subject, self.preheader, self.body))


# How a finding names the field that it is about.
FIELDS: Mapping[str, str] = {"subject": "Subject: ", "preheader": "Preheader: "}


@dataclass(frozen=True)
class Finding:
    """Something about a template, in a sentence. `line` from 1, 0: no certain one; `field` is the form's.

    `stops` publishing; `holds` even an email of a version that is published already. `name`: the placeholder.
    `missing`: it is not written yet, so nothing is wrong.
    """

    code: str
    said: str
    field: str = "body"
    line: int = 0
    stops: bool = True
    holds: bool = False
    name: str = ""
    missing: bool = False

    def __str__(self) -> str:
        place = f"Line {self.line}: " if self.line else FIELDS.get(self.field, "")
        return place + self.said
