"""What is left when no rule speaks: which category the words of a reply are most often used for. Pure.

A naive Bayes model over single words, pairs of words and codes (multinomial, Laplace-smoothed). Its counts stand in
`diagnosis_learned.json`, made by `python -m benchmarks learn` from labelled replies: every entry can be read and
argued with. docs/decisions/diagnosis.md says what it was made from.
"""

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TypedDict

from emails.diagnosis_words import Reply

FILE = Path(__file__).with_name("diagnosis_learned.json")
SMOOTHING = 0.2  # added to every count
MOST_WORDS = 60
SURE_ENOUGH = 0.4  # share below which it stays silent
ADDRESS_SURE_ENOUGH = 0.9  # the same before an address is blamed


class Counts(TypedDict):
    """As stored: how many replies of each category, and for each feature in how many of them it was."""

    replies: dict[str, int]
    features: dict[str, dict[str, int]]


@dataclass(frozen=True)
class Guess:
    """A category and its share of the whole, 0 to 1."""

    category: str
    share: float


@dataclass(frozen=True)
class Model:
    """For each feature its logarithmic weight for each category; `start` is the weight before anything is read."""

    categories: tuple[str, ...]
    start: tuple[float, ...]
    weights: Mapping[str, tuple[float, ...]]

    def guess(self, features: Iterable[str]) -> Guess | None:
        """The likeliest category; None where no feature is known."""
        known = [self.weights[one] for one in features if one in self.weights]
        if not known:
            return None
        sums = [start + sum(column) for start, column in zip(self.start, zip(*known, strict=True), strict=True)]
        top = max(sums)
        return Guess(self.categories[sums.index(top)], 1 / sum(math.exp(one - top) for one in sums))


def features(reply: Reply, *, event: str = "", reject_reason: str = "", enhanced_code: str = "") -> list[str]:
    """What is counted of a reply: its words, pairs of neighbours, codes, and the mail service's own terms."""
    words = [word for word in reply.words if word.isalpha()][:MOST_WORDS]
    found = dict.fromkeys(words) | dict.fromkeys(f"{a} {b}" for a, b in pairwise(words))
    codes = dict.fromkeys(f"code {code[2:]}" for code in (*reply.enhanced_codes[:2], enhanced_code) if code)
    told = [f"reply {code}" for code in reply.smtp_codes[:2]]
    told += [f"event {event}"] if event else []
    told += [f"reason {reject_reason}"] if reject_reason else []
    return [*found, *codes, *told]


def learn(rows: Iterable[tuple[list[str], str]], *, at_least: int = 1) -> Counts:
    """Counts from (features, category) rows, as they are stored; features seen less than `at_least` times are left."""
    totals: Counter[str] = Counter()
    counts: dict[str, Counter[str]] = {}
    for seen, category in rows:
        totals[category] += 1
        for one in seen:
            counts.setdefault(one, Counter())[category] += 1
    kept = {one: dict(sorted(by.items())) for one, by in sorted(counts.items()) if by.total() >= at_least}
    return {"replies": dict(sorted(totals.items())), "features": kept}


def model(data: Counts) -> Model:
    """The weights that follow from stored counts."""
    replies, counts = data["replies"], data["features"]
    categories = tuple(replies)
    sizes = {one: SMOOTHING * len(counts) for one in categories}
    for by in counts.values():
        for category, count in by.items():
            sizes[category] += count
    whole = sum(replies.values())
    return Model(
        categories,
        tuple(math.log(replies[one] / whole) for one in categories),
        {
            feature: tuple(math.log((by.get(one, 0) + SMOOTHING) / sizes[one]) for one in categories)
            for feature, by in counts.items()
        },
    )


@cache
def shipped() -> Model:
    """The model that comes with the program."""
    return model(json.loads(FILE.read_text("utf-8")))
