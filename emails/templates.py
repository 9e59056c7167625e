"""Templates: verbs that write drafts and publish them. A draft may hold anything; only what is published is sent."""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from emails import activity, checks, examples, releases, rendering, wake
from emails.checks_findings import Finding, Words
from emails.limits import Refused
from emails.models import EmailTemplate, Letter, Message, TemplateDraft, TemplateVersion
from emails.placeholders import Scene
from emails.rendering import Sample
from emails.states import Status
from inspections.models import Company, Inspection, User
from inspections.text import MAX_NAME, BadText, canonical, single_line

MOST_TESTS_AN_HOUR = 20


class Stale(Exception):
    """Somebody saved or published this template after the words were read."""


class NotFit(Exception):
    """It cannot be published. `findings` say why."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("; ".join(map(str, findings)))
        self.findings = findings


class Published(NamedTuple):
    """A new version, and the held emails that leave because of it."""

    version: TemplateVersion
    released: list[Message]


def latest(template: EmailTemplate) -> TemplateVersion | None:
    """The published version, if there is one."""
    return template.versions.order_by("-number").first()


def words(template: EmailTemplate) -> Words:
    """What is being written: the draft, or what is published where there is none."""
    draft = TemplateDraft.objects.filter(template=template).first()
    if draft:
        return Words(template.kind, draft.name, draft.subject, draft.body, draft.preheader, attach=draft.attach)
    version = latest(template)
    return rendering.words_of(version) if version else Words(template.kind, template.name, "", "")


def findings(words: Words, template: EmailTemplate) -> list[Finding]:
    """Everything to say about these words before they are published."""
    company = Company.get()
    page = rendering.sample(words, examples.awkward(company)).html
    found = checks.look(words, hosts=our_hosts(company), page=page, postal_address=company.postal_address)
    return [*_about_name(words.name, template), *found]


def our_hosts(company: Company) -> frozenset[str]:
    """Domains that links may lead to without a question."""
    hosts = {urlsplit(settings.BASE_URL).hostname or "", company.sender_email.rpartition("@")[2]}
    hosts.add(company.reply_to.rpartition("@")[2])
    return frozenset(hosts - {""})


def _about_name(name: str, template: EmailTemplate) -> list[Finding]:
    try:
        single_line(name, limit=MAX_NAME)
    except BadText as problem:
        return [Finding("name", str(problem), field="name")] if name.strip() else []
    if EmailTemplate.objects.filter(name=name.strip()).exclude(pk=template.pk).exists():
        return [Finding("name", "Another template has this name. Please choose a different one.", field="name")]
    return []


def stops(found: Sequence[Finding]) -> list[Finding]:
    """Those that must be put right first."""
    return [finding for finding in found if finding.stops]


# --- writing ---------------------------------------------------------------------------------------------------------


def create(name: str, kind: str, *, by: str, copy_of: EmailTemplate | None = None) -> EmailTemplate:
    """A new template with nothing but a draft: empty, or with another one's words."""
    old = words(copy_of) if copy_of else Words(kind, name, "", "")
    with transaction.atomic():
        template = EmailTemplate.objects.create(name=name, kind=kind)
        TemplateDraft.objects.create(
            template=template,
            name=name,
            subject=old.subject,
            preheader=old.preheader,
            body=old.body,
            attach=old.attach,
            saved_by=by,
        )
    return template


@transaction.atomic
def save(template: EmailTemplate, new: Words, *, revision: int, by: str) -> None:
    """Keep a draft. Raises Stale, and keeps nothing, if it is not the one that was read."""
    _count(template, revision)
    TemplateDraft.objects.update_or_create(
        template=template,
        defaults={
            "name": new.name,
            "subject": new.subject,
            "preheader": new.preheader,
            "body": new.body,
            "attach": new.attach,
            "saved_at": timezone.now(),
            "saved_by": by,
        },
    )


@transaction.atomic
def publish(template: EmailTemplate, *, revision: int, by: str) -> Published:
    """Make the draft the next version, which never changes. Raises Stale, or NotFit.

    Scheduled emails use it too; what the old version held leaves.
    """
    _count(template, revision)
    new = words(template)
    wrong = stops(findings(new, template))
    if wrong:
        raise NotFit(wrong)
    last = latest(template)
    version = TemplateVersion.objects.create(
        template=template,
        number=last.number + 1 if last else 1,
        subject=new.subject.strip(),
        preheader=new.preheader.strip(),
        body=new.body,
        published_at=timezone.now(),
        created_by=by,
    )
    EmailTemplate.objects.filter(pk=template.pk).update(name=new.name.strip(), attach=new.attach)
    TemplateDraft.objects.filter(template=template).delete()
    template.refresh_from_db()
    return Published(version, releases.of_template(template, by=by))


def restore(version: TemplateVersion, *, revision: int, by: str) -> None:
    """An old version becomes the draft; what is published stays. Raises Stale."""
    template = version.template
    save(template, rendering.words_of(version), revision=revision, by=by)


def _count(template: EmailTemplate, revision: int) -> None:
    """Whoever read this revision may write the next one; the row stays locked until the end of the transaction."""
    counted = EmailTemplate.objects.filter(pk=template.pk, revision=revision).update(revision=F("revision") + 1)
    if not counted:
        raise Stale
    template.refresh_from_db()


# --- trying ----------------------------------------------------------------------------------------------------------


def send_test(template: EmailTemplate, new: Words, scene: Scene, *, user: User, nonce: str | None) -> Message:
    """Send these words to the colleague who asks, marked as a test. It is nobody's email and repairs nothing.

    Raises Refused for words that could not be published, or for an example without an inspection of its own.
    """
    told = Message.objects.filter(nonce=nonce, test=True).first() if nonce else None
    if told:
        return told
    _refuse_test(template, new, scene)
    sample = rendering.sample(new, scene)
    if sample.empty:
        raise Refused(f"This inspection has no {sample.empty[0]}. Choose another one for the test.", status_code=422)
    return queue_test(sample, scene.inspection, template.kind, user=user, nonce=nonce, template=template)


def queue_test(
    sample: Sample,
    inspection: Inspection,
    kind: str,
    *,
    user: User,
    nonce: str | None,
    template: EmailTemplate | None = None,
    letter: Letter | None = None,
) -> Message:
    """Write a test to a colleague. The same `nonce` is the same one. Raises Refused after too many."""
    told = Message.objects.filter(nonce=nonce, test=True).first() if nonce else None
    if told:
        return told
    since = timezone.now() - timedelta(hours=1)
    if Message.objects.filter(test=True, created_by=str(user), created_at__gt=since).count() >= MOST_TESTS_AN_HOUR:
        raise Refused(f"That was enough for now: at most {MOST_TESTS_AN_HOUR} tests an hour.", status_code=429)
    message = Message(
        test=True,
        inspection=inspection,
        kind=kind,
        template=template,
        letter=letter,
        status=Status.QUEUED,
        to_name=str(user)[:MAX_NAME],
        to_address=user.email,
        to_key=canonical(user.email),
        subject=f"[Test] {sample.subject}"[:500],
        html=sample.html,
        text=sample.text,
        created_by=str(user),
        nonce=nonce,
        provider=settings.MAIL_PROVIDER,
    )
    with transaction.atomic():
        activity.create(message, by=str(user), text="A test of the template" if template else "A test")
        wake.deliver()
    return message


def _refuse_test(template: EmailTemplate, new: Words, scene: Scene) -> None:
    wrong = stops(findings(new, template))
    if wrong:
        raise Refused(f"Not sent. {wrong[0]}", status_code=422)
    if scene.inspection.pk is None:
        raise Refused("A test needs a real inspection. Choose one under “Show it for”.", status_code=422)
