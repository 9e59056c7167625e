"""What is worth a look in a template and stops nothing."""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from emails import markup, placeholders
from emails.checks_findings import Finding, Words
from emails.markup import TOKEN, Found, Link
from emails.models import MARKETING

MAX_SUBJECT = 60
MAX_PREHEADER = 110
ADVERTISING = (
    "act now", "best price", "bonus", "buy now", "cash", "click here", "coupon", "deal", "discount", "for free",
    "free gift", "guarantee", "limited time", "lowest price", "no obligation", "offer", "promo", "sale", "save up to",
    "special price", "winner", "100%",
)  # fmt: skip
_ADVERTISING = re.compile("|".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in ADVERTISING), re.IGNORECASE)
_SINGLE = re.compile(r"(?<!\{)\{\s*([A-Za-z][\w.]{2,40})\s*\}(?!\})")


def warnings(words: Words, found: Found, hosts: frozenset[str]) -> list[Finding]:
    """`hosts`: mail and web domains that are ours."""
    said = [
        *_foreign(found.links, hosts),
        *((line, f"{what} is taken out when it is sent.", "dropped") for line, what in found.dropped),
        *((line, "A placeholder in a style is taken out when it is sent.", "dropped") for line in found.styled),
        *(
            (line, "The picture has no alt text. Many people see no pictures.", "alt")
            for line, alt in found.pictures
            if not (alt or "").strip()
        ),
        *_single_braces(words.body),
    ]
    return [
        *(Finding(code, sentence, line=line, stops=False) for line, sentence, code in said),
        *_long("subject", words.subject, MAX_SUBJECT, "Phones show"),
        *_long("preheader", words.preheader, MAX_PREHEADER, "Mail programs show"),
        *_advertising(words),
    ]


def _foreign(links: Iterable[Link], hosts: frozenset[str]) -> list[tuple[int, str, str]]:
    said = []
    for link in links:
        host = _host(link.href)
        if host is None:
            said.append((link.line, "This link leads nowhere. It is taken out when it is sent.", "address"))
        elif host and not any(host == own or host.endswith(f".{own}") for own in hosts):
            said.append((link.line, f"This link leads to {host[:60]}, which isn’t yours. Is that meant?", "host"))
    return said


def _host(href: str) -> str | None:
    """The host of an address; "" where there is none to look at; None for an address that cannot be used."""
    match = TOKEN.fullmatch(href)
    if match:
        known = placeholders.find(match[1])
        return "" if known and known.name in placeholders.LINKS else None
    try:
        parts = urlsplit(href)
    except ValueError:
        return None
    if parts.scheme in ("mailto", "tel"):
        return ""
    return (parts.hostname or None) if parts.scheme in markup.SCHEMES else None


def _single_braces(body: str) -> list[tuple[int, str, str]]:
    return [
        (body.count("\n", 0, m.start()) + 1, f"{{{m[1]}}} needs two braces: {{{{{m[1]}}}}}.", "single")
        for m in _SINGLE.finditer(body)
        if placeholders.find(m[1])
    ]


def _long(field: str, words: str, most: int, who_shows: str) -> list[Finding]:
    size = len(TOKEN.sub("x" * 12, words))
    if size <= most:
        return []
    return [Finding("long", f"About {size} characters. {who_shows} the first {most} or fewer.", field, stops=False)]


def _advertising(words: Words) -> list[Finding]:
    if words.kind in MARKETING:
        return []
    seen: dict[str, Finding] = {}
    for field, text in (("subject", words.subject), ("preheader", words.preheader), ("body", words.body)):
        for match in _ADVERTISING.finditer(text):
            if match[0].lower() in seen:
                continue
            line = text.count("\n", 0, match.start()) + 1 if field == "body" else 0
            said = f"“{match[0]}” sounds like advertising. Filters may think so too."
            seen[match[0].lower()] = Finding("advertising", said, field, line, stops=False)
    return list(seen.values())
