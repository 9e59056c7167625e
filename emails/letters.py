"""Letters: what staff write by hand. A draft may hold anything; sending checks it and makes one message a person."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from emails import checks, eligibility, enclosures, examples, files, outbox, placeholders, rendering, templates
from emails.checks_findings import Finding
from emails.files import BadFile
from emails.limits import Refused
from emails.models import Attachment, EmailTemplate, Kind, Letter, Message
from emails.planning import Plan
from emails.rendering import Sample
from inspections import people
from inspections.drafts import Person
from inspections.models import Company, Inspection, Participant, User
from inspections.text import MAX_NAME

MOST_IN_ALL = 50 * files.MEGABYTE
LATEST = timedelta(days=365)


class Stale(Exception):
    """Somebody saved this draft, in another window or elsewhere, after its words were read. `letter` is theirs."""

    def __init__(self, letter: Letter) -> None:
        super().__init__()
        self.letter = letter


class Sent(Exception):
    """It was sent meanwhile, so it does not change any more."""

    def __init__(self, letter: Letter) -> None:
        super().__init__()
        self.letter = letter


@dataclass(frozen=True)
class Written:
    """What stands in the form."""

    subject: str = ""
    body: str = ""
    people: Sequence[Participant] = ()
    template: EmailTemplate | None = None
    send_at: datetime | None = None
    other_name: str = ""
    other_email: str = ""


@dataclass(frozen=True)
class Look:
    """What is to be said before a letter leaves. `samples`: the email of each person, by their id."""

    stops: Sequence[Finding] = ()
    warnings: Sequence[Finding] = ()
    lacks_link: bool = False
    samples: dict[int, Sample] = field(default_factory=dict)


# --- drafts ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def save(
    inspection: Inspection, uuid: UUID, written: Written, *, revision: int, page: str, by: User, by_itself: bool = False
) -> Letter:
    """Keep a draft; the first time makes it. Raises Stale or Sent, and keeps nothing then.

    `page` names the open window: what it saved by itself (`by_itself`) is no news to it. Raises Letter.DoesNotExist
    for a letter of another inspection.
    """
    letter, is_new = Letter.objects.get_or_create(uuid=uuid, defaults={"inspection": inspection, "author": by})
    letter = Letter.objects.select_for_update(of=("self",)).get(pk=letter.pk, inspection=inspection)
    if letter.sent_at is not None:
        raise Sent(letter)
    if not is_new and letter.revision != revision and letter.saved_in != page:
        raise Stale(letter)
    letter.author = by
    letter.subject, letter.body, letter.template = written.subject, written.body, written.template
    letter.send_at, letter.saved_at = written.send_at, timezone.now()
    letter.other_name, letter.other_email = written.other_name, written.other_email
    letter.revision = max(letter.revision, revision) + 1
    letter.saved_in = page if by_itself else ""
    letter.save()
    letter.people.set(written.people)
    return letter


def discard(letter: Letter) -> bool:
    """Throw a draft away with its files. False if it was sent meanwhile."""
    with transaction.atomic():
        locked = Letter.objects.drafts().select_for_update(of=("self",)).filter(pk=letter.pk).first()
        if locked is None:
            return False
        locked.messages.filter(test=True).update(letter=None)
        locked.delete()
    return True


# --- files -----------------------------------------------------------------------------------------------------------


def attach(letter: Letter, raw_name: str, content: bytes) -> Attachment:
    """Add a file; what goes beyond MOST_ALONG is offered by link. The same file twice is there once.

    Raises BadFile, Sent, or Letter.DoesNotExist for a draft that was thrown away.
    """
    name = files.tidy_name(raw_name)
    sort = files.sort_of(name, content)
    digest = hashlib.sha256(content).hexdigest()
    with transaction.atomic():
        locked = Letter.objects.select_for_update(of=("self",)).get(pk=letter.pk)
        if locked.sent_at is not None:
            raise Sent(locked)
        if (there := letter.attachments.filter(name=name, sha256=digest).first()) is not None:
            return there
        if letter.attachments.count() >= files.MOST_FILES:
            raise BadFile(f"“{name}” was not added: at most {files.MOST_FILES} files are possible.")
        if size_of(letter) + len(content) > MOST_IN_ALL:
            raise BadFile(f"“{name}” was not added: all files together have more than {files.size_words(MOST_IN_ALL)}.")
        too_big = size_of(letter, along=True) + len(content) > files.MOST_ALONG
        return Attachment.objects.create(
            letter=letter,
            name=name,
            content_type=sort.content_type,
            size=len(content),
            sha256=digest,
            content=content,
            as_link=too_big,
        )


def size_of(letter: Letter, *, along: bool = False) -> int:
    """Bytes of all its files, or of those that go along."""
    found = letter.attachments.filter(as_link=False) if along else letter.attachments.all()
    return int(found.aggregate(size=Sum("size"))["size"] or 0)


def drop(letter: Letter, attachment_id: int) -> None:
    """Take a file out of a draft."""
    letter.attachments.filter(pk=attachment_id, letter__sent_at=None).delete()


def offer(letter: Letter, attachment_id: int, *, by_link: bool) -> None:
    """Let a file of a draft go along, or be offered by link. Raises BadFile if it is too big to go along."""
    found = letter.attachments.filter(pk=attachment_id, letter__sent_at=None).defer("content").first()
    if found is None or found.as_link == by_link:
        return
    if not by_link and size_of(letter, along=True) + found.size > files.MOST_ALONG:
        most = files.size_words(files.MOST_ALONG)
        raise BadFile(f"“{found.name}” is too big to go along: all files that do may have {most} together.")
    letter.attachments.filter(pk=attachment_id).update(as_link=by_link)


# --- looking at it ---------------------------------------------------------------------------------------------------


def sample(letter: Letter, person: Participant, company: Company) -> Sample:
    """The email as this person would get it, whatever is still wrong with it."""
    words, offered = rendering.words_of_letter(letter), enclosures.offered(_files(letter))
    return rendering.sample(words, examples.to(person, company), language=person.contact.language, offered=offered)


def _files(letter: Letter) -> list[enclosures.File]:
    return enclosures.of(Message(letter=letter)) if letter.pk else []


def look(letter: Letter, readers: Sequence[Participant], company: Company, *, strangers: int = 0) -> Look:
    """All that can be said before it is sent to these people, and to `strangers` more who are not on the inspection."""
    samples = {person.pk: sample(letter, person, company) for person in readers}
    page = max((one.html for one in samples.values()), key=len, default="")
    words = rendering.words_of_letter(letter)
    found = checks.look(words, hosts=templates.our_hosts(company), page=page)
    if not letter.body.strip():
        found = [Finding("text", "Please write something. It is empty.", missing=True), *found]
    found = [*_about_people(readers, strangers), *_about_time(letter), *found, *_empty(samples, readers, letter)]
    by_link = any(file.content is None for file in _files(letter))
    lacks_link = not by_link and not checks.leads_to_portal(words.body)
    warnings = [finding for finding in found if not finding.stops]
    return Look(templates.stops(found), warnings, lacks_link, samples)


def _about_people(readers: Sequence[Participant], strangers: int) -> list[Finding]:
    if not readers and not strangers:
        return [Finding("people", "Please tick at least one person.", field="people", missing=True)]
    return [Finding("address", str(why), field="people") for person in readers if (why := unreachable(person))]


def unreachable(person: Participant) -> Refused | None:
    """Why nothing can be sent to this person now, with the way out; None if it can."""
    contact = person.contact
    message = Message(
        inspection_id=person.inspection_id,
        participant=person,
        to_name=contact.name,
        to_address=contact.email,
        to_key=contact.email_key,
    )
    try:
        eligibility.refuse_if_unusable(message)
    except Refused as refused:
        return refused
    return None


def _about_time(letter: Letter) -> list[Finding]:
    now = timezone.now()
    if letter.send_at is None:
        return []
    if letter.send_at <= now:
        return [Finding("time", "That time has passed. Choose a later one, or send it now.", field="send_at")]
    if letter.send_at > now + LATEST:
        return [Finding("time", "That is more than a year away.", field="send_at")]
    return []


def _empty(samples: dict[int, Sample], readers: Iterable[Participant], letter: Letter) -> list[Finding]:
    """Known placeholders without a value; the unknown ones are said already."""
    unknown = {one.name for part in (letter.subject, letter.body) for one in placeholders.unknown(part)}
    whose: dict[str, list[str]] = {}
    for person in readers:
        for name in samples[person.pk].empty:
            whose.setdefault(name, []).append(person.name)
    return [
        Finding("empty", f"{{{{{name}}}}} is empty for {_listed(names)}. Fill it in, or take it out.", name=name)
        for name, names in whose.items()
        if name not in unknown
    ]


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


# --- sending ---------------------------------------------------------------------------------------------------------


def send(letter: Letter, *, by: str, add: Person | None = None, undo: bool = True) -> list[Message]:
    """One message for each person who is ticked, and for `add`, who comes onto the inspection by it. All or none.

    Pressed twice, or in two windows, it is sent once: the messages that there are come back. Raises Refused, BadDraft
    for `add`, or Letter.DoesNotExist for a draft that was thrown away.
    """
    with transaction.atomic():
        locked = Letter.objects.select_for_update(of=("self",)).select_related("inspection").get(pk=letter.pk)
        if locked.sent_at is not None:
            return list(locked.messages.filter(test=False, root=None).order_by("pk"))
        if refused := eligibility.why_not_about(locked.inspection, Kind.ONE_OFF):
            raise refused
        readers = readers_of(locked)
        if add:
            someone = people.add_person(locked.inspection, add, by=by)
            readers += [someone] if someone not in readers else []
        if not readers:
            raise Refused("Please tick at least one person.", status_code=422)
        locked.sent_at, locked.sent_by, locked.saved_in = timezone.now(), by[:MAX_NAME], ""
        locked.save(update_fields=["sent_at", "sent_by", "saved_in"])
        locked.people.set(readers)
        return [_begin(locked, person, by=by, undo=undo) for person in readers]


def readers_of(letter: Letter) -> list[Participant]:
    """Who is ticked and still on the inspection."""
    return list(letter.people.current().select_related("contact", "inspection").order_by("pk"))


def _begin(letter: Letter, person: Participant, *, by: str, undo: bool) -> Message:
    plan = Plan(person, Kind.ONE_OFF, None, by, letter=letter, send_after=letter.send_at)
    subject = sample(letter, person, Company.get()).subject
    try:
        return outbox.begin(plan, subject=subject[:500], undo=undo)
    except Refused as refused:
        raise Refused(
            f"{person.name}: {refused}",
            way_out=refused.way_out,
            status_code=refused.status_code,
            retry_after=refused.retry_after,
        ) from None


def send_test(letter: Letter, person: Participant, *, user: User, nonce: str | None) -> Message:
    """Send it to the colleague who asks, as this person would get it, marked as a test. Raises Refused."""
    company = Company.get()
    found = look(letter, [person], company)
    said = [finding for finding in found.stops if finding.field not in ("people", "send_at")]
    if said:
        raise Refused(f"Not sent. {said[0]}", status_code=422)
    return templates.queue_test(
        found.samples[person.pk], letter.inspection, Kind.ONE_OFF, user=user, nonce=nonce, letter=letter
    )
