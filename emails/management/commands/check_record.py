"""`manage.py check_record NUMBER SHA256`: is this printed delivery record still the record?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from emails import record, record_words
from inspections.models import Inspection


class Command(BaseCommand):
    """Fails if the digest never was this inspection's."""

    help = "Says whether a delivery record with this SHA-256 is unchanged, or how many facts were added since."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("number", help="the inspection: its order number, or #12")
        parser.add_argument("digest", help="the SHA-256 at the foot of the record")

    def handle(self, *args: Any, **options: Any) -> None:
        added = record.load(_inspection(options["number"])).since(options["digest"])
        said, _tone = record_words.answer(added)
        if added is None:
            raise CommandError(said)
        self.stdout.write(said)


def _inspection(number: str) -> Inspection:
    found = Inspection.objects.filter(external_id=number).first()
    own = number.removeprefix("#")
    if found is None and own.isascii() and own.isdecimal() and len(own) < 16:
        found = Inspection.objects.filter(pk=int(own)).first()
    if found is None:
        raise CommandError(f"There is no inspection {number}.")
    return found
