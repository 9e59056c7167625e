"""Blocking an address by hand, a file of them, allowing after a complaint, and the filters of the page."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, field

from django import forms

from emails import holds
from emails.forms_text import OneLine
from emails.selectors_blocked import Filters, choices
from inspections import people
from inspections.forms import email_field
from inspections.models import Contact
from inspections.text import BadText, canonical, email_address, single_line

MOST_LINES = 2_000
MAX_BYTES = 500_000
OWN = "This is one of your own addresses: your office would stop getting mail."


class BlockedFilter(forms.Form):
    """What to look for."""

    q = forms.CharField(
        label="Address or name",
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    why = forms.ChoiceField(label="Reason", required=False)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type] # Django's own
        self.fields["why"].choices = choices()  # type: ignore[attr-defined]

    @property
    def filters(self) -> Filters:
        """What can be used of it."""
        self.full_clean()
        return Filters(**{name: value for name, value in self.cleaned_data.items() if value})


class BlockForm(forms.Form):
    """One address by hand."""

    email = email_field(label="Email address")
    why = OneLine(label="Why?", max_length=300, help_text="For your colleagues, such as “She asked us to stop”.")

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type] # Django's own
        self.fields["email"].required = True
        self.fields["email"].error_messages["required"] = "Please enter an email address."

    def clean_email(self) -> str:
        """An address of somebody else's that is not blocked yet."""
        address = _address(self.cleaned_data["email"])
        if holds.active(address):
            raise forms.ValidationError("This address is blocked already.")
        return address


class AllowForm(forms.Form):
    """The word of whoever pressed “spam”."""

    note = OneLine(label="How did they ask for it?", max_length=300, help_text="Such as “Ann called on Monday”.")


def _address(text: str) -> str:
    try:
        address = email_address(text)
    except BadText as problem:
        raise forms.ValidationError(str(problem)) from None
    if canonical(address) in people.own_addresses():
        raise forms.ValidationError(OWN)
    return address


# --- a file ----------------------------------------------------------------------------------------------------------


@dataclass
class Plan:
    """What a file would do. `wrong`: (line, what it says, why not)."""

    new: list[tuple[str, str]] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    wrong: list[tuple[int, str, str]] = field(default_factory=list)
    people: int = 0


class ImportForm(forms.Form):
    """A CSV file with a column `address`, perhaps `why`; or the same lines typed in."""

    file = forms.FileField(label="CSV file", required=False, widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}))
    lines = forms.CharField(
        label="Or the lines themselves",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 5, "placeholder": "address,why"}),
        help_text="One address a line. With a first line “address,why” the second column says why.",
    )

    def clean(self) -> dict[str, object]:
        """Either of the two, as text."""
        data = super().clean() or {}
        file = data.get("file")
        if file and file.size > MAX_BYTES:
            self.add_error("file", "This file is too big. Please use at most 500 KB.")
        elif file:
            data["lines"] = file.read().decode("utf-8-sig", "replace")
        if not self.errors and not _rows(str(data.get("lines", ""))):
            self.add_error("file", "Please choose a file, or enter some addresses.")
        return data

    def plan(self) -> Plan:
        """What it would do now; nothing is changed."""
        return _plan(_rows(str(self.cleaned_data["lines"])))


def _rows(text: str) -> list[tuple[int, str, str]]:
    """Line, address, why. Without a heading the first two columns are meant."""
    text = text.lstrip("\ufeff").replace("\x00", "")
    sample = text.partition("\n")[0]
    rows = _cells_of(text, delimiter=max(",;\t", key=sample.count))
    heading = [cell.lower() for cell in rows[0][1]] if rows else []
    at, why = 0, 1
    if "address" in heading or "email" in heading:
        at = heading.index("address" if "address" in heading else "email")
        why = heading.index("why") if "why" in heading else len(heading)
        rows = rows[1:]
    return [(line, _cell(row, at), _cell(row, why)) for line, row in rows]


def _cells_of(text: str, *, delimiter: str) -> list[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[tuple[int, list[str]]] = []
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append((reader.line_num, [cell.strip() for cell in row]))
    except csv.Error:
        rows.append((reader.line_num, ["This line is too long to be read"]))
    return rows


def _cell(row: list[str], at: int) -> str:
    """Without the quote that our own export puts before what a spreadsheet would run."""
    value = row[at] if at < len(row) else ""
    return value[1:] if value[:1] == "'" and value[1:2] in tuple("=+-@\t\r") else value


def _plan(rows: Iterable[tuple[int, str, str]]) -> Plan:
    plan, seen = Plan(), set()
    for number, (line, text, why) in enumerate(rows):
        if number == MOST_LINES:
            plan.wrong.append((line, "", f"Only the first {MOST_LINES:,} lines are read. Please split the file."))
            break
        try:
            address = _address(text)
            why = single_line(why, limit=300) if why else ""
        except (forms.ValidationError, BadText) as problem:
            said = problem.messages[0] if isinstance(problem, forms.ValidationError) else str(problem)
            plan.wrong.append((line, text[:80], said))
            continue
        if canonical(address) not in seen:
            seen.add(canonical(address))
            plan.new.append((address, why))
    held = _held({canonical(address) for address, _ in plan.new})
    plan.known = [address for address, _ in plan.new if canonical(address) in held]
    plan.new = [(address, why) for address, why in plan.new if canonical(address) not in held]
    plan.people = Contact.objects.filter(email_key__in={canonical(address) for address, _ in plan.new}).count()
    return plan


def _held(keys: set[str]) -> set[str]:
    rows = holds.AddressHold.objects.filter(key__in=keys, released_at=None)
    return set(rows.values_list("key", flat=True))
