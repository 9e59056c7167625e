"""How far a slip of the finger is from a word: optimal string alignment with weights, and a quick search. Pure."""

from collections import defaultdict
from collections.abc import Iterable

_ROWS = ("1234567890-", "qwertyuiop", "asdfghjkl", "zxcvbnm")
_ALIKE = frozenset({"1l", "1i", "il", "0o", "ij", "mn", "uv", "vw", "s5", "5s", "b8", "e3", "a4"})
_VOWELS = frozenset("aeiouy")

DOUBLE = 0.5  # a letter typed twice, or once where it stands twice
SWAP = 0.7  # two letters in the wrong order
LOOKS_ALIKE = 0.6
NEIGHBOUR = 0.8  # the key beside it, instead or in addition
VOWEL = 0.9
MISSING = 0.9
EXTRA = 1.0
OTHER = 1.3
AT_START = 0.3  # people rarely mistype the first letter


def _neighbours() -> frozenset[str]:
    """Pairs of keys that touch, both ways round; each row of a keyboard stands about half a key to the right."""
    pairs = set()
    for number, row in enumerate(_ROWS):
        for at, key in enumerate(row):
            below = _ROWS[number + 1] if number + 1 < len(_ROWS) else ""
            near = row[at + 1 : at + 2] + below[max(at - 1, 0) : at + 1]
            pairs |= {key + other for other in near} | {other + key for other in near}
    return frozenset(pairs)


NEAR_KEYS = _neighbours()


def _swap_cost(typed: str, meant: str) -> float:
    pair = typed + meant
    if pair in _ALIKE or meant + typed in _ALIKE:
        return LOOKS_ALIKE
    if pair in NEAR_KEYS:
        return NEIGHBOUR
    return VOWEL if typed in _VOWELS and meant in _VOWELS else OTHER


def _extra_cost(typed: str, at: int) -> float:
    """Of the surplus letter at `at`."""
    beside = typed[at - 1 : at] + typed[at + 1 : at + 2]
    if typed[at] in beside:
        return DOUBLE
    near = any(typed[at] + key in NEAR_KEYS for key in beside)
    return (NEIGHBOUR if near else EXTRA) + (AT_START if at == 0 else 0)


def _missing_cost(meant: str, at: int) -> float:
    if meant[at] in meant[at - 1 : at] + meant[at + 1 : at + 2]:
        return DOUBLE
    return MISSING + (AT_START if at == 0 else 0)


def _where_they_differ(typed: str, meant: str) -> tuple[str, str]:
    """Both without what they begin and end with in common, except one letter for the costs that look beside."""
    shortest = min(len(typed), len(meant))
    front = next((n for n in range(shortest) if typed[n] != meant[n]), shortest)
    most = shortest - front
    back = next((n for n in range(most) if typed[-1 - n] != meant[-1 - n]), most)
    start, end = max(front - 1, 0), max(back - 1, 0)
    return typed[start : len(typed) - end], meant[start : len(meant) - end]


def distance(typed: str, meant: str) -> float:
    """Weighted optimal string alignment distance: 0 for the same word; about 1 for each slip."""
    if typed == meant:
        return 0.0
    typed, meant = _where_they_differ(typed, meant)
    older: list[float] = []
    last = [0.0]
    for j in range(len(meant)):
        last.append(last[j] + _missing_cost(meant, j))
    for i, ch in enumerate(typed):
        extra = _extra_cost(typed, i)
        row = [last[0] + extra]
        for j, wanted in enumerate(meant):
            replace = 0.0 if ch == wanted else _swap_cost(ch, wanted) + (AT_START if i == j == 0 else 0)
            cost = min(last[j] + replace, last[j + 1] + extra, row[j] + _missing_cost(meant, j))
            if i and j and ch == meant[j - 1] and typed[i - 1] == wanted and ch != wanted:
                cost = min(cost, older[j - 1] + SWAP)
            row.append(cost)
        older, last = last, row
    return last[-1]


def _without_one(word: str) -> set[str]:
    return {word[:at] + word[at + 1 :] for at in range(len(word))}


def _shorter(word: str, slips: int) -> set[str]:
    """The word with up to `slips` letters left out."""
    found, edge = {word}, {word}
    for _ in range(slips):
        edge = {less for more in edge for less in _without_one(more)}
        found |= edge
    return found


class Near:
    """Words that can be found by a misspelling, without looking at each of them.

    Two words at most `n` slips apart have a form in common when up to `n` letters are left out of each. Only `often`
    are found with two slips.
    """

    def __init__(self, words: Iterable[str], *, often: Iterable[str] = ()) -> None:
        self._forms: dict[str, list[str]] = defaultdict(list)
        twice, words = set(often), set(words)
        for word in sorted(words | twice):
            for form in _shorter(word, 2 if word in twice else 1):
                self._forms[form].append(word)
        self._longest = max(map(len, words), default=0) + 1
        self._lengths_of_two = range(min(map(len, twice), default=0) - 1, max(map(len, twice), default=-3) + 3)

    def find(self, typed: str) -> set[str]:
        """Every word that is perhaps meant, and some that are not. Two slips are tried if one explains none."""
        found = self._sharing(typed, 1) if len(typed) <= self._longest else set()
        return found or (self._sharing(typed, 2) if len(typed) in self._lengths_of_two else set())

    def _sharing(self, typed: str, slips: int) -> set[str]:
        return {word for form in _shorter(typed, slips) for word in self._forms.get(form, ())}
