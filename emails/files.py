"""Files that staff attach: which may come in, and under which name. What is in them decides, their names must agree."""

import re
import unicodedata
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO

MEGABYTE = 1024 * 1024
MOST_ALONG = 5 * MEGABYTE  # of all files of one email; what is beyond it is offered as a link
MOST_BYTES = 25 * MEGABYTE
MOST_FILES = 10
MOST_UNPACKED = 100 * MEGABYTE
MOST_PARTS = 2_000
MOST_RATIO = 100  # a document of plain text shrinks to a twentieth
MAX_NAME = 120

# Names of devices, to which Windows would write instead of to a file.
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
_UNUSUAL = re.compile(r'[<>:"|?*%]')
_HTML = re.compile(rb"<\s*(!doctype\s+html|html|head|body|script|svg|iframe|object|embed|\?php)\b", re.IGNORECASE)
_HEIC = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_CONTROL = frozenset(range(32)) - {9, 10, 12, 13}


class BadFile(ValueError):
    """It is not taken; `str()` is a sentence for people."""


@dataclass(frozen=True)
class Sort:
    """A sort of file: its content type, what people call it, and whether bytes are one."""

    content_type: str
    label: str
    fits: Callable[[bytes], bool]


def tidy_name(raw: str) -> str:
    """A name that is one plain file name on every system. Raises BadFile if nothing is left of it."""
    base = re.split(r"[/\\]", unicodedata.normalize("NFC", raw))[-1]
    seen = "".join(" " if unicodedata.category(ch) in ("Zs", "Zl", "Zp", "Cc") else ch for ch in base)
    shown = "".join(ch for ch in seen if unicodedata.category(ch)[0] != "C")
    plain = " ".join(_UNUSUAL.sub("_", shown).split()).strip(" .")
    stem, dot, ending = plain.rpartition(".")
    if not stem:
        raise BadFile("This file needs a name with an ending, such as report.pdf.")
    name = f"{stem[: MAX_NAME - len(ending) - 1].rstrip()}{dot}{ending}"
    return f"_{name}" if _DEVICES.fullmatch(name) else name


def sort_of(name: str, content: bytes) -> Sort:
    """What a file is. Raises BadFile for what is not taken, or is not what its name says."""
    ending = name.rpartition(".")[2].lower()
    sort = SORTS.get(ending)
    if sort is None:
        raise BadFile(f"“{name}” is of a sort that we don’t send. Possible: {POSSIBLE}.")
    if not content:
        raise BadFile(f"“{name}” is empty.")
    if len(content) > MOST_BYTES:
        raise BadFile(f"“{name}” has {size_words(len(content))}. At most {size_words(MOST_BYTES)} is possible.")
    if not sort.fits(content):
        raise BadFile(f"“{name}” is not {sort.label}, whatever its name says.")
    if sort is not _DOCX and zipfile.is_zipfile(BytesIO(content)):
        raise BadFile(f"“{name}” is two sorts of file in one. Please save it again as one of them.")
    return sort


def size_words(size: int) -> str:
    """`340 KB`, `1.2 MB`."""
    if size < MEGABYTE:
        return f"{max(1, round(size / 1024))} KB"
    return f"{size / MEGABYTE:.1f} MB".replace(".0 ", " ")


# --- what is in them -------------------------------------------------------------------------------------------------


def _is_pdf(content: bytes) -> bool:
    return re.match(rb"%PDF-[12]\.\d", content) is not None and b"%%EOF" in content[-2048:]


def _is_jpeg(content: bytes) -> bool:
    return content.startswith(b"\xff\xd8\xff") and b"\xff\xd9" in content


def _is_png(content: bytes) -> bool:
    return content.startswith(b"\x89PNG\r\n\x1a\n") and content[12:16] == b"IHDR" and b"IEND" in content


def _is_heic(content: bytes) -> bool:
    return content[4:8] == b"ftyp" and content[8:12] in _HEIC


def _is_text(content: bytes) -> bool:
    if _HTML.search(content) or not _CONTROL.isdisjoint(content):
        return False
    return not content.startswith((b"%PDF", b"MZ", b"PK\x03\x04"))


def _is_docx(content: bytes) -> bool:
    """A Word document without macros that unpacks to a sane size."""
    if not content.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(BytesIO(content)) as parts:
            return _is_sane(parts.infolist(), len(content)) and _is_word(parts)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError):
        return False


def _is_sane(parts: list[zipfile.ZipInfo], size: int) -> bool:
    packed, unpacked = sum(part.compress_size for part in parts), sum(part.file_size for part in parts)
    # Parts that share their bytes are how a small file unpacks to petabytes.
    apart = packed <= size and len({part.header_offset for part in parts}) == len(parts) <= MOST_PARTS
    small = unpacked <= MOST_UNPACKED and unpacked <= max(MEGABYTE, packed * MOST_RATIO)
    inside = all(".." not in part.filename.split("/") and not part.filename.startswith("/") for part in parts)
    return apart and small and inside


def _is_word(parts: zipfile.ZipFile) -> bool:
    names = set(parts.namelist())
    macros = any(name.lower().endswith(("vbaproject.bin", ".exe", ".js", ".html", ".htm")) for name in names)
    if macros or not {"[Content_Types].xml", "word/document.xml"} <= names:
        return False
    types = parts.read("[Content_Types].xml")
    return b"wordprocessingml.document.main+xml" in types and b"macroEnabled" not in types


_DOCX = Sort(
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "a Word document (.docx)", _is_docx
)
_JPEG = Sort("image/jpeg", "a JPEG picture", _is_jpeg)
_HEIF = Sort("image/heic", "a HEIC picture", _is_heic)
SORTS: Mapping[str, Sort] = {
    "pdf": Sort("application/pdf", "a PDF", _is_pdf),
    "jpg": _JPEG,
    "jpeg": _JPEG,
    "png": Sort("image/png", "a PNG picture", _is_png),
    "heic": _HEIF,
    "heif": _HEIF,
    "docx": _DOCX,
    "txt": Sort("text/plain", "plain text", _is_text),
    "csv": Sort("text/csv", "a CSV file", _is_text),
}
POSSIBLE = "PDF, JPEG, PNG, HEIC, Word (.docx), TXT, CSV"
ACCEPT = ",".join(f".{ending}" for ending in SORTS)
