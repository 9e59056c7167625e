"""One inspection's emails: who got what, what can be sent again, and the log of it all.

Everything is read once, in a fixed number of queries, however many people and emails there are.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from emails import eligibility, formerly, holds, selectors_menu, selectors_messages, selectors_papers
from emails.models import EmailTemplate, Kind, Message
from emails.selectors_findings import Finding, findings
from emails.selectors_inspections import worst
from emails.selectors_menu import RESENDS, Choice, blocked_of, choice
from emails.selectors_outdated import Outdated, outdated
from emails.selectors_papers import UNSIGNED, Papers, Signing
from emails.states import UNDELIVERED, UNFINISHED, Reason, Status
from emails.wording import Display, Group
from emails.wording_blocked import WEARY
from emails.wording_failures import FAILURES
from inspections import selectors, suggestions, visits
from inspections.models import Inspection, InspectionEvent, Participant, Role
from inspections.selectors import Told
from inspections.suggestions import Slip
from inspections.visits import Presence

MOST_LINES = 300
_FIX = {"fix_address": "Fix", "add_address": "Add address", "correct_address": "Correct"}
SOON = timedelta(minutes=2)
STALE = timedelta(days=1)
STILL_OFFERED = frozenset(
    {Reason.NOTIFICATIONS_OFF, Reason.UNCONFIRMED, Reason.RULE_OFF, Reason.CONDITION, Reason.NO_CLIENT}
)
SHOWS = {"all": "All", "problems": "Problems", "emails": "Emails", "facts": "Facts"}


@dataclass(frozen=True)
class Someone:
    """A person with their emails. `last` is the email that tells how they stand; `fix` labels its repair."""

    person: Participant
    last: Message | None
    display: Display | None
    fix: str
    choices: Sequence[Choice]
    reach: str  # of the agreement: signed, visited, delivered, underway, cut_off, none; "" for whoever doesn't sign
    visited_at: datetime | None = None
    signing: Signing = UNSIGNED
    reminders: Mapping[str, Choice] = field(default_factory=dict)  # by what they are reminded of
    owes: bool = False  # some of the fee is due
    slip: Slip | None = None  # the address was probably meant otherwise
    is_blocked: bool = False
    note: str = ""  # about the address or its domain
    before: str = ""  # how mail to the address ended on another inspection
    stale: Message | None = None  # the email to send again, because what it told has changed
    outdated: Outdated | None = None

    @property
    def to_do(self) -> list[Choice]:
        """What is left for them to do, each with its reminder."""
        if not self.person.inspection.is_open or self.person.role != Role.CLIENT:
            return []
        left = {"sign": self.person.inspection.agreement_id and self.signing.signature is None, "pay": self.owes}
        return [choice for what, choice in self.reminders.items() if left[what]]

    @property
    def has_not_signed(self) -> bool:
        """The agreement is within their reach, and it is not signed."""
        asked = selectors_papers.has_to_sign(self.person) and not self.signing.asks_again
        return asked and self.reach in ("visited", "delivered")


@dataclass(frozen=True)
class Line:
    """A line of the log: an email with its `display`, or a fact with its `told`."""

    key: str
    at: datetime
    by: str
    message: Message | None = None
    display: Display | None = None
    told: Told | None = None
    outdated: Outdated | None = None

    @property
    def version(self) -> str:
        """Changes when anything in the line does."""
        shown = self.display and (self.display.code, self.display.sentence)
        version = self.message and self.message.template_version_id
        return _digest(self.key, self.at, self.by, self.told, shown, self.outdated, version)

    @property
    def is_problem(self) -> bool:
        """Somebody has to look at it."""
        return self.display is not None and self.display.group == Group.NEEDS_YOU

    @property
    def may_still_go(self) -> bool:
        """Not sent on purpose, and it would still make sense: a reminder whose time has passed would not."""
        return self.message is not None and self.message.reason in STILL_OFFERED and not self.lacks_client

    @property
    def lacks_client(self) -> bool:
        """There is nobody to send it to yet."""
        return self.message is not None and eligibility.lacks_client(self.message)


@dataclass(frozen=True)
class InspectionEmails:
    """All that the inspection page shows of its emails. `silenced`: not sent because notifications were off."""

    people: Sequence[Someone]
    log: Sequence[Line]
    silenced: int
    unfinished: bool
    made_at: datetime
    cut: bool = False
    findings: Sequence[Finding] = ()
    papers: Papers | None = None

    @property
    def coming(self) -> list[Message]:
        """What goes out later by itself, the next one first."""
        later = [line.message for line in self.log if line.display and line.display.code == "scheduled"]
        return sorted((m for m in later if m), key=lambda m: (m.send_after, m.pk))

    @property
    def cut_off(self) -> list[Someone]:
        """Those who should sign and cannot reach the agreement."""
        return [someone for someone in self.people if someone.reach == "cut_off"]

    @property
    def signers(self) -> list[Someone]:
        """Those who have to sign."""
        return [someone for someone in self.people if someone.reach]

    @property
    def version(self) -> str:
        """The moment it was read, and a name for what it shows."""
        healths = [
            (s.person.pk, s.display, s.last and s.last.pk, s.choices, s.slip, s.note, s.before, s.outdated, s.reach)
            for s in self.people
        ]
        asks = [(s.signing.asks_again, s.reminders) for s in self.people]
        shown = _digest([line.version for line in self.log], healths, asks, self.silenced, self.findings, self.papers)
        return f"{self.made_at.timestamp():.3f}.{shown}"

    def lines(self, show: str) -> list[Line]:
        """The log, filtered: a key of SHOWS."""
        if show == "problems":
            return [line for line in self.log if line.is_problem]
        if show in ("emails", "facts"):
            return [line for line in self.log if (line.message is not None) == (show == "emails")]
        return list(self.log)


def load(inspection: Inspection) -> InspectionEmails:
    """Read it all."""
    messages = list(_messages(inspection)[: MOST_LINES + 1])
    cut, messages = len(messages) > MOST_LINES, messages[:MOST_LINES][::-1]
    newest = inspection.events.select_related("participant__contact").order_by("-at", "-id")[:MOST_LINES]
    events = visits.as_known_now(inspection, newest)[::-1]
    present = list(inspection.participants.current().select_related("contact").order_by("pk"))
    templates = set(EmailTemplate.objects.values_list("kind", flat=True))
    blocked = blocked_of(present)
    displays = selectors_messages.shown_all(messages)
    weary = holds.weary({person.contact.email_key for person in present})
    slips = suggestions.slips_of(person.contact for person in present)
    stale = outdated(inspection, messages, events, present)
    before = formerly.failures([person.email for person in present], apart_from=inspection)
    clients = [person for person in present if person.role == Role.CLIENT]
    signings = selectors_papers.signings(clients)
    papers = selectors_papers.of_one(inspection, signings)
    found = []
    for person in present:
        person.inspection = inspection
        theirs = [message for message in messages if message.participant_id == person.pk]
        signing = signings.get(person.pk, UNSIGNED)
        reminders = selectors_menu.reminders(person, theirs, blocked, signing, papers)
        choices = [choice(person, kind, theirs, blocked, templates, signing) for kind in RESENDS]
        choices.insert(2, reminders["pay"])
        someone = _someone(person, theirs, displays, choices, visits.presence(events, person.pk))
        someone = replace(someone, signing=signing, reminders=reminders, owes=papers.money.due > 0)
        if someone.reach and signing.signature:
            someone = replace(someone, reach="signed")
        asked, note = slips.get(person.contact_id), suggestions.note(person.contact.email)
        if person.contact.email_key in weary:
            note = str(WEARY).format(count=weary[person.contact.email_key])
        stopped = blocked.get(person.contact.email_key) == Reason.ADDRESS_BLOCKED
        known = before.get(person.contact.email_key)
        someone = replace(someone, slip=asked or _failed_slip(someone), note=note, is_blocked=stopped)
        someone = replace(someone, before=known.sentence if known else "")
        found.append(_with_stale(someone, [m for m in theirs if m.pk in stale], stale))
    return InspectionEmails(
        people=found,
        log=_log(messages, displays, events, stale),
        silenced=sum(m.reason == Reason.NOTIFICATIONS_OFF for m in _newest(messages) if m.status == Status.SKIPPED),
        unfinished=any(_is_moving(m) for m in messages),
        made_at=timezone.now(),
        cut=cut,
        findings=findings(inspection, present, blocked),
        papers=papers,
    )


def _with_stale(someone: Someone, stale: Sequence[Message], why: Mapping[int, Outdated]) -> Someone:
    """The email to send again is the one that carries the most: the confirmation, else the latest."""
    chosen = max(stale, key=lambda m: (m.kind == Kind.CONFIRMATION, m.pk), default=None)
    return replace(someone, stale=chosen, outdated=why[chosen.pk]) if chosen else someone


def _messages(inspection: Inspection) -> QuerySet[Message]:
    found = inspection.messages.select_related("rule", "template", "template_version", "letter")
    return found.defer("html", "text", "search", "template_version__body", "letter__body").order_by("-pk")


def _is_moving(message: Message) -> bool:
    """News may come while the page is looked at."""
    now = timezone.now()
    if message.status == Status.QUEUED:
        return message.send_after < now + SOON
    return message.status in UNFINISHED and message.changed_at > now - STALE


def _newest(messages: Sequence[Message]) -> list[Message]:
    """The email that counts for each person and kind: the latest that nobody stopped. Oldest first goes in."""
    standing = [m for m in messages if m.status != Status.CANCELLED]
    return list({(m.participant_id, m.kind, m.letter_id): m for m in standing}.values())


# --- people ----------------------------------------------------------------------------------------------------------


def _someone(
    person: Participant,
    messages: Sequence[Message],
    displays: dict[int, Display],
    choices: Sequence[Choice],
    presence: Presence,
) -> Someone:
    last = _last(messages, displays)
    return Someone(
        person=person,
        last=last,
        display=displays[last.pk] if last else None,
        fix=_fix(last) if last else "",
        choices=choices,
        reach=selectors_papers.reach(person, messages, presence),
        visited_at=presence.visited_at,
    )


def _last(messages: Sequence[Message], displays: dict[int, Display]) -> Message | None:
    """The email that tells how somebody stands: one that needs the office, else the latest that went out."""
    newest = _newest(messages)
    needing = [m for m in newest if displays[m.pk].group == Group.NEEDS_YOU]
    if needing:
        first = worst(displays[m.pk] for m in needing)
        return next(m for m in needing if displays[m.pk] == first)
    left = [m for m in newest if displays[m.pk].group != Group.ON_PURPOSE and displays[m.pk].code != "scheduled"]
    return max(left or newest, key=lambda m: (m.sent_at or m.created_at, m.pk), default=None)


def _failed_slip(someone: Someone) -> Slip | None:
    """An address that somebody chose to keep is in question again once it failed."""
    return suggestions.slip(someone.person.contact.email) if someone.fix else None


def _fix(message: Message) -> str:
    """Label of the repair, if another address is the repair."""
    why = FAILURES.get(message.category or message.reason)
    return _FIX.get(why.actions[0], "") if why and worth_fixing(message) else ""


def worth_fixing(message: Message) -> bool:
    """It did not arrive, or waits."""
    return message.status in UNDELIVERED or message.status == Status.HELD


# --- the log ---------------------------------------------------------------------------------------------------------


def _log(
    messages: Sequence[Message],
    displays: dict[int, Display],
    events: Sequence[InspectionEvent],
    stale: Mapping[int, Outdated],
) -> list[Line]:
    """Emails and facts in the order they happened; what is still to come is last."""
    emails = [
        Line(f"m{m.pk}", _at(m), m.created_by, message=m, display=displays[m.pk], outdated=stale.get(m.pk))
        for m in messages
    ]
    facts = [Line(f"e{e.pk}", e.at, e.by, told=selectors.told(e)) for e in events]
    return sorted(facts + emails, key=lambda line: line.at)


def _at(message: Message) -> datetime:
    if message.status == Status.QUEUED:
        return max(message.send_after, message.created_at)
    return message.sent_at or message.created_at


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
