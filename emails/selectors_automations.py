"""Rules with what they did lately and what they do next; what was missed while notifications were off."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Min, Q
from django.utils import timezone

from emails import builtin, eligibility, sentences, timing
from emails.models import Automation, EmailTemplate, Message
from emails.sentences import Clash, Sentence
from emails.states import CANCELLABLE, UNDELIVERED, Reason, Status
from inspections.models import Company, Inspection

LATELY = timedelta(days=30)
MOST_OFFERED = 100


@dataclass(frozen=True)
class Row:
    """A rule on the list. `last`: when its last email left in 30 days; `waiting` emails, the first at `next`."""

    rule: Automation
    sentence: Sentence
    clashes: Sequence[Clash] = ()
    last: datetime | None = None
    failures: int = 0
    waiting: int = 0
    next: datetime | None = None


@dataclass(frozen=True)
class Ready:
    """A rule that an owner can add."""

    key: str
    name: str
    sentence: Sentence


def rows() -> list[Row]:
    """All rules, in a fixed number of queries."""
    rules = list(Automation.objects.standing().select_related("template"))
    clashes = sentences.too_close(rules)
    now = timezone.now()
    lately = _by_rule(
        Message.objects.filter(rule__in=rules, changed_at__gt=now - LATELY)
        .values("rule")
        .order_by()
        .annotate(last=Max("sent_at"), failures=Count("pk", filter=Q(status__in=UNDELIVERED)))
    )
    coming = _by_rule(
        Message.objects.filter(rule__in=rules, status__in=CANCELLABLE, send_after__gt=now)
        .values("rule")
        .order_by()
        .annotate(waiting=Count("pk"), next=Min("send_after"))
    )
    return [
        Row(
            rule,
            sentences.sentence(rule),
            clashes.get(rule.pk, ()),
            **lately.get(rule.pk, {}),
            **coming.get(rule.pk, {}),
        )
        for rule in rules
    ]


def clashes_of(rule: Automation) -> list[Clash]:
    """The rules that are on and that this one meets, or would meet if it were on."""
    return sentences.clashes(rule, Automation.objects.standing().filter(enabled=True).select_related("template"))


def _by_rule(found: Iterable[Mapping[str, Any]]) -> dict[int, dict[str, Any]]:
    return {row.pop("rule"): row for row in map(dict, found)}


def ready_rules() -> list[Ready]:
    """Those not taken yet."""
    taken = set(Automation.objects.standing().values_list("name", flat=True))
    free = {key: rule for key, rule in builtin.READY.items() if rule["name"] not in taken}
    return [Ready(key, rule["name"], sentences.sentence(_unsaved(rule))) for key, rule in free.items()]


def _unsaved(rule: Mapping[str, Any]) -> Automation:
    return Automation(**{**rule, "template": EmailTemplate(name=rule["template"])})


# --- what was missed -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Offer:
    """An email that was not sent because notifications were off. `due`: it goes at its time; None: right away."""

    message: Message
    due: datetime | None = None
    until: datetime | None = None


def offers(inspection: Inspection) -> list[Offer]:
    """What would still make sense to send, oldest first. A reminder whose time has passed is not among it."""
    rows = inspection.messages.filter(status=Status.SKIPPED, reason=Reason.NOTIFICATIONS_OFF, root=None, family=None)
    rows = rows.filter(participant__removed_at=None).order_by("pk")
    found = [_offer(message) for message in rows.select_related("rule", "template", "participant__contact")]
    latest = {(o.message.participant_id, o.message.rule_id, o.message.kind): o for o in found if o}
    return list(latest.values())[:MOST_OFFERED]


def _offer(message: Message) -> Offer | None:
    if eligibility.why_not_about(message.inspection, message.kind) or not eligibility.is_timely(message):
        return None
    rule = message.rule
    if rule is None or not rule.is_timed:
        return Offer(message)
    if not rule.enabled:
        return None
    at = timing.moment(rule, message.inspection.starts_at, now=timezone.now(), zone=Company.get().zone)
    return None if at.late else Offer(message, at.due, at.until)
