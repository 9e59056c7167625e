"""A CSV file as a plan: which inspections an import would store, and everything that is wrong with the rest."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from inspections import cells, csvfile, people, suggestions
from inspections.csvfile import Line, Unreadable
from inspections.drafts import Draft, Person, validate, validate_person
from inspections.errors import BadDraft
from inspections.models import Company, Role
from inspections.text import BadText, name_key

_SHOWN_AS_TEXT = ("external_id", "address", "inspector", "services", "name")
_FORMULA = ("=", "+", "-", "@")


@dataclass(frozen=True)
class Problem:
    """Something to say about the file, and where."""

    text: str
    line: int | None = None
    column: str = ""

    def __str__(self) -> str:
        where = f"Line {self.line}" if self.line else ""
        where += f", {self.column}" if where and self.column else ""
        return f"{where}: {self.text}" if where else self.text


@dataclass(frozen=True)
class Slip:
    """An address that was probably meant otherwise. One that is no address keeps its inspection from being imported."""

    line: int
    name: str
    typed: str
    meant: str

    def __str__(self) -> str:
        return f"Line {self.line}, email: Did you mean {self.meant}? It says {self.typed}."


@dataclass(frozen=True)
class Row:
    """One inspection that can be imported."""

    lines: tuple[int, ...]
    draft: Draft


@dataclass(frozen=True)
class Plan:
    """What an import would store: `rows`; what it leaves out, and why: `refused` inspections, `errors`.

    `slips` are addresses to ask about, once each; `corrected` counts those that were taken already.
    """

    rows: tuple[Row, ...] = ()
    errors: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    refused: int = 0
    slips: tuple[Slip, ...] = ()
    corrected: int = 0

    @property
    def people(self) -> int:
        """How many people the rows bring."""
        return sum(len(row.draft.people) for row in self.rows)


@dataclass
class _Group:
    """The lines of one inspection."""

    lines: list[Line] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    told_on: dict[str, int] = field(default_factory=dict)
    people: dict[tuple[str, str, str], Person] = field(default_factory=dict)
    people_on: dict[tuple[str, str, str], int] = field(default_factory=dict)

    @property
    def first(self) -> Line:
        return self.lines[0]

    def refuse(self, sentence: str, line: int, column: str = "") -> None:
        self.problems.append(Problem(sentence, line, column))


def parse(content: bytes, *, corrections: Mapping[str, str] = MappingProxyType({})) -> Plan:
    """Read a file and say everything that is wrong with it. Stores nothing.

    `corrections` are addresses as they stand in the file and what to read instead.
    """
    try:
        sheet = csvfile.read(content)
    except Unreadable as problem:
        return Plan(errors=(Problem(str(problem), problem.line),))
    if not sheet.lines:
        return Plan(errors=(Problem("There are no lines below the column names."),))
    reader = _Reader(Company.get().zone, [Problem(text) for text in sheet.warnings], corrections)
    groups = reader.groups(sheet.lines)
    rows = tuple(row for group in groups if (row := reader.row(group)))
    errors = sorted((p for group in groups for p in group.problems), key=lambda p: p.line or 0)
    return Plan(
        rows,
        tuple(errors),
        tuple(reader.warnings),
        refused=len(groups) - len(rows),
        slips=tuple(reader.slips.values()),
        corrected=reader.corrected,
    )


class _Reader:
    """Turns lines into rows, collecting what there is to say."""

    def __init__(self, zone: ZoneInfo, warnings: list[Problem], corrections: Mapping[str, str]) -> None:
        self.zone = zone
        self.warnings = warnings
        self.corrections = corrections
        self.corrected = 0
        self.slips: dict[str, Slip] = {}
        self.ours = people.own_addresses()
        self.rules: dict[str, Callable[[str], Any]] = {
            "address": str,
            "starts_at": lambda cell: cells.starts_at(cell, zone),
            "inspector": str,
            "fee": cells.fee,
            "services": cells.services,
            "notifications": cells.notifications,
        }

    def groups(self, lines: Iterable[Line]) -> list[_Group]:
        """Lines of one inspection together: by external id, else by address and time."""
        found: dict[object, _Group] = {}
        for line in lines:
            place = (name_key(line.cells["address"]), self._moment(line.cells["starts_at"]))
            found.setdefault(line.cells["external_id"] or place, _Group()).lines.append(line)
        return list(found.values())

    def row(self, group: _Group) -> Row | None:
        """The inspection of a group; None, with the problems noted there, if it can't be imported."""
        for line in group.lines:
            if line.problem:
                group.refuse(line.problem, line.number)
            else:
                self._line(group, line)
        draft = self._draft(group) if not any(line.problem for line in group.lines) else None
        if draft is None or group.problems:
            return None
        if not any(person.role == Role.CLIENT for person in draft.people):
            self._warn("This inspection has no client.", group.first.number)
        return Row(tuple(line.number for line in group.lines), draft)

    def _line(self, group: _Group, line: Line) -> None:
        for column in self.rules:
            required = column in csvfile.REQUIRED and line is group.first
            if line.cells[column] or required:
                self._fact(group, line, column)
        if any(line.cells[column] for column in ("role", "name", "email", "phone")):
            self._person(group, line)
        for column in _SHOWN_AS_TEXT:
            if line.cells[column].startswith(_FORMULA):
                sign = line.cells[column][0]
                self._warn(f"This starts with “{sign}” like a formula. It stays text.", line.number, column)

    def _fact(self, group: _Group, line: Line, column: str) -> None:
        cell = line.cells[column]
        try:
            value = self.rules[column](cell)
        except BadText as problem:
            return group.refuse(str(problem), line.number, column)
        first = group.told_on.setdefault(column, line.number)
        told = group.facts.setdefault(column, value)
        if told != value and not (column == "address" and name_key(told) == name_key(value)):
            said = f"This differs from line {first}, which is about the same inspection."
            group.refuse(said, line.number, column)
        if column == "starts_at" and cells.is_month_first(cell):
            self._warn_once(
                f"Dates like {cell} are read with the month first: {value:%B} {value.day}, {value.year}.",
                line.number,
                column,
            )

    def _person(self, group: _Group, line: Line) -> None:
        about = {column: line.cells[column] for column in ("name", "email", "phone")}
        about["email"] = self._address(about["email"], about["name"], line.number)
        role: str = Role.CLIENT  # while the other cells are checked, should the role be wrong
        try:
            role = cells.role(line.cells["role"])
        except BadText as problem:
            group.refuse(str(problem), line.number, "role")
        try:
            person = validate_person(Person(role=role, **about), own=self.ours)
        except BadDraft as problem:
            for column, sentences in problem.errors.items():
                group.refuse(" ".join(sentences), line.number, column)
            return
        if person.key in group.people:
            self._warn(f"The same person as on line {group.people_on[person.key]}: counted once.", line.number)
        first = group.people.setdefault(person.key, person)
        group.people[person.key] = replace(first, phone=first.phone or person.phone)
        group.people_on.setdefault(person.key, line.number)
        self._note_address(person, line.number)

    def _draft(self, group: _Group) -> Draft | None:
        number = group.first.cells["external_id"] or None
        facts: dict[str, Any] = {
            "address": "",
            "starts_at": timezone.now(),
        } | group.facts  # a missing one is refused already
        draft = Draft(**facts, people=tuple(group.people.values()), external_id=number)
        try:
            return validate(draft)
        except BadDraft as problem:
            for path, sentences in problem.errors.items():
                column = path.partition(".")[0]
                group.refuse(" ".join(sentences), group.told_on.get(column, group.first.number), column)
            return None

    def _note_address(self, person: Person, line: int) -> None:
        if said := suggestions.note(person.email):
            self._warn(said, line, "email")

    def _address(self, typed: str, name: str, line: int) -> str:
        """The address to go on with; an unanswered slip is noted."""
        if typed in self.corrections:
            self.corrected += 1
            return self.corrections[typed]
        if typed not in self.slips and (meant := suggestions.suggestion(typed)):
            self.slips[typed] = Slip(line, name, typed, meant)
        return typed

    def _warn(self, sentence: str, line: int, column: str = "") -> None:
        self.warnings.append(Problem(sentence, line, column))

    def _warn_once(self, sentence: str, line: int, column: str) -> None:
        if not any(warning.column == column for warning in self.warnings):
            self._warn(sentence, line, column)

    def _moment(self, cell: str) -> datetime | str:
        try:
            return cells.starts_at(cell, self.zone)
        except BadText:
            return cell
