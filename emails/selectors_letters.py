"""Reading letters: the drafts of an inspection, who can be written to, what can be begun from, the files."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet

from emails import builtin, files, letters
from emails.limits import Refused
from emails.models import MARKETING, Attachment, EmailTemplate, Letter, Message, TemplateVersion
from emails.states import LEFT_US, UNDELIVERED, UNFINISHED, Status
from inspections.models import Inspection, Participant, PortalLink, Scope

MOST_DRAFTS = 20
HANDED_OVER = (UNFINISHED | UNDELIVERED | LEFT_US) - {Status.QUEUED}


@dataclass(frozen=True)
class Reader:
    """Somebody on the inspection; `why` nothing can be sent to them, None if it can."""

    person: Participant
    ticked: bool
    why: Refused | None


def people(inspection: Inspection) -> list[Participant]:
    """Everybody on the inspection."""
    found = list(inspection.participants.current().select_related("contact").order_by("pk"))
    for person in found:
        person.inspection = inspection
    return found


def readers(present: Sequence[Participant], ticked: Sequence[Participant]) -> list[Reader]:
    """Who can be ticked."""
    return [Reader(person, person in ticked, letters.unreachable(person)) for person in present]


def drafts(inspection: Inspection) -> QuerySet[Letter]:
    """What was begun and not sent, the newest first."""
    found = inspection.letters.drafts().select_related("author").prefetch_related("people__contact")
    return found.defer("body").order_by("-saved_at", "-pk")[:MOST_DRAFTS]


def find(inspection: Inspection, uuid: UUID) -> Letter | None:
    """A letter of this inspection."""
    return inspection.letters.select_related("author").filter(uuid=uuid).first()


def templates() -> list[EmailTemplate]:
    """What an email can begin as. Not marketing: that must carry its way out."""
    published = TemplateVersion.objects.filter(template=OuterRef("pk"))
    return list(EmailTemplate.objects.filter(Exists(published)).exclude(kind__in=MARKETING))


def words_of(template: EmailTemplate, to: Sequence[Participant]) -> tuple[str, str]:
    """Subject and text to begin with, in the language of those who are ticked if they share one."""
    languages = {person.contact.language for person in to}
    language = languages.pop() if len(languages) == 1 else ""
    said = builtin.words(template.current, language or settings.LANGUAGE_CODE)
    return said.subject, said.body


@dataclass(frozen=True)
class Enclosed:
    """The files of a letter, and their sizes in words."""

    files: Sequence[Attachment]
    along: str
    in_all: str


def offered_by(link: PortalLink) -> list[Attachment]:
    """The files that emails to this link's person offered in the portal, without their bytes.

    A link that opens a part only has those of its own email.
    """
    left = Message.objects.filter(participant=link.participant_id, test=False, status__in=HANDED_OVER)
    if link.scope != Scope.EVERYTHING:
        left = left.filter(uuid=UUID(link.purpose)) if link.is_an_emails else left.none()
    to_them = left.filter(letter=OuterRef("letter"))
    offered = Attachment.objects.filter(Exists(to_them), as_link=True) | Attachment.objects.filter(
        Exists(to_them.filter(by_link=True))
    )
    return list(offered.exclude(content=b"").defer("content").order_by("-pk"))


@dataclass(frozen=True)
class SentFile:
    """A file that went with an email, as the email remembers it; `pk` of the file itself as long as it is kept."""

    name: str
    size: int
    by_link: bool
    pk: int | None


def sent_files(message: Message) -> list[SentFile]:
    """What went along with a message, or was offered by it."""
    kept = dict(message.letter.attachments.values_list("sha256", "pk")) if message.letter else {}
    return [
        SentFile(
            str(one.get("name", "")), int(one.get("size", 0)), bool(one.get("link")), kept.get(one.get("sha256", ""))
        )
        for one in message.files
    ]


def enclosed(letter: Letter) -> Enclosed:
    """The files without their bytes."""
    if not letter.pk:
        return Enclosed((), "", "")
    found = list(letter.attachments.defer("content"))
    along = sum(one.size for one in found if not one.as_link)
    return Enclosed(found, files.size_words(along) if along else "", files.size_words(sum(one.size for one in found)))
