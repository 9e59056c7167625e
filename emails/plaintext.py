"""The text part of an email, made from its HTML. Pure.

Links keep their address: a client who reads plain text must reach the portal too.
"""

from html.parser import HTMLParser

BLOCKS = frozenset({"p", "div", "table", "ul", "ol", "h1", "h2", "h3", "blockquote", "hr"})
LINES = frozenset({"br", "tr"})
HIDDEN = frozenset({"style", "script", "head", "title"})


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = [""]
        self.links: list[tuple[str, int]] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in HIDDEN:
            self.hidden += 1
        elif tag in BLOCKS:
            self._paragraph()
        elif tag in LINES and (tag == "br" or self.lines[-1].strip()):
            self.lines.append("")
        elif tag == "li":
            self.lines.append("- ")
        elif tag == "a":
            self.links.append((dict(attrs).get("href") or "", len(self.lines[-1])))

    def handle_endtag(self, tag: str) -> None:
        if tag in HIDDEN:
            self.hidden = max(0, self.hidden - 1)
        elif tag in BLOCKS:
            self._paragraph()
        elif tag == "th" and self.lines[-1].strip():
            self.lines[-1] = f"{self.lines[-1].rstrip()}: "
        elif tag == "a" and self.links:
            self._close_link(*self.links.pop())

    def handle_data(self, data: str) -> None:
        if self.hidden:
            return
        words = " ".join(data.split())
        before = " " if data[:1].isspace() and self.lines[-1][-1:] not in ("", " ") else ""
        after = " " if words and data[-1:].isspace() else ""
        self.lines[-1] += before + words + after

    def _paragraph(self) -> None:
        if self.lines[-1].strip():
            self.lines += ["", ""]
        elif len(self.lines) > 1 and self.lines[-2].strip():
            self.lines.append("")

    def _close_link(self, href: str, start: int) -> None:
        label = self.lines[-1][start:].strip()
        if href and href.removeprefix("mailto:").removeprefix("tel:") not in label:
            self.lines[-1] = f"{self.lines[-1].rstrip()}: {href}"


def from_html(html: str) -> str:
    """Readable plain text of an HTML fragment; paragraphs apart, links as "label: address"."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = [line.rstrip() for line in reader.lines]
    kept = [line for i, line in enumerate(lines) if line or (i and lines[i - 1])]
    return "\n".join(kept).strip() + "\n"
