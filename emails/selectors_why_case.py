"""What is read about one person, one inspection and one kind of email. A fixed number of reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from django.conf import settings
from django.utils import timezone

from emails import domains_checks, papers, selectors_health, selectors_hints, selectors_papers, wording
from emails.models import AddressHold, Automation, Channel, Kind, Message, Problem
from emails.selectors_hints import NONE, Hints
from emails.states import Status
from emails.why import Email, Facts
from inspections import people, suggestions, visits
from inspections.models import Contact, ContactChange, InspectionEvent, InspectionStatus, Participant
from inspections.text import BadText, email_address

FIRST = (Kind.CONFIRMATION, Kind.AGREEMENT)
TELLING = frozenset(
    {
        InspectionEvent.Type.CONFIRMED,
        InspectionEvent.Type.CANCELLED,
        InspectionEvent.Type.NOTIFICATIONS_OFF,
        InspectionEvent.Type.NOTIFICATIONS_ON,
        InspectionEvent.Type.PORTAL_VISITED,
        InspectionEvent.Type.PERSON_REMOVED,
        InspectionEvent.Type.RESCHEDULED,
        InspectionEvent.Type.SIGNED,
        InspectionEvent.Type.SIGNATURE_ENDED,
        InspectionEvent.Type.DISOWNED,
        InspectionEvent.Type.NOT_ME,
        InspectionEvent.Type.PAYMENT,
        InspectionEvent.Type.PAYMENT_UNDONE,
        InspectionEvent.Type.PAID,
    }
)


@dataclass
class Case:
    """All that was read about a person on an inspection, for one kind of email."""

    person: Participant
    kind: str
    messages: Sequence[Message]
    events: Sequence[InspectionEvent]
    changes: Sequence[ContactChange]
    hold: AddressHold | None
    others: Sequence[Contact]
    channel: Channel
    now: datetime = field(default_factory=timezone.now)

    @cached_property
    def message(self) -> Message | None:
        """The email in question: the newest of its kind; what was stopped counts only where nothing else is."""
        alike = [message for message in self.messages if message.kind == self.kind]
        standing = [message for message in alike if message.status != Status.CANCELLED]
        return (standing or alike or [None])[-1]  # type: ignore[list-item]

    @cached_property
    def hints(self) -> Mapping[int, Hints]:
        """What is known since the emails of this kind left."""
        return selectors_hints.of([message for message in self.messages if message.kind == self.kind])

    @cached_property
    def usable(self) -> bool:
        """Mail can go to the address on file."""
        try:
            return bool(email_address(self.person.contact.email))
        except BadText:
            return False


def load(person: Participant, kind: str = "") -> Case:
    """Read it. Without a kind it is the email that most wants an answer."""
    contact = person.contact
    messages = list(
        person.messages.with_people().select_related("template").defer("html", "text", "search").order_by("pk")
    )
    kind = kind or _kind(person, messages)
    keys = {message.to_key for message in messages if message.kind == kind} | {contact.email_key}
    return Case(
        person=person,
        kind=kind,
        messages=messages,
        events=_events(person),
        changes=list(contact.changes.filter(field="email").order_by("at", "id")),
        hold=AddressHold.objects.filter(key=contact.email_key, released_at=None).exclude(key="").first(),
        others=list(Contact.objects.filter(email_key__in=keys - {""}).exclude(pk=contact.pk).order_by("name")[:50]),
        channel=Channel.get(),
    )


def _events(person: Participant) -> list[InspectionEvent]:
    inspection = person.inspection
    told = visits.as_known_now(inspection, inspection.events.filter(type__in=TELLING).order_by("at", "id"))
    return [event for event in told if event.type in TELLING]


def kinds(case: Case) -> list[tuple[str, str]]:
    """What may be asked about: (kind, label)."""
    there = {message.kind for message in case.messages} | {Kind.CONFIRMATION}
    return [(kind.value, str(kind.label)) for kind in Kind if kind in there]


def _kind(person: Participant, messages: Sequence[Message]) -> str:
    problem = Problem.objects.open().filter(participant=person).order_by("-message_id").values_list("kind", flat=True)
    if found := problem.first():
        return found
    first = next((kind for kind in FIRST if any(message.kind == kind for message in messages)), None)
    return str(first or (messages[-1].kind if messages else Kind.CONFIRMATION))


# --- facts -----------------------------------------------------------------------------------------------------------


def facts(case: Case) -> Facts:
    """What the decision looks at."""
    person, message = case.person, case.message
    contact, inspection = person.contact, person.inspection
    seen = case.channel.worker_seen_at
    return Facts(
        kind=case.kind,
        key=contact.email_key,
        email=_email(case, message) if message else None,
        removed=person.removed_at is not None,
        cancelled=inspection.status == InspectionStatus.CANCELLED,
        confirmed=inspection.confirmed_at is not None,
        notifications=inspection.notifications,
        usable=case.usable,
        own=contact.email_key in people.own_addresses(),
        rule_off=message is None and _rule_is_off(case),
        hold=case.hold.category if case.hold else "",
        dead_domain=domains_checks.is_dead(contact.email) if case.usable else False,
        meant=suggestions.suggestion(contact.email) if contact.email else "",
        other=_other(case),
        unsigned=_is_unsigned(case),
        worker_down=seen is None or case.now - seen > selectors_health.WORKER_FRESH,
        paused=case.channel.is_paused,
        silent=bool(message and message.status == Status.SENT and _is_old(case, message) and _is_silent()),
        **vars(case.hints.get(message.pk, NONE) if message else NONE),
    )


def _email(case: Case, message: Message) -> Email:
    return Email(
        status=message.status,
        key=message.to_key,
        reason=message.reason,
        category=message.category,
        retry=message.retry,
        has_link=message.has_link,
        later=message.send_after > case.now + wording.SCHEDULED_FROM,
        old=_is_old(case, message),
        opened=message.opened_at is not None,
        auto_reply=bool(message.auto_reply),
        template_lost_link="client portal link" in message.note,
    )


def _is_old(case: Case, message: Message) -> bool:
    since = message.sent_at or message.changed_at
    blind = settings.EMAIL_PROVIDER == "smtp"
    return not blind and case.now - since > timedelta(seconds=settings.NO_NEWS_SECONDS)


def _is_silent() -> bool:
    light = next(light for light in selectors_health.lights() if light.code == "answers")
    return light.tone == "red"


def _rule_is_off(case: Case) -> bool:
    rules = Automation.objects.filter(template__kind=case.kind)
    theirs = [rule.enabled for rule in rules if case.person.role in rule.role_values]
    return bool(theirs) and not any(theirs)


def _other(case: Case) -> str:
    """Whoever else has the address that it went to."""
    key = case.message.to_key if case.message else case.person.contact.email_key
    return next((other.name for other in case.others if other.email_key == key), "")


def _is_unsigned(case: Case) -> bool:
    """The email in question asks for a signature, and there is none."""
    message = case.message
    asks = message is not None and (message.kind == Kind.CONFIRMATION or papers.asks_to_sign(message))
    return asks and selectors_papers.has_to_sign(case.person) and not papers.signed(case.person)
