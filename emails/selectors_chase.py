"""Agreements that are not signed while the inspection comes near: who, how far the link got, and what to press."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone

from emails import selectors_menu, selectors_messages, selectors_papers
from emails.models import EmailTemplate, Kind, Message
from emails.selectors_menu import Choice
from emails.selectors_messages import version_of
from emails.selectors_papers import UNSIGNED, Signing
from emails.selectors_starts import starts_words
from emails.states import UNDELIVERED, Status
from emails.troubleshoot import Action
from emails.wording_chase import CHASE
from emails.wording_failures import FAILURES
from inspections.models import (
    InspectionStatus,
    Participant,
    ParticipantQuerySet,
    Role,
    Signature,
)
from inspections.selectors import when
from inspections.visits import Presence, presences

AHEAD = timedelta(days=3)
CALL_FROM = timedelta(hours=24)  # so near, a call does more than another email
MOST = 100
_ADDRESS = frozenset({"fix_address", "add_address", "correct_address"})


@dataclass(frozen=True)
class Row:
    """A client who has not signed. `reached`: an email with the link arrived, or they were on the portal."""

    key: str
    person_id: int
    name: str
    inspection_id: int
    place: str
    starts: str
    soon: bool
    label: str
    sentence: str
    tone: str
    icon: str
    what: str
    reached: bool
    primary: Action
    reminder: Action | None

    @property
    def version(self) -> str:
        """Changes when anything in the row does."""
        return version_of(self)


@dataclass(frozen=True)
class _Known:
    """What was read about everybody at once."""

    messages: Mapping[int, Sequence[Message]]
    presences: Mapping[int, Presence]
    signings: Mapping[int, Signing]
    blocked: Mapping[str, str]
    templates: set[str]


def rows(*, within: timedelta = AHEAD, but: Collection[int] = ()) -> list[Row]:
    """Those whom the link never reached first, then the others; soonest inspection first. `but`: left out, by id."""
    now = timezone.now()
    found = _unsigned().filter(inspection__starts_at__gt=now, inspection__starts_at__lte=now + within)
    people = list(found.exclude(pk__in=but).order_by("inspection__starts_at", "pk")[:MOST])
    if not people:
        return []
    known = _read(people)
    return sorted((_row(person, known) for person in people), key=lambda row: row.reached)


def cut_off(people: Collection[int]) -> set[int]:
    """Those of these people who have to sign, and no email with the link got through to them."""
    unsigned = list(_unsigned().filter(pk__in=people))
    messages, known = _messages(unsigned), presences([person.pk for person in unsigned])
    reaches = {p.pk: selectors_papers.reach(p, messages.get(p.pk, ()), known[p.pk]) for p in unsigned}
    return {pk for pk, reach in reaches.items() if reach == "cut_off"}


def _unsigned() -> ParticipantQuerySet:
    signed = Signature.objects.standing().filter(participant=OuterRef("pk"))
    found = Participant.objects.current().filter(
        ~Exists(signed),
        role=Role.CLIENT,
        inspection__status=InspectionStatus.CONFIRMED,
        inspection__agreement__isnull=False,
    )
    return found.select_related("contact", "inspection").defer("inspection__search", "contact__search")


def _read(people: Sequence[Participant]) -> _Known:
    return _Known(
        _messages(people),
        presences([person.pk for person in people]),
        selectors_papers.signings(people),
        selectors_menu.blocked_of(people),
        set(EmailTemplate.objects.values_list("kind", flat=True)),
    )


def _messages(people: Sequence[Participant]) -> Mapping[int, Sequence[Message]]:
    found = defaultdict(list)
    rows = Message.objects.filter(participant__in=people, test=False).select_related("template", "rule")
    for message in rows.defer("html", "text", "search").order_by("pk"):
        found[message.participant_id or 0].append(message)
    return found


# --- one row ---------------------------------------------------------------------------------------------------------


def _row(person: Participant, known: _Known) -> Row:
    messages, presence = known.messages.get(person.pk, ()), known.presences[person.pk]
    signing = known.signings.get(person.pk, UNSIGNED)
    reach = selectors_papers.reach(person, messages, presence)
    code = "ended" if signing.asks_again and reach != "cut_off" else reach
    words, starts = CHASE[code], starts_words(person.inspection)
    said = {
        "name": person.name,
        "visited": when(presence.visited_at) if presence.visited_at else "",
        "ended": signing.because,
    }
    return Row(
        key=f"unsigned-{person.pk}",
        person_id=person.pk,
        name=person.name,
        inspection_id=person.inspection_id,
        place=person.inspection.address,
        starts=starts[0],
        soon=starts[1],
        label=str(words.label).format_map(said),
        sentence=str(words.sentence).format_map(said),
        tone=words.tone,
        icon=words.icon,
        what=_what(messages),
        reached=code not in ("cut_off", "none"),
        primary=_primary(code, person, messages, known),
        reminder=_reminder(person, messages, known, signing),
    )


def _what(messages: Sequence[Message]) -> str:
    """`Agreement to ann@gmail.com: Delivered`, of the newest that asks for the signature."""
    standing = [m for m in messages if m.status != Status.CANCELLED and not m.is_planned_retry]
    asking = [m for m in standing if m.kind in (Kind.AGREEMENT, Kind.CONFIRMATION)]
    last = max(asking, key=lambda m: (m.kind == Kind.AGREEMENT, m.pk), default=None)
    if last is None:
        return ""
    to = f" to {last.to_address}" if last.to_address else ""
    return f"{last.get_kind_display()}{to}: {selectors_messages.shown(last).label}"


def _primary(code: str, person: Participant, messages: Sequence[Message], known: _Known) -> Action:
    again = selectors_menu.choice(person, Kind.AGREEMENT, messages, known.blocked, known.templates)
    label = "Send the agreement" if code == "none" else "Resend agreement"
    resend = None if again.why else Action("resend", label, "paper-airplane", post=again.post)
    near = person.inspection.starts_at - timezone.now() <= CALL_FROM
    call, address = _call(person), _address(person, again, messages)
    order = [address, resend, call] if code in ("cut_off", "none") else [resend, call]
    if code not in ("cut_off", "none", "ended") and near:
        order.reverse()
    return next((action for action in order if action), None) or _open(person)


def _address(person: Participant, again: Choice, messages: Sequence[Message]) -> Action | None:
    """Another address is the repair: mail to this one cannot go, or came back for it."""
    page = reverse("person_edit", args=[person.pk])
    failed = [m for m in messages if m.status in UNDELIVERED and m.to_key == person.contact.email_key]
    why = FAILURES.get(failed[-1].category) if failed else None
    wrong = why is not None and why.actions[0] in _ADDRESS
    barred = again.way_out is not None and again.way_out[1] == page
    return Action("fix", "Correct address", "pencil-square", href=page) if wrong or barred else None


def _call(person: Participant) -> Action | None:
    number = "".join(ch for ch in person.contact.phone if ch.isdigit() or ch == "+")
    return Action("call", f"Call {person.name.split()[0]}", "phone", href=f"tel:{number}") if number else None


def _open(person: Participant) -> Action:
    page = reverse("inspection", args=[person.inspection_id])
    return Action("page", "Open the inspection", "home-modern", href=page)


def _reminder(person: Participant, messages: Sequence[Message], known: _Known, signing: Signing) -> Action | None:
    choice = selectors_menu.reminder_to_sign(person, messages, known.blocked, signing)
    return None if choice.why else Action("remind", "Send reminder", "bell-alert", post=choice.post)
