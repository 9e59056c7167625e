"""The delivery record on paper."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from emails.record_entries import Entry, stamp
from emails.record_words import Told
from inspections.models import Company
from inspections.paper import Paper

_WHEN = 166  # points, as wide as the longest time
_BEGINS = 150  # of an email that does not begin at the foot of a page
ABOUT = (
    "Everything here was stored when it happened and is never changed. “Accepted” means that the receiving mail server "
    "took the email. Hints prove nothing. Times are in {zone}."
)
CHECK = (
    "To check: the file record.jsonl inside this PDF holds every fact, one a line. Its SHA-256 is this one. The page "
    "“Delivery record” of the inspection says whether facts were added since."
)


def draw(told: Told, *, company: Company, by: str, at: datetime) -> bytes:
    """The file. `at` and `by`: who made it, when."""
    record, inspection = told.record, told.record.inspection
    paper = Paper(title="Delivery record", company=company.name, at=at, foot=f"SHA-256 {record.sha256}")
    paper.facts(
        [
            ("Property", inspection.address),
            ("Inspection", f"{inspection.number}, {stamp(inspection.starts_at)}"),
            ("State", inspection.get_status_display()),
            ("Company", " · ".join(filter(None, (company.name, company.phone, company.postal_address)))),
            ("Made", f"{stamp(at)}, by {by}"),
            ("As of", f"{stamp(record.as_of)}, {len(record.facts)} facts"),
            ("SHA-256", record.sha256),
        ]
    )
    paper.text_block(ABOUT.format(zone=company.time_zone), size=8, quiet=True)
    _people(paper, told)
    _entries(paper, "What happened", told.happened)
    _emails(paper, told)
    _entries(paper, "Portal links", told.links)
    _entries(paper, "Signatures", told.signatures)
    _entries(paper, "Payments", told.payments)
    paper.heading("Check")
    paper.text_block(f"{record.sha256}\n\n{CHECK}", size=8, quiet=True)
    paper.attach("record.jsonl", record.canonical, about="Every fact, one a line")
    return paper.content()


def _people(paper: Paper, told: Told) -> None:
    paper.heading("People")
    widths = (90, 150, paper.epw - 240)
    for person in told.people:
        gone = f" (taken off {stamp(person.removed_at)})" if person.removed_at else ""
        paper.row((person.role, person.name + gone, ", then ".join(person.addresses) or "No address"), widths=widths)
    if not told.people:
        paper.text_block("Nobody.", size=9)


def _emails(paper: Paper, told: Told) -> None:
    paper.heading(f"Emails ({len(told.emails)})", size=14)
    for email in told.emails:
        if paper.will_page_break(_BEGINS):
            paper.add_page()
        paper.heading(f"Email {email.number}: {email.title}", size=10)
        paper.facts(email.pairs)
        _rows(paper, email.steps)
    if not told.emails:
        paper.text_block("No email.", size=9)


def _entries(paper: Paper, title: str, entries: Sequence[Entry]) -> None:
    paper.heading(f"{title} ({len(entries)})", size=14)
    _rows(paper, entries)
    if not entries:
        paper.text_block("None.", size=9)


def _rows(paper: Paper, entries: Iterable[Entry]) -> None:
    for entry in entries:
        paper.row((stamp(entry.at), _words(entry)), widths=(_WHEN, paper.epw - _WHEN), size=8)


def _words(entry: Entry) -> str:
    by = f", by {entry.by}" if entry.by else ""
    hint = "Hint, no proof: " if entry.hint else ""
    lines = [f"{hint}{entry.title}{by}", *(f"{label}: {value}" for label, value in entry.pairs)]
    return "\n".join([*lines, f"The server’s words: {entry.words}"] if entry.words else lines)
