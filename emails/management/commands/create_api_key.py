"""`manage.py create_api_key NAME`: a key for the REST API. Only the key goes to standard output."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from emails import keys
from inspections.text import BadText


class Command(BaseCommand):
    """Usable as KEY=$(manage.py create_api_key CRM)."""

    help = "Makes a key for the REST API and prints it, and nothing else, on standard output."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="what will use the key, such as CRM; timelines show it")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            key, secret = keys.create(options["name"], by="Command line")
        except BadText as problem:
            raise CommandError(str(problem)) from None
        self.stderr.write(f"API key “{key.name}”, shown only this once:", str)
        self.stdout.write(secret)
