"""Lines for a spreadsheet. Pure."""

import csv
import io
from collections.abc import Iterable

# Excel takes a file without it for Windows-1252.
BOM = "\ufeff"
# Spreadsheets run what begins with these (OWASP, "CSV injection").
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def line(cells: Iterable[str]) -> str:
    """One line; what a spreadsheet would run is kept from running by a quote before it."""
    out = io.StringIO(newline="")
    csv.writer(out).writerow([_harmless(cell) for cell in cells])
    return out.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell
