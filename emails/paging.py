"""Pages of a list that grows at its head: "Newer" and "Older" from a row, never "page 7".

A page is named by the row it starts after, so rows that arrive meanwhile move nothing, and the thousandth page costs
what the first does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Model, Q, QuerySet
from django.http import QueryDict

Row = TypeVar("Row", bound=Model)
_LARGEST_ID = 2**63 - 1


@dataclass(frozen=True)
class Place:
    """Where in the list: after the row `before` going older, or the row `after` going newer; 0 is "not said"."""

    before: int = 0
    after: int = 0

    @classmethod
    def of(cls, query: QueryDict) -> "Place":
        """From `?before=7` or `?after=7`; nonsense is the first page."""
        return cls(_id(query.get("before", "")), _id(query.get("after", "")))


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows in the list's order. `newer`, `older`: ids to go on from, 0 where there is nothing more."""

    rows: Sequence[Row]
    newer: int
    older: int

    @property
    def is_first(self) -> bool:
        """The newest rows are on it."""
        return not self.newer


def page(found: QuerySet[Row], place: Place, *, by: str, size: int, oldest: bool = False) -> Page[Row]:
    """The rows of `found` at `place` by the column `by` (of a related row, too), then by id.

    Newest first; with `oldest` the other way round: then "older" is what comes later in the list.
    """
    down, up = ("", "-") if oldest else ("-", "")
    onward, back = ("gt", "lt") if oldest else ("lt", "gt")
    in_order = found.order_by(f"{down}{by}", f"{down}pk")
    start = _value_of(found.model, by, place.before or place.after)
    if start is None:
        rows = list(in_order[: size + 1])
        return _page(rows[:size], newer=False, older=len(rows) > size)
    if place.before:
        rows = list(in_order.filter(_beyond(by, onward, start, place.before))[: size + 1])
        at_an_end = not rows
    else:
        rows = list(found.order_by(f"{up}{by}", f"{up}pk").filter(_beyond(by, back, start, place.after))[: size + 1])
        at_an_end = len(rows) <= size
    if at_an_end:  # show a whole page of the head rather than a rest
        return page(found, Place(), by=by, size=size, oldest=oldest)
    return _page(
        rows[:size] if place.before else rows[size - 1 :: -1], newer=True, older=bool(place.after) or len(rows) > size
    )


def ahead(found: QuerySet[Row], first: Row, *, by: str, at_most: int, oldest: bool = False) -> int:
    """How many rows stand before `first` in the same list; at most so many are counted."""
    start = _value_of(found.model, by, first.pk)
    return found.filter(_beyond(by, "lt" if oldest else "gt", start, first.pk)).order_by()[:at_most].count()


def _page(rows: list[Row], *, newer: bool, older: bool) -> Page[Row]:
    return Page(rows, rows[0].pk if rows and newer else 0, rows[-1].pk if rows and older else 0)


def _beyond(by: str, side: str, start: object, pk: int) -> Q:
    """Rows on one side of a row. The first condition says nothing new, but an index can be walked by it."""
    return Q(**{f"{by}__{side}e": start}) & (Q(**{f"{by}__{side}": start}) | Q(**{f"pk__{side}": pk}))


def _value_of(model: type[Model], by: str, pk: int) -> Any:
    return model._default_manager.filter(pk=pk).values_list(by, flat=True).first() if pk else None


def _id(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
    return number if number <= _LARGEST_ID else 0
