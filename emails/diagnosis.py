"""A server's words -> why the email did not arrive.

Pure: importable without Django set up, no network, deterministic. The rules are data: `diagnosis_rules.toml`.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

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

LONGEST_REPLY = 4_000  # servers repeat themselves; what decides stands at the beginning
_ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b(?!\.\d)")
_SMTP = re.compile(r"\b([45]\d\d)(?=[ -]|$)")


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


@dataclass(frozen=True)
class _Rules:
    phrases: tuple[tuple[str, str, re.Pattern[str]], ...]
    codes: dict[str, str]
    reject_reasons: dict[str, str]
    not_tried: dict[str, str]


@cache
def _rules() -> _Rules:
    data = tomllib.loads(Path(__file__).with_name("diagnosis_rules.toml").read_text("utf-8"))
    phrases = tuple((r["id"], r["category"], re.compile(r["phrase"], re.IGNORECASE)) for r in data["phrase"])
    return _Rules(phrases, data["code"], data["reject_reason"], data["not_tried"])


def diagnose(
    smtp_reply: str, *, provider: str = "", reject_reason: str = "", event: str = "", enhanced_code: str = ""
) -> Diagnosis:
    """The category of `smtp_reply` and what decided it. Never raises; "unknown" when there is nothing to go on."""
    reply = smtp_reply[:LONGEST_REPLY]
    found = _ENHANCED.search(reply)
    code = enhanced_code or (found.group(0) if found else "")
    smtp = _SMTP.search(reply)
    category, rule = _decide(reply, code, reject_reason, event)
    return Diagnosis(category, rule, smtp.group(1) if smtp else "", code)


def _decide(reply: str, code: str, reject_reason: str, event: str) -> tuple[str, str]:
    rules = _rules()
    for name, category, pattern in rules.phrases:
        if pattern.search(reply):
            return category, f"phrase:{name}"
    tail = code.partition(".")[2]
    if tail in rules.codes:
        return rules.codes[tail], f"code:{code}"
    hints = rules.reject_reasons | (rules.not_tried if event == "rejected" else {})
    if reject_reason in hints:
        return hints[reject_reason], f"reject_reason:{reject_reason}"
    return "unknown", "none"


def classify(
    smtp_reply: str, *, provider: str = "", reject_reason: str = "", event: str = "", enhanced_code: str = ""
) -> str:
    """The category alone; one of CATEGORIES."""
    return diagnose(
        smtp_reply, provider=provider, reject_reason=reject_reason, event=event, enhanced_code=enhanced_code
    ).category
