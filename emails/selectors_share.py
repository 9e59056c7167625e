"""Reading what can be shared of an inspection with whom, and which links are out."""

from collections.abc import Sequence
from dataclasses import dataclass

from emails import letters_share
from emails.models import Message
from inspections import handover
from inspections.models import Inspection, PortalLink, Scope

MOST_LINKS = 200


@dataclass(frozen=True)
class Choice:
    """What a link may open: the sentence about it, and why it is not for this person."""

    scope: Scope
    sees: str
    why_not: str


def choices(role: str, name: str) -> list[Choice]:
    """The scopes for somebody in this role."""
    order = (Scope.SIGN_PAY, Scope.DETAILS, Scope.REPORT, Scope.EVERYTHING)
    return [Choice(one, handover.sees(one, role, name), letters_share.why_not(one, role)) for one in order]


@dataclass(frozen=True)
class Given:
    """A link that works; `message` is the email it stands in, None for one that was passed on otherwise."""

    link: PortalLink
    message: Message | None
    sees: str

    @property
    def what(self) -> str:
        """What it opens, as it was chosen."""
        return Scope(self.link.scope).label


def links(inspection: Inspection) -> list[Given]:
    """Every link that works, passed on ones first, then those in emails; the newest first."""
    found = PortalLink.objects.active().filter(participant__inspection=inspection, participant__removed_at=None)
    found = found.select_related("participant__contact").order_by("-pk")
    shown = list(found[:MOST_LINKS])
    messages = _messages(shown)
    given = [
        Given(link, messages.get(link.purpose), handover.sees(link.scope, link.participant.role, link.participant.name))
        for link in shown
    ]
    return sorted(given, key=lambda one: one.message is not None)


def _messages(found: Sequence[PortalLink]) -> dict[str, Message]:
    """By the purpose of their links: those of emails name the email."""
    named = [link.purpose for link in found if link.is_an_emails]
    rows = Message.objects.filter(uuid__in=named).defer("html", "text", "search")
    return {str(message.uuid): message for message in rows}
