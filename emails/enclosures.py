"""The files of an email: those that go along, and those that its reader finds in the portal instead."""

from collections.abc import Sequence
from dataclasses import dataclass

from emails.models import Attachment, Message


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
    return []


def along(files: Sequence[File]) -> list[File]:
    """Those that are sent along."""
    return [file for file in files if file.content is not None]


def offered(files: Sequence[File]) -> list[File]:
    """Those that are offered by link."""
    return [file for file in files if file.content is None]


def _attached(found: Attachment, *, by_link: bool) -> File:
    content = None if by_link or found.as_link else bytes(found.content)
    return File(found.name, found.content_type, found.size, found.sha256, content)
