"""The two ways out of the house and back: the channel to the mail service, its posts to us, keys to our API."""

import secrets
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from inspections.models import validate_line
from inspections.text import MAX_NAME


class WebhookPost(models.Model):
    """A provider's post as it came. Answered 200 because this row is committed; read by a worker afterwards."""

    class State(models.TextChoices):
        """How far we are with it."""

        NEW = "new", "Waiting to be read"
        DONE = "done", "Read"
        SPLIT = "split", "Read one by one"
        POISON = "poison", "Could not be read"

    provider = models.CharField(max_length=20)
    received_at = models.DateTimeField(default=timezone.now, db_index=True)
    body = models.BinaryField()
    headers = models.JSONField(default=dict)
    query = models.CharField(max_length=500, blank=True)
    sha256 = models.CharField(max_length=64)
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="parts")
    state = models.CharField(max_length=6, choices=State.choices, default=State.NEW)
    error = models.CharField(max_length=500, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        indexes = (
            models.Index(fields=["id"], name="post_new", condition=Q(state="new")),
            models.Index(fields=["-id"], name="post_poison", condition=Q(state="poison")),
        )
        constraints = (
            models.CheckConstraint(condition=Q(state__in=["new", "done", "split", "poison"]), name="post_state_known"),
            # The same mail, read again after the mailbox was renumbered, is kept once.
            models.UniqueConstraint(fields=["sha256"], condition=Q(provider="smtp"), name="mail_once"),
        )

    def __str__(self) -> str:
        return f"{self.provider} post {self.pk}"


class Channel(models.Model):
    """The way to the mail service: one row. Paused, every message stays queued and none is lost."""

    paused_until = models.DateTimeField(null=True, blank=True, help_text="Empty and a reason: until a person resumes")
    paused_reason = models.CharField(max_length=500, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    trouble_since = models.DateTimeField(null=True, blank=True, help_text="Nothing was taken since this first pause")
    worker_seen_at = models.DateTimeField(null=True, blank=True)
    last_accepted_at = models.DateTimeField(null=True, blank=True)
    doubts = models.PositiveSmallIntegerField(
        default=0, help_text="Doubtful sends lately; emails.channel has the limit"
    )
    doubts_since = models.DateTimeField(null=True, blank=True)
    brakes = models.BooleanField(
        default=False, db_default=False, help_text="Practice mode: the breaker works as in earnest"
    )

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(pk=1), name="one_channel"),)

    def __str__(self) -> str:
        return "paused" if self.paused_reason else "open"

    @classmethod
    def get(cls) -> Self:
        """The one row, made on first use."""
        channel, _ = cls.objects.get_or_create(pk=1)
        return channel

    @property
    def is_paused(self) -> bool:
        """Nothing may leave now."""
        return bool(self.paused_reason) and (self.paused_until is None or self.paused_until > timezone.now())


class ApiKey(models.Model):
    """A key for `/api/v1/`; only its hash is kept."""

    PREFIX_LENGTH: ClassVar[int] = 6
    name = models.CharField(max_length=MAX_NAME, validators=[validate_line])
    prefix = models.CharField(max_length=6, help_text="First characters, to recognise it by")
    key_hash = models.CharField(max_length=64, unique=True, help_text="SHA-256, hex")
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.CharField(max_length=MAX_NAME)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.name


def new_nonce() -> str:
    """A value for a form that must count once, however often it is pressed."""
    return secrets.token_urlsafe(16)
