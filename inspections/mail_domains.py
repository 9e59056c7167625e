"""Which endings and mail domains there are: from a pinned snapshot of the Public Suffix List and from our own list.

Pure; read on the first question, then kept.
"""

import tomllib
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

# RFC 2606, RFC 6762, RFC 8375, RFC 9476 and what offices call their own machines: nothing to correct.
_RESERVED = frozenset({"example", "test", "invalid", "localhost", "local", "localdomain", "internal", "lan", "onion"})
_OWN = Path(__file__).with_name("mail_domains.toml")


class Target(NamedTuple):
    """A domain that a slip can be corrected towards. `rank` 0 is the one most used."""

    name: str  # before the first dot
    ending: str
    rank: int
    big: bool

    @property
    def domain(self) -> str:
        """The whole of it."""
        return f"{self.name}.{self.ending}"


class Book(NamedTuple):
    """What is known. `endings_of` lists a provider's endings, the usual one first."""

    targets: tuple[Target, ...]
    real: frozenset[str]
    endings_of: dict[str, tuple[str, ...]]
    slips_of_endings: frozenset[str]
    never: frozenset[str]
    words: frozenset[str]


@cache
def book() -> Book:
    """Our own list, read once."""
    told = tomllib.loads(_OWN.read_text("utf-8"))
    offered, others = ([d for text in told[part].values() for d in text.split()] for part in ("offered", "others"))
    never = frozenset(told["ending"]["never"])
    endings_of = {name: tuple(endings) for name, endings in told["providers"].items()}
    big = [Target(name, end, rank, True) for rank, (name, ends) in enumerate(endings_of.items()) for end in ends]
    taken = {target.domain for target in big}
    small = [_target(domain, len(endings_of)) for domain in dict.fromkeys(offered) if domain not in taken]
    real = frozenset(taken | {*offered, *others}) - never
    slips, words = (frozenset(told["ending"][key]) for key in ("slips", "words"))
    return Book((*big, *small), real, endings_of, slips, never, words)


def _target(domain: str, rank: int) -> Target:
    name, _, ending = domain.partition(".")
    return Target(name, ending, rank, False)


@cache
def _endings() -> frozenset[str]:
    # The ICANN part alone: the private one holds names that firms lend out, not endings of the net.
    # Found without importing the package, which would read all of it.
    spec = find_spec("publicsuffixlist")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("publicsuffixlist is not installed: see requirements.txt")
    text = Path(spec.origin).with_name("public_suffix_list.dat").read_text("utf-8")
    icann, mark, _ = text.partition("===END ICANN DOMAINS===")
    if not mark:
        raise ValueError("the Public Suffix List has another form than expected")
    rules = (line for line in icann.splitlines() if line and not line.startswith("//"))
    return frozenset(rule.rpartition(".")[2].strip() for rule in rules)


def is_ending(label: str) -> bool:
    """Whether this is a top-level domain of the net, or one that is reserved for private use and examples."""
    return label in _endings() or label in _RESERVED or label.startswith("xn--")


def is_reserved(label: str) -> bool:
    """Whether this top-level domain is for private use or examples."""
    return label in _RESERVED
