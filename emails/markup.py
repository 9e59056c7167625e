"""The HTML of templates: what of it may leave, and where it is broken. Pure.

What is allowed is what mail programs show alike: text, tables, links and pictures. Everything else is taken out twice:
from the template, and again from the filled text, so that no value can become a link or an attribute.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, lru_cache
from html.parser import HTMLParser
from typing import Literal

import nh3


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


TAGS = _set(
    "a abbr b blockquote br caption center code del div em font h1 h2 h3 h4 hr i img ins li ol p pre s small span "
    "strong sub sup table tbody td tfoot th thead tr u ul"
)
VOID = _set("area base br col embed hr img input link meta source track wbr")
GONE_WITH_CONTENT = _set("script style title template noscript textarea iframe svg math")
_ANY = frozenset({"align", "class", "dir", "lang", "style", "title", "valign", "width", "height", "bgcolor"})
ATTRIBUTES: dict[str, set[str]] = {
    "*": set(_ANY),
    "a": {"href"},
    "img": {"src", "alt", "border"},
    "table": {"border", "cellpadding", "cellspacing", "role"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "font": {"color", "face", "size"},
    "ol": {"start", "type"},
}
# Neither what hides a link (display, opacity, position) nor what loads something (background, list-style).
_SIDES = ("", "-top", "-right", "-bottom", "-left")
PROPERTIES = _set(
    "background-color border-collapse border-radius border-spacing color font-family font-size font-style font-weight "
    "height letter-spacing line-height max-width text-align text-decoration text-transform vertical-align width "
    "word-break"
) | {f"{name}{side}" for name in ("border", "margin", "padding") for side in _SIDES}
SCHEMES = frozenset({"https", "http", "mailto", "tel"})
ADDRESSES = frozenset({"href", "src"})
TOKEN = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
QUOTED = "|url"  # how a placeholder inside an address is marked: its value is percent-encoded there
_LOADS = re.compile(
    r"url\s*\(|expression|@|\\|/\*|[{}]|font-size\s*:\s*0*\.?0*\s*(?:[a-z%]+)?\s*(?:;|$)", re.IGNORECASE
)


@lru_cache(maxsize=64)  # the same version is sent again and again
def clean_template(html: str) -> str:
    """A template with its placeholders, without what may not leave. Every attribute is quoted from here on."""
    return _cleaner(_mark, _starts_with_placeholder).clean(html)


def clean(html: str) -> str:
    """A filled text, without what may not leave. An address that leads nowhere by itself is taken out."""
    return _cleaner(_plain, "deny").clean(html)


@cache
def _cleaner(
    attribute: Callable[[str, str, str], str | None], relative: Literal["deny"] | Callable[[str], str | None]
) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(TAGS),
        clean_content_tags=set(GONE_WITH_CONTENT),
        attributes=ATTRIBUTES,
        attribute_filter=attribute,
        url_schemes=set(SCHEMES),
        url_relative=relative,
        filter_style_properties=set(PROPERTIES),
        link_rel=None,
    )


def _plain(tag: str, name: str, value: str) -> str | None:
    return None if name == "style" and _LOADS.search(value) else value


def _mark(tag: str, name: str, value: str) -> str | None:
    if name in ADDRESSES and not TOKEN.fullmatch(value.strip()):
        return TOKEN.sub(lambda match: f"{{{{{match[1]}{QUOTED}}}}}", value)
    return _plain(tag, name, value.strip() if name in ADDRESSES else value)


def _starts_with_placeholder(address: str) -> str | None:
    return address if TOKEN.fullmatch(address) else None


# --- reading ---------------------------------------------------------------------------------------------------------


@dataclass
class Link:
    """A link: its line (from 1), where it leads, and the words or picture to press."""

    line: int
    href: str
    label: str = ""


@dataclass
class Found:
    """What stands in a text. Lines count from 1; `depth`: how many tags stand inside each other."""

    depth: int = 0
    faults: list[tuple[int, str]] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    pictures: list[tuple[int, str | None]] = field(default_factory=list)
    dropped: list[tuple[int, str]] = field(default_factory=list)
    styled: list[int] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found = Found()
        self.open: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        line, values = self.getpos()[0], dict(attrs)
        if tag not in TAGS:
            self.found.dropped.append((line, f"<{tag[:20]}>"))
        if TOKEN.search(values.get("style") or ""):
            self.found.styled.append(line)
        if tag == "a":
            self.found.links.append(Link(line, (values.get("href") or "").strip()))
        if tag == "img":
            self.found.pictures.append((line, values.get("alt")))
            self._label(values.get("alt") or "")
        if tag not in VOID:
            self.open.append((tag, line))
            self.found.depth = max(self.found.depth, len(self.open))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        names = [name for name, _ in self.open]
        if tag not in names:
            self.found.faults.append((self.getpos()[0], f"</{tag[:20]}> closes nothing."))
            return
        while self.open:
            name, line = self.open.pop()
            if name == tag:
                return
            self.found.faults.append((line, f"<{name[:20]}> is not closed."))

    def handle_data(self, data: str) -> None:
        self._label(data)

    def _label(self, words: str) -> None:
        if self.found.links and any(name == "a" for name, _ in self.open):
            self.found.links[-1].label += words


def read(html: str) -> Found:
    """What stands in a text, and where it is broken."""
    reader = _Reader()
    reader.feed(html)
    rest = reader.rawdata
    if re.match(r"<[A-Za-z/!?]", rest):
        reader.found.faults.append((reader.getpos()[0], "A tag that begins with < has no >."))
    else:
        reader.close()
    reader.found.faults += [(line, f"<{name[:20]}> is not closed.") for name, line in reader.open]
    reader.found.faults.sort()
    return reader.found


# --- as people write -------------------------------------------------------------------------------------------------

_BLOCK = re.compile(
    r"</?(?:p|div|table|t[rdh]|thead|tbody|tfoot|h[1-6]|[uo]l|li|blockquote|center|hr|pre)\b", re.IGNORECASE
)
_BETWEEN = re.compile(r"(\n[ \t]*(?:\n[ \t]*)+)")


def paragraphs(written: str, *, links: Callable[[str], bool]) -> str:
    """What people typed as in any email, as HTML: an empty line ends a paragraph, a line end is kept.

    Paragraphs that are HTML already stay as they are. A placeholder that stands by itself and is one of the `links`
    becomes a link. Line numbers stay true.
    """
    parts = _BETWEEN.split(written.replace("\r\n", "\n"))
    return "".join(_paragraph(part, links) if part.strip() else part for part in parts)


def _paragraph(part: str, links: Callable[[str], bool]) -> str:
    if _BLOCK.search(part):
        return part
    if "<a" not in part.lower():
        part = TOKEN.sub(lambda m: f'<a href="{m[0]}">{m[0]}</a>' if links(m[1]) else m[0], part)
    lines = "<br>\n".join(part.strip().split("\n"))
    return f"<p>{lines}</p>"
