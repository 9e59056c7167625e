"""Pages of a list of inspections, named by the row they start from: the thousandth costs what the first does."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.http import QueryDict

from inspections.models import Inspection, InspectionQuerySet

_LARGEST_ID = 2**63 - 1


@dataclass(frozen=True)
class Window:
    """Some rows in the list's order; `previous` and `next` are ids to go on from, 0 where there is nothing more."""

    rows: Sequence[Inspection]
    previous: int = 0
    next: int = 0


def window(found: InspectionQuerySet, query: QueryDict, *, ascending: bool, size: int) -> Window:
    """The rows of `found` by time, from `?after=ID` on or up to `?before=ID`; nonsense shows the first page."""
    after, before = _id(query.get("after", "")), _id(query.get("before", ""))
    start = Inspection.objects.filter(pk=after or before).values_list("starts_at", flat=True).first()
    if start is None:
        rows = list(_ordered(found, ascending)[: size + 1])
        return Window(rows[:size], next=rows[size - 1].pk if len(rows) > size else 0)
    forward = ascending if after else not ascending
    side = "gt" if forward else "lt"
    beyond = Q(**{f"starts_at__{side}": start}) | Q(starts_at=start, **{f"pk__{side}": after or before})
    rows = list(_ordered(found.filter(beyond), forward)[: size + 1])
    more, rows = len(rows) > size, rows[:size]
    if not rows or (before and not more):  # the head of the list as a whole page rather than a rest
        return window(found, QueryDict(), ascending=ascending, size=size)
    if before:
        return Window(rows[::-1], previous=rows[-1].pk, next=rows[0].pk)
    return Window(rows, previous=rows[0].pk, next=rows[-1].pk if more else 0)


def _ordered(found: InspectionQuerySet, ascending: bool) -> InspectionQuerySet:
    return found.order_by("starts_at", "pk") if ascending else found.order_by("-starts_at", "-pk")


def _id(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
    return number if number <= _LARGEST_ID else 0
