"""Is a template fit to be sent? The one place that knows, for the editor, for publishing, for health and for sending.

Pure: words in, findings out. What needs the database (how many inspections lack a price) is added by those who ask.
"""

import html as html_escapes
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import islice

from emails import markup, placeholders
from emails.checks_findings import FIELDS, Finding, Words
from emails.checks_warnings import warnings
from emails.markup import TOKEN, Link
from emails.models import MARKETING, Kind
from emails.placeholders import PORTAL_LINK, Unknown
from emails.plaintext import from_html

MAX_BYTES = 102 * 1024  # Gmail cuts what is longer, and with it perhaps the link
# More than that is not looked at, let alone sent: what reads it and inlines its styles takes long, or breaks down.
MOST_BODY = 256 * 1024
MOST_TAGS = 20_000
MOST_DEPTH = 100
MOST_FAULTS = 100  # a tag that is left open goes on in all that follows
MOST_SUBJECT = 300
MOST_PREHEADER = 300

# One of these must be a link that can be pressed.
REQUIRED: Mapping[str, tuple[str, ...]] = {
    Kind.CONFIRMATION: (PORTAL_LINK,),
    Kind.AGREEMENT: (PORTAL_LINK,),
    Kind.REPORT_READY: ("REPORT_LINK", PORTAL_LINK),
}
LINK_WORDS: Mapping[str, str] = {PORTAL_LINK: "client portal link", "REPORT_LINK": "report link"}
_BRACES = re.compile(r"\{\{|\}\}")
_LINE_BREAK = re.compile(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")
_BRACE = re.compile(r"[{}]|&#|&l[bc]|&r[bc]")  # also as the names and numbers that stand for one


def look(words: Words, *, hosts: Iterable[str] = (), page: str = "", postal_address: str = "") -> list[Finding]:
    """All that can be said of these words, what stops them first.

    `hosts`: mail and web domains that are ours. `page`: the finished HTML, if at hand, for its size.
    """
    wrong = faults(words, postal_address=postal_address)
    if too_much(words.body):
        return wrong
    found = markup.read(words.body)
    findings = [
        *wrong,
        *(Finding("markup", said, line=line) for line, said in found.faults),
        *_size(page),
        *warnings(words, found, frozenset(hosts)),
    ]
    return sorted(findings, key=lambda one: (not one.stops, one.field != "name", one.field not in FIELDS, one.line))


def faults(words: Words, *, postal_address: str) -> list[Finding]:
    """What no email may leave with."""
    return [*_faults(words), *_about_marketing(words.kind, postal_address)]


@lru_cache(maxsize=64)  # the same version is sent again and again
def _faults(words: Words) -> tuple[Finding, ...]:
    return (
        *_about_name(words.name),
        *_about_subject(words.subject),
        *_about_placeholders(words.subject, "subject"),
        *_about_preheader(words.preheader),
        *_about_placeholders(words.preheader, "preheader"),
        *(too_much(words.body) or [*_about_placeholders(words.body, "body"), *_about_link(words)]),
    )


@lru_cache(maxsize=64)
def too_much(body: str) -> tuple[Finding, ...]:
    """Why a text is not even looked at; empty for one that is. What costs least is asked first."""
    if len(body) > MOST_BODY:
        return (_too_long(len(body)),)
    if body.count("<") > MOST_TAGS:
        return (Finding("tags", f"It has more than {MOST_TAGS:,} tags. Make it shorter.", holds=True),)
    found = markup.read(body)
    if found.depth > MOST_DEPTH:
        return (Finding("depth", f"More than {MOST_DEPTH} tags stand inside each other. Close them.", holds=True),)
    if len(found.faults) > MOST_FAULTS:
        said = f"More than {MOST_FAULTS} tags are not closed, or close nothing."
        return (Finding("open", said, line=found.faults[0][0], holds=True),)
    size = len(markup.clean_template(body).encode())
    return (_too_long(size),) if size > MAX_BYTES else ()


def _too_long(size: int) -> Finding:
    said = f"It has {size // 1024} KB. Mail programs cut what is over 102 KB. Make it shorter."
    return Finding("size", said, holds=True)


def _about_name(name: str) -> list[Finding]:
    return [] if name.strip() else [Finding("name", "Please give the template a name.", field="name")]


def _about_subject(subject: str) -> list[Finding]:
    if not subject.strip():
        return [Finding("subject", "Please enter one. It is empty.", field="subject", holds=True, missing=True)]
    if _LINE_BREAK.search(subject):
        return [Finding("subject", "It has a line break. A subject is one line.", field="subject", holds=True)]
    if len(subject) > MOST_SUBJECT:
        return [Finding("subject", f"It is longer than {MOST_SUBJECT} characters.", field="subject", holds=True)]
    return []


def _about_preheader(preheader: str) -> list[Finding]:
    if _LINE_BREAK.search(preheader):
        return [Finding("preheader", "It has a line break. It is one line.", field="preheader", holds=True)]
    if len(preheader) > MOST_PREHEADER:
        return [Finding("preheader", f"It is longer than {MOST_PREHEADER} characters.", "preheader", holds=True)]
    return []


# --- placeholders ----------------------------------------------------------------------------------------------------


def _about_placeholders(source: str, field: str) -> list[Finding]:
    # A mail program reads &#123; as a brace, so we do too.
    read = html_escapes.unescape(source) if field == "body" else source
    findings = [*_unknown(read, field), *_broken(read, field)]
    return findings or (_grown_together(source) if field == "body" else [])


def _grown_together(body: str) -> list[Finding]:
    """Braces that only meet when the tags between them are gone: `{<i></i>{NAME}}`."""
    rest = TOKEN.sub("x", markup.clean_template(body))
    said = "Braces with tags between them are not a placeholder. Write it in one piece."
    grown = _BRACE.search(rest) and _BRACES.search(from_html(rest))
    return [Finding("braces", said, holds=True)] if grown else []


def _unknown(source: str, field: str) -> list[Finding]:
    return [
        Finding("unknown", _not_known(one), field, _line(one.line, field), holds=True, name=one.name)
        for one in placeholders.unknown(source)
    ]


def _not_known(one: Unknown) -> str:
    meant = f" Did you mean {{{{{one.suggestion}}}}}?" if one.suggestion else ""
    return f"{{{{{one.name}}}}} isn’t known.{meant}" if one.name else "There is no name between the braces {{ }}."


def _broken(source: str, field: str) -> list[Finding]:
    # As long as before, so that lines stay.
    rest = TOKEN.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), source)
    findings = []
    for match in islice(_BRACES.finditer(rest), placeholders.MOST_UNKNOWN):
        said = "{{ has no }} after the name." if match[0] == "{{" else "}} has no {{ before the name."
        line = _line(rest.count("\n", 0, match.start()) + 1, field)
        findings.append(Finding("braces", said, field, line, holds=True))
    return findings


def _line(line: int, field: str) -> int:
    return line if field == "body" else 0


# --- the link --------------------------------------------------------------------------------------------------------


def has_link(kind: str, body: str) -> bool:
    """The link that this kind needs can be pressed in the HTML and stands in the text; True if it needs none."""
    return not _about_link(Words(kind, "x", "x", body))


def leads_to_portal(body: str) -> bool:
    """Some portal link can be pressed in it."""
    found = markup.read(markup.clean_template(body)).links
    return any(_leads_to(link) in placeholders.LINKS and link.label.strip() for link in found)


def _about_link(words: Words) -> list[Finding]:
    needed = REQUIRED.get(words.kind)
    if not needed:
        return []
    left = markup.clean_template(words.body)
    good = [link for link in markup.read(left).links if _leads_to(link) in needed and link.label.strip()]
    if good and any(f"{{{{{name}}}}}" in _names_only(from_html(left)) for name in needed):
        return []
    return [_missing(words, needed)]


def _missing(words: Words, needed: tuple[str, ...]) -> Finding:
    what = LINK_WORDS[needed[0]]
    at = next((m for m in TOKEN.finditer(words.body) if _name(m[1]) in needed), None)
    if at is None:
        said = f"The {what} is missing. This email cannot do without it. Add the button from the list below."
        return Finding("link", said, holds=True, name=needed[0])
    said = f"The {what} is here, but not as a link with words that people can press."
    return Finding("link", said, line=words.body.count("\n", 0, at.start()) + 1, holds=True, name=needed[0])


def _leads_to(link: Link) -> str:
    match = TOKEN.fullmatch(link.href)
    return _name(match[1]) if match else ""


def _name(written: str) -> str:
    known = placeholders.find(written)
    return known.name if known else ""


def _names_only(text: str) -> str:
    return TOKEN.sub(lambda match: f"{{{{{_name(match[1])}}}}}", text)


def button(kind: str) -> str:
    """HTML of the button that a kind of email needs; "" if it needs none."""
    words = "See the report" if kind == Kind.REPORT_READY else "Sign &amp; Pay"
    href = f"{{{{{REQUIRED[kind][0]}}}}}" if kind in REQUIRED else ""
    return f'<p><a class="button" href="{href}">{words}</a></p>' if href else ""


# --- the rest --------------------------------------------------------------------------------------------------------


def _about_marketing(kind: str, postal_address: str) -> list[Finding]:
    if kind not in MARKETING or postal_address:
        return []
    said = "Marketing must carry your postal address. Enter it in Settings, Company."
    return [Finding("postal_address", said, holds=True, name="postal address")]


def is_too_long(page: str) -> bool:
    """Mail programs would cut it."""
    return len(page.encode()) > MAX_BYTES


def _size(page: str) -> list[Finding]:
    return [replace(_too_long(len(page.encode())), holds=False)] if is_too_long(page) else []
