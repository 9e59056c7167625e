"""People whose data was deleted: who did it and when, never whom."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from inspections.models import Contact
from inspections.text import MAX_EMAIL, MAX_NAME


class Erasure(models.Model):
    """A tombstone. `digests` tell late news of the person's addresses apart; they cannot be read back.

    `needles` are what is still being looked for in raw posts and in other people's emails. They go when that is done.
    """

    contact = models.OneToOneField(Contact, models.PROTECT, related_name="erasure")
    at = models.DateTimeField(default=timezone.now)
    by = models.CharField(max_length=MAX_NAME)
    messages = models.PositiveIntegerField(default=0, help_text="Emails whose text and address went")
    digests = ArrayField(models.CharField(max_length=64), default=list)
    needles = ArrayField(models.CharField(max_length=MAX_EMAIL), default=list)
    posts_up_to = models.BigIntegerField(default=0, help_text="The newest raw post when it was asked for")
    posts_done = models.BigIntegerField(default=0, help_text="Raw posts are looked through up to this one")
    done_at = models.DateTimeField(null=True, blank=True, help_text="Nothing of it is left to do")

    class Meta:
        ordering = ("-at", "-id")
        indexes = (models.Index(fields=["-at"], name="erasure_newest"),)
        constraints = (
            models.CheckConstraint(condition=Q(done_at__isnull=True) | Q(needles=[]), name="erasure_forgets_needles"),
        )

    def __str__(self) -> str:
        return f"Deletion {self.pk}"
