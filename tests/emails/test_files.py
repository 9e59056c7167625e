"""Files that staff attach: what may come in, by what is in them, and under which name."""

import struct
import zipfile
from io import BytesIO

import pytest

from emails import files
from emails.files import BadFile

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + b"\x00" * 17 + b"\x00\x00\x00\x00IEND\xaeB`\x82"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + b"\x00" * 20 + b"\xff\xd9"
HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"
WORD = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
TYPES = b'<Types><Override ContentType="' + WORD + b'"/></Types>'


def docx(**more: bytes) -> bytes:
    """A Word document; `more` are parts by name, `__` for `/` and `_dot_` for a dot."""
    parts = {"[Content_Types].xml": TYPES, "word/document.xml": b"<w:document/>"}
    parts |= {name.replace("__", "/").replace("_dot_", "."): content for name, content in more.items()}
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return made.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "content_type"),
    [
        ("a.pdf", PDF, "application/pdf"),
        ("a.PDF", PDF, "application/pdf"),
        ("a.jpg", JPEG, "image/jpeg"),
        ("a.jpeg", JPEG, "image/jpeg"),
        ("a.png", PNG, "image/png"),
        ("a.heic", HEIC, "image/heic"),
        ("a.txt", "Grüße, one < two & three\n".encode(), "text/plain"),
        ("a.csv", b"name,fee\r\nAnn,425\r\n", "text/csv"),
        ("a.docx", docx(), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ],
)
def test_what_may_come_in(name: str, content: bytes, content_type: str) -> None:
    assert files.sort_of(name, content).content_type == content_type


HTML = b"<!DOCTYPE html><html><script>alert(1)</script></html>"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("page.pdf", HTML),
        ("page.pdf", HTML + PDF),  # a reader that looks for %PDF later would open it
        ("page.txt", HTML),
        ("page.csv", b"a,b\n<svg onload=alert(1)>,c"),
        ("page.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("page.html", HTML),
        ("page.svg", b"<svg/>"),
        ("setup.exe", b"MZ" + b"\x00" * 60),
        ("setup.txt", b"MZ plain"),
        ("report.pdf.exe", PDF),
        ("photo.jpg", PNG),
        ("both.pdf", PDF + docx()),  # opens as a PDF, and as an archive
        ("both.jpg", JPEG + docx()),
        ("cut.pdf", PDF[:20]),
        ("empty.pdf", b""),
        ("null.txt", b"one\x00two"),
        ("noending", b"words"),
        ("zip.docx", b"PK\x03\x04 but not"),
        ("front.docx", b"x" + docx()),
        ("macro.docx", docx(word__vbaProject_dot_bin=b"x")),
        ("page.docx", docx(word__page_dot_html=b"x")),
        ("out.docx", docx(__etc__passwd=b"x")),
        ("up.docx", docx(word__dotdot=b"x").replace(b"word/dotdot", b"../../dotdo")),
        ("sheet.docx", docx().replace(b"word/document.xml", b"word/workbook.xml")),
    ],
)
def test_what_may_not(name: str, content: bytes) -> None:
    with pytest.raises(BadFile, match=r"\S+\.$"):
        files.sort_of(name, content)


def test_26_megabytes_are_too_many_and_25_are_not() -> None:
    assert files.sort_of("a.txt", b"x" * 25 * files.MEGABYTE)
    with pytest.raises(BadFile, match=r"26 MB\. At most 25 MB"):
        files.sort_of("a.txt", b"x" * 26 * files.MEGABYTE)


def test_an_archive_that_blows_up_is_refused() -> None:
    with pytest.raises(BadFile):
        files.sort_of("bomb.docx", docx(word__big_dot_xml=b"\x00" * 30 * files.MEGABYTE))


def test_an_archive_whose_parts_share_their_bytes_is_refused() -> None:
    """Fifield's bomb: every entry of the directory points at the same kernel."""
    content = docx(word__a_dot_xml=b"x" * 9000)
    with zipfile.ZipFile(BytesIO(content)) as archive:
        part = archive.getinfo("word/a.xml")
    again = (
        struct.pack(
            "<4s6H3L5H2L",
            *(b"PK\x01\x02", 20, 20, 0, 8, 0, 0, part.CRC, part.compress_size, part.file_size),
            *(10, 0, 0, 0, 0, 0, part.header_offset),
        )
        + b"word/b.xml"
    )
    at = content.rindex(b"PK\x05\x06")
    count, size, offset = struct.unpack("<HLL", content[at + 10 : at + 20])
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count + 1, count + 1, size + len(again), offset, 0)
    with pytest.raises(BadFile):
        files.sort_of("bomb.docx", content[:at] + again + end)


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\kim\\plan.pdf", "plan.pdf"),
        ("a\r\nBcc: all@example.com.pdf", "a Bcc_ all@example.com.pdf"),
        ("invoice\u202efdp.exe.pdf", "invoicefdp.exe.pdf"),
        ("  .hidden.pdf ", "hidden.pdf"),
        ("a\x00b.txt", "a b.txt"),
        ("CON.txt", "_CON.txt"),
        ("Señal  año.pdf", "Señal año.pdf"),
        ('a"b<c>d|e.csv', "a_b_c_d_e.csv"),
        ("x" * 300 + ".docx", "x" * 115 + ".docx"),
    ],
)
def test_a_name_is_one_plain_file_name(raw: str, name: str) -> None:
    assert files.tidy_name(raw) == name


@pytest.mark.parametrize("raw", ["", ".", "/", ".pdf", "name", "\u202e", "a/"])
def test_a_name_without_anything_is_refused(raw: str) -> None:
    with pytest.raises(BadFile):
        files.tidy_name(raw)


@pytest.mark.parametrize(
    ("size", "words"), [(1, "1 KB"), (340 * 1024, "340 KB"), (1258291, "1.2 MB"), (5 << 20, "5 MB")]
)
def test_a_size_in_words(size: int, words: str) -> None:
    assert files.size_words(size) == words
