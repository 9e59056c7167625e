"""What one provider's table is made of, and how it is looked up. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Raw = Mapping[str, Any]
NOTHING = ""  # as a status: says nothing about this email
NEWS = "news"  # as a type: of a kind that we do not use


@dataclass(frozen=True)
class Row:
    """What a provider's word amounts to.

    `status` None: what Anymail's event type amounts to. `decides`: the category stands before any words of a server;
    otherwise only where these are silent. `type`: Anymail's event type, where Anymail chose another one or none.
    `settled`: told after the message was taken, so for good, even if the words speak of a passing state.
    """

    status: str | None = None
    category: str = ""
    decides: bool = False
    type: str = ""
    settled: bool = False


def says(status: str | None, category: str = "", *, type: str = "") -> Row:
    """The server's words choose the category; this one is for where they are silent."""
    return Row(status, category, type=type)


def decides(status: str | None, category: str, *, type: str = "") -> Row:
    """The provider alone knows this: its category stands, whatever the words."""
    return Row(status, category, True, type)


def as_it_came(raw: Raw, recipient: str) -> Raw:
    """Of a provider whose events are flat."""
    return raw


@dataclass(frozen=True)
class Provider:
    """How to read one provider's events. Paths are dotted; a number is a place in a list.

    `keys` are groups of paths, the most specific first; the values of a group, joined by "/", are a key of `table`.
    `classes` are paths to the provider's own classification; their values are keys of `hints`, categories for where
    table and words are silent. `words` lead to the receiving server's own words, `enhanced` to an RFC 3463 code and
    `reply` to an RFC 5321 code that stand beside the words; `summaries` to what is shown where there are no words.
    """

    keys: Sequence[Sequence[str]]
    table: Mapping[str, Row]
    words: Sequence[str]
    view: Callable[[Raw, str], Raw] = as_it_came
    classes: Sequence[str] = ()
    hints: Mapping[str, str] = field(default_factory=dict)
    enhanced: str = ""
    reply: str = ""
    summaries: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Providers are not strict about capitals."""
        object.__setattr__(self, "table", {key.casefold(): row for key, row in self.table.items()})
        object.__setattr__(self, "hints", {key.casefold(): category for key, category in self.hints.items()})

    def find(self, facts: Raw) -> tuple[Row, str]:
        """The first row that fits, and the provider's word for it; an empty row if none does."""
        for paths in self.keys:
            values = [scalar(dig(facts, path)) for path in paths]
            row = self.table.get("/".join(values).casefold()) if all(values) else None
            if row:
                return row, _label(paths[-1], values[-1])
        return Row(), ""

    def hint(self, facts: Raw) -> tuple[str, str]:
        """A category from the provider's classification, and the provider's word for it; "" if it has none."""
        for path in self.classes:
            value = scalar(dig(facts, path))
            if value.casefold() in self.hints:
                return self.hints[value.casefold()], _label(path, value)
        return "", ""

    def said(self, facts: Raw) -> list[str]:
        """The server's words, the most specific first."""
        return _texts(facts, self.words)

    def summed_up(self, facts: Raw) -> list[str]:
        """The provider's summaries of them."""
        return _texts(facts, self.summaries)


def dig(raw: object, path: str) -> object:
    """The value at a dotted path; None where there is none, whatever the types on the way."""
    for step in path.split(".") if path else ():
        if isinstance(raw, Mapping):
            raw = raw.get(step)
        elif isinstance(raw, list) and step.lstrip("-").isdigit() and -len(raw) <= int(step) < len(raw):
            raw = raw[int(step)]
        else:
            return None
    return raw if path else None


def scalar(value: object) -> str:
    """Text and numbers as text, flags as "true" or "false", anything else as ""."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).strip() if isinstance(value, str | int | float) else ""


def as_map(value: object) -> Raw:
    """The value if it is a mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def _texts(facts: Raw, paths: Sequence[str]) -> list[str]:
    return [text for path in paths if (text := _text(dig(facts, path)))]


def _text(value: object) -> str:
    """Verbatim; the lines of a list in one."""
    if isinstance(value, list):
        return " ".join(part for part in value if isinstance(part, str))
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _label(path: str, value: str) -> str:
    return f"{path.rpartition('.')[2]} {value}" if value.isdigit() else value
