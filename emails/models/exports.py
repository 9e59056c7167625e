"""Files that are prepared in the background: what is asked for, how far it is, and its parts."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from inspections.models import User


class Export(models.Model):
    """One file. It grows part by part, each written together with how far it is, so that a stop loses nothing."""

    class What(models.TextChoices):
        """What is in it."""

        EMAILS = "emails", "Emails that fit, as one table"
        EVERYTHING = "everything", "All tables of the office"

    class State(models.TextChoices):
        """How far it is."""

        WAITING = "waiting", "Being prepared"
        DONE = "done", "Ready"
        CANCELLED = "cancelled", "Canceled"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    by = models.ForeignKey(User, models.CASCADE, related_name="exports")
    created_at = models.DateTimeField(default=timezone.now)
    what = models.CharField(max_length=10, choices=What.choices, default=What.EMAILS, db_default=What.EMAILS)
    filters = models.JSONField(default=dict, help_text="emails.selectors_filters.Filters.stored")
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    up_to = models.BigIntegerField(help_text="Newest message of it; what comes later is not in it")
    table = models.PositiveSmallIntegerField(default=0, db_default=0, help_text="Of everything: the table that is next")
    last_id = models.BigIntegerField(default=0, help_text="Written up to this message, or row of that table")
    total = models.PositiveIntegerField(help_text="Messages or rows when it was asked for")
    written = models.PositiveIntegerField(default=0)
    token = models.UUIDField(null=True, blank=True, help_text="The worker that has it")
    lease_until = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(condition=Q(state__in=["waiting", "done", "cancelled"]), name="export_state_known"),
            models.CheckConstraint(condition=Q(what__in=["emails", "everything"]), name="export_what_known"),
        )

    def __str__(self) -> str:
        return f"Export {self.pk}"


class ExportPart(models.Model):
    """Some lines of the file, or of one of its files."""

    export = models.ForeignKey(Export, models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    file = models.CharField(max_length=100, blank=True, default="", db_default="", help_text="In the ZIP")
    lines = models.TextField()

    class Meta:
        ordering = ("export", "number")
        constraints = (models.UniqueConstraint(fields=["export", "number"], name="export_part_once"),)

    def __str__(self) -> str:
        return f"Part {self.number} of {self.export}"
