"""When an inspection begins, in the words of a work list."""

from django.utils import timezone

from inspections.models import Inspection


def starts_words(inspection: Inspection) -> tuple[str, bool]:
    """`inspection tomorrow 9:00 AM`, and whether that is soon."""
    now, start = timezone.localtime(), timezone.localtime(inspection.starts_at)
    days = (start.date() - now.date()).days
    clock = f"{start.hour % 12 or 12}:{start:%M} {'AM' if start.hour < 12 else 'PM'}"
    if days == 0:
        return f"inspection today {clock}", start > now
    if days == 1:
        return f"inspection tomorrow {clock}", True
    if days == -1:
        return f"inspection was yesterday {clock}", False
    was = "was " if days < 0 else ""
    return f"inspection {was}{start:%a} {start.day} {start:%b}, {clock}", False
