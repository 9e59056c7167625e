"""How a reason was decided, in a sentence: `Message.decided_by` -> words and where they come from. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from emails import diagnosis


@dataclass(frozen=True)
class Decision:
    """What decided, for people; `source` is a standard or a vendor's page, "" where there is none."""

    words: str
    source: str = ""


_KINDS: Mapping[str, Callable[[str], str]] = {
    "rule": lambda name: f"The server’s words fit the rule “{name.replace('-', ' ')}”.",
    # As messages of the first release have it.
    "phrase": lambda name: f"The server’s words fit the rule “{name.replace('-', ' ')}”.",
    "weak": lambda name: f"The words may mean several things; most often it is “{name.replace('-', ' ')}”.",
    "said": lambda name: f"The mail service’s own word for it is “{name}”.",
    "exact": lambda name: f"The code {name} means just this.",
    "code": lambda name: f"The code {name} in the reply says so.",
    "hint": lambda name: f"The words say nothing; the code {name} suggests it.",
    "learned": lambda share: f"No rule fits; such words are most often used for this ({_per_cent(share)}).",
    "reject_reason": lambda name: f"The mail service sums it up as “{name}”; the words say nothing more.",
    "event": lambda word: "The mail service told us so.",
    "staff": lambda name: f"{name} chose this reason.",
    "send": lambda rest: "The mail service’s answer when we handed it over.",
    "none": lambda rest: "No rule fits what the server said.",
}


def decision(decided_by: str) -> Decision:
    """What `decided_by` says, with the source of the rule where it is one of the diagnosis."""
    kind, _, name = decided_by.partition(":")
    reason = diagnosis.explain(decided_by)
    if kind not in _KINDS:
        return Decision(f"The rule “{decided_by}”." if decided_by else "")
    return Decision(_KINDS[kind](reason.name if reason else name), reason.source if reason else "")


def _per_cent(share: str) -> str:
    try:
        return f"{float(share):.0%}"
    except ValueError:
        return share
