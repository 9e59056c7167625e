"""What needs the office: addresses on hold and open problems."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from emails.models.messages import Message
from emails.models.templates import Kind
from inspections.models import Inspection, Participant, User
from inspections.text import MAX_EMAIL, MAX_NAME


class AddressHold(models.Model):
    """Mail to this address waits until someone acts. Keyed by the canonical form."""

    key = models.CharField(max_length=MAX_EMAIL + 64)
    address = models.CharField(max_length=MAX_EMAIL)
    category = models.CharField(max_length=20)
    message = models.ForeignKey(Message, models.SET_NULL, null=True, blank=True, related_name="holds")
    since = models.DateTimeField(default=timezone.now)
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.CharField(max_length=MAX_NAME, blank=True)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("-since",)
        constraints = (
            models.UniqueConstraint(fields=["key"], condition=Q(released_at__isnull=True), name="one_active_hold"),
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
                fields=["inspection", "participant", "kind"],
                condition=Q(closed_at__isnull=True),
                name="one_open_problem",
                nulls_distinct=False,
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} for {self.participant or self.message.to_address}"
