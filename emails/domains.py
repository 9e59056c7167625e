"""Mail domains: which took mail here lately, so that nobody is asked whether they are right."""

import time
from collections import defaultdict

from emails.addresses import suggest
from emails.models import Message
from emails.states import Status

LATEST = 5000  # messages that are looked at
FRESH = 60.0  # seconds that the answer is kept in this process
CONVINCING = 3  # people who must have got mail at a domain that looks like a slip: some squatters accept everything

_kept: tuple[float, frozenset[str]] = (0.0, frozenset())


def that_took_mail() -> frozenset[str]:
    """Domains to which mail was delivered lately, lower case. At most one query a minute in each process."""
    global _kept
    if not _kept[0] or time.monotonic() > _kept[0] + FRESH:
        _kept = (time.monotonic(), _read())
    return _kept[1]


def forget() -> None:
    """Ask the database next time."""
    global _kept
    _kept = (0.0, frozenset())


def _read() -> frozenset[str]:
    delivered = Message.objects.filter(status=Status.DELIVERED).order_by("-pk")
    people: dict[str, set[str]] = defaultdict(set)
    for key in delivered.values_list("to_key", flat=True)[:LATEST]:
        people[key.rpartition("@")[2]].add(key)
    return frozenset(domain for domain, keys in people.items() if domain and _is_believed(domain, len(keys)))


def _is_believed(domain: str, people: int) -> bool:
    return people >= CONVINCING or suggest(f"somebody@{domain}") is None
