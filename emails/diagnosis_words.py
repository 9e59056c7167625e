"""How the rules of the diagnosis are written and compared: replies as lists of words, patterns over them. Pure.

No regular expression of a rule ever meets a reply: patterns are compared word by word, so that no reply, however it
is made, takes long.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

HEAD, TAIL = 2_000, 500  # characters of a long reply that are read: what decides stands at its ends
MOST_WORDS = 250
GAP = 8  # words that may stand between two parts joined by "~"
MOST_TRIES = 12  # places where one word is looked at; an answer that repeats itself says nothing new
_STEM = 4

# "host mx said: 550 …", "returned '550 …", "after RCPT TO:<ann@example.com>: 550 …", "error 550-'5.2.2 …"
_INNER = re.compile(
    r"""(?::|\b(?:said|says|returned|responded|response|replied|answered)\b)\s*['"(]*(?=[45]\d\d[-\ ])
        |\berror\s+(?=[45]\d\d[-\ ]['"])""",
    re.VERBOSE,
)
_URL = re.compile(r"(?:https?://|www\.)[^\s\"'<>)]+")
_ADDRESS = re.compile(r"<?[^\s<>@,;:\"'()]{1,80}@[^\s<>@,;:\"'()\]]{1,120}>?")
_IP = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b|\b[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){3,8}\b")
_HOST = re.compile(r"\b(?:[a-z0-9_-]{1,63}\.){1,8}[a-z][a-z0-9-]{1,62}\b")
_CODES = re.compile(r"(?<![\d.])(?:[245]\.\d{1,3}\.\d{1,3}(?!\.?\d)|[245]\d\d(?![\d.]))")
_ENHANCED = re.compile(r"(?<![\d.])[45]\.\d{1,3}\.\d{1,3}(?!\.?\d)")
_REPLY = re.compile(r"(?<![\d.])[45][0-9]\d(?![\d.]\d|\d)(?=[-\s;:]|$)")
_APOSTROPHES = {ord(ch): None for ch in "'\u2019\u2018`\u00b4"}
_WORD = re.compile(r"[^\W_]+(?:\.[0-9]+)*")


@dataclass(frozen=True)
class Reply:
    """A reply made comparable: its text in lower case, and its words with where each begins to be found."""

    raw: str
    words: tuple[str, ...]
    places: dict[str, list[int]]
    smtp_codes: tuple[str, ...]
    enhanced_codes: tuple[str, ...]


def read(text: str) -> Reply:
    """`text` as a Reply; long ones are read at both ends."""
    if len(text) > HEAD + TAIL:
        text = f"{text[:HEAD]} {text[-TAIL:]}"
    raw = text.lower()
    words = _words(raw)
    places: dict[str, list[int]] = {}
    for at, word in enumerate(words):
        found = places.setdefault(word[:_STEM], [])
        if len(found) < MOST_TRIES:
            found.append(at)
    return Reply(raw, words, places, _smtp_codes(raw), tuple(dict.fromkeys(_ENHANCED.findall(raw))))


def innermost(text: str) -> str:
    """What the last server said, where one quotes another ("host mx said: 550 …"); else ""."""
    ends = [found.end() for found in _INNER.finditer(text[: HEAD + TAIL])]
    return text[ends[-1] :] if ends else ""


def _smtp_codes(raw: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_REPLY.findall(raw)))


def _words(raw: str) -> tuple[str, ...]:
    text = _URL.sub(" URL ", raw)
    text = _ADDRESS.sub(" ADDR ", text) if "@" in text else text
    text = _HOST.sub(" HOST ", _IP.sub(" IP ", text))
    text = _CODES.sub(" ", text.translate(_APOSTROPHES))
    return tuple(_WORD.findall(_unaccented(text))[:MOST_WORDS])


def _unaccented(text: str) -> str:
    if text.isascii():
        return text
    return "".join(ch for ch in unicodedata.normalize("NFKD", text) if not unicodedata.combining(ch))


def plain(text: str) -> tuple[str, ...]:
    """The words of a short text, nothing masked."""
    return tuple(_WORD.findall(text.lower()[:200]))


# --- phrases ---------------------------------------------------------------------------------------------------------

Part = tuple[tuple[str, bool], ...]  # words side by side, each with whether only its beginning is given


@dataclass(frozen=True)
class Phrase:
    """Parts that follow each other, with at most GAP words between them."""

    parts: tuple[Part, ...]

    def within(self, reply: Reply) -> bool:
        """Whether the reply holds all parts in order."""
        return self.goes_on(reply, {end for _, end in _found(self.parts[0], reply)})

    def goes_on(self, reply: Reply, ends: set[int]) -> bool:
        """Whether the parts after the first follow one that ends at one of `ends`."""
        for part in self.parts[1:]:
            if not ends:
                return False
            ends = {end for start, end in _found(part, reply) if any(0 <= start - e <= GAP for e in ends)}
        return bool(ends)


def phrase(text: str) -> Phrase:
    """Reads `a b ~ c*`. Raises ValueError for an empty part or a beginning that is too short to look up."""
    return Phrase(tuple(_part(part) for part in _unaccented(text).split("~")))


def _part(text: str) -> Part:
    words = tuple((word.rstrip("*"), word.endswith("*")) for word in text.split())
    if not words or any(begins and len(word) < _STEM for word, begins in words):
        raise ValueError(f"cannot look up {text!r}: empty, or fewer than {_STEM} letters before a *")
    return words


def _found(part: Part, reply: Reply) -> Iterable[tuple[int, int]]:
    length = len(part)
    for start in reply.places.get(part[0][0][:_STEM], ()):
        said = reply.words[start : start + length]
        if len(said) == length and all(
            one.startswith(word) if begins else one == word for one, (word, begins) in zip(said, part, strict=True)
        ):
            yield start, start + length


class Index:
    """Many phrases, looked up in one walk over a reply: a tree of the words of their first parts."""

    def __init__(self, phrases: Iterable[tuple[int, Phrase]]) -> None:
        self._root = _Node()
        self._phrases = tuple(phrases)
        for number, (_, one) in enumerate(self._phrases):
            node = self._root
            for word, begins in one.parts[0]:
                node = node.child(word, begins=begins)
            node.ends.append(number)

    def keys(self, reply: Reply) -> set[int]:
        """The keys of all phrases that the reply holds."""
        met: dict[int, set[int]] = {}
        for start in range(len(reply.words)):
            nodes = [self._root]
            for at in range(start, len(reply.words)):
                nodes = [after for node in nodes for after in node.after(reply.words[at])]
                if not nodes:
                    break
                for node in nodes:
                    for number in node.ends:
                        ends = met.setdefault(number, set())
                        if len(ends) < MOST_TRIES:
                            ends.add(at + 1)
        found: set[int] = set()
        for number, ends in met.items():
            key, one = self._phrases[number]
            if key not in found and one.goes_on(reply, ends):
                found.add(key)
        return found


class _Node:
    __slots__ = ("_begins", "_exact", "ends")

    def __init__(self) -> None:
        self._exact: dict[str, _Node] = {}
        self._begins: dict[str, dict[str, _Node]] = {}
        self.ends: list[int] = []

    def child(self, word: str, *, begins: bool) -> "_Node":
        children = self._begins.setdefault(word[:_STEM], {}) if begins else self._exact
        return children.setdefault(word, _Node())

    def after(self, word: str) -> "Iterable[_Node]":
        if word in self._exact:
            yield self._exact[word]
        if self._begins:
            for beginning, node in self._begins.get(word[:_STEM], {}).items():
                if word.startswith(beginning):
                    yield node
