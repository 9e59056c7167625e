"""The wording tables as a glossary: each word with an example sentence, its cause and who can do something."""

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from emails.states import HOLD_REASONS
from emails.wording_auto import AUTO
from emails.wording_failures import CLIENT, FAILURES, OFFICE, OWNER, WHO, Failure
from emails.wording_statuses import GROUP_LABELS, STATUSES, Group, Text, Words

# The people and places of the examples.
EXAMPLE: Mapping[str, str] = {
    "domain": "gmail.com",
    "local": "ann",
    "address": "ann@gmail.com",
    "name": "Ann",
    "who": "Maria",
    "silenced": "Maria turned notifications off for this inspection at 9:14 AM",
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
    auto: str = ""
    also: str = ""


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
    """All words, in the order of an email's life; the causes of failures last, by who can put them right."""
    order = (Group.ON_ITS_WAY, Group.REACHED, Group.NEEDS_YOU, Group.ON_PURPOSE)
    groups = [Chapter(group, GROUP_LABELS[group], _ABOUT[group], _of_group(group)) for group in order]
    causes = {code: why for code, why in FAILURES.items() if code not in STATUSES}
    by_who = [Chapter(f"by-{who}", title, about, _of_who(causes, who)) for who, (title, about) in _BY_WHO.items()]
    return [*groups, *by_who]


_BY_WHO: Mapping[str, tuple[str, str]] = {
    OFFICE: ("Did not arrive: your office can fix it", "Mostly a wrong address, or a moment’s trouble."),
    CLIENT: ("Did not arrive: the client has to help", "Their mailbox or their filter is in the way."),
    OWNER: ("Did not arrive: an owner can fix it", "Something about your own mail, template or mail service."),
}


def _of_group(group: Group) -> list[Entry]:
    return [_status(code, words) for code, words in STATUSES.items() if words.group == group]


def _of_who(causes: Mapping[str, Failure], who: str) -> list[Entry]:
    return [_cause(code, why) for code, why in causes.items() if why.who == who]


def _status(code: str, words: Words) -> Entry:
    why = FAILURES.get(code)
    likely, who = (_example(why.likely), _example(WHO[why.who])) if why else ("", "")
    also = "After a quarter of an hour it moves to “Needs you”." if code == "unsure" else ""
    return Entry(
        code, words.label, _example(words.sentence), words.tone, words.icon, likely, who, _example(AUTO[code]), also
    )


def _cause(code: str, why: Failure) -> Entry:
    return Entry(
        code,
        why.label,
        _example(why.sentence),
        why.tone,
        why.icon,
        _example(why.likely),
        _example(WHO[why.who]),
        _example(AUTO[code]),
        f"While it waits it says: “{_example(why.missing)}”" if code in HOLD_REASONS and why.missing else "",
    )


def _example(sentence: Text) -> str:
    text = str(sentence)
    names = [name for _, name, _, _ in string.Formatter().parse(text) if name]
    return text.format_map(
        {name: EXAMPLE.get(name, f"at {_SOME_TIME}" if name.startswith("at_") else _SOME_TIME) for name in names}
    )
