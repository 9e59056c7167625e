"""`manage.py import_inspections FILE [--dry-run]`: the CSV import for the command line."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from inspections import importing
from inspections.csvfile import COLUMNS, MAX_BYTES


class Command(BaseCommand):
    """Imports what is good, lists what is not; the exit code is 1 if anything was left out."""

    help = (
        "Import inspections from a CSV file, one line per person. Columns: "
        f"{', '.join(COLUMNS)}. Repeating an import changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """FILE and --dry-run."""
        parser.add_argument("file", metavar="FILE", help="the CSV file; - reads standard input")
        parser.add_argument("--dry-run", action="store_true", help="only say what would happen")

    def handle(self, *args: Any, **options: Any) -> None:
        """Parse, tell, import."""
        plan = importing.parse(_content(options["file"]))
        comparison = importing.compare(plan)
        for problem in (*plan.warnings, *comparison.warnings):
            self.stderr.write(f"Note: {problem}")
        for slip in plan.slips:
            self.stderr.write(f"Note: {slip}")
        for problem in plan.errors:
            self.stderr.write(f"Error: {problem}")
        if options["dry_run"]:
            self.stdout.write(
                f"Dry run: {comparison.new} new, {comparison.changed} changed, "
                f"{comparison.unchanged} unchanged, {plan.refused} can't be imported. Nothing was stored."
            )
            failed = bool(plan.errors)
        else:
            failed = self._import(plan)
        if failed:
            sys.exit(1)

    def _import(self, plan: importing.Plan) -> bool:
        result = importing.apply(plan, by="CSV import")
        for problem in result.failed:
            self.stderr.write(f"Error: {problem}")
        left_out = plan.refused + len(result.failed)
        self.stdout.write(
            f"{result.created} created, {result.updated} updated, {result.unchanged} unchanged, {left_out} left out."
        )
        return bool(plan.errors or result.failed)


def _content(name: str) -> bytes:
    try:
        if name == "-":
            return sys.stdin.buffer.read(MAX_BYTES + 1)
        with Path(name).open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as problem:
        raise CommandError(f"Could not read {name}: {problem.strerror}.") from None
