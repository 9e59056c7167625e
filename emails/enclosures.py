"""The files of an email: those that go along, and those that its reader finds in the portal instead."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from emails.models import Attach, Attachment, Message
from inspections import pdf, signing
from inspections.errors import NotPossible
from inspections.models import InspectionEvent, Participant

AGREEMENT_NAME = "Signed agreement.pdf"


@dataclass(frozen=True)
class File:
    """A file of an email. Without `content` it is offered by link."""

    name: str
    content_type: str
    size: int
    sha256: str
    content: bytes | None = None

    @property
    def record(self) -> dict[str, object]:
        """What a message remembers of it."""
        known: dict[str, object] = {"name": self.name, "size": self.size, "sha256": self.sha256}
        return known if self.content is not None else known | {"link": True}


def of(message: Message) -> list[File]:
    """All files of this email. Raises NotPossible if one that belongs to it is not there."""
    if message.letter_id is not None:
        found = message.letter.attachments.defer("content") if message.letter else []
        return [_attached(one, by_link=message.by_link) for one in found]
    template = message.template
    if template is None or template.attach != Attach.SIGNED_AGREEMENT or message.participant is None:
        return []
    return [_agreement(message.participant, by_link=message.by_link)]


def along(files: Sequence[File]) -> list[File]:
    """Those that are sent along."""
    return [file for file in files if file.content is not None]


def offered(files: Sequence[File]) -> list[File]:
    """Those that are offered by link."""
    return [file for file in files if file.content is None]


def _attached(found: Attachment, *, by_link: bool) -> File:
    content = None if by_link or found.as_link else bytes(found.content)
    return File(found.name, found.content_type, found.size, found.sha256, content)


def _agreement(person: Participant, *, by_link: bool) -> File:
    signature = signing.standing(person)
    if signature is None:
        raise NotPossible(f"{person.name} has not signed the agreement, so there is no signed copy to send along.")
    doubts = person.events.filter(type=InspectionEvent.Type.NOT_ME, at__gt=signature.signed_at, data__signed=True)
    if doubts.exists():
        raise NotPossible(f"Somebody said that they are not {person.name}, after the agreement was signed by a link.")
    content = pdf.signed(signature)
    digest = hashlib.sha256(content).hexdigest()
    return File(AGREEMENT_NAME, "application/pdf", len(content), digest, None if by_link else content)
