"""A server's words -> why the email did not arrive.

Pure: importable without Django set up, no network, deterministic. The rules are data: `diagnosis_rules.toml`, which
also says in which order they count.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from emails import diagnosis_words
from emails.diagnosis_learned import ADDRESS_SURE_ENOUGH, SURE_ENOUGH, Model, features
from emails.diagnosis_learned import shipped as learned
from emails.diagnosis_rules import Reason, Rules, Tier, explain, rules
from emails.diagnosis_words import Reply

__all__ = ["ADDRESS", "CATEGORIES", "HOLDING", "SIDES", "Diagnosis", "Reason", "classify", "diagnose", "explain"]

CATEGORIES = (
    "address_unknown",
    "domain_problem",
    "mailbox_disabled",
    "mailbox_full",
    "recipient_policy",
    "sender_reputation",
    "sender_setup",
    "spam_content",
    "message_too_large",
    "message_malformed",
    "temporary_deferral",
    "server_problem",
    "suppressed",
    "unknown",
)

# Mail to an address that failed for one of these waits until someone acts.
HOLDING = frozenset({"address_unknown", "domain_problem", "mailbox_disabled", "suppressed", "complained"})
# The provider's own retry, or a plain resend later, can help.
RETRYABLE = frozenset({"mailbox_full", "temporary_deferral", "server_problem"})
ADDRESS, THEIRS, OURS, NOBODY = "address", "theirs", "ours", "nobody"
SIDES: Mapping[str, str] = {
    "address_unknown": ADDRESS,
    "domain_problem": ADDRESS,
    "mailbox_disabled": ADDRESS,
    "suppressed": ADDRESS,
    "mailbox_full": THEIRS,
    "recipient_policy": THEIRS,
    "temporary_deferral": THEIRS,
    "server_problem": THEIRS,
    "sender_reputation": OURS,
    "sender_setup": OURS,
    "spam_content": OURS,
    "message_too_large": OURS,
    "message_malformed": OURS,
    "unknown": NOBODY,
}


@dataclass(frozen=True)
class Diagnosis:
    """What was found: the category, which rule decided, and the codes in the reply ("" where there are none)."""

    category: str
    rule: str
    smtp_code: str
    enhanced_code: str

    @property
    def temporary(self) -> bool:
        """The server spoke of a passing state (RFC 5321: 4yz; RFC 3463: class 4)."""
        return (self.enhanced_code or self.smtp_code).startswith("4")

    @property
    def side(self) -> str:
        """Where the fault lies: "address", "theirs", "ours", or "nobody" when it cannot be told."""
        return SIDES[self.category]

    @property
    def retryable(self) -> bool:
        """Waiting helps."""
        return self.category in RETRYABLE

    @property
    def holds(self) -> bool:
        """Further mail to this address would fail too."""
        return self.category in HOLDING


def diagnose(
    smtp_reply: str,
    *,
    provider: str = "",
    reject_reason: str = "",
    event: str = "",
    enhanced_code: str = "",
    model: Model | None = None,
) -> Diagnosis:
    """The category of `smtp_reply` and what decided it. Never raises; "unknown" when there is nothing to go on.

    `provider`, `event` and `reject_reason` are django-anymail's names, where the words came by a mail service;
    `enhanced_code` is a status told beside the words (RFC 3464 `Status`). `model`: other learned words than ours.
    """
    heard = _hear(smtp_reply, provider, event, reject_reason, enhanced_code)
    category, rule = _by_rules(heard) or _by_learning(heard, model or learned()) or _by_hints(heard) or NOTHING
    return Diagnosis(category, rule, next(iter(heard.smtp_codes), ""), next(iter(heard.codes), ""))


def classify(
    smtp_reply: str, *, provider: str = "", reject_reason: str = "", event: str = "", enhanced_code: str = ""
) -> str:
    """The category alone; one of CATEGORIES."""
    return diagnose(
        smtp_reply, provider=provider, reject_reason=reject_reason, event=event, enhanced_code=enhanced_code
    ).category


def features_of(
    smtp_reply: str, *, provider: str = "", reject_reason: str = "", event: str = "", enhanced_code: str = ""
) -> list[str]:
    """What the learned part looks at in a reply; to teach it."""
    return _hear(smtp_reply, provider, event, reject_reason, enhanced_code).features


def by_code_alone(enhanced_code: str) -> str:
    """What the enhanced code says without any words; to measure what the words add."""
    known = rules()
    found = _by_code("code", known.codes, (enhanced_code,)) or _by_code("hint", known.hints, (enhanced_code,))
    return (found or NOTHING)[0]


# --- the steps, the surest first -------------------------------------------------------------------------------------

Found = tuple[str, str] | None
NOTHING = ("unknown", "none")


@dataclass(frozen=True)
class _Heard:
    """A reply, the reply quoted in it (the same if none is), and what was told beside it."""

    inner: Reply
    outer: Reply
    provider: str
    event: str
    reject_reason: str
    told_code: str

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """Enhanced codes, the innermost first."""
        found = (*self.inner.enhanced_codes, *self.outer.enhanced_codes, self.told_code)
        return tuple(dict.fromkeys(filter(None, found)))

    @cached_property
    def smtp_codes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.inner.smtp_codes, *self.outer.smtp_codes)))

    @property
    def features(self) -> list[str]:
        """What the learned words are looked up by."""
        return features(self.inner, event=self.event, reject_reason=self.reject_reason, enhanced_code=self.told_code)

    @property
    def passing(self) -> bool:
        """The server spoke of a passing state."""
        return next(iter((*self.smtp_codes, *self.codes)), "").startswith("4")


def _hear(smtp_reply: str, provider: str, event: str, reject_reason: str, enhanced_code: str) -> _Heard:
    outer = diagnosis_words.read(smtp_reply)
    quoted = diagnosis_words.innermost(smtp_reply)
    inner = diagnosis_words.read(quoted) if quoted else outer
    return _Heard(inner, outer, provider, event, reject_reason, enhanced_code)


def _by_rules(heard: _Heard) -> Found:
    known = rules()
    return (
        _by_vocabulary(known, heard)
        or _by_code("exact", known.exact, (*heard.codes, *heard.smtp_codes))
        or _by_words(known.sure, heard)
        or _by_code("code", known.codes, heard.codes)
    )


def _by_learning(heard: _Heard, model: Model) -> Found:
    guess = model.guess(heard.features)
    if guess is None or guess.share < (ADDRESS_SURE_ENOUGH if SIDES[guess.category] == ADDRESS else SURE_ENOUGH):
        return None
    return guess.category, f"learned:{guess.share:.2f}"


def _by_hints(heard: _Heard) -> Found:
    known = rules()
    reasons = {**known.reject_reasons, **(known.not_tried if heard.event == "rejected" else {})}
    found = (None if heard.passing else _by_words(known.weak, heard)) or _by_code(
        "hint", known.hints, (*heard.codes, *heard.smtp_codes)
    )
    if found is None and heard.reject_reason in reasons:
        return reasons[heard.reject_reason], f"reject_reason:{heard.reject_reason}"
    return found


def _by_vocabulary(known: Rules, heard: _Heard) -> Found:
    """A mail service's own short words: the whole reply, or what stands around a colon or before a bracket."""
    said = known.said.get(heard.provider, {})
    raw = heard.outer.raw
    before, _, after = raw.partition(":")
    for text in (raw, after, before, raw.partition("(")[0]) if said else ():
        key = "_".join(diagnosis_words.plain(text))
        if said.get(key, "unknown") != "unknown":
            not_tried = heard.event == "rejected" and heard.reject_reason in known.not_tried
            return (known.not_tried[heard.reject_reason] if not_tried else said[key]), f"said:{heard.provider}:{key}"
    return None


def _by_words(tier: Tier, heard: _Heard) -> Found:
    codes = frozenset((*heard.codes, *heard.smtp_codes))
    found = tier.first(heard.inner, event=heard.event, codes=codes)
    if found is None and heard.outer is not heard.inner:
        found = tier.first(heard.outer, event=heard.event, codes=codes)
    return found


def _by_code(stage: str, table: Mapping[str, str], codes: Iterable[str]) -> Found:
    for code in codes:
        for key in (code, f"x.{code.partition('.')[2]}"):
            if key in table:
                return table[key], f"{stage}:{code}"
    return None
