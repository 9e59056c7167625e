"""Reports written for people only: who it is about, whether it is over, and the server's words. Pure; tables first.

Shapes from their makers' documentation: qmail's bounce message format (QSBMF, which Yahoo follows too), Exim's
"Bounce messages" and "Customizing messages", Postfix's bounce(5), Sendmail's transcript, Google's and Microsoft's
help on non-delivery reports.
"""

import re
from dataclasses import dataclass

# Who writes reports: the part before @ in From, or the name before it.
MACHINES = re.compile(
    r"mailer[-_ ]?daemon|mail[-_ ]?daemon|postmaster|mail delivery (?:sub)?system|microsoftexchange[0-9a-f]{32}",
    re.IGNORECASE,
)
SUBJECTS = re.compile(
    r"^(?:undeliver|returned mail|return(?:ed)? to sender|delivery (?:status|failure|has failed|notification|delayed)"
    r"|mail delivery (?:failed|failure)|failure notice|failed delivery|message (?:undeliver|delayed|not delivered)"
    r"|warning: (?:could not send|message)|nondeliverable|non-delivery)",
    re.IGNORECASE,
)

# In this order: the first line that is found decides.
VERDICTS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (verdict, re.compile(phrase, re.IGNORECASE))
    for verdict, phrase in (
        (
            "failed",
            r"permanent (?:fatal )?error|not going to try again|giv(?:en|ing) up|too long in (?:the )?queue"
            r"|in the queue too long|no longer be retried|will not be retried",
        ),
        (
            "delayed",
            r"not yet been delivered|has (?:not )?been delayed|is delayed|delivery attempts will (?:continue|be)"
            r"|will be retried|(?:keep|continue|still) (?:on )?trying|warning message only|do not need to resend"
            r"|no action is required|delivery incomplete|temporarily delayed",
        ),
        (
            "failed",
            r"(?:could|can)(?:not|n['’]t)(?: not)? be delivered|could not deliver|unable to deliver|undeliver"
            r"|(?:was|were)(?: not|n['’]t) delivered|delivery .{0,60}failed|failed to deliver|has been rejected"
            r"|wasn['’]t able to deliver|an error occurred while trying to deliver|returned to sender",
        ),
    )
)

COPY_BEGINS = re.compile(
    r"^[ \t]*(?:--.{0,200}(?:copy of|original message|below this line|returned message|message (?:text|header|follows))"
    r"|-{3,80}[ \t]{0,8}(?:original|returned|undelivered)"
    r"|original message headers:?[ \t]*$|received: from )",
    re.IGNORECASE | re.MULTILINE,
)
_ADDRESS = r"[^\s<>()\[\]:;,\"]+@[A-Za-z0-9.\-\u0080-\uffff]+"
# `<ann@example.com>:` with words behind it, or an address alone on its line.
_BLOCK = re.compile(
    rf"^[ \t]*(?:<({_ADDRESS})>[ \t]*(?:\([^)]*\))?:?|({_ADDRESS}):?(?=[ \t]*$))[ \t]*(.*)$", re.MULTILINE
)
ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})\b(?!\.?\d)")
_REPLY = re.compile(r"(?:^|[\s:;'\"(<])([45]\d\d)(?=[ \-:]|$)")
_CODED = re.compile(rf"{ENHANCED.pattern}|{_REPLY.pattern}")
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
LONGEST_WORDS = 1_000
_NEVER_THE_RECIPIENT = re.compile(r"^(?:postmaster|mailer-daemon|abuse)@", re.IGNORECASE)


@dataclass(frozen=True)
class Told:
    """What a text says about one address ("" if it names none)."""

    address: str
    words: str
    verdict: str  # failed, delayed or ""
    status: str  # RFC 3463, or ""


def above_the_copy(said: str) -> str:
    """The report's own words, without the email that it returns."""
    found = COPY_BEGINS.search(said)
    return said[: found.start()] if found else said


def read(said: str, *, failed: list[str]) -> list[Told]:
    """One entry per address. `failed`: the addresses in X-Failed-Recipients."""
    own = above_the_copy(said)
    blocks = _blocks(own)
    if failed:
        known = {address.casefold(): words for address, words in blocks}
        blocks = [(address, known.get(address.casefold(), "")) for address in dict.fromkeys(failed)]
    coded = _coded_lines(own)
    told = []
    for address, words in blocks or [("", "")]:
        spoken = words if _CODED.search(words) else f"{words} {coded}".strip()
        spoken = squeeze(spoken or own)
        told.append(Told(address, spoken, verdict(own, spoken, certain=bool(failed)), status_in(spoken)))
    return told


def _blocks(own: str) -> list[tuple[str, str]]:
    """Addresses with what is said about each, up to the next blank line or address."""
    found: dict[str, str] = {}
    hits = list(_BLOCK.finditer(own))
    for hit, following in zip(hits, [*hits[1:], None], strict=True):
        address = hit[1] or hit[2]
        rest = own[hit.end() : following.start() if following else len(own)]
        paragraph = _BLANK_LINE.split(rest.lstrip("\n"), maxsplit=1)[0]
        if not _NEVER_THE_RECIPIENT.match(address):
            found[address] = found.get(address) or f"{hit[3]} {paragraph}".strip()
    return list(found.items())


def _coded_lines(own: str) -> str:
    """The lines with a code, each with the line that continues it."""
    lines = [line.strip() for line in own.splitlines()]
    kept = [" ".join(lines[n : n + 2]) for n, line in enumerate(lines) if _CODED.search(line)]
    return " ".join(kept)[:LONGEST_WORDS]


def verdict(own: str, words: str, *, certain: bool) -> str:
    """Whether their server gave up. `certain`: a header says so. Without evidence "", and nothing is claimed."""
    for name, phrase in VERDICTS:
        if phrase.search(own):
            return name
    code = status_in(words) or next(iter(_REPLY.findall(words)), "")
    if certain or code.startswith("5"):
        return "failed"
    return "delayed" if code.startswith("4") else ""


def status_in(words: str) -> str:
    """The first enhanced code; else the class of the first reply code, as RFC 3463 writes a class alone."""
    found = ENHANCED.search(words)
    if found:
        return found[1]
    reply = _REPLY.search(words)
    return f"{reply[1][0]}.0.0" if reply else ""


def squeeze(words: str, limit: int = LONGEST_WORDS) -> str:
    """In one line, and no longer than `limit`."""
    return " ".join(words.split())[:limit]
