"""Practice data: the stories, made through the real services, workers and mail service, then moved to their days.

Idempotent: a story whose number exists is not told again.
"""

import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Q
from django.utils import timezone

from emails import wake
from emails.models import Message, WebhookPost
from emails.practice import acts, acts_letters, acts_papers, past
from emails.practice.stories import STORIES, Story
from emails.practice.stories_more import MORE
from emails.states import UNFINISHED, Status
from inspections import services
from inspections.drafts import Draft
from inspections.models import Company, Inspection

BY = "Kim Reyes"
LONGEST_WAIT = 120.0  # s; the slowest fate takes 20, and a busy machine is slow
A_WHILE = timedelta(days=12)
TOLD = (*STORIES, *MORE)


def tell() -> int:
    """Tell every story that is missing. Returns how many were told."""
    known = set(
        Inspection.objects.filter(external_id__in=[s.number for s in TOLD]).values_list("external_id", flat=True)
    )
    fresh = [(story, _create(story)) for story in TOLD if story.number not in known]
    for turn in range(max((len(story.steps) for story, _ in fresh), default=0)):
        acting = [(story, inspection) for story, inspection in fresh if turn < len(story.steps)]
        for story, inspection in acting:
            inspection.refresh_from_db()
            STEPS[story.steps[turn]](story, inspection)
        _settle(inspection for _, inspection in acting)
    return len(fresh)


def _create(story: Story) -> Inspection:
    draft = Draft(
        address=story.address,
        starts_at=_when(story) + (A_WHILE if _lies_behind(story) else timedelta(0)),
        inspector=story.inspector,
        fee=Decimal(story.fee),
        services=story.services,
        notifications=story.notifications,
        people=story.people,
        external_id=story.number,
    )
    return services.save(draft, by=BY)[0]


def _lies_behind(story: Story) -> bool:
    return "take place" in story.steps


def _when(story: Story) -> datetime:
    today = timezone.now().astimezone(Company.get().zone).date()
    return datetime.combine(today + timedelta(days=story.day), story.at, tzinfo=Company.get().zone)


# --- steps -----------------------------------------------------------------------------------------------------------


def _confirm(story: Story, inspection: Inspection) -> None:
    services.confirm(inspection, by=BY)


def _remind(story: Story, inspection: Inspection) -> None:
    """Move the story to the moment its reminder is due, and let the worker send it."""
    past.move(inspection, timezone.now() + timedelta(hours=23, minutes=59) - inspection.starts_at)
    wake.deliver()


def _take_place(story: Story, inspection: Inspection) -> None:
    past.move(inspection, _when(story) - inspection.starts_at)


def _complete(story: Story, inspection: Inspection) -> None:
    services.complete(inspection, by=BY)


def _publish(story: Story, inspection: Inspection) -> None:
    services.publish_report(inspection, by=BY)


def _reschedule(story: Story, inspection: Inspection) -> None:
    services.reschedule(inspection, inspection.starts_at + timedelta(days=1), by="Sam Ortiz")


def _cancel(story: Story, inspection: Inspection) -> None:
    services.cancel(inspection, by="Sam Ortiz")


STEPS: dict[str, Callable[[Story, Inspection], None]] = {
    "confirm": _confirm,
    "remind": _remind,
    "take place": _take_place,
    "complete": _complete,
    "publish": _publish,
    "reschedule": _reschedule,
    "cancel": _cancel,
    "open": acts.open_,
    "reply": acts.reply,
    "stall": acts.stall,
    "refuse": acts.refuse,
    "lose": acts.lose,
    "vouch": acts.vouch,
    "fail": acts.fail,
    "age": acts.age,
    "visit": acts.visit,
    "sign one": acts_papers.sign_one,
    "sign": acts_papers.sign_all,
    "pay": acts_papers.pay,
    "pay some": acts_papers.pay_some,
    "write": acts_letters.write,
    "begin to write": acts_letters.begin,
    "not them": acts_letters.not_them,
    "hire": acts.hire,
    "move while the rule is off": acts.move_while_off,
    "notifications off": acts.silence,
}


def _settle(inspections: Iterable[Inspection]) -> None:
    """Wait until the answers about these inspections' emails are in."""
    ids = [inspection.pk for inspection in inspections]
    deadline = time.monotonic() + LONGEST_WAIT
    while time.monotonic() < deadline:
        soon = timezone.now() + timedelta(minutes=1)
        open_ = Message.objects.filter(inspection__in=ids, status__in=UNFINISHED - {Status.DEFERRED, Status.UNKNOWN})
        silent = Q(status=Status.SENT, to_address__startswith="silent+")  # nobody will ever tell
        open_ = open_.exclude(status=Status.QUEUED, send_after__gt=soon).exclude(silent)
        unread = WebhookPost.objects.filter(state=WebhookPost.State.NEW)  # our own acts tell of the silent ones too
        if not open_.exists() and not unread.exists():
            return
        time.sleep(0.3)
