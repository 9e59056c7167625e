"""`manage.py repeat_erasures FILE`: after a restore, delete again what had been deleted since the backup."""

import json
import sys
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from emails import erasures
from inspections.errors import NotPossible
from inspections.models import Contact


class Command(BaseCommand):
    """Reads what list_erasures printed. Repeating it is harmless."""

    help = "Deletes again the people of a file that list_erasures made (- for standard input)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="made by list_erasures; - reads standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        """Whoever has that number but another birthday is somebody else: numbers are given anew after a restore."""
        done = unknown = 0
        for number, line in enumerate(_lines(options["file"]), start=1):
            told = _told(number, line)
            contact = Contact.objects.filter(pk=told["contact"], created_at=told["made"]).first()
            if contact is None:
                unknown += 1
                continue
            try:
                erasures.erase(contact, by=told["by"], at=told["at"])
            except NotPossible as problem:
                raise CommandError(f"Line {number}: {problem}") from None
            done += 1
        self.stdout.write(f"{done} deleted, {unknown} not in this database")


def _lines(name: str) -> list[str]:
    if name == "-":
        return [line for line in sys.stdin if line.strip()]
    try:
        with open(name, encoding="utf-8") as file:
            return [line for line in file if line.strip()]
    except OSError as problem:
        raise CommandError(f"{name} cannot be read: {problem.strerror}") from None


def _told(number: int, line: str) -> dict[str, Any]:
    try:
        told = json.loads(line)
        times = {name: datetime.fromisoformat(told[name]) for name in ("made", "at")}
        return {"contact": int(told["contact"]), "by": str(told["by"]), **times}
    except (ValueError, KeyError, TypeError):
        raise CommandError(f"Line {number} is not one that list_erasures writes.") from None
