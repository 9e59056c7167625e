"""What needs the office: addresses on hold and open problems."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from emails.models.letters import Letter
from emails.models.messages import Message
from emails.models.templates import Kind
from inspections.models import Inspection, Participant, User
from inspections.text import MAX_EMAIL, MAX_NAME


class AddressHold(models.Model):
    """Mail to this address waits until someone acts. Keyed by the canonical form.

    Ours and the mail service's own block are told apart: `there…` is what the service said when it was last asked.
    Allowed but not released: staff said yes, and the mail service has still to let go.
    """

    class There(models.TextChoices):
        """What the mail service says about its own list."""

        OPEN = "open", "Not blocked there"
        BLOCKED = "blocked", "Blocked there too"
        SILENT = "silent", "It did not answer"

    key = models.CharField(max_length=MAX_EMAIL + 64)
    address = models.CharField(max_length=MAX_EMAIL)
    category = models.CharField(max_length=20)
    message = models.ForeignKey(Message, models.SET_NULL, null=True, blank=True, related_name="holds")
    since = models.DateTimeField(default=timezone.now)
    placed_by = models.CharField(max_length=MAX_NAME, blank=True, default="", db_default="", help_text="Staff, if any")
    why = models.CharField(max_length=500, blank=True, default="", db_default="", help_text="In the words of staff")
    allowed_at = models.DateTimeField(null=True, blank=True)
    allowed_by = models.CharField(max_length=MAX_NAME, blank=True, default="", db_default="")
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.CharField(max_length=MAX_NAME, blank=True)
    note = models.CharField(max_length=500, blank=True)
    there = models.CharField(max_length=8, choices=There.choices, blank=True, default="", db_default="")
    there_why = models.CharField(max_length=40, blank=True, default="", db_default="", help_text="The service's word")
    there_since = models.DateTimeField(null=True, blank=True)
    there_at = models.DateTimeField(null=True, blank=True, help_text="When it was asked")
    there_due_at = models.DateTimeField(null=True, blank=True, help_text="When to ask; empty: not now")

    class Meta:
        ordering = ("-since",)
        indexes = (
            models.Index(fields=["-since", "-id"], name="hold_newest", condition=Q(released_at__isnull=True)),
            models.Index(fields=["there_due_at"], name="hold_due", condition=Q(there_due_at__isnull=False)),
        )
        constraints = (
            models.UniqueConstraint(fields=["key"], condition=Q(released_at__isnull=True), name="one_active_hold"),
            models.CheckConstraint(condition=Q(there__in=["", "open", "blocked", "silent"]), name="hold_there_known"),
        )

    def __str__(self) -> str:
        return f"{self.address} held ({self.category})"


class ProblemQuerySet(models.QuerySet["Problem"]):
    """Filters with names."""

    def open(self) -> Self:
        """Not settled."""
        return self.filter(closed_at__isnull=True)

    def on_today(self) -> Self:
        """Open, and not put off to later."""
        return self.open().filter(Q(snoozed_until__isnull=True) | Q(snoozed_until__lte=timezone.now()))


class Problem(models.Model):
    """Someone did not get something: the office's unit of work. Closes by itself when they did."""

    inspection = models.ForeignKey(Inspection, models.CASCADE, related_name="problems")
    participant = models.ForeignKey(Participant, models.CASCADE, null=True, blank=True, related_name="problems")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    letter = models.ForeignKey(Letter, models.CASCADE, null=True, blank=True, related_name="problems")
    message = models.ForeignKey(Message, models.CASCADE, related_name="problems", help_text="The latest that failed")
    category = models.CharField(max_length=20)
    opened_at = models.DateTimeField(default=timezone.now)
    assigned_to = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="problems")
    snoozed_until = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.CharField(max_length=MAX_NAME, blank=True)
    closed_note = models.CharField(max_length=500, blank=True)
    solved_by = models.ForeignKey(Message, models.SET_NULL, null=True, blank=True, related_name="solved")

    objects = ProblemQuerySet.as_manager()

    class Meta:
        ordering = ("inspection__starts_at", "id")
        constraints = (
            models.UniqueConstraint(
                fields=["inspection", "participant", "kind", "letter"],
                condition=Q(closed_at__isnull=True),
                name="one_open_problem",
                nulls_distinct=False,
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} for {self.participant or self.message.to_address}"
