"""Several emails that one mail domain turned away for one cause: one card on Today instead of many rows."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from emails import selectors_messages, wording
from emails.models import Problem
from emails.wording_causes import CAUSES
from inspections.models import Company

GROUP_FROM = 3
WITHIN = timedelta(hours=24)
Place = tuple[str, str]  # category, mail domain


@dataclass(frozen=True)
class Cause:
    """One card."""

    category: str
    domain: str
    label: str
    sentence: str
    count: int
    since: datetime
    happened: str
    advice: str
    to_health: bool
    tone: str

    @property
    def key(self) -> str:
        """Name in the page."""
        return f"cause-{self.category}-{self.domain.replace('.', '-')}"

    @property
    def version(self) -> str:
        """Changes when anything in the card does."""
        return selectors_messages.version_of(self)


def grouped(found: Iterable[Problem]) -> Mapping[Place, list[Problem]]:
    """The problems that belong on a card: of one of the CAUSES, at one domain, three or more within a day.

    A card does not fall apart the next morning: whoever was turned away together stays together until settled.
    """
    places: dict[Place, list[Problem]] = defaultdict(list)
    for problem in found:
        if problem.category in CAUSES:
            places[(problem.category, problem.message.domain.lower())].append(problem)
    crowds = {place: _crowd(members) for place, members in places.items()}
    return {place: crowd for place, crowd in crowds.items() if crowd}


def _crowd(members: Sequence[Problem]) -> list[Problem]:
    """Those with at least two others within a day, soonest inspection first as they came."""
    by_time = sorted(members, key=lambda problem: problem.opened_at)
    close: set[int] = set()
    for first, last in zip(by_time, by_time[GROUP_FROM - 1 :], strict=False):
        if last.opened_at - first.opened_at <= WITHIN:
            close |= {p.pk for p in by_time if first.opened_at <= p.opened_at <= last.opened_at}
    return [problem for problem in members if problem.pk in close]


def card(place: Place, members: Sequence[Problem], company: Company) -> Cause:
    """What the card of these problems says."""
    category, domain = place
    facts = selectors_messages.facts(members[0].message, company=company)
    said = wording.guidance(facts, category)
    label, sentence, tone = (said.label, said.sentence, said.tone) if said else ("Not delivered", "", "red")
    since = min(problem.opened_at for problem in members)
    words = CAUSES[category]
    happened, advice = str(words.happened), str(words.advice)
    return Cause(category, domain, label, sentence, len(members), since, happened, advice, words.health, tone)
