"""Ways in: secret links for clients, files for the office."""

from typing import Self
from uuid import UUID

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from inspections.models.jobs import Participant
from inspections.models.staff import User


class Scope(models.TextChoices):
    """What a link opens; `inspections.grants` says what that is for whom."""

    EVERYTHING = "everything", "Everything their role may see"
    SIGN_PAY = "sign_pay", "Sign & pay"
    DETAILS = "details", "Details only"
    REPORT = "report", "Report only"


class PortalLinkQuerySet(models.QuerySet["PortalLink"]):
    """Filters with names."""

    def active(self) -> Self:
        """Neither revoked nor expired."""
        return self.filter(revoked_at__isnull=True, expires_at__gt=timezone.now())


class PortalLink(models.Model):
    """A secret link to the portal, for one participant. Only a hash of the secret is kept."""

    participant = models.ForeignKey(Participant, models.CASCADE, related_name="portal_links")
    token_hash = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the token, hex")
    purpose = models.CharField(max_length=40, help_text="Which email or copy it was made for")
    scope = models.CharField(
        max_length=10, choices=Scope.choices, default=Scope.EVERYTHING, db_default=Scope.EVERYTHING
    )
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    arrived_at = models.DateTimeField(null=True, blank=True, help_text="When its email reached the recipient's server")
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects = PortalLinkQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="portal_link_lives_some_time"),
            models.CheckConstraint(condition=Q(scope__in=Scope.values), name="portal_link_scope_known"),
        )

    def __str__(self) -> str:
        return f"link for {self.participant} ({self.purpose})"

    @property
    def is_an_emails(self) -> bool:
        """Made for one email, whose name it has as its purpose."""
        try:
            return bool(UUID(self.purpose))
        except ValueError:
            return False

    @property
    def is_active(self) -> bool:
        """Opens the portal now."""
        left = self.participant.removed_at is not None  # their links are switched off too; this needs no other step
        return self.revoked_at is None and self.expires_at > timezone.now() and not left


class ImportUpload(models.Model):
    """A CSV file between its check and its import. It holds personal data: the bytes go when it is imported."""

    name = models.CharField(max_length=255)
    content = models.BinaryField()
    by = models.ForeignKey(User, models.CASCADE, related_name="uploads")
    created_at = models.DateTimeField(default=timezone.now)
    done = models.PositiveIntegerField(default=0, help_text="How many of its inspections were handled")
    running_since = models.DateTimeField(null=True, blank=True, help_text="Somebody's request works on it")
    finished_at = models.DateTimeField(null=True, blank=True)
    result = models.JSONField(default=dict, blank=True, help_text="Counts and refused lines so far")

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                condition=Q(finished_at__isnull=True) | Q(running_since__isnull=True), name="import_finished_or_running"
            ),
        )

    def __str__(self) -> str:
        return self.name
