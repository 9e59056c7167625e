"""What can be done to an inspection. Each change stores its event and tells the listeners, in one transaction.

Status changes are guarded UPDATEs whose row count decides, so two people who confirm at once make one event.
`by` is the name that the timeline shows: "Kim Reyes", "API key CRM", "CSV import".
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import IntegrityError, transaction
from django.utils import timezone

from inspections import agreements, events, payments, people
from inspections.drafts import Draft, Person, validate
from inspections.errors import BadDraft, NotPossible
from inspections.events import Type
from inspections.models import Company, Inspection, InspectionEvent, InspectionStatus, Participant
from inspections.when import day

__all__ = [
    "BadDraft",
    "Draft",
    "NotPossible",
    "Person",
    "accept",
    "cancel",
    "complete",
    "confirm",
    "correct",
    "create",
    "is_news",
    "publish_report",
    "reschedule",
    "save",
    "set_notifications",
    "update",
    "validate",
]

REQUESTED, CONFIRMED = InspectionStatus.REQUESTED, InspectionStatus.CONFIRMED
COMPLETED, CANCELLED = InspectionStatus.COMPLETED, InspectionStatus.CANCELLED

# (what, status it has) -> why not. A pair that is missing here means: already done, nothing to change.
_REFUSALS: dict[tuple[str, str], str] = {
    ("confirm", CANCELLED): "This inspection was canceled on {cancelled}, so it can't be confirmed.",
    ("move", CANCELLED): "This inspection was canceled on {cancelled}, so it can't be moved.",
    ("move", COMPLETED): "This inspection is marked as completed, so it can't be moved.",
    ("cancel", COMPLETED): "This inspection is marked as completed, so it can't be canceled.",
    ("complete", REQUESTED): "This inspection isn't confirmed yet, so it can't be completed. Confirm it first.",
    ("complete", CANCELLED): "This inspection was canceled on {cancelled}, so it can't be completed.",
    ("publish", REQUESTED): "This inspection isn't confirmed yet, so its report can't be published. Confirm it first.",
    ("publish", CANCELLED): "This inspection was canceled on {cancelled}, so its report can't be published.",
}
_FACTS = ("address", "inspector", "fee", "services", "starts_at")


def accept(draft: Draft) -> Draft:
    """A tidied copy of what somebody hands in. Raises BadDraft, also for a person with the office's own address."""
    return validate(draft, own=people.own_addresses())


def save(draft: Draft, *, by: str) -> tuple[Inspection, bool]:
    """Store `draft` as a new inspection, or as the new facts of the one with its external id. True if it is new.

    The same draft again changes nothing and tells nothing. Raises BadDraft.
    """
    draft = validate(draft)
    with transaction.atomic():
        found = _numbered(draft)
        if found is None:
            try:
                with transaction.atomic():
                    return create([draft], by=by)[0], True
            except IntegrityError:
                found = _numbered(draft)  # perhaps somebody stored the same number a moment ago
                if found is None:
                    raise
        _update(found, draft, by=by)
    return found, False


def create(drafts: Sequence[Draft], *, by: str) -> list[Inspection]:
    """Store validated drafts as new inspections, in a few statements however many they are.

    Raises IntegrityError when an external id is already in use.
    """
    company = Company.get()
    with transaction.atomic():
        agreement = agreements.current()
        made = Inspection.objects.bulk_create(
            Inspection(agreement=agreement, **_facts(draft), external_id=draft.external_id, notifications=on)
            for draft in drafts
            for on in [company.notifications if draft.notifications is None else draft.notifications]
        )
        on_it = [
            (inspection, person) for inspection, draft in zip(made, drafts, strict=True) for person in draft.people
        ]
        contacts = people.contacts_for([person for _, person in on_it])
        people.fill_in_phones(((contact, person) for contact, (_, person) in zip(contacts, on_it, strict=True)), by=by)
        on_them = Participant.objects.bulk_create(
            Participant(inspection=inspection, contact=contact, role=person.role)
            for contact, (inspection, person) in zip(contacts, on_it, strict=True)
        )
        theirs = {key: list(found) for key, found in groupby(on_them, attrgetter("inspection_id"))}
        events.tell(_begun(inspection, theirs.get(inspection.pk, ()), by=by) for inspection in made)
    return made


def _begun(inspection: Inspection, people: Iterable[Participant], *, by: str) -> InspectionEvent:
    """With all that was known at the beginning: later events tell only what changed."""
    known = [{"participant": p.pk, "role": p.role, "name": p.name, "email": p.email} for p in people]
    return events.new(inspection, Type.CREATED, by=by, people=known, **_only(vars(inspection), set(_FACTS)))


def update(inspection: Inspection, draft: Draft, *, by: str) -> bool:
    """Make `draft` the facts of an inspection; its external id stays. True if anything changed. Raises BadDraft.

    A changed time of a confirmed inspection is a reschedule.
    """
    return _update(inspection, validate(draft), by=by)


def correct(inspection: Inspection, draft: Draft, *, by: str) -> bool:
    """Other words about the job: address, inspector, fee, services. Time, people and emails stay as they are by now.

    True if anything changed. Raises BadDraft.
    """
    facts = _facts(validate(draft))
    del facts["starts_at"]
    with transaction.atomic():
        told = _set_facts(_lock(inspection), facts, by=by)
        events.tell(told)
    inspection.refresh_from_db()
    return bool(told)


def is_news(inspection: Inspection, draft: Draft) -> bool:
    """`update` with this validated draft could change something. False is certain; takes no lock."""
    return (
        any(getattr(inspection, name) != value for name, value in _facts(draft).items())
        or draft.notifications not in (None, inspection.notifications)
        or not people.are_the_same(inspection, draft.people)
    )


def confirm(inspection: Inspection, *, by: str) -> bool:
    """The appointment stands. False if it was confirmed before; NotPossible if it is canceled."""
    return _move(
        inspection, "confirm", [REQUESTED], Type.CONFIRMED, by=by, status=CONFIRMED, confirmed_at=timezone.now()
    )


def cancel(inspection: Inspection, *, by: str) -> bool:
    """It will not take place. False if it was canceled before; NotPossible once it is completed."""
    return _move(
        inspection,
        "cancel",
        [REQUESTED, CONFIRMED],
        Type.CANCELLED,
        by=by,
        status=CANCELLED,
        cancelled_at=timezone.now(),
    )


def complete(inspection: Inspection, *, by: str) -> bool:
    """It took place. False if that was known; NotPossible unless it was confirmed."""
    return _move(
        inspection, "complete", [CONFIRMED], Type.COMPLETED, by=by, status=COMPLETED, completed_at=timezone.now()
    )


def publish_report(inspection: Inspection, *, by: str, url: str = "") -> bool:
    """The report is ready, and so the inspection completed. False if that was known.

    Another `url` for a published report changes it. Raises NotPossible, and BadDraft for a senseless `url`.
    """
    _check_url(url)
    with transaction.atomic():
        locked = _lock(inspection)
        if refusal := _REFUSALS.get(("publish", locked.status)):
            raise NotPossible(_say(refusal, locked))
        if locked.status == CONFIRMED:
            complete(locked, by=by)
        before = {"report_url": locked.report_url}
        published = locked.report_published_at is not None
        if published and url in ("", locked.report_url):
            inspection.refresh_from_db()
            return False
        locked.report_published_at = locked.report_published_at or timezone.now()
        locked.report_url = url or locked.report_url
        locked.save(update_fields=["report_published_at", "report_url"])
        kind = Type.UPDATED if published else Type.REPORT_PUBLISHED
        events.record(locked, kind, by=by, before=before, after={"report_url": locked.report_url})
    inspection.refresh_from_db()
    return True


def reschedule(inspection: Inspection, starts_at: datetime, *, by: str) -> bool:
    """Another time. False if it is the same; NotPossible once it is canceled or completed; BadDraft for no real time.

    Listeners hear of a reschedule only when the inspection was confirmed: before that no time was promised.
    """
    with transaction.atomic():
        locked = _lock(inspection)
        if refusal := _REFUSALS.get(("move", locked.status)):
            raise NotPossible(_say(refusal, locked))
        draft = validate(Draft(address=locked.address, starts_at=starts_at))
        told = _set_facts(locked, {"starts_at": draft.starts_at}, by=by)
        events.tell(told)
    inspection.refresh_from_db()
    return bool(told)


def set_notifications(inspection: Inspection, on: bool, *, by: str) -> bool:
    """Switch the automatic emails of one inspection. True if that changed something."""
    with transaction.atomic():
        changed = Inspection.objects.filter(pk=inspection.pk).exclude(notifications=on).update(notifications=on) == 1
        inspection.refresh_from_db()
        if changed:
            events.tell([_switched(inspection, by=by)])
    return changed


def _move(inspection: Inspection, what: str, allowed: list[str], kind: Type, *, by: str, **values: Any) -> bool:
    with transaction.atomic():
        rows = Inspection.objects.filter(pk=inspection.pk, status__in=allowed)
        changed = rows.update(**values) == 1
        inspection.refresh_from_db()
        if not changed:
            if refusal := _REFUSALS.get((what, inspection.status)):
                raise NotPossible(_say(refusal, inspection))
            return False
        events.record(inspection, kind, by=by)
    return True


def _update(inspection: Inspection, draft: Draft, *, by: str) -> bool:
    with transaction.atomic():
        locked = _lock(inspection)
        told = _set_facts(locked, _facts(draft), by=by)
        if draft.notifications not in (None, locked.notifications):
            locked.notifications = bool(draft.notifications)
            locked.save(update_fields=["notifications"])
            told.insert(0, _switched(locked, by=by))
        on_and_off, corrected = people.sync(locked, draft.people, by=by)
        events.tell([*on_and_off, *told])
    inspection.refresh_from_db()
    return corrected or bool(on_and_off or told)


def _set_facts(locked: Inspection, facts: dict[str, Any], *, by: str) -> list[InspectionEvent]:
    """Store what differs; the events to tell, a move last, so that it is told with all other facts in place."""
    before = {name: getattr(locked, name) for name, value in facts.items() if getattr(locked, name) != value}
    if not before:
        return []
    after = {name: facts[name] for name in before}
    was_due = payments.due(locked) if "fee" in before else 0
    for name, value in after.items():
        setattr(locked, name, value)
    locked.save(update_fields=list(after))
    moved = {"starts_at"} & before.keys() if locked.status == CONFIRMED else set()
    parts = [(Type.UPDATED, before.keys() - moved), (Type.RESCHEDULED, moved)]
    told = [
        events.new(locked, kind, by=by, before=_only(before, names), after=_only(after, names))
        for kind, names in parts
        if names
    ]
    if was_due and (news := payments.news_of_fee(locked, by=by)):
        told.insert(len(told) - bool(moved), news)
    return told


def _only(facts: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: facts[name] for name in sorted(names)}


def _facts(draft: Draft) -> dict[str, Any]:
    return {name: getattr(draft, name) for name in _FACTS} | {"services": list(draft.services)}


def _switched(inspection: Inspection, *, by: str) -> InspectionEvent:
    return events.new(inspection, Type.NOTIFICATIONS_ON if inspection.notifications else Type.NOTIFICATIONS_OFF, by=by)


def _numbered(draft: Draft) -> Inspection | None:
    return Inspection.objects.filter(external_id=draft.external_id).first() if draft.external_id else None


def _lock(inspection: Inspection) -> Inspection:
    return Inspection.objects.select_for_update(no_key=True).get(pk=inspection.pk)


def _say(refusal: str, inspection: Inspection) -> str:
    cancelled = day(inspection.cancelled_at) if inspection.cancelled_at else "an unknown day"
    return refusal.format(cancelled=cancelled)


def _check_url(url: str) -> None:
    try:
        if url:
            URLValidator(schemes=["https", "http"])(url)
            if len(url) > 500:
                raise ValidationError("too long")
    except ValidationError:
        raise BadDraft({"url": ["Please give a web address that starts with https://."]}) from None
