"""The frame of the PDFs: letters of every script, the same bytes for the same content."""

import re
import zlib
from datetime import UTC, datetime

from inspections.paper import Paper

AT = datetime(2026, 11, 3, 15, 12, tzinfo=UTC)
NAMES = ["José Núñez", "Łukasz Żak", "李小龙", "Ann 🏠", "e\u0301", "عمر", "\ue000", "x" * 300, "tab\there"]


def paper(text: str) -> bytes:
    made = Paper(title=text, company="Oakwood Inspections", at=AT, foot=text)
    made.facts([("Client", text), ("Property", "12 Oak St")])
    made.heading(text)
    made.text_block(f"{text}\n\nMore.")
    made.row(("When", text, ""), widths=(100, 200, made.epw - 300), bold=True)
    made.attach("text.txt", text.encode(), about="As signed")
    return made.content()


def streams(pdf: bytes) -> list[bytes]:
    """What the file holds, unpacked."""
    found = re.findall(rb"stream\n(.*?)\nendstream", pdf, re.DOTALL)
    return [zlib.decompress(part) if part.startswith(b"\x78") else part for part in found]


def test_any_name_can_be_printed() -> None:
    assert paper("\n".join(NAMES)).startswith(b"%PDF-")


def test_the_same_content_is_the_same_file() -> None:
    first = paper("李小龙 🏠 José")
    assert first == paper("李小龙 🏠 José")
    assert b"Unifont" in first


def test_everyday_names_do_not_carry_the_large_font() -> None:
    assert b"Unifont" not in paper("José Łukasz")


def test_an_attached_file_is_exactly_what_was_given() -> None:
    assert "As signed by José".encode() in streams(paper("As signed by José"))


def test_a_long_text_has_all_its_pages() -> None:
    made = Paper(title="Long", company="Oakwood", at=AT)
    made.text_block("One more line.\n" * 300)
    for number in range(60):
        made.row((str(number), "word " * 40), widths=(60, made.epw - 60))
    pages = made.pages_count
    assert pages > 6
    assert len(re.findall(rb"/Type /Page\n", made.content())) == pages
