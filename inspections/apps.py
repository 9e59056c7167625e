"""The facts of inspections: who, which house, when."""

from django.apps import AppConfig


class InspectionsConfig(AppConfig):
    """Knows nothing of email."""

    name = "inspections"
    default_auto_field = "django.db.models.BigAutoField"
