"""A CSV file as lines of named cells, whatever program wrote it. Knows nothing of inspections but the column names."""

import csv
import difflib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

COLUMNS = (
    "external_id",
    "address",
    "starts_at",
    "inspector",
    "fee",
    "services",
    "notifications",
    "role",
    "name",
    "email",
    "phone",
)
REQUIRED = ("address", "starts_at")
TOGETHER = ("role", "name")  # either both or neither: without them no line can hold a person
MAX_BYTES = 5_000_000
MAX_LINES = 20_000

_DELIMITERS = ",;\t"
_GUARD = re.compile(r"^'(?=[=+\-@\t\r])")  # how spreadsheets and our own exports disarm formulas
_OTHER_FORMATS = (
    (b"PK\x03\x04", "This is an Excel workbook. Please save it as “CSV UTF-8” and choose that file."),
    (b"\xd0\xcf\x11\xe0", "This is an old Excel workbook. Please save it as CSV and choose that file."),
    (b"%PDF", "This is a PDF. Please export a CSV file instead."),
)


class Unreadable(Exception):
    """Nothing of the file can be used; `str()` is a sentence, `line` where reading stopped."""

    def __init__(self, sentence: str, *, line: int | None = None) -> None:
        self.line = line
        super().__init__(sentence)


@dataclass(frozen=True)
class Line:
    """One line of the file, as a person counts them; `problem` says why its cells can't be trusted."""

    number: int
    cells: dict[str, str]
    problem: str = ""


@dataclass(frozen=True)
class Sheet:
    """A readable file."""

    lines: list[Line] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read(content: bytes) -> Sheet:
    """The lines of a file. Raises Unreadable when the file as a whole makes no sense."""
    if len(content) > MAX_BYTES:
        raise Unreadable(f"This file has {len(content) / 1e6:.1f} MB. Please use at most {MAX_BYTES // 10**6} MB.")
    warnings: list[str] = []
    text = _decode(content, warnings)
    if not text.strip():
        raise Unreadable("This file is empty.")
    text, skipped = _without_sep_line(text)
    rows = _rows(text, _delimiter(text), skipped)
    number, heading = next(rows)
    columns = _columns(heading, number, warnings)
    return Sheet(_lines(rows, columns), warnings)


def _decode(content: bytes, warnings: list[str]) -> str:
    for start, sentence in _OTHER_FORMATS:
        if content.startswith(start):
            raise Unreadable(sentence)
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):  # Excel's “Unicode text”
        return _decoded(content, "utf-16") or _give_up()
    text = _decoded(content, "utf-8-sig")
    if text is not None:
        return text
    text = _decoded(content, "cp1252") or _give_up()
    example = next((word for word in re.findall(r"\w+", text) if not word.isascii()), "")
    look = f" For example, is “{example}” right?" if example else ""
    warnings.append(f"This file isn't UTF-8, so we read it as Windows-1252. Please check accented letters.{look}")
    return text


def _decoded(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return None


def _give_up() -> str:
    raise Unreadable("This isn't a text file that we can read. Please save it as “CSV UTF-8”.")


def _without_sep_line(text: str) -> tuple[str, int]:
    """Excel writes and reads a first line "sep=;"."""
    first, _, rest = text.partition("\n")
    return (rest, 1) if first.strip().lower().startswith("sep=") else (text, 0)


def _delimiter(text: str) -> str:
    heading = next((line for line in text.splitlines() if line.strip()), "")
    return max(_DELIMITERS, key=lambda d: len({_tidy_column(c) for c in heading.split(d)} & set(COLUMNS)))


def _rows(text: str, delimiter: str, skipped: int) -> Iterator[tuple[int, list[str]]]:
    """Rows with anything in them, and the number of the line where each starts."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    start = skipped + 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield start, row
            start = skipped + reader.line_num + 1
    except csv.Error:
        # Where cells begin and end is unsure from here on: a person could be missing from an inspection.
        raise Unreadable(
            f"The quotation marks around line {start} don't match: one is opened and not closed, or stands inside a "
            "cell. Inside a quoted cell write it twice.",
            line=start,
        ) from None


def _tidy_column(name: str) -> str:
    return re.sub(r"[\s\-]+", "_", name.strip().strip('"').strip().lower())


def _columns(heading: list[str], number: int, warnings: list[str]) -> list[str]:
    names = [_tidy_column(name) for name in heading]
    twice = sorted({name for name in names if name and names.count(name) > 1})
    problems = [f"The column “{name}” is there twice." for name in twice]
    unknown = [name for name in names if name and name not in COLUMNS]
    absent = [name for name in COLUMNS if name not in names]
    for name in list(unknown):
        if meant := difflib.get_close_matches(name, absent, n=1, cutoff=0.75):
            problems.append(f"There is no column “{name}”. Did you mean “{meant[0]}”?")
            absent.remove(meant[0])
            unknown.remove(name)
    people = [name for name in TOGETHER if name in absent] if {"role", "name", "email"} & set(names) else []
    missing = [name for name in REQUIRED if name in absent] + people
    if missing:
        problems.append(f"{_listed(missing)} missing.")
    if problems:
        problems.append(f"The first line must name the columns: {', '.join(COLUMNS)}.")
        raise Unreadable(" ".join(problems), line=number)
    if unknown:
        warnings.append(f"We don't use {_listed(unknown, verb=False)}.")
    return names


def _listed(names: list[str], *, verb: bool = True) -> str:
    words = "The column" if len(names) == 1 else "The columns"
    words = words if verb else words.lower()
    listed = " and ".join(filter(None, [", ".join(f"“{n}”" for n in names[:-1]), f"“{names[-1]}”"]))
    return f"{words} {listed}" + ((" is" if len(names) == 1 else " are") if verb else "")


def _lines(rows: Iterator[tuple[int, list[str]]], columns: list[str]) -> list[Line]:
    lines: list[Line] = []
    for number, row in rows:
        if len(lines) == MAX_LINES:
            raise Unreadable(
                f"This file has more than {MAX_LINES:,} lines. Please split it, and keep each inspection together."
            )
        cells = dict.fromkeys(COLUMNS, "") | {
            name: _GUARD.sub("", cell.strip()) for name, cell in zip(columns, row, strict=False) if name in COLUMNS
        }
        surplus = [cell for cell in row[len(columns) :] if cell.strip()]
        lines.append(Line(number, cells, _too_many(row, columns) if surplus else ""))
    return lines


def _too_many(row: list[str], columns: list[str]) -> str:
    return (
        f"This line has {len(row)} cells, but the first line names {len(columns)} columns. "
        "A cell with a comma inside needs quotation marks around it."
    )
