"""Uploaded CSV files, from the check to the import."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from inspections import importing
from inspections.models import ImportUpload, User

KEPT = timedelta(days=7)  # it holds personal data
AT_ONCE = 8.0  # seconds of one request; a long import takes several
STALLED = timedelta(minutes=2)  # longer than any request lives: its process died, and to go on is harmless


def keep(content: bytes, *, name: str, by: User) -> ImportUpload:
    """Keep a file until it is imported; forget old ones."""
    ImportUpload.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
    return ImportUpload.objects.create(content=content, name=name[:255], by=by)


def correct(upload: ImportUpload, corrections: Mapping[str, str]) -> None:
    """From now on read these addresses in the file otherwise. Without effect once the import has begun."""
    together = {**upload.result.get("corrections", {}), **corrections}
    untouched = ImportUpload.objects.filter(pk=upload.pk, done=0, running_since__isnull=True, finished_at__isnull=True)
    untouched.update(result=upload.result | {"corrections": together})
    upload.refresh_from_db()


def plan_of(upload: ImportUpload) -> importing.Plan:
    """What the file would do, with the corrections that were taken."""
    return importing.parse(bytes(upload.content), corrections=upload.result.get("corrections", {}))


def run(upload: ImportUpload) -> bool:
    """Import what is good in an upload, or the next part of it. False while another request is at it, or when done."""
    now = timezone.now()
    free = Q(running_since__isnull=True) | Q(running_since__lt=now - STALLED)
    mine = ImportUpload.objects.filter(free, pk=upload.pk, finished_at__isnull=True)
    if not mine.update(running_since=now):
        return False
    upload.refresh_from_db()
    plan = plan_of(upload)
    result = importing.apply(plan, by=str(upload.by), start=upload.done, seconds=AT_ONCE)
    upload.result = _added_up(upload.result, result) | {
        "corrections": upload.result.get("corrections", {}),
        "refused": [asdict(problem) for problem in plan.errors],
        "refused_inspections": plan.refused,
    }
    upload.done, upload.running_since = result.done, None
    if upload.done >= len(plan.rows):
        upload.finished_at, upload.content = timezone.now(), b""
    upload.save()
    return True


def _added_up(before: dict[str, Any], part: importing.Result) -> dict[str, Any]:
    news = asdict(part)
    del news["done"]
    return {name: before.get(name, type(value)()) + value for name, value in news.items()}
