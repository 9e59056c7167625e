"""Random templates and nasty values, and what must hold for every email made of them."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from emails import markup
from emails.rendering import Rendered

PIECES = (
    "<p>", "</p>", "<b>", "</b>", "<table>", "<tr>", "<td>", "</td>", "</table>", "<div", ">", "<", "</", '"', "'", "=",
    "{", "}", "{{", "}}", "{{CLIENT_NAME}}", "{{ client.name }}", "{{ADDRESS}}", "{{INSPECTOR_NAME}}", "{{NOPE}}",
    "{{PRICE}}", "{{CLIENT_PORTAL_LINK}}", "{{REPORT_LINK}}", "{{ }}", "{{CLIENT_<i></i>NAME}}", "&#123;&#123;", "&lt;",
    '<a href="{{CLIENT_PORTAL_LINK}}">Sign</a>', '<a href={{CLIENT_NAME}}>x</a>', "<a href='{{ADDRESS}}'>x</a>",
    '<a href="https://x.example/?q={{ADDRESS}}">x</a>', '<a title="{{CLIENT_NAME}}">x</a>', "<a title={{CLIENT_NAME}}>",
    '<img src="{{CLIENT_NAME}}" alt="{{ADDRESS}}">', '<p style="color:{{CLIENT_NAME}}">', '<p class="{{ADDRESS}}">',
    "<script>{{CLIENT_NAME}}</script>", "<style>a{x:{{CLIENT_NAME}}}</style>", "<!--", "-->", "<![CDATA[", "<svg>",
    "<textarea>", "<title>", "<{{CLIENT_NAME}}>", "<b {{CLIENT_NAME}}>", "javascript:", '<a href="javascript:x">y</a>',
    "<math><mi>", "<template>", "\n", " ", "text", "é\u2028", "\x00",
)  # fmt: skip
NASTY = (
    "Ann Lee",
    '"><script>alert(1)</script>',
    "' onmouseover='alert(1)",
    '" onmouseover="alert(1)" x="',
    "x onmouseover=alert(1)",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "--><img src=x onerror=alert(1)>",
    "red;background:url(https://evil.example)",
    "&quot; onmouseover=&quot;alert(1)",
    "{0.__class__} ${7*7} %s \\1 \\g<0>",
    "A" * 150,
)
LINK = '<p><a href="{{CLIENT_PORTAL_LINK}}">Sign &amp; Pay</a></p>'
_FRAME = {"charset", "name", "content"}  # of <meta> in our own frame
_KNOWN = frozenset(name for names in markup.ATTRIBUTES.values() for name in names) | _FRAME
_TAGS = markup.TAGS | {"html", "head", "body", "meta", "title", "style"}


class _Judge(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            self.wrong.append(f"<{tag}>")
        for name, value in attrs:
            if name not in _KNOWN:
                self.wrong.append(f"{tag} {name}={value}")
            if name in markup.ADDRESSES and not re.match(r"(https?|mailto|tel):", value or ""):
                self.wrong.append(f"{name} leads to {value}")
            if name == "style" and re.search(r"url\(|expression|@import", value or "", re.IGNORECASE):
                self.wrong.append(f"style {value}")


def wrong(email: Rendered, *, needs_link: bool) -> list[str]:
    """What is wrong with an email that may leave; nothing, it is hoped. The values hold no double braces."""
    judge = _Judge()
    judge.feed(email.html)
    judge.close()
    found = judge.wrong
    # The frame's own style sheet has braces, though never two of a kind in a row.
    left = [part for part in (email.subject, email.html, email.text) if "{{" in part or "}}" in part]
    found += [f"unresolved: {part[:200]}" for part in left]
    if needs_link and not email.has_link:
        found.append("no link")
    if "\n" in email.subject or "\r" in email.subject:
        found.append("a subject of two lines")
    return found
