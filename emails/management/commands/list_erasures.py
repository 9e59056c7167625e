"""`manage.py list_erasures`: whose data was deleted, as JSON lines that name nobody. To be kept beside the backups."""

import json
from typing import Any

from django.core.management.base import BaseCommand

from emails.models import Erasure


class Command(BaseCommand):
    """Usable as manage.py list_erasures > erasures.jsonl."""

    help = "Prints a line for each person whose data was deleted. After a restore: repeat_erasures."

    def handle(self, *args: Any, **options: Any) -> None:
        for one in Erasure.objects.select_related("contact").order_by("pk").iterator():
            made, at = one.contact.created_at.isoformat(), one.at.isoformat()
            self.stdout.write(json.dumps({"contact": one.contact_id, "made": made, "at": at, "by": one.by}))
