"""What a message's state is called, in office English. Pure: facts in, words out.

The tables are `wording_statuses` (where it stands) and `wording_failures` (why it did not arrive); `wording_facts` is
what their sentences are filled with.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from emails.states import GIVE_UP_AFTER, ON_ITS_WAY, UNDELIVERED, Status
from emails.wording_facts import MessageFacts, age, filling, moment, said
from emails.wording_failures import (
    DELIVERED_ACTIONS,
    DELIVERED_LIKELY,
    DELIVERED_TELL,
    FAILURES,
    NO_CLIENT_ACTIONS,
    NO_CLIENT_LIKELY,
    OFF_ACTIONS,
    OFF_LIKELY,
    OFF_TELL,
    SCHEDULED_LIKELY,
    SCHEDULED_TELL,
    UNDERWAY_LIKELY,
    UNDERWAY_TELL,
    WHO,
    Failure,
)
from emails.wording_statuses import GROUP_LABELS, RETRYING, STATUSES, Group, Text

__all__ = [
    "GROUP_LABELS",
    "Display",
    "Group",
    "Guidance",
    "MessageFacts",
    "Told",
    "display",
    "display_code",
    "guidance",
    "moment",
    "spell",
    "underway",
]

SCHEDULED_FROM = timedelta(seconds=60)
BLIND_REACHED_AFTER = timedelta(hours=24)
_NO_REPORTS = frozenset({"smtp"})
_DONE = frozenset({"signed", "paid", "off_done"})


@dataclass(frozen=True)
class Display:
    """A status as people see it."""

    code: str
    label: str
    sentence: str
    tone: str
    icon: str
    group: Group


@dataclass(frozen=True)
class Told:
    """What to tell the client, in one language; `spelled` reads the address out."""

    code: str
    language: str
    words: str
    spelled: str


@dataclass(frozen=True)
class Guidance:
    """What to do about it; `actions` are codes in order of preference."""

    code: str
    label: str
    sentence: str
    likely: str
    who: str
    tell: tuple[Told, ...]
    tone: str
    icon: str
    actions: tuple[str, ...]


# --- which words -----------------------------------------------------------------------------------------------------


def display_code(facts: MessageFacts) -> str:
    """Code of the words: a key of STATUSES, or of FAILURES for what failed."""
    if facts.status in UNDELIVERED:
        return _failure_code(facts)
    if facts.status == Status.SKIPPED:
        return facts.reason if facts.reason in STATUSES else "off_inspection"
    chosen = _CHOICES.get(facts.status)
    return chosen(facts) if chosen else _SIMPLE[facts.status]


def _failure_code(facts: MessageFacts) -> str:
    if facts.status == Status.COMPLAINED:
        return "complained"
    if facts.category in FAILURES:
        return facts.category
    return "provider_problem" if facts.status == Status.FAILED else "unknown"


def _queued(facts: MessageFacts) -> str:
    if facts.undo_until and facts.undo_until > facts.now:
        return "undoable"
    later = facts.send_after and facts.send_after > facts.now + SCHEDULED_FROM
    return "scheduled" if later else "queued"


def _sent(facts: MessageFacts) -> str:
    if facts.provider in _NO_REPORTS:
        return "sent_blind"
    return "no_news" if age(facts.sent_at or facts.changed_at, facts) > facts.no_news_after else "sent"


def _deferred(facts: MessageFacts) -> str:
    return "no_news" if age(facts.sent_at or facts.changed_at, facts) > GIVE_UP_AFTER else "deferred"


def _delivered(facts: MessageFacts) -> str:
    marks = {
        "paid": facts.paid_at,
        "signed": facts.signed_at,
        "portal_visited": facts.visited_at,
        "auto_reply": facts.auto_reply,
        "maybe_opened": facts.opened_at,
        "vouched": facts.vouched_by,
    }
    return next((code for code, mark in marks.items() if mark), "delivered")


_CHOICES: Mapping[str, Callable[[MessageFacts], str]] = {
    Status.QUEUED: _queued,
    Status.SENT: _sent,
    Status.DEFERRED: _deferred,
    Status.DELIVERED: _delivered,
}
_SIMPLE: Mapping[str, str] = {
    Status.CLAIMED: "queued",
    Status.SENDING: "sending",
    Status.UNKNOWN: "unsure",
    Status.HELD: "held",
    Status.CANCELLED: "cancelled",
}


def display(facts: MessageFacts) -> Display:
    """Label, sentence, tone, icon and group for a message."""
    code = display_code(facts)
    values = filling(facts)
    if code in FAILURES and code not in STATUSES:
        why = FAILURES[code]
        return Display(code, str(why.label), said(why.sentence, why.plain, values), why.tone, why.icon, Group.NEEDS_YOU)
    words = STATUSES[code]
    sentence = said(words.sentence, words.plain, values)
    if code == "scheduled" and facts.retry and facts.note in FAILURES:
        sentence = said(RETRYING, "", values | {"label": str(FAILURES[facts.note].label)})
    return Display(code, str(words.label), sentence, words.tone, words.icon, _group(code, words.group, facts))


def _group(code: str, usual: Group, facts: MessageFacts) -> Group:
    if code == "unsure" and age(facts.changed_at, facts) > facts.unsure_after:
        return Group.NEEDS_YOU
    if code == "sent_blind" and age(facts.sent_at, facts) > BLIND_REACHED_AFTER:
        return Group.REACHED
    return usual


# --- what to do ------------------------------------------------------------------------------------------------------


def guidance(facts: MessageFacts, category: str = "") -> Guidance | None:
    """The troubleshooter's words for a message, or for an open problem's `category`. None: nothing to do or say."""
    code = category or (facts.reason if facts.status == Status.HELD else display_code(facts))
    values = filling(facts)
    why = FAILURES.get(code)
    if why:
        return _for_failure(code, why, facts, values)
    shown = display(facts)
    if code == "off_nobody":
        tell = _told(OFF_TELL, facts) if facts.to_name else ()
        return _for_other(shown, NO_CLIENT_LIKELY, NO_CLIENT_ACTIONS, tell)
    done = shown.code in _DONE  # there is nothing to look for, or to tell
    if facts.status == Status.SKIPPED:
        return _for_other(shown, OFF_LIKELY, OFF_ACTIONS, () if done else _told(OFF_TELL, facts))
    if facts.status == Status.DELIVERED:
        likely, tell = ("", ()) if done else (DELIVERED_LIKELY, _told(DELIVERED_TELL, facts))
        return _for_other(shown, likely, DELIVERED_ACTIONS, tell)
    return None


def underway(facts: MessageFacts) -> Guidance | None:
    """What to say about an email that has neither arrived nor failed; None for one that has."""
    if facts.status not in ON_ITS_WAY:
        return None
    shown = display(facts)
    if shown.code == "scheduled":
        return _for_other(shown, SCHEDULED_LIKELY, (), _told(SCHEDULED_TELL, facts))
    return _for_other(shown, UNDERWAY_LIKELY, (), _told(UNDERWAY_TELL, facts))


def _for_failure(code: str, why: Failure, facts: MessageFacts, values: Mapping[str, str]) -> Guidance:
    doubt = code in ("unsure", "no_news")
    return Guidance(
        code,
        str(why.label),
        said(why.sentence, why.plain, values),
        said(why.likely, "", values),
        said(WHO[why.who], "", values),
        _told(why.tell, facts),
        "amber" if doubt or why.missing else why.tone,
        why.icon,
        why.actions,
    )


def _for_other(shown: Display, likely: Text, actions: tuple[str, ...], tell: tuple[Told, ...]) -> Guidance:
    return Guidance(shown.code, shown.label, shown.sentence, str(likely), "", tell, shown.tone, shown.icon, actions)


def _told(tell: Text, facts: MessageFacts) -> tuple[Told, ...]:
    """In the client's language; in each that clients read where theirs is not known."""
    if not tell:
        return ()
    wanted = [(code, name) for code, name in settings.LANGUAGES if facts.language in ("", code)]
    return tuple(_in_language(code, name, tell, facts) for code, name in wanted)


def _in_language(code: str, name: str, tell: Text, facts: MessageFacts) -> Told:
    with translation.override(code):
        return Told(code, name, said(tell, "", filling(facts)), spell(facts.to_address))


# --- read out loud ----------------------------------------------------------------------------------------------------

_ALOUD: Mapping[str, Text] = {"@": _("at"), ".": _("dot"), "-": _("dash"), "_": _("underscore"), "+": _("plus")}
_USUAL = frozenset({"com", "net", "org", "gmail", "yahoo", "outlook", "hotmail", "icloud", "aol"})


def spell(address: str) -> str:
    """An address to read out on the phone: `a-n-n at g-m-i-a-l dot com`, in the language that is active."""
    parts = re.findall(r"[@._+-]|[^@._+-]+", address)
    return " ".join(str(_ALOUD.get(part) or (part if part in _USUAL else "-".join(part))) for part in parts)
