"""The wording tables as a glossary: each word with an example sentence, its cause and who can do something."""

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from emails.wording_failures import FAILURES, WHO, Failure
from emails.wording_statuses import FAILED_TONE, GROUP_LABELS, STATUSES, Group, Text, Words

# The people and places of the examples.
EXAMPLE: Mapping[str, str] = {
    "domain": "gmail.com",
    "local": "ann",
    "address": "ann@gmail.com",
    "name": "Ann",
    "who": "Maria",
    "vouched_by": "Maria",
    "service": "Postmark",
    "from_address": "your sender address",
    "note": "The template needs something, such as a price, that this inspection does not have.",
    "missing": "Ann has no usable email address.",
    "reply": "I am on vacation",
    "hours": "5",
    "tries": "4",
    "giving_up": "Thursday, 9:14 AM",
    "when": "tomorrow, 8:00 AM",
}
_SOME_TIME = "9:14 AM"


@dataclass(frozen=True)
class Entry:
    """One word; `code` is its anchor and the status filter of Email activity."""

    code: str
    label: Text
    sentence: str
    tone: str
    icon: str
    likely: str = ""
    who: str = ""


@dataclass(frozen=True)
class Chapter:
    """The words of one group."""

    code: str
    title: Text
    about: str
    entries: Sequence[Entry]


_ABOUT: Mapping[Group, str] = {
    Group.NEEDS_YOU: "It waits until someone does something.",
    Group.ON_ITS_WAY: "Nothing to do yet.",
    Group.REACHED: "Their mail server has it, or more.",
    Group.ON_PURPOSE: "Nothing went wrong. You can still send it.",
}


def chapters() -> list[Chapter]:
    """All words, in the order of an email's life; the causes of failures last."""
    order = (Group.ON_ITS_WAY, Group.REACHED, Group.NEEDS_YOU, Group.ON_PURPOSE)
    groups = [Chapter(group, GROUP_LABELS[group], _ABOUT[group], _of_group(group)) for group in order]
    causes = [_cause(code, why) for code, why in FAILURES.items() if code not in STATUSES]
    return [*groups, Chapter("causes", "Did not arrive", "Why, and who can put it right.", causes)]


def _of_group(group: Group) -> list[Entry]:
    return [_status(code, words) for code, words in STATUSES.items() if words.group == group]


def _status(code: str, words: Words) -> Entry:
    why = FAILURES.get(code)
    likely = _example(why.likely) if why else ""
    return Entry(code, words.label, _example(words.sentence), words.tone, words.icon, likely)


def _cause(code: str, why: Failure) -> Entry:
    return Entry(
        code, why.label, _example(why.sentence), FAILED_TONE, why.icon, _example(why.likely), _example(WHO[why.who])
    )


def _example(sentence: Text) -> str:
    text = str(sentence)
    names = [name for _, name, _, _ in string.Formatter().parse(text) if name]
    return text.format_map(
        {name: EXAMPLE.get(name, f"at {_SOME_TIME}" if name.startswith("at_") else _SOME_TIME) for name in names}
    )
