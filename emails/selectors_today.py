"""What Today shows: the work list, what to keep an eye on, what was not sent on purpose.

Everything a row says is in its dataclass, so that `version` tells whether a page already shows it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Max, Q, QuerySet, Value, When
from django.db.models.functions import Now
from django.utils import timezone

from emails import cautions, selectors_chase, selectors_messages, troubleshoot, wording
from emails.models import Message, Problem
from emails.selectors_causes import Cause, card, grouped
from emails.selectors_chase import Row as Unsigned
from emails.selectors_messages import version_of
from emails.selectors_starts import starts_words
from emails.states import ON_ITS_WAY, Status
from emails.troubleshoot import Action, Verdict
from emails.wording_chase import CUT_OFF
from inspections.models import Company, Inspection, User

MOST_ROWS = 100
_Email = tuple[int | None, str, int | None]


@dataclass(frozen=True)
class Row:
    """One person on one inspection, with all that did not reach them."""

    key: str
    name: str
    message_id: int
    problem_id: int | None
    inspection_id: int
    place: str
    starts: str
    soon: bool
    label: str
    sentence: str
    tone: str
    icon: str
    what: str
    primary: Action | None = None
    others: tuple[Action, ...] = ()
    warning: str = ""  # about the address
    cut_off: str = ""  # that they cannot reach what they have to sign
    second: Action | None = None  # a question with two answers shows both
    assigned: str = ""  # the colleague who looks after it

    @property
    def version(self) -> str:
        """Changes when anything in the row does."""
        return version_of(self)


@dataclass(frozen=True)
class WorkList:
    """The list regions of Today."""

    rows: Sequence[Row]
    causes: Sequence[Cause]
    watched: Sequence[Row]
    skipped: Sequence[Row]
    problems: int
    unsigned: Sequence[Unsigned] = ()
    more: int = 0
    snoozed: int = 0
    next_emails: str = ""
    made_at: datetime = field(default_factory=timezone.now, compare=False)

    @property
    def version(self) -> str:
        """Changes when anything in the lists does."""
        return version_of(
            *self.rows,
            *self.causes,
            *self.watched,
            *self.unsigned,
            *self.skipped,
            self.problems,
            self.more,
            self.snoozed,
        )


# --- the work list ---------------------------------------------------------------------------------------------------


def work_list(company: Company, *, first: User | None = None) -> WorkList:
    """Everything on Today that can change while it is looked at. `first`: whose problems come before the others."""
    needing, again = _needing()
    if first:
        needing.sort(key=lambda problem: problem.assigned_to_id != first.pk)
    causes, single = _split(needing, company)
    rows = _rows(single, company)
    return WorkList(
        rows=rows[:MOST_ROWS],
        causes=causes,
        watched=_watched(again),
        skipped=_skipped(),
        unsigned=selectors_chase.rows(but=[problem.participant_id for problem in needing if problem.participant_id]),
        snoozed=Problem.objects.open().filter(snoozed_until__gt=timezone.now()).count(),
        problems=len(needing),
        more=max(0, len(rows) - MOST_ROWS),
    )


def headline(work: WorkList, delivered: int, failed: int) -> str:
    """The page in one sentence."""
    if work.problems:
        emails = "1 email needs you" if work.problems == 1 else f"{work.problems} emails need you"
        people = len(work.rows) + work.more
        several = work.problems > people > 0 and not work.causes
        return (
            f"{work.problems} emails to {people} {'person' if people == 1 else 'people'} need you"
            if several
            else emails
        )
    if not delivered:
        return "All clear. Nothing needs you."
    emails = "1 email" if delivered == 1 else f"{delivered} emails"
    return f"All clear. {emails} delivered today, {failed or 'none'} failed."


def _needing() -> tuple[list[Problem], list[int]]:
    """Open problems that nobody has sent again, and the messages on their way that were sent for the others."""
    found = list(_open_problems()[: MOST_ROWS * 4])
    resent = _resent(found)
    waiting = [problem for problem in found if _is_resent(problem, resent)]
    needing = [problem for problem in found if not _is_resent(problem, resent)]
    return needing, [resent[(p.participant_id, p.kind, p.letter_id)] for p in waiting]


def _open_problems() -> QuerySet[Problem]:
    """Soonest inspection first; those that are over come last."""
    over = Case(When(inspection__starts_at__lt=Now() - timedelta(hours=4), then=Value(1)), default=Value(0))
    return (
        Problem.objects.on_today()
        .select_related("inspection", "participant__contact", "message__participant__contact", "assigned_to")
        .defer("message__html", "message__text", "message__search", "inspection__search")
        .order_by(over, "inspection__starts_at", "id")
    )


def _by_person(found: Iterable[Problem]) -> list[list[Problem]]:
    people: dict[tuple[int, int | None], list[Problem]] = defaultdict(list)
    for problem in found:
        people[(problem.inspection_id, problem.participant_id)].append(problem)
    return list(people.values())


def _rows(single: Iterable[Problem], company: Company) -> list[Row]:
    people = _by_person(single)
    warnings = cautions.of([problem.message for problems in people for problem in problems])
    cut_off = selectors_chase.cut_off([p[0].participant_id for p in people if p[0].participant_id])
    return [_row(problems, company, warnings, cut_off) for problems in people]


def _row(problems: list[Problem], company: Company, warnings: Mapping[int, str], cut_off: Collection[int]) -> Row:
    problem = max(problems, key=lambda p: p.message_id)
    message = problem.message
    message.inspection = problem.inspection  # read already, and asked when it begins
    facts = selectors_messages.facts(message, company=company)
    found = troubleshoot.verdict(facts, message, problem, together=len(problems))
    said = found.guidance if found else wording.display(facts)
    return Row(
        key=f"row-{problem.inspection_id}-{problem.participant_id or 'x'}",
        problem_id=problem.pk,
        label=said.label,
        sentence=said.sentence,
        tone=said.tone,
        icon=said.icon,
        what=_what(problems),
        assigned=str(problem.assigned_to or ""),
        warning=warnings.get(message.pk, ""),
        cut_off=str(CUT_OFF).format(name=message.to_name) if problem.participant_id in cut_off else "",
        **_buttons(found),
        **_where(message, problem.inspection),
    )


def _buttons(found: Verdict | None) -> dict[str, Any]:
    if found is None:
        return {}
    others = found.others
    second = next((action for action in others if action.code == "again"), None)
    return {"primary": found.primary, "others": tuple(a for a in others if a is not second), "second": second}


def _where(message: Message, inspection: Inspection) -> dict[str, Any]:
    starts, soon = starts_words(inspection)
    return {
        "name": message.to_name or message.to_address or "Nobody",
        "message_id": message.pk,
        "inspection_id": inspection.pk,
        "place": inspection.address,
        "starts": starts,
        "soon": soon,
    }


def _what(problems: Sequence[Problem]) -> str:
    """`Confirmation and Reminder to ann@gmial.com`."""
    kinds = list(dict.fromkeys(p.get_kind_display() for p in sorted(problems, key=lambda p: p.message_id)))
    names = kinds[0] if len(kinds) == 1 else f"{', '.join(kinds[:-1])} and {kinds[-1]}"
    address = problems[-1].message.to_address
    return f"{names} to {address}" if address else names


@dataclass(frozen=True)
class Neighbours:
    """The problems before and after one, in Today's order."""

    before: int | None
    after: int | None
    place: int
    total: int


def neighbours(message: Message) -> Neighbours | None:
    """Where this message stands among the open problems; None if it is not one of them."""
    ids = list(_open_problems().values_list("message_id", flat=True)[: MOST_ROWS * 4])
    if message.pk not in ids:
        return None
    at = ids.index(message.pk)
    before = ids[at - 1] if at else None
    after = ids[at + 1] if at + 1 < len(ids) else None
    return Neighbours(before, after, at + 1, len(ids))


# --- several at one domain -------------------------------------------------------------------------------------------


def _split(needing: Sequence[Problem], company: Company) -> tuple[list[Cause], list[Problem]]:
    """Cards for what hit one domain several times, and the problems that stay single."""
    groups = grouped(needing)
    on_cards = {problem.pk for members in groups.values() for problem in members}
    cards = [card(place, members, company) for place, members in groups.items()]
    return cards, [problem for problem in needing if problem.pk not in on_cards]


def members_of(category: str, domain: str) -> list[Problem]:
    """The problems behind one card, soonest inspection first; empty if there is no such card."""
    needing, _ = _needing()
    return list(grouped(needing).get((category, domain.lower()), ()))


def rows_of(members: Sequence[Problem], company: Company) -> list[Row]:
    """The same as rows, one for each person."""
    return _rows(members[:MOST_ROWS], company)


# --- keep an eye on --------------------------------------------------------------------------------------------------


def _resent(found: Sequence[Problem]) -> dict[_Email, int]:
    """For each email to each person, the newest message on its way."""
    flying = (
        Message.objects.filter(participant__in={p.participant_id for p in found if p.participant_id})
        .filter(status__in=ON_ITS_WAY)
        .order_by()
        .values_list("participant_id", "kind", "letter_id")
        .annotate(newest=Max("pk"))
    )
    return {(person, kind, letter): newest for person, kind, letter, newest in flying}


def _is_resent(problem: Problem, resent: dict[_Email, int]) -> bool:
    return resent.get((problem.participant_id, problem.kind, problem.letter_id), 0) > problem.message_id


def _watched(again: Sequence[int]) -> list[Row]:
    """Sent again and waiting for an answer, delayed by the other side, or just now in doubt."""
    delayed = Q(status__in=[Status.DEFERRED, Status.UNKNOWN], problems__isnull=True)
    recent = Q(changed_at__gt=timezone.now() - timedelta(days=4))
    rows = Message.objects.filter(Q(pk__in=again) | (delayed & recent)).with_people()
    return [_quiet_row(m) for m in rows.defer("html", "text", "search").order_by("inspection__starts_at", "pk")[:50]]


def _skipped() -> list[Row]:
    """Not sent on purpose in the last 24 hours."""
    rows = Message.objects.filter(status=Status.SKIPPED, changed_at__gt=timezone.now() - timedelta(hours=24))
    return [_quiet_row(m) for m in rows.with_people().defer("html", "text", "search").order_by("-pk")[:50]]


def _quiet_row(message: Message) -> Row:
    shown = selectors_messages.shown(message)
    to = f" to {message.to_address}" if message.to_address else ""
    return Row(
        key=f"message-{message.pk}",
        problem_id=None,
        label=shown.label,
        sentence=shown.sentence,
        tone=shown.tone,
        icon=shown.icon,
        what=f"{message.get_kind_display()}{to}",
        **_where(message, message.inspection),
    )
