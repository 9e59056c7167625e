"""Did you mean ann@gmail.com? Slips of the finger in the part after the @. Pure: no database, no network.

Three rules keep it from nagging: a domain that is known is never touched, an ending is judged by the real list of
endings, and a correction is offered only where one is clearly ahead.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import NamedTuple

from inspections.endings import repaired, stuttering
from inspections.mail_domains import Target, book, is_ending, is_reserved
from inspections.spelling import Near, distance
from inspections.text import canonical

MAX_LENGTH = 400  # characters; whatever is longer is no address
AHEAD = 0.1  # how far the best guess must be ahead of the next
NEVER = 99.0
FARTHEST = 2.0
WELL_KNOWN = 6  # the providers that most people have
COMMON = 14  # the providers that are met every week
LESS_USUAL = 0.04  # for each step down a provider's list of endings
_PASTED = re.compile(r"^(?:mailto:|e-?mail:|smtp:)+\s*", re.IGNORECASE)
_STOPS = str.maketrans(",;\u3002\uff61", "....")
_ENDING_SLIPS = {
    **{"co": "com", "cm": "com", "om": "com", "cam": "com", "ne": "net", "et": "net", "bet": "net"},
    **{"com.uk": "co.uk", "co.au": "com.au", "co.br": "com.br", "co.mx": "com.mx", "com.nz": "co.nz"},
}


def suggest(address: str, *, known_domains: frozenset[str] = frozenset()) -> str | None:
    """The whole corrected address, or None if there is nothing to correct or no correction is clear.

    `known_domains` (lower case) took mail before: they are never questioned, and slips are corrected towards them.
    """
    parts = _split(address)
    if parts is None:
        return None
    local, domain = parts
    corrected = _corrected(domain, known_domains)
    answer = f"{local}@{corrected or domain}"
    return answer if corrected or (answer != address and canonical(answer) != canonical(address)) else None


def _split(address: str) -> tuple[str, str] | None:
    """What stands before and after the @, without what was pasted along; None if it is not one address."""
    if len(address) > MAX_LENGTH:
        return None
    shown = "".join(ch for ch in unicodedata.normalize("NFKC", address) if unicodedata.category(ch) not in ("Cf", "Cs"))
    text = _PASTED.sub("", shown.strip().strip("<>()[]\"'")).strip()
    local, at, domain = re.sub("@+", "@", text).partition("@")
    local = local.strip().strip(".,;:")
    domain = ".".join(part for part in "".join(domain.lower().split()).translate(_STOPS).split(".") if part)
    domain = domain.strip("/\\>)]\"':!?|*#_-")
    if not at or not local or not domain or "@" in domain or re.search(r"[\s,;<>\x00-\x1f]", local):
        return None
    return local, domain


def _corrected(domain: str, known: frozenset[str]) -> str | None:
    """The domain that was meant; None if this one may stand."""
    facts = book()
    if domain in known or domain in facts.real:
        return None
    if not domain.isascii():
        plain = "".join(ch for ch in unicodedata.normalize("NFKD", domain) if not unicodedata.combining(ch))
        return plain if plain in facts.real else None
    if domain.startswith("www.") and domain[4:] in facts.real | known:
        return domain[4:]
    if moved := _squeezed().get(domain.replace(".", "")):
        return moved
    if any(parent in facts.real or parent in known for parent in _parents(domain)):
        return None
    name, dot, ending = domain.partition(".")
    if not dot:
        return _without_ending(name)
    return _slip(name, ending, known) or _below(domain) or _mended(domain, known)


def _parents(domain: str) -> Iterator[str]:
    while "." in domain:
        domain = domain.partition(".")[2]
        yield domain


def _below(domain: str) -> str | None:
    """`tampabay.rr.cm`: the slip is in the ending of a domain that others stand below."""
    labels = domain.split(".")
    name, ending = labels[-2:]
    if len(labels) < 3 or name not in book().slips_of_endings or ending not in _ENDING_SLIPS:
        return None
    meant = f"{name}.{_ENDING_SLIPS[ending]}"
    return ".".join([*labels[:-2], meant]) if meant in book().real else None


def _mended(domain: str, known: frozenset[str]) -> str | None:
    """With an ending that exists, and then perhaps with the right name."""
    mended = repaired(domain)
    if mended is None:
        return None
    # `comcast.con`: the mailboxes are at comcast.net, though there is a comcast.com.
    name, _, ending = mended.partition(".")
    usual = book().endings_of.get(name)
    if ending == "com" and usual and ending not in usual and usual[0] == "net" and mended not in known:
        return f"{name}.net"
    return _corrected(mended, known) or mended


# --- a missing or moved dot ------------------------------------------------------------------------------------------


@cache
def _squeezed() -> dict[str, str]:
    """Big providers by their letters alone: `gmailcom`, `gmailc.om`. Shorter names would be guesses."""
    big = (target for target in book().targets if target.big and len(target.name) > 2)
    found: dict[str, str] = {}
    for target in big:
        found.setdefault(target.domain.replace(".", ""), target.domain)
    return found


@cache
def _near_squeezed() -> Near:
    return Near([letters for letters in _squeezed() if len(letters) > 6])


def _without_ending(name: str) -> str | None:
    """`gmail`, `gmial`, `gmaillcom`: the whole ending is missing, or only its dot."""
    if is_reserved(name):
        return None
    guesses = [_Guess(distance(name, letters), 0, _squeezed()[letters]) for letters in _near_squeezed().find(name)]
    for word in {name, *_near().find(name)} & book().endings_of.keys():
        if len(word) > 3:
            guesses.append(_Guess(distance(name, word), 0, f"{word}.{book().endings_of[word][0]}"))
    return _best(guess for guess in guesses if guess.cost < 1)


# --- the right name with slips ---------------------------------------------------------------------------------------


class _Guess(NamedTuple):
    """A domain that may be meant. `cost` counts slips; among equals the one most used (`rank` 0) is meant."""

    cost: float
    rank: int
    domain: str


@cache
def _near() -> Near:
    often = {target.name for target in book().targets if target.rank < COMMON and len(target.name) > 6}
    return Near(book().endings_of, often=often)


@cache
def _near_small() -> Near:
    return Near(t.name for t in book().targets if not t.big and len(t.name) > 6)


@cache
def _by_name() -> dict[str, list[Target]]:
    found: dict[str, list[Target]] = {}
    for target in book().targets:
        found.setdefault(target.name, []).append(target)
    return found


@lru_cache(maxsize=4)
def _known_by_name(known: frozenset[str]) -> tuple[Near, dict[str, list[Target]]]:
    found: dict[str, list[Target]] = {}
    for domain in sorted(known):
        name, _, ending = domain.partition(".")
        if len(name) > 6:
            found.setdefault(name, []).append(Target(name, ending, 100, False))
    return Near(found), found


def _slip(name: str, ending: str, known: frozenset[str]) -> str | None:
    """The known domain that this one is a slip of."""
    exists = is_ending(ending.rpartition(".")[2])
    guesses = [
        _Guess(cost, target.rank, target.domain)
        for word, targets in _candidates(name, known)
        if (of_name := distance(name, word)) < FARTHEST
        for target in targets
        if (cost := _cost(name, of_name, ending, target, exists=exists)) < NEVER
    ]
    return _best(guesses)


def _candidates(name: str, known: frozenset[str]) -> Iterator[tuple[str, list[Target]]]:
    """Names that may be meant, with their domains."""
    by_name = _by_name()
    for word in {name, *_near().find(name), *_near_small().find(name)}:
        yield word, by_name.get(word, [])
    if known:
        near, theirs = _known_by_name(known)
        for word in {name, *near.find(name)}:
            yield word, theirs.get(word, [])


def _cost(name: str, of_name: float, ending: str, target: Target, *, exists: bool) -> float:
    """Slips from this domain to the target, NEVER if it can't be meant. `exists`: the ending is a real one."""
    if of_name > _most(target) + (0.3 if not exists and len(target.name) > 5 else 0):
        return NEVER
    of_ending = _ending_cost(ending, target, exists=exists, exact=of_name == 0)
    if of_name and of_ending and (len(target.name) < 5 or (exists and of_name > 0.8)):
        return NEVER
    if not target.big and of_name and of_ending > 0.8:
        return NEVER
    if target.rank > WELL_KNOWN and name in (f"{target.name}s", target.name.removesuffix("s")) and of_name:
        return NEVER  # one and several of a thing are two firms
    return of_name + of_ending


def _ending_cost(ending: str, target: Target, *, exists: bool, exact: bool) -> float:
    if ending == target.ending:
        return 0.0
    if stuttering(ending, target.ending):
        return 0.5
    if exists and not _is_slip(ending, target):
        return NEVER
    place = _place(target)
    if exists:
        return 0.7 + place
    if place and abs(len(ending) - len(target.ending)) > 1:
        return NEVER
    cost = distance(ending, target.ending)
    most = 2.7 if exact and len(target.name) > 4 and not place else 1.35
    return cost + place if cost <= (most if len(target.ending) > 2 else 0.95) else NEVER


def _place(target: Target) -> float:
    """What a provider's less common endings cost: 0 for the usual one."""
    endings = book().endings_of.get(target.name, ()) if target.big else ()
    return endings.index(target.ending) * LESS_USUAL if target.ending in endings else 0.0


def _is_slip(ending: str, target: Target) -> bool:
    """Whether this ending, which exists, is nevertheless a slip of the target's."""
    if f"{target.name}.{ending}" in book().never:
        return not _place(target)
    return target.big and target.name in book().slips_of_endings and _ENDING_SLIPS.get(ending) == target.ending


def _most(target: Target) -> float:
    """How far a name may be from this one. The shorter it is, the more other names are near."""
    length = len(target.name)
    if not target.big:
        return 0.0 if length < 7 else 0.8 if length == 7 else 1.05 if length < 11 else 1.35
    if target.name in book().words:
        return 0.7 if length > 4 else 0.5
    if length < 5:
        return {3: 0.7 if target.rank < COMMON else 0.5, 4: 0.7}.get(length, 0.0)
    common = target.rank < COMMON
    if length < 7:
        return (1.25 if length == 5 else 1.05) if common else 0.95
    return 1.5 if common else 1.05 if length < 9 else 1.35


def _best(guesses: Iterable[_Guess]) -> str | None:
    """The guess that is clearly ahead, by its slips or by how many people use it."""
    ranked = sorted({guess.domain: guess for guess in sorted(guesses, reverse=True)}.values())
    if not ranked:
        return None
    best = ranked[0]
    rivals = [guess for guess in ranked[1:] if guess.cost < best.cost + AHEAD]
    return best.domain if all(best.rank * 4 < guess.rank for guess in rivals) else None
