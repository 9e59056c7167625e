"""What the classifier got wrong, as staff say: kept as examples to measure it by."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from emails.models.messages import Message
from inspections.text import MAX_NAME


class WrongReason(models.Model):
    """A server's words and the category that staff chose for them. Personal addresses are masked.

    Withdrawn by Undo or replaced by a later word about the same message, it is kept and no longer counts.
    """

    message = models.ForeignKey(Message, models.SET_NULL, null=True, blank=True, related_name="wrong_reasons")
    smtp_reply = models.TextField(blank=True, help_text="The server's words, addresses masked")
    provider = models.CharField(max_length=20, blank=True)
    event = models.CharField(max_length=20, blank=True, help_text="Event type as Anymail names it")
    reject_reason = models.CharField(max_length=20, blank=True)
    enhanced_code = models.CharField(max_length=20, blank=True)
    old = models.CharField(max_length=20, help_text="The category that was shown")
    label = models.CharField(max_length=20, help_text="The category that staff chose")
    rule = models.CharField(max_length=80, blank=True, help_text="What had decided")
    note = models.CharField(max_length=500, blank=True)
    by = models.CharField(max_length=MAX_NAME)
    at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=["message"], condition=Q(withdrawn_at__isnull=True), name="one_word_about_a_reason"
            ),
        )

    def __str__(self) -> str:
        return f"{self.old} → {self.label}"
