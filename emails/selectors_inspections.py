"""The list of inspections with what their emails are up to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Prefetch
from django.http import QueryDict
from django.utils import timezone

from emails import selectors_messages, selectors_papers
from emails.models import SAME_EMAIL, Message, Problem
from emails.selectors_papers import Papers
from emails.states import Status
from emails.wording import Display, Group
from inspections import paging
from inspections.models import Inspection, InspectionQuerySet, InspectionStatus, Participant, Role

PAGE = 50
MOST_COUNTED = 1000
CHIPS = {
    "upcoming": "Upcoming",
    "problem": "Email problem",
    "unsigned": "Not signed",
    "unpaid": "Not paid",
    "off": "Notifications off",
    "past": "Past",
    "all": "All",
}
_TO_COME = frozenset({"upcoming", "unsigned"})  # soonest first
_TONES = ("red", "amber", "blue", "grey", "green")
_GROUPS = (Group.NEEDS_YOU, Group.ON_ITS_WAY, Group.REACHED, Group.ON_PURPOSE)


@dataclass(frozen=True)
class Chip:
    """A filter: `query` is its address, `count` how many it shows, "999+" when there are more."""

    label: str
    query: str
    count: str
    current: bool


@dataclass(frozen=True)
class Row:
    """An inspection in the list. `worst`: the state of its emails that most wants attention. `papers`: what is done."""

    inspection: Inspection
    clients: Sequence[Participant]
    worst: Display | None
    problems: int
    papers: Papers


@dataclass(frozen=True)
class Listing:
    """A page of the list. `show` is the chosen chip, `q` what was searched for."""

    rows: Sequence[Row]
    chips: Sequence[Chip]
    show: str
    q: str
    previous: str
    next: str

    @property
    def label(self) -> str:
        """Name of the chosen filter."""
        return CHIPS[self.show]


def listing(query: QueryDict) -> Listing:
    """The list that an address asks for. Nonsense in it shows the usual list."""
    q = query.get("q", "").strip()[:200]
    show = query.get("show", "")
    show = show if show in CHIPS else ("all" if q else "upcoming")
    found = Inspection.objects.search(q) if q else Inspection.objects.all()
    people = Prefetch("participants", Participant.objects.current().select_related("contact"), to_attr="present")
    chosen = _filtered(found, show).prefetch_related(people).defer("search")
    window = paging.window(chosen, query, ascending=show in _TO_COME, size=PAGE)
    return Listing(
        rows=_rows(window.rows),
        chips=[
            Chip(label, _query(q, code), _count(_filtered(found, code)), code == show) for code, label in CHIPS.items()
        ],
        show=show,
        q=q,
        previous=_query(q, show, before=window.previous) if window.previous else "",
        next=_query(q, show, after=window.next) if window.next else "",
    )


def _filtered(found: InspectionQuerySet, show: str) -> InspectionQuerySet:
    if show == "upcoming":
        return found.upcoming()
    if show == "problem":
        return found.filter(Exists(Problem.objects.open().filter(inspection=OuterRef("pk"))))
    if show == "unsigned":
        return found.upcoming().unsigned()
    if show == "unpaid":
        return found.open().unpaid()
    if show == "off":
        return found.upcoming().filter(notifications=False)
    if show == "past":
        gone = found.filter(starts_at__lt=timezone.now()) | found.filter(status=InspectionStatus.CANCELLED)
        return gone
    return found


def _count(found: InspectionQuerySet) -> str:
    counted = found.order_by()[:MOST_COUNTED].count()
    return f"{MOST_COUNTED - 1}+" if counted == MOST_COUNTED else str(counted)


def _query(q: str, show: str, **place: int) -> str:
    query = QueryDict(mutable=True)
    query.update({name: str(value) for name, value in {"q": q, "show": show, **place}.items() if value})
    return f"?{query.urlencode()}"


def _rows(inspections: Sequence[Inspection]) -> list[Row]:
    ids = [inspection.pk for inspection in inspections]
    displays: dict[int, list[Display]] = {pk: [] for pk in ids}
    for message in newest(ids):
        displays[message.inspection_id].append(selectors_messages.shown(message))
    open_problems = Problem.objects.open().filter(inspection__in=ids).order_by().values_list("inspection")
    problems = dict(open_problems.annotate(Count("pk")))
    clients = {
        inspection.pk: [person for person in inspection.present if person.role == Role.CLIENT]  # type: ignore[attr-defined]
        for inspection in inspections
    }
    papers = selectors_papers.of(inspections, clients)
    return [
        Row(
            inspection,
            clients[inspection.pk],
            worst(displays[inspection.pk]),
            problems.get(inspection.pk, 0),
            papers[inspection.pk],
        )
        for inspection in inspections
    ]


def newest(inspection_ids: Sequence[int]) -> Iterable[Message]:
    """For each person and kind the email that counts: the latest that nobody stopped."""
    found = Message.objects.filter(inspection__in=inspection_ids, test=False).exclude(status=Status.CANCELLED)
    return found.order_by(*SAME_EMAIL, "-pk").distinct(*SAME_EMAIL).defer("html", "text", "search")


def worst(displays: Iterable[Display]) -> Display | None:
    """What most wants attention. An email that is only due later says less than one that arrived."""
    return min(displays, key=_weight, default=None)


def _weight(display: Display) -> tuple[float, int]:
    group = 2.5 if display.code == "scheduled" else _GROUPS.index(display.group)
    return group, _TONES.index(display.tone)
