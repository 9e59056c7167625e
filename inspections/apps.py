"""The facts of inspections: who, which house, when."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


def _install_agreement(**_: Any) -> None:
    from inspections import agreements  # noqa: PLC0415 - models are not loaded before this moment

    agreements.install()


class InspectionsConfig(AppConfig):
    """Knows nothing of email."""

    name = "inspections"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """The first inspection needs an agreement: version 1 comes with the tables."""
        post_migrate.connect(_install_agreement, sender=self)
        from inspections import receivers  # noqa: F401, PLC0415 - the same
