"""The rules of `diagnosis_rules.toml`, made ready, and where each fact comes from. Pure."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from emails import diagnosis_words
from emails.diagnosis_words import Index, Phrase, Reply

FILE = Path(__file__).with_name("diagnosis_rules.toml")


@dataclass(frozen=True)
class Rule:
    """One rule of the file, made ready."""

    id: str
    category: str
    source: str
    raw: tuple[str, ...]
    words: tuple[Phrase, ...]
    unless: tuple[Phrase, ...]
    events: frozenset[str]
    codes: frozenset[str]


class Tier:
    """Rules in the order in which they count, with an index of their phrases."""

    def __init__(self, stage: str, rules: Iterable[Rule]) -> None:
        self.stage = stage
        self.rules = tuple(rules)
        self._index = Index((place, phrase) for place, rule in enumerate(self.rules) for phrase in rule.words)
        self._keys = tuple((part, place) for place, rule in enumerate(self.rules) for part in rule.raw)

    def first(self, reply: Reply, *, event: str, codes: Iterable[str]) -> tuple[str, str] | None:
        """Category and name of the first rule that fits."""
        for place in sorted(self._said(reply)):
            rule = self.rules[place]
            if rule.events and event not in rule.events:
                continue
            if rule.codes and rule.codes.isdisjoint(codes):
                continue
            if not any(phrase.within(reply) for phrase in rule.unless):
                return rule.category, f"{self.stage}:{rule.id}"
        return None

    def _said(self, reply: Reply) -> set[int]:
        return self._index.keys(reply) | {place for part, place in self._keys if part in reply.raw}


@dataclass(frozen=True)
class Rules:
    """The whole file."""

    said: Mapping[str, Mapping[str, str]]
    sure: Tier
    weak: Tier
    exact: Mapping[str, str]
    codes: Mapping[str, str]
    hints: Mapping[str, str]
    reject_reasons: Mapping[str, str]
    not_tried: Mapping[str, str]


@cache
def rules() -> Rules:
    """The rules, read once."""
    data = tomllib.loads(FILE.read_text("utf-8"))
    return Rules(
        data["said"],
        Tier("rule", map(_rule, data["rule"])),
        Tier("weak", map(_rule, data["weak"])),
        data["exact"],
        data["code"],
        data["hint"],
        data["reject_reason"],
        data["not_tried"],
    )


def _rule(data: Mapping[str, Any]) -> Rule:
    return Rule(
        data["id"],
        data["category"],
        data["source"],
        tuple(data.get("raw", ())),
        tuple(map(diagnosis_words.phrase, data.get("words", ()))),
        tuple(map(diagnosis_words.phrase, data.get("unless", ()))),
        frozenset(data.get("event", ())),
        frozenset(data.get("code", ())),
    )


# --- what decided, for people ----------------------------------------------------------------------------------------


SOURCES: Mapping[str, str] = {
    "exact": "Exchange Online: email non-delivery reports and SMTP errors",
    "code": "RFC 3463 and its registry (RFC 5248), RFC 7372, RFC 7505",
    "hint": "RFC 3463, RFC 5321",
    "learned": "Labelled replies, counted word by word",
    "reject_reason": "django-anymail: normalised reject reasons",
}


@dataclass(frozen=True)
class Reason:
    """What decided: the kind of rule, its name or code, and where its fact comes from."""

    kind: str
    name: str
    source: str


def explain(rule: str) -> Reason | None:
    """The reason behind a `Diagnosis.rule`; None where it is not one of these rules."""
    kind, _, name = rule.partition(":")
    known = rules()
    for tier in (known.sure, known.weak):
        for one in tier.rules if tier.stage == kind else ():
            if one.id == name:
                return Reason(kind, name, one.source)
    if kind == "said":
        provider, _, term = name.partition(":")
        return Reason(kind, term.replace("_", " "), known.said.get(provider, {}).get("source", provider))
    return Reason(kind, name, SOURCES[kind]) if kind in SOURCES else None
