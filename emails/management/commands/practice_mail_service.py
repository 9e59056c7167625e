"""Run the practice mail service. `python -m emails.practice` does the same and starts faster."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from emails.practice import command


class Command(BaseCommand):
    help = "Run the practice mail service: Postmark's API and webhooks on this computer only."
    # It must run while the database is away: fault tests depend on that.
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        command.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            command.run(port=options["port"], data=options["data"], webhook_url=options["webhook_url"])
        except command.CannotStart as reason:
            raise CommandError(str(reason)) from None
