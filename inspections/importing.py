"""Inspections from a CSV file, one line per person: first a plan that people look at, then the import.

    plan = parse(content)            # stores nothing
    result = apply(plan, by="CSV import")

An inspection is imported whole or not at all. The same file again changes nothing.
"""

import logging
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

from inspections import services
from inspections.drafts import Draft
from inspections.models import Contact, ContactChange, Inspection, Participant
from inspections.plans import Plan, Problem, Row, Slip, parse
from inspections.text import canonical, name_key

__all__ = ["Comparison", "Plan", "Problem", "Result", "Row", "Slip", "apply", "compare", "parse"]

log = logging.getLogger(__name__)

BATCH = 100  # inspections in one transaction


@dataclass(frozen=True)
class Comparison:
    """How a plan meets what is stored: how many inspections are new, changed, the same; what deserves a look."""

    new: int
    changed: int
    unchanged: int
    warnings: tuple[Problem, ...]


@dataclass
class Result:
    """What an import did, in inspections; `done` rows of the plan were handled."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    failed: list[Problem] = field(default_factory=list)
    done: int = 0


def compare(plan: Plan) -> Comparison:
    """Look the plan up among what is stored. Changes nothing."""
    stored = _stored(plan.rows)
    known = [(row, stored[_identity(row.draft)]) for row in plan.rows if _identity(row.draft) in stored]
    changed = [(row, inspection) for row, inspection in known if services.is_news(inspection, row.draft)]
    warnings = (*_taken_back(changed), *_shared(plan.rows))
    return Comparison(len(plan.rows) - len(known), len(changed), len(known) - len(changed), warnings)


def apply(plan: Plan, *, by: str, start: int = 0, seconds: float = math.inf) -> Result:
    """Import the rows of a plan from number `start` on, each inspection whole or not at all. Safe to repeat.

    After about `seconds` it stops between two batches; `Result.done` says where to go on.
    """
    result = Result(done=start)
    deadline = time.monotonic() + seconds
    for batch in _batches(plan.rows[start:]):
        stored = _stored(batch)
        _create([row for row in batch if _identity(row.draft) not in stored], result, by=by)
        for row in batch:
            if inspection := stored.get(_identity(row.draft)):
                _guarded(row, result, partial(_update, inspection, row.draft, result, by=by))
        result.done += len(batch)
        if time.monotonic() > deadline:
            break
    return result


def _create(rows: list[Row], result: Result, *, by: str) -> None:
    try:
        result.created += len(services.create([row.draft for row in rows], by=by)) if rows else 0
    except Exception as problem:  # one of them: find out which, and import the others
        log.info("importing %d inspections one by one, because at once failed: %r", len(rows), problem)
    else:
        return
    for row in rows:
        _guarded(row, result, partial(_save, row.draft, result, by=by))


def _save(draft: Draft, result: Result, *, by: str) -> None:
    _, created = services.save(draft, by=by)
    result.created += created
    result.updated += not created


def _update(inspection: Inspection, draft: Draft, result: Result, *, by: str) -> None:
    changed = services.is_news(inspection, draft) and services.update(inspection, draft, by=by)
    result.updated += changed
    result.unchanged += not changed


def _guarded(row: Row, result: Result, store: Callable[[], None]) -> None:
    try:
        store()
    except Exception:  # whatever it is: it must not cost the other inspections, and it is told
        log.exception("could not import the inspection on lines %s", row.lines)
        said = "This inspection could not be saved; nothing of it was stored. Please try it again."
        result.failed.append(Problem(said, row.lines[0]))


def _identity(draft: Draft) -> object:
    """What makes an inspection the same as a stored one: its number, else its place and time."""
    return draft.external_id or (name_key(draft.address), draft.starts_at)


def _stored(rows: Sequence[Row]) -> dict[object, Inspection]:
    numbers = [row.draft.external_id for row in rows if row.draft.external_id]
    times = [row.draft.starts_at for row in rows if not row.draft.external_id]
    found: dict[object, Inspection] = {}
    inspections = Inspection.objects.prefetch_related("participants__contact")
    if numbers:
        found |= {i.external_id: i for i in inspections.filter(external_id__in=numbers)}
    if times:
        unnumbered = inspections.filter(external_id__isnull=True, starts_at__in=times)
        found |= {(name_key(i.address), i.starts_at): i for i in unnumbered.order_by("-id")}
    return found


def _taken_back(known: list[tuple[Row, Inspection]]) -> Iterator[Problem]:
    """Addresses in the file that were corrected here since: importing them would undo the correction."""
    corrected = _corrected([inspection for _, inspection in known])
    for row, inspection in known:
        for person in row.draft.people:
            key = inspection.pk, canonical(person.email), name_key(person.name)
            if change := corrected.get(key):
                said = f"{change.by} changed {change.old} to {change.new} here. Importing this changes it back."
                yield Problem(said, row.lines[0], "email")


def _corrected(inspections: list[Inspection]) -> dict[tuple[int, str, str], ContactChange]:
    """By inspection, former address and name: the change that replaced the address."""
    on = Participant.objects.current().filter(inspection__in=inspections)
    changes = ContactChange.objects.filter(field="email", contact__in=on.values("contact")).exclude(old="")
    found = {}
    for change in changes.order_by("at", "id").select_related("contact"):
        contact = change.contact
        if canonical(change.old) == contact.email_key:
            continue
        for person in on.filter(contact=contact):
            found[person.inspection_id, canonical(change.old), name_key(contact.name)] = change
    return found


def _shared(rows: Sequence[Row]) -> Iterator[Problem]:
    """Addresses in the file that somebody else here, or in the file, has too: each gets their own email."""
    named = {(canonical(p.email), name_key(p.name)): (p, row) for row in rows for p in row.draft.people if p.email}
    having: dict[str, dict[str, str]] = {}
    for key, name in Contact.objects.filter(email_key__in={key for key, _ in named}).values_list("email_key", "name"):
        having.setdefault(key, {}).setdefault(name_key(name), name)
    for (key, own_name), (person, row) in named.items():
        others = [name for other, name in having.setdefault(key, {}).items() if other != own_name]
        if others:
            said = f"{person.email} is also used for {', '.join(others[:3])}. Each gets their own email."
            yield Problem(said, row.lines[0], "email")
        having[key].setdefault(own_name, person.name)


def _batches(rows: Sequence[Row]) -> Iterator[list[Row]]:
    left = iter(rows)
    while batch := list(islice(left, BATCH)):
        yield batch
