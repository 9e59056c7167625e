"""Inspections: store, read, confirm, move, cancel, complete, publish the report."""

from dataclasses import replace
from typing import Any

from django.db import transaction
from django.http import Http404
from ninja import Query, Router, Status

from emails.api.answers import InspectionList, InspectionOut
from emails.api.auth import ApiRequest, actor
from emails.api.bodies import InspectionIn, NoFields, PublishIn, RescheduleIn, Text
from emails.api.refusals import COMMON, Refusal
from inspections import services
from inspections.drafts import Draft, Person
from inspections.models import Inspection

router = Router(tags=["Inspections"])

DONE: dict[int, Any] = {200: InspectionOut, 409: Refusal, **COMMON}


def find(inspection_id: int) -> Inspection:
    """Raises Http404."""
    inspection = Inspection.objects.filter(pk=inspection_id).first()
    if inspection is None:
        raise Http404(f"There is no inspection {inspection_id}.")
    return inspection


@router.post("", response={200: InspectionOut, 201: InspectionOut, **COMMON})
def save_inspection(request: ApiRequest, body: InspectionIn) -> Status[InspectionOut]:
    """Add an inspection (201), or update the one with this `external_id` (200).

    People are matched by role and address, then by role and name; whoever is missing from `people` is taken off.
    A changed `starts_at` of a confirmed inspection is a reschedule. What is left out of an update stays as it is.
    """
    draft = services.accept(body.draft())
    with transaction.atomic():
        kept = _kept(draft, left_out=InspectionIn.model_fields.keys() - body.model_fields_set)
        inspection, created = services.save(replace(draft, **kept), by=actor(request))
    return Status(201 if created else 200, InspectionOut.of(inspection))


@router.get("", response={200: InspectionList, **COMMON})
def find_inspections(request: ApiRequest, external_id: Query[Text]) -> Status[InspectionList]:
    """The inspection with this `external_id`, as a list of one or none."""
    found = Inspection.objects.filter(external_id=external_id)
    return Status(200, InspectionList(items=[InspectionOut.of(inspection) for inspection in found]))


@router.get("/{int:inspection_id}", response={200: InspectionOut, **COMMON})
def read_inspection(request: ApiRequest, inspection_id: int) -> Status[InspectionOut]:
    """One inspection with its people."""
    return _answer(find(inspection_id))


@router.post("/{int:inspection_id}/confirm", response=DONE)
def confirm_inspection(request: ApiRequest, inspection_id: int, body: NoFields | None = None) -> Status[InspectionOut]:
    """The appointment stands; its emails go out. A second time changes nothing and sends nothing."""
    inspection = find(inspection_id)
    services.confirm(inspection, by=actor(request))
    return _answer(inspection)


@router.post("/{int:inspection_id}/reschedule", response=DONE)
def reschedule_inspection(request: ApiRequest, inspection_id: int, body: RescheduleIn) -> Status[InspectionOut]:
    """Another time. Reminders move with it."""
    inspection = find(inspection_id)
    services.reschedule(inspection, body.starts_at, by=actor(request))
    return _answer(inspection)


@router.post("/{int:inspection_id}/cancel", response=DONE)
def cancel_inspection(request: ApiRequest, inspection_id: int, body: NoFields | None = None) -> Status[InspectionOut]:
    """It will not take place. What has not left yet is stopped."""
    inspection = find(inspection_id)
    services.cancel(inspection, by=actor(request))
    return _answer(inspection)


@router.post("/{int:inspection_id}/complete", response=DONE)
def complete_inspection(request: ApiRequest, inspection_id: int, body: NoFields | None = None) -> Status[InspectionOut]:
    """It took place."""
    inspection = find(inspection_id)
    services.complete(inspection, by=actor(request))
    return _answer(inspection)


@router.post("/{int:inspection_id}/publish-report", response=DONE)
def publish_report(request: ApiRequest, inspection_id: int, body: PublishIn | None = None) -> Status[InspectionOut]:
    """The report is ready, and so the inspection is completed. Another `url` later changes it and sends nothing."""
    inspection = find(inspection_id)
    services.publish_report(inspection, by=actor(request), url=body.url if body else "")
    return _answer(inspection)


def _answer(inspection: Inspection) -> Status[InspectionOut]:
    return Status(200, InspectionOut.of(inspection))


def _kept(draft: Draft, *, left_out: set[str]) -> dict[str, Any]:
    """What the inspection has already of the fields that were left out. The caller opened a transaction."""
    numbered = Inspection.objects.select_for_update(no_key=True).filter(external_id=draft.external_id)
    stored = numbered.first() if draft.external_id and left_out else None
    if stored is None:
        return {}
    people = stored.participants.current().select_related("contact")
    has = {
        "inspector": stored.inspector,
        "fee": stored.fee,
        "services": tuple(stored.services),
        "people": tuple(Person(p.role, p.name, p.email) for p in people),
    }
    return {name: value for name, value in has.items() if name in left_out}
