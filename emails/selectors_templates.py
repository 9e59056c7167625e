"""Reading templates: the list with its health, examples to try them on, differences, and what should be sent again."""

import difflib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone

from emails import checks, eligibility, examples, outbox, placeholders, rendering
from emails.checks_findings import Finding, Words
from emails.limits import Refused
from emails.models import Attach, EmailTemplate, Message, TemplateDraft, TemplateVersion
from emails.placeholders import CATALOGUE, Placeholder, Scene
from emails.states import LEFT_US, ON_ITS_WAY, UNDELIVERED, Reason, Status
from inspections.models import Company, Inspection, Participant, Role

HEALTH_DAYS = 30
MOST_EXAMPLES = 20
MOST_LOOKED_AT = 300
MOST_OFFERED = 200


@dataclass(frozen=True)
class Row:
    """A template of the list. `wrong` must be put right; `failed` and `held` are emails of the last 30 days."""

    template: EmailTemplate
    version: TemplateVersion | None
    rules: Sequence[str]
    wrong: Sequence[Finding]
    failed: int
    held: int
    draft: TemplateDraft | None

    @property
    def tone(self) -> str:
        """How urgent it is."""
        return "red" if self.wrong or self.held else "amber" if self.failed or not self.version else "green"


def rows() -> list[Row]:
    """Every template, in a fixed number of queries."""
    company, counts = Company.get(), _counts()
    newest = {
        v.template_id: v for v in TemplateVersion.objects.order_by("template_id", "-number").distinct("template_id")
    }
    found = EmailTemplate.objects.select_related("draft").prefetch_related("automations")
    return [_row(template, newest.get(template.pk), counts, company) for template in found]


def _row(
    template: EmailTemplate, version: TemplateVersion | None, counts: dict[int, tuple[int, int]], company: Company
) -> Row:
    wrong: list[Finding] = []
    if version:
        version.template = template
        wrong = checks.faults(rendering.words_of(version), postal_address=company.postal_address)
    failed, held = counts.get(template.pk, (0, 0))
    rules = [rule.name for rule in template.automations.all() if rule.enabled]
    return Row(template, version, rules, wrong, failed, held, getattr(template, "draft", None))


def _counts() -> dict[int, tuple[int, int]]:
    """Failed and held emails by template, of the last 30 days."""
    since = timezone.now() - timedelta(days=HEALTH_DAYS)
    recent = Message.objects.filter(status__in=UNDELIVERED | {Status.HELD}, created_at__gt=since, test=False)
    counted = (
        recent.order_by()
        .values_list("template")
        .annotate(
            failed=Count("pk", filter=~Q(status=Status.HELD)),
            held=Count("pk", filter=Q(status=Status.HELD, reason=Reason.TEMPLATE_PROBLEM)),
        )
    )
    return {template: (failed, held) for template, failed, held in counted if template}


# --- the editor ------------------------------------------------------------------------------------------------------


def groups() -> dict[str, list[Placeholder]]:
    """The placeholders under their headings."""
    found: dict[str, list[Placeholder]] = {}
    for placeholder in CATALOGUE:
        found.setdefault(placeholder.group, []).append(placeholder)
    return found


def upcoming() -> QuerySet[Inspection]:
    """Inspections to come, the nearest first, with their people as `present`."""
    present = Prefetch("participants", Participant.objects.current().select_related("contact"), to_attr="present")
    return (
        Inspection.objects.open().filter(starts_at__gt=timezone.now()).order_by("starts_at").prefetch_related(present)
    )


def example_choices() -> list[tuple[str, str]]:
    """What a template can be looked at with: the awkward one, then real inspections."""
    real = list(upcoming()[:MOST_EXAMPLES]) or list(Inspection.objects.order_by("-starts_at")[:MOST_EXAMPLES])
    awkward = (examples.AWKWARD, "An awkward one: two clients, long name, nothing else known")
    return [*((str(one.pk), _said(one)) for one in real), awkward]


def _said(inspection: Inspection) -> str:
    people = getattr(inspection, "present", [])
    client = next((person.name for person in people if person.role == Role.CLIENT), "No client")
    return f"{client}, {inspection.address}"


def scene(choice: str, company: Company) -> Scene:
    """The example of that name; the awkward one for anything unknown."""
    found = Inspection.objects.filter(pk=int(choice)).first() if choice.isdecimal() and len(choice) < 10 else None
    return examples.real(found, company) if found else examples.awkward(company)


def empties(words: Words) -> list[Finding]:
    """Placeholders that have no value on inspections to come, as warnings."""
    used = placeholders.used(words.all) - placeholders.LINKS
    company, counted = Company.get(), Counter[str]()
    for inspection in upcoming()[:MOST_LOOKED_AT]:
        people: list[Participant] = inspection.present  # type: ignore[attr-defined]
        scene = Scene(
            inspection, people[0] if people else None, company, examples.link, [(p.role, p.name) for p in people]
        )
        counted.update(name for name in used if not placeholders.BY_NAME[name].value(scene))
    return [_empty(name, count) for name, count in sorted(counted.items())]


def _empty(name: str, count: int) -> Finding:
    who = "1 upcoming inspection has" if count == 1 else f"{count} upcoming inspections have"
    instead = str(placeholders.BY_NAME[name].missing)
    what = f"It will say “{instead}”." if instead else "Their email would wait for you."
    return Finding("empty", f"{who} no {name}. {what}", field="", stops=False, name=name)


# --- versions --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """A line of a comparison: `sign` is "+", "-" or " ", or "…" for lines left out."""

    sign: str
    text: str


@dataclass(frozen=True)
class Difference:
    """What changes from one set of words to another."""

    subject: Sequence[Change]
    preheader: Sequence[Change]
    body: Sequence[Change]
    added: Sequence[str]
    removed: Sequence[str]
    attach: Sequence[Change] = ()

    @property
    def is_none(self) -> bool:
        """Nothing does."""
        return not any(change.sign in "+-" for change in (*self.subject, *self.preheader, *self.body, *self.attach))


def difference(old: Words | None, new: Words) -> Difference:
    """What `new` changes; all of it where there is nothing older."""
    old = old or Words(new.kind, "", "", "")
    before, after = placeholders.used(old.all), placeholders.used(new.all)
    return Difference(
        _compare(old.subject, new.subject),
        _compare(old.preheader, new.preheader),
        _compare(old.body, new.body),
        sorted(after - before),
        sorted(before - after),
        _compare(_attached(old.attach), _attached(new.attach)),
    )


def _attached(attach: str) -> str:
    return str(Attach(attach).label) if attach else ""


def _compare(old: str, new: str) -> list[Change]:
    changes: list[Change] = []
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=2)
    for line in islice(lines, 2, None):  # the names of the files
        if line.startswith("@@"):
            changes += [Change("…", "")] if changes else []
        else:
            changes.append(Change(line[0], line[1:]))
    return changes


# --- what should be sent again ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Offer:
    """An email that left without its link; `why` it cannot be sent again now."""

    message: Message
    why: Refused | None


def lacking(template: EmailTemplate) -> list[Offer]:
    """Emails of this template that went out without the link they need, and would still be of use."""
    if template.kind not in checks.REQUIRED:
        return []
    later = Message.objects.filter(
        participant=OuterRef("participant"), kind=OuterRef("kind"), pk__gt=OuterRef("pk"), test=False
    )
    sent = Message.objects.with_people().filter(
        template=template, test=False, has_link=False, status__in=LEFT_US, participant__removed_at=None
    )
    sent = sent.exclude(Exists(later.filter(Q(has_link=True) | Q(status__in=ON_ITS_WAY | LEFT_US))))
    found = [m for m in sent.order_by("inspection__starts_at", "pk")[:MOST_OFFERED] if eligibility.is_timely(m)]
    return [Offer(message, outbox.why_not_again(message)) for message in found]


def still_held(template: EmailTemplate) -> list[Message]:
    """Emails that wait because the template could not be filled for them."""
    held = Message.objects.with_people().filter(template=template, status=Status.HELD, reason=Reason.TEMPLATE_PROBLEM)
    return list(held.order_by("inspection__starts_at", "pk")[:MOST_OFFERED])


def scheduled(template: EmailTemplate) -> int:
    """Emails that wait for their hour and will be written with the newest version."""
    return Message.objects.filter(template=template, status=Status.QUEUED).count()
