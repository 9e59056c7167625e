"""The words in double braces that staff may use in a template, and what each stands for.

Substitution only: a value is text, never code, and is never looked at again. Unknown names and missing values are
errors, because a silent blank is how portal links go missing.
"""

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from itertools import islice
from urllib.parse import quote

from django.utils import dateformat
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from emails.markup import QUOTED, TOKEN
from emails.wording_statuses import Text
from inspections import payments
from inspections.models import Company, Inspection, Participant, Role

PORTAL_LINK = "CLIENT_PORTAL_LINK"
MOST_UNKNOWN = 50


@dataclass(frozen=True)
class Scene:
    """What a template is filled from: whom, which inspection, by whom; `link` makes the personal portal link."""

    inspection: Inspection
    participant: Participant | None
    company: Company
    link: Callable[[], str] = field(compare=False)
    people: Sequence[tuple[str, str]] | None = None  # (role, name) of all, where they are at hand
    known: dict[str, str] = field(default_factory=dict, compare=False, repr=False)  # values asked for before

    @cached_property
    def portal_link(self) -> str:
        """Made once per email, and only if the email uses it."""
        return self.link()

    def value(self, placeholder: "Placeholder") -> str:
        """What it stands for here, "" if there is nothing. Asked for once, however often a text has it."""
        if placeholder.name not in self.known:
            self.known[placeholder.name] = placeholder.value(self)
        return self.known[placeholder.name]

    @property
    def clients(self) -> list[str]:
        """Names of the clients."""
        return self.names(Role.CLIENT)

    def names(self, role: str) -> list[str]:
        """Names of those who take part in this role."""
        if self.people is not None:
            return [name for own, name in self.people if own == role]
        people = self.inspection.participants.filter(role=role, removed_at=None).select_related("contact")
        return [person.name for person in people.order_by("pk")]


@dataclass(frozen=True)
class Placeholder:
    """One name of the catalogue. `missing` is said where there is no value; empty: a value is required."""

    name: str
    alias: str
    about: str
    value: Callable[[Scene], str]
    missing: Text = ""
    group: str = "Inspection"

    @property
    def token(self) -> str:
        """As it is written in a template."""
        return f"{{{{{self.name}}}}}"


def clock_words(at: datetime) -> tuple[str, str]:
    """How an email says a moment, in the moment's own time zone: the day, and the hour."""
    return dateformat.format(at, gettext("l, F j, Y")), dateformat.format(at, "g:i A T")


def _start(scene: Scene) -> tuple[str, str]:
    return clock_words(scene.inspection.starts_at.astimezone(scene.company.zone))


def _price(scene: Scene) -> str:
    return "" if scene.inspection.fee is None else _money(scene.inspection.fee)


def _paid(scene: Scene) -> str:
    """An inspection that is only an example has no payments."""
    amount = payments.paid(scene.inspection) if scene.inspection.pk else None
    return _money(amount) if amount else ""


def _due(scene: Scene) -> str:
    amount = payments.due(scene.inspection) if scene.inspection.pk else scene.inspection.fee
    return _money(amount) if amount else ""


def _money(amount: Decimal) -> str:
    return f"${amount:,.2f}"


def _and(words: list[str]) -> str:
    if len(words) < 2:
        return "".join(words)
    return gettext("{some} and {last}").format(some=", ".join(words[:-1]), last=words[-1])


CATALOGUE: tuple[Placeholder, ...] = (
    Placeholder(
        "RECIPIENT_NAME",
        "recipient.name",
        "Who this email goes to",
        lambda s: s.participant.name if s.participant else "",
        missing=_("there"),
        group="Client",
    ),
    Placeholder("CLIENT_NAME", "client.name", "The client’s name", lambda s: _and(s.clients), group="Client"),
    Placeholder(
        "CLIENT_FIRST_NAME",
        "client.first_name",
        "The client’s first name",
        lambda s: s.clients[0].split()[0] if s.clients else "",
        group="Client",
    ),
    Placeholder(
        "AGENT_NAME",
        "agent.name",
        "The buyer’s agent’s name",
        lambda s: _and(s.names(Role.BUYER_AGENT)),
        group="Client",
    ),
    Placeholder("ADDRESS", "inspection.address", "The property’s address", lambda s: s.inspection.address),
    Placeholder("INSPECTION_DATE", "inspection.date", "Day of the inspection", lambda s: _start(s)[0]),
    Placeholder("INSPECTION_TIME", "inspection.time", "Start of the inspection", lambda s: _start(s)[1]),
    Placeholder(
        "INSPECTOR_NAME",
        "inspector.name",
        "The inspector’s name",
        lambda s: s.inspection.inspector,
        missing=_("your inspector"),
    ),
    Placeholder(
        "SERVICES",
        "inspection.services",
        "What is inspected",
        lambda s: _and(s.inspection.services),
        missing=_("home inspection"),
    ),
    Placeholder("PRICE", "inspection.price", "The fee", _price, missing=_("to be confirmed")),
    Placeholder("AMOUNT_DUE", "payment.due", "What is still to be paid", _due, missing=_("nothing")),
    Placeholder("AMOUNT_PAID", "payment.paid", "What was paid so far", _paid, missing=_("nothing")),
    Placeholder(
        PORTAL_LINK, "portal.link", "Personal link to the client portal", lambda s: s.portal_link, group="Links"
    ),
    Placeholder("REPORT_LINK", "report.link", "Personal link to the report", lambda s: s.portal_link, group="Links"),
    Placeholder(
        "INVOICE_LINK", "invoice.link", "Personal link to what is to be paid", lambda s: s.portal_link, group="Links"
    ),
    Placeholder("COMPANY_NAME", "company.name", "Your company’s name", lambda s: s.company.name, group="Company"),
    Placeholder(
        "COMPANY_PHONE",
        "company.phone",
        "Your phone number",
        lambda s: s.company.phone,
        missing=_("our office"),
        group="Company",
    ),
)
BY_NAME: Mapping[str, Placeholder] = {p.name: p for p in CATALOGUE} | {p.alias: p for p in CATALOGUE}
LINKS = frozenset(p.name for p in CATALOGUE if p.group == "Links")


@dataclass(frozen=True)
class Unknown:
    """A name in braces that is not in the catalogue: which line (from 1), and what was probably meant."""

    name: str
    line: int
    suggestion: str

    def __str__(self) -> str:
        meant = f" Did you mean {{{{{self.suggestion}}}}}?" if self.suggestion else ""
        return f"Line {self.line}: {{{{{self.name}}}}} isn’t known.{meant}"


def find(name: str) -> Placeholder | None:
    """The placeholder of that name, in either spelling; upper and lower case count the same."""
    return BY_NAME.get(name) or BY_NAME.get(name.upper()) or BY_NAME.get(name.lower())


def is_link(name: str) -> bool:
    """It stands for a personal link, in either spelling."""
    found = find(name)
    return found is not None and found.name in LINKS


def used(source: str) -> set[str]:
    """Catalogue names that a text uses."""
    return {found.name for token in TOKEN.findall(source) if (found := find(token))}


def unknown(source: str) -> list[Unknown]:
    """Names in braces that mean nothing, in order; not more than anybody reads."""
    found = []
    strange = (match for match in TOKEN.finditer(source) if find(match.group(1)) is None)
    for match in islice(strange, MOST_UNKNOWN):
        line = source.count("\n", 0, match.start()) + 1
        found.append(Unknown(match.group(1)[:60], line, suggest(match.group(1)[:60])))
    return found


def suggest(name: str) -> str:
    """The known name that was probably meant, in the spelling it was written in; "" if none is near."""
    dotted = "." in name
    known = [p.alias if dotted else p.name for p in CATALOGUE]
    written = name.lower() if dotted else name.upper().replace(" ", "_").replace("-", "_")
    inside = [other for other in known if len(written) > 3 and written in other]
    near = inside or difflib.get_close_matches(written, known, n=1)
    if not near:
        return ""
    return near[0].lower() if name.islower() else near[0]


def fill(
    source: str,
    scene: Scene,
    *,
    escape: Callable[[str], str],
    blank: Callable[[str], str | None] = lambda name: None,
) -> tuple[str, list[str]]:
    """`source` with every placeholder's value passed through `escape`, and the names whose value is missing.

    `blank` says what stands in a preview for a name without value.
    """
    missing: list[str] = []

    def replace(match: re.Match[str]) -> str:
        name = match.group(1).removesuffix(QUOTED)
        placeholder = find(name)
        value = (scene.value(placeholder) or str(placeholder.missing)) if placeholder else ""
        if not value:
            missing.append(placeholder.name if placeholder else name)
            value = blank(missing[-1]) or ""
        return escape(quote(value, safe="") if name != match.group(1) else value)

    return TOKEN.sub(replace, source), missing
