"""Uploaded CSV files, from the check to the import."""

from dataclasses import asdict
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from inspections import importing
from inspections.models import ImportUpload, User

KEPT = timedelta(days=7)  # when nobody imports it: it holds personal data
STALLED = timedelta(minutes=5)  # a process that died left it half done; to import again is harmless


def keep(content: bytes, *, name: str, by: User) -> ImportUpload:
    """Keep a file until it is imported; forget old ones."""
    ImportUpload.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
    return ImportUpload.objects.create(content=content, name=name[:255], by=by)


def is_stalled(upload: ImportUpload) -> bool:
    """Started and never finished."""
    begun = upload.started_at
    return begun is not None and upload.finished_at is None and begun < timezone.now() - STALLED


def run(upload: ImportUpload) -> bool:
    """Import what is good in an upload. False if somebody else does or did, such as the first of two clicks."""
    now = timezone.now()
    free = Q(started_at__isnull=True) | Q(started_at__lt=now - STALLED)
    claimed = ImportUpload.objects.filter(free, pk=upload.pk, finished_at__isnull=True)
    if not claimed.update(started_at=now):
        return False
    plan = importing.parse(bytes(upload.content))
    result = importing.apply(plan, by=str(upload.by))
    told = asdict(result) | {
        "refused": [asdict(problem) for problem in plan.errors],
        "refused_inspections": plan.refused,
    }
    ImportUpload.objects.filter(pk=upload.pk).update(finished_at=timezone.now(), result=told, content=b"")
    return True
