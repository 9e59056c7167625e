"""What the office decided about its own desk, and the daily summaries that it was sent."""

from typing import Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from inspections.models import User


class Desk(models.Model):
    """One row: the daily summary, and how long emails are kept."""

    digest_on = models.BooleanField(default=False)
    digest_hour = models.PositiveSmallIntegerField(default=7, validators=[MaxValueValidator(23)])
    digest_to = models.ManyToManyField(User, blank=True, related_name="+")
    keep_texts_days = models.PositiveIntegerField(default=90, validators=[MinValueValidator(1)])
    keep_records_days = models.PositiveIntegerField(default=730, validators=[MinValueValidator(1)])

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(pk=1), name="one_desk"),
            models.CheckConstraint(condition=Q(digest_hour__lte=23), name="desk_hour_of_day"),
            models.CheckConstraint(
                condition=Q(keep_texts_days__gte=1, keep_records_days__gte=models.F("keep_texts_days")),
                name="desk_keeps_records_longer",
            ),
        )

    def __str__(self) -> str:
        return "Desk"

    @classmethod
    def get(cls) -> Self:
        """The one row, made on first use."""
        return cls.objects.get_or_create(pk=1)[0]


class Digest(models.Model):
    """The daily summary of one day for one colleague. The row is there before it is sent: never twice."""

    class State(models.TextChoices):
        """Where it stands."""

        WAITING = "waiting", "Waiting to be sent"
        SENDING = "sending", "Being sent"
        SENT = "sent", "Sent"
        FAILED = "failed", "Not sent"
        UNKNOWN = "unknown", "Not sure it left"

    day = models.DateField(help_text="The company's day")
    user = models.ForeignKey(User, models.CASCADE, related_name="digests")
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    send_after = models.DateTimeField(default=timezone.now)
    tries = models.PositiveSmallIntegerField(default=0)
    token = models.UUIDField(null=True, blank=True, help_text="The worker that has it")
    lease_until = models.DateTimeField(null=True, blank=True)
    words = models.TextField(blank=True, help_text="The mail service's words, when it refused")
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-day", "user")
        constraints = (
            models.UniqueConstraint(fields=["day", "user"], name="one_digest_a_day"),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "sending", "sent", "failed", "unknown"]), name="digest_state_known"
            ),
        )

    def __str__(self) -> str:
        return f"Summary of {self.day} for {self.user}"
