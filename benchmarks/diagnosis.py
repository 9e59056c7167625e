"""How often the diagnosis is right, and how fast it is.

With `DIAGNOSIS_REPLIES=FILE` (labelled replies, see `benchmarks/_replies.py`) these are measured too: each source by a
model that learned nothing from it, and a fifth of the families, which no rule was written from, apart.
"""

from __future__ import annotations

import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping

from benchmarks import _replies
from benchmarks._replies import Row
from emails import diagnosis
from emails.diagnosis import ADDRESS, CATEGORIES, HOLDING, SIDES

Answers = list[tuple[Row, str]]
REPEATS = 5
NASTY = (
    "a",
    "@",
    "a@",
    "<",
    "550-",
    "5.1.1 ",
    "a.",
    "1.1.1.",
    "a:",
    "host said: 550 ",
    "é",
    "user mailbox ",
    "https://",
)


def main() -> None:
    written, named = _replies.ours(), _replies.named()
    report("Written here, each family by a model without it", _without(written, [*written, *named], _family))
    if named:
        answers = _without(named, [*written, *named], _source)
        report("Named files, each source by a model without it", answers)
        report("The same, by enhanced code alone (RFC 3463)", [(row, _by_code(row)) for row in named])
        aside = _replies.set_aside(named)
        held = [row for row in named if row.family in aside]
        model = _replies.model([*written, *(row for row in named if row.family not in aside)])
        report("Families set aside, by a model without them", [(row, row.diagnose(model).category) for row in held])
        details(answers)
    speed([row.reply for row in named or written])


def _family(row: Row) -> str:
    return row.family


def _source(row: Row) -> str:
    return row.source


def _without(rows: Iterable[Row], teachers: list[Row], group: Callable[[Row], str]) -> Answers:
    """Each row's category by a model that learned from all rows but those of its group."""
    groups = defaultdict(list)
    for row in rows:
        groups[group(row)].append(row)
    answers = []
    for name, members in groups.items():
        model = _replies.model(row for row in teachers if group(row) != name)
        answers += [(row, row.diagnose(model).category) for row in members]
    return answers


# --- figures ---------------------------------------------------------------------------------------------------------


def report(title: str, answers: Answers) -> None:
    total = len(answers)
    figures = {
        "accuracy": sum(row.is_right(said) for row, said in answers) / total,
        "macro-F1": statistics.mean(one.f1 for one in scores(answers).values()),
        "strict accuracy": sum(row.label == said for row, said in answers) / total,
        "whose move": sum(_same_side(row, said) for row, said in answers) / total,
        "unknown": sum(said == "unknown" for _, said in answers) / total,
        "address wrongly blamed": sum(_blamed(row, said) for row, said in answers) / total,
    }
    print(f"\n{title}: {total} replies")
    for name, value in figures.items():
        print(f"  {name:24} {value:6.1%}")


def _same_side(row: Row, said: str) -> bool:
    return SIDES[said] in {SIDES[one] for one in (row.label, *row.also_ok)}


def _blamed(row: Row, said: str) -> bool:
    """The office would be sent to correct an address that is right."""
    return SIDES[said] == ADDRESS and not any(one in HOLDING for one in (row.label, *row.also_ok))


class Score:
    """Precision, recall and their harmonic mean for one category; what counts as right too is no error."""

    def __init__(self, category: str, answers: Answers) -> None:
        judged = [(row.label if not row.is_right(said) else said, said) for row, said in answers]
        self.hits = sum(label == said == category for label, said in judged)
        self.said = sum(said == category for _, said in judged)
        self.meant = sum(label == category for label, _ in judged)
        self.precision = self.hits / self.said if self.said else 0.0
        self.recall = self.hits / self.meant if self.meant else 0.0
        both = self.precision + self.recall
        self.f1 = 2 * self.precision * self.recall / both if both else 0.0


def scores(answers: Answers) -> Mapping[str, Score]:
    """One for each category that occurs."""
    labels = {row.label for row, _ in answers} - {"unknown"}
    return {category: Score(category, answers) for category in CATEGORIES if category in labels}


def details(answers: Answers) -> None:
    print("\nBy category               meant  precision  recall     F1   mistaken for")
    wrong = Counter((row.label, said) for row, said in answers if not row.is_right(said))
    for category, one in scores(answers).items():
        mistaken = ", ".join(f"{said} {n}" for (label, said), n in wrong.most_common() if label == category)
        print(f"  {category:20} {one.meant:8}  {one.precision:9.1%} {one.recall:7.1%} {one.f1:6.1%}   {mistaken}")


def _by_code(row: Row) -> str:
    """What a table of enhanced codes alone would say."""
    return diagnosis.by_code_alone(row.hints["enhanced_code"] or row.diagnose(_replies.NO_MODEL).enhanced_code)


def speed(replies: list[str]) -> None:
    diagnosis.classify("550 5.1.1 warm up")
    times = [_seconds(reply) * 1e6 for reply in replies]
    print(f"\nSpeed: median {statistics.median(times):.0f} µs a reply, slowest {max(times):.0f} µs")
    worst, scrap = max((_seconds(scrap * (65_536 // len(scrap))), scrap) for scrap in NASTY)
    print(f"64 KB made to be slow ({len(NASTY)} kinds): slowest {worst * 1e3:.1f} ms ({scrap!r} again and again)")


def _seconds(reply: str) -> float:
    """Best of a few, as the machine does other things too."""
    best = float("inf")
    for _ in range(REPEATS):
        begun = time.perf_counter()
        diagnosis.classify(reply)
        best = min(best, time.perf_counter() - begun)
    return best


if __name__ == "__main__":
    main()
