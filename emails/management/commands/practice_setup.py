"""`manage.py practice_setup`: the office of practice mode. Repeating it changes nothing."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from emails.practice import office


class Command(BaseCommand):
    """Makes the demo company and its two sign-ins."""

    help = "Makes the practice company and its sign-ins (practice mode only)."

    def handle(self, *args: Any, **options: Any) -> None:
        """Refuses to run where real mail could be sent."""
        if not settings.PRACTICE_MODE:
            raise CommandError("This is for practice mode only (EMAIL_PROVIDER=practice).")
        office.install()
