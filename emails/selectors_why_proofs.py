"""The evidence for the answer to “Why didn’t Ann get it?”: what, when, and where it stands."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse

from emails import selectors_health, selectors_messages
from emails.models import Message
from emails.selectors_hints import NONE, Hints
from emails.selectors_why_case import Case
from emails.states import IN_OUR_HANDS

MOST_PROOFS = 30


@dataclass(frozen=True)
class Proof:
    """A line of evidence: when, what, and where it stands."""

    words: str
    href: str
    at: datetime | None = None
    tone: str = "grey"


def proofs(case: Case, code: str) -> list[Proof]:
    """In the order it happened; how things stand now comes last."""
    dated = [*_of_emails(case), *_of_changes(case), *_of_events(case), *_of_hold(case)]
    dated.sort(key=lambda proof: proof.at or case.now)
    return [*dated[-MOST_PROOFS:], *_of_now(case, code)]


def _of_emails(case: Case) -> list[Proof]:
    alike = [message for message in case.messages if message.kind == case.kind]
    return [_of_email(message, case.hints.get(message.pk, NONE)) for message in alike]


def _of_email(message: Message, hints: Hints) -> Proof:
    shown = selectors_messages.shown(message, hints)
    to = f" to {message.to_address}" if message.to_address else ""
    at = message.sent_at or message.created_at
    words = f"{message.get_kind_display()}{to}: {shown.label}. {shown.sentence}"
    return Proof(words, reverse("message", args=[message.pk]), at, shown.tone)


def _of_changes(case: Case) -> list[Proof]:
    page = reverse("person_edit", args=[case.person.pk])
    return [
        Proof(
            f"{change.by} changed the address from {change.old or 'none'} to {change.new or 'none'}.", page, change.at
        )
        for change in case.changes
    ]


def _of_events(case: Case) -> list[Proof]:
    page = reverse("inspection", args=[case.person.inspection_id])
    mine = [event for event in case.events if event.participant_id in (None, case.person.pk)]
    return [Proof(f"{event.get_type_display()} by {event.by}.", page, event.at) for event in mine]


def _of_hold(case: Case) -> list[Proof]:
    if case.hold is None:
        return []
    page = f"{reverse('blocked')}?{urlencode({'q': case.hold.address})}"
    by = f" by {case.hold.placed_by}" if case.hold.placed_by else ""
    return [Proof(f"{case.hold.address} was blocked{by}.", page, case.hold.since, "red")]


def _of_now(case: Case, code: str) -> list[Proof]:
    found = [Proof(f"The address on file is {case.person.email}.", reverse("person_edit", args=[case.person.pk]))]
    if not case.person.email:
        found = [Proof("There is no address on file.", reverse("person_edit", args=[case.person.pk]), tone="red")]
    page = reverse("health")
    waits = case.message is not None and case.message.status in IN_OUR_HANDS
    if code == "worker_down" or waits:
        found.append(Proof("The sending part was last seen then.", page, case.channel.worker_seen_at))
    if code == "provider_refuses" and case.channel.paused_at:
        found.append(Proof(case.channel.paused_reason, page, case.channel.paused_at, "amber"))
    if code == "webhooks_silent":
        light = next(light for light in selectors_health.lights() if light.code == "answers")
        found.append(Proof(light.sentence, page, tone="red"))
    return found
