"""The frame of every PDF: letter paper, the company at the head, page numbers at the foot, letters of every script.

The same content at the same time gives the same bytes, so a copy can be compared with another.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from fontTools.ttLib import TTFont
from fpdf import FPDF
from fpdf.enums import XPos, YPos

_FONTS = settings.ASSETS_DIR / "fonts"  # fetched at set-up by config.assets
_REGULAR, _BOLD, _RARE = (_FONTS / name for name in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "unifontex.woff"))
_BROKEN = {"BASE", "PfEd", "TeX "}  # tables of the rare font that cannot be written; nothing drawn depends on them
_INK, _QUIET, _LINE = (27, 39, 51), (74, 89, 102), (190, 200, 208)
_MARGIN = 54  # points, as are all sizes here
_PAGES = "\t\t"  # becomes the number of pages; no text holds it, because `_legible` leaves no tab
_NEXT: dict[str, Any] = {"new_x": XPos.LMARGIN, "new_y": YPos.NEXT, "align": "L"}


class Paper(FPDF):
    """A document on letter paper.

    `company` stands at the head and `foot` at the foot of every page. `at` is the moment that it is dated with,
    whenever it is made. Add to it from top to bottom, then call `content()`.
    """

    def __init__(self, *, title: str, company: str, at: datetime, foot: str = "") -> None:
        super().__init__(format="letter", unit="pt")
        self._company, self._foot = company, foot
        self.rare = False  # no letter yet that the everyday font lacks
        self.add_font("text", "", _REGULAR)
        self.add_font("text", "B", _BOLD)
        self.set_margins(_MARGIN, _MARGIN, _MARGIN)
        self.set_auto_page_break(True, margin=_MARGIN + 18)
        self.set_creation_date(at)
        self.set_title(title)
        self.set_author(company)
        self.set_producer("")
        self.set_lang("en-US")
        self.alias_nb_pages(_PAGES)
        self._prepare(company + foot)
        self.add_page()
        self.heading(title, size=18)

    def header(self) -> None:
        """The company's name, on every page."""
        self._font(9, colour=_QUIET)
        self.multi_cell(0, 12, self._legible(self._company), **_NEXT)
        self.ln(8)

    def footer(self) -> None:
        """What the document is, and which page of how many."""
        self.set_y(-_MARGIN)
        self._font(8, colour=_QUIET)
        self.cell(self.epw - 80, 12, self._legible(self._foot))
        self.cell(80, 12, f"Page {self.page_no()} of {_PAGES}", align="R")

    def heading(self, text: str, *, size: int = 12) -> None:
        """A title that stays with what follows it."""
        if self.will_page_break(size * 4):
            self.add_page()
        self.ln(size * 0.6)
        self._write(text, size=size, bold=True)
        self.ln(size * 0.3)

    def text_block(self, text: str, *, size: int = 10, quiet: bool = False) -> None:
        """Paragraphs as they stand: line breaks and blank lines are kept."""
        self._write(text, size=size, colour=_QUIET if quiet else _INK)

    def facts(self, lines: Iterable[tuple[str, str]]) -> None:
        """Names on the left, values on the right."""
        for name, value in lines:
            self.row((name, value), widths=(130, self.epw - 130))

    def row(self, cells: Sequence[str], *, widths: Sequence[float], bold: bool = False, size: int = 9) -> None:
        """One line of a table, as high as its highest cell, never cut by a page's end where it fits on one."""
        texts = [self._prepare(cell) for cell in cells]
        self._font(size, bold=bold)
        height = self._height(texts, widths, size) + 6
        if self.will_page_break(height) and height < self.eph / 2:
            self.add_page()
            self._font(size, bold=bold)
        top, left, page = self.get_y(), self.l_margin, self.page
        self.set_draw_color(*_LINE)
        self.line(left, top, left + self.epw, top)
        bottoms = []
        for text, width in zip(texts, widths, strict=True):
            self.page = page
            self.set_xy(left, top + 3)
            self.multi_cell(width - 8, size * 1.35, text, align="L", new_x=XPos.LEFT, new_y=YPos.NEXT)
            bottoms.append((self.page, self.get_y()))
            left += width
        self.page, bottom = max(bottoms)
        self.set_xy(self.l_margin, bottom + 3)

    def attach(self, name: str, content: bytes, *, about: str) -> None:
        """Put a file into the document, which PDF readers list as an attachment."""
        at = self.creation_date
        self.embed_file(bytes=content, basename=name, desc=about, compress=True, creation_date=at, modification_date=at)

    def content(self) -> bytes:
        """The finished file. Call it once."""
        return bytes(self.output() or b"")

    def _write(self, text: str, *, size: int, bold: bool = False, colour: tuple[int, int, int] = _INK) -> None:
        text = self._prepare(text)
        self._font(size, bold=bold, colour=colour)
        self.multi_cell(0, size * 1.45, text, **_NEXT)

    def _height(self, texts: Sequence[str], widths: Sequence[float], size: int) -> float:
        """Of the highest of these cells, in the font in force."""
        tried = (
            self.multi_cell(width - 8, size * 1.35, text, align="L", dry_run=True, output="HEIGHT")
            for text, width in zip(texts, widths, strict=True)
        )
        return max(float(height) for height in tried)  # type: ignore[arg-type]

    def _font(self, size: int, *, bold: bool = False, colour: tuple[int, int, int] = _INK) -> None:
        self.set_font("text", "B" if bold else "", size)
        self.set_text_color(*colour)

    def _prepare(self, text: str) -> str:
        """The text as it can be drawn. Loads the large font with the first letter that needs it."""
        text = self._legible(text)
        if not self.rare and any(ch != "\n" and ord(ch) not in known(_REGULAR) for ch in text):
            self._load_rare()
        return text

    def _load_rare(self) -> None:
        self.add_font("rare", "", _RARE)
        tables = self.fonts["rare"].ttfont  # type: ignore[union-attr] # no core font
        for name in _BROKEN & set(tables.keys()):
            del tables[name]
        self.set_fallback_fonts(["rare"], exact_match=False)
        self.rare = True

    @staticmethod
    def _legible(text: str) -> str:
        """What neither font can draw stands as its number, so that nothing is lost."""
        composed = unicodedata.normalize("NFC", text).replace("\t", "    ")
        return "".join(ch if ch == "\n" or _drawn(ch) else f"[U+{ord(ch):04X}]" for ch in composed)


def _drawn(ch: str) -> bool:
    return ord(ch) in known(_REGULAR) or ord(ch) in known(_RARE)


@cache
def known(font: Path) -> frozenset[int]:
    """The code points that a font can draw."""
    with TTFont(font, lazy=True) as opened:
        return frozenset(opened.getBestCmap())
