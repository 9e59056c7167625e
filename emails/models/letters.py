"""Emails that staff write by hand: drafts until they are sent, then the words that their messages carry."""

import uuid
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from emails.files import size_words
from emails.models.templates import EmailTemplate
from inspections.models import Inspection, Participant, Scope, User, validate_line
from inspections.text import MAX_EMAIL, MAX_NAME


class LetterQuerySet(models.QuerySet["Letter"]):
    """Filters with names."""

    def drafts(self) -> Self:
        """Not sent."""
        return self.filter(sent_at__isnull=True)


class Letter(models.Model):
    """Words with placeholders for people on one inspection. As a draft it may hold anything; sent, it never changes."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    inspection = models.ForeignKey(Inspection, models.PROTECT, related_name="letters")
    author = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="letters")
    template = models.ForeignKey(
        EmailTemplate, models.SET_NULL, null=True, blank=True, related_name="letters", help_text="It began as"
    )
    people = models.ManyToManyField(Participant, blank=True, related_name="letters", help_text="Who is ticked")
    subject = models.TextField(blank=True)
    body = models.TextField(blank=True, help_text="HTML with placeholders")
    scope = models.CharField(
        max_length=10, choices=Scope.choices, default=Scope.EVERYTHING, help_text="What its portal link opens"
    )
    link_expires_at = models.DateTimeField(null=True, blank=True, help_text="Empty: as any link")
    send_at = models.DateTimeField(null=True, blank=True, help_text="Empty: at once")
    other_name = models.CharField(max_length=MAX_NAME, blank=True, default="", db_default="")
    other_email = models.CharField(
        max_length=MAX_EMAIL * 2, blank=True, default="", db_default="", help_text="Somebody else, not yet confirmed"
    )
    revision = models.PositiveIntegerField(default=0, help_text="Counts every save, so that a stale save is noticed")
    saved_in = models.CharField(
        max_length=40, blank=True, default="", db_default="", help_text="The open page that saves it by itself"
    )
    created_at = models.DateTimeField(default=timezone.now)
    saved_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)
    sent_by = models.CharField(max_length=MAX_NAME, blank=True)

    objects = LetterQuerySet.as_manager()

    class Meta:
        ordering = ("-saved_at", "-id")
        constraints = (
            models.CheckConstraint(condition=Q(scope__in=Scope.values), name="letter_scope_known"),
            models.CheckConstraint(condition=Q(sent_at__isnull=True) | ~Q(sent_by=""), name="letter_sent_by"),
        )

    def __str__(self) -> str:
        return self.subject or "(no subject)"

    @property
    def is_forgotten(self) -> bool:
        """It was sent, and its words were removed after their time."""
        return self.sent_at is not None and not self.body


class Attachment(models.Model):
    """A file of a letter: sent along, or (`as_link`) shown in the portal of those who got the letter."""

    letter = models.ForeignKey(Letter, models.CASCADE, related_name="attachments")
    name = models.CharField(max_length=200, validators=[validate_line])
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField(help_text="Bytes")
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()
    as_link = models.BooleanField(default=False)
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return self.name

    @property
    def size_words(self) -> str:
        """`1.2 MB`."""
        return size_words(self.size)
