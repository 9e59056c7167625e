"""`manage.py practice_data`: inspections to practise with. Repeating it adds only what is missing."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from emails.practice import data


class Command(BaseCommand):
    """Needs the worker and the practice mail service of a running `make run`."""

    help = "Makes the practice inspections (practice mode only; beside a running `make run`)."

    def handle(self, *args: Any, **options: Any) -> None:
        """Refuses to run where real mail could be sent."""
        if not settings.PRACTICE_MODE:
            raise CommandError("This is for practice mode only (EMAIL_PROVIDER=practice).")
        self.stdout.write(f"{data.tell()} practice inspections added")
