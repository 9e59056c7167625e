"""How a reason was decided, in a sentence: `Message.decided_by` -> words and where they come from. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from emails import diagnosis


@dataclass(frozen=True)
class Decision:
    """What decided, for people; `source` is a standard or a vendor's page, "" where there is none."""

    words: str
    source: str = ""


_KINDS: Mapping[str, Callable[[str], Decision]] = {
    "phrase": lambda rest: Decision(f"The server’s words fit the rule “{rest.replace('-', ' ')}”."),
    "code": lambda rest: Decision(f"The code {rest} in the reply says so.", "RFC 3463"),
    "reject_reason": lambda rest: Decision(f"The mail service sums it up as “{rest}”; the words say nothing more."),
    "event": lambda rest: Decision("The mail service told us so."),
    "staff": lambda rest: Decision(f"{rest} chose this reason."),
    "send": lambda rest: Decision("The mail service’s answer when we handed it over."),
    "none": lambda rest: Decision("No rule fits what the server said."),
}
_OURS = frozenset({"staff", "event", "send"})  # no rule of the classifier


def decision(decided_by: str) -> Decision:
    """What `decided_by` says, with the rule's own description where the classifier has one."""
    kind, _, rest = decided_by.partition(":")
    described = None if kind in _OURS else _described(decided_by)
    if described:
        return described
    say = _KINDS.get(kind)
    return say(rest) if say else Decision(f"The rule “{decided_by}”." if decided_by else "")


def _described(decided_by: str) -> Decision | None:
    """The rule's own words, from a classifier that explains itself (`explain(rule_id)`)."""
    explain = getattr(diagnosis, "explain", None)
    if explain is None:
        return None
    try:
        info = explain(decided_by)
    except (KeyError, ValueError):
        return None
    return Decision(info.words, info.source) if info and info.words else None
