"""The delivery of emails and the truth about it."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


def _install_builtin(**_: Any) -> None:
    from emails import builtin  # noqa: PLC0415 - models are not loaded before this moment

    builtin.install()


class EmailsConfig(AppConfig):
    """May look down at `inspections`, never the reverse."""

    name = "emails"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to the facts, and tell them what is known about addresses."""
        from emails import domains, domains_checks, formerly, receivers  # noqa: F401, PLC0415 - Django wires receivers now
        from inspections import suggestions  # noqa: PLC0415 - the same

        suggestions.domains_that_took_mail[:] = [domains.that_took_mail]
        suggestions.known_about_domains[:] = [domains_checks.sentence]
        suggestions.found_out_about_domains[:] = [domains_checks.find_out]
        suggestions.known_about_addresses[:] = [formerly.note]
        post_migrate.connect(_install_builtin, sender=self)
