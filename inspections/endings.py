"""Endings that do not exist, and which one was meant. Pure."""

from inspections.mail_domains import is_ending
from inspections.spelling import distance

MOST = 1.35
AHEAD = 0.1

# What people mean, and how much less often than `com`.
_MEANT = {
    "com": 0.0,
    "net": 0.1,
    "org": 0.1,
    "edu": 0.15,
    "gov": 0.2,
    "mil": 0.3,
    "info": 0.3,
    "realtor": 0.3,
    "homes": 0.3,
    "biz": 0.3,
    "us": 0.3,
    "ca": 0.35,
}
# Countries that put their addresses below a second ending.
_BELOW = {
    "co": ("uk", "nz", "za", "in", "jp", "kr", "il", "th", "id"),
    "com": ("au", "br", "mx", "ar", "tr", "tw", "sg", "hk", "ph", "my", "co"),
    "ac": ("uk", "nz", "za", "jp"),
    "gov": ("uk", "au", "ca"),
    "org": ("uk", "au", "nz"),
    "net": ("au", "nz"),
    "edu": ("au",),
}
_JOINED = {second + country: f"{second}.{country}" for second, countries in _BELOW.items() for country in countries}


def repaired(domain: str) -> str | None:
    """The domain with the ending that was meant; None if the ending exists, or it is not clear which was meant."""
    rest, _, last = domain.rpartition(".")
    if not rest or is_ending(last):
        return None
    second = rest.rpartition(".")[2]
    if second in _BELOW and "." in rest:
        endings = {f"{second}.{code}": place * 0.05 for place, code in enumerate(_BELOW[second])}
        if ending := _nearest(f"{second}.{last}", endings, most=0.95):
            return rest.removesuffix(second) + ending
    meant = _JOINED.get(last) or _nearest(last, _MEANT, most=MOST)
    if meant is None:
        return None
    return rest if stuttering(f"{second}.{meant}", second) else f"{rest}.{meant}"


def stuttering(ending: str, meant: str) -> bool:
    """`com.com` for `com`."""
    return ending == f"{meant}.{meant}"


def _nearest(typed: str, endings: dict[str, float], *, most: float) -> str | None:
    found = sorted((distance(typed, ending), extra, ending) for ending, extra in endings.items())
    near = sorted((cost + extra, ending) for cost, extra, ending in found if cost <= most)
    if not near or (len(near) > 1 and near[1][0] < near[0][0] + AHEAD - 0.051):
        return None
    return near[0][1]
