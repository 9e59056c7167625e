"""What was agreed and what was paid. Rows are added and ended, never changed or deleted."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from inspections.models.doors import PortalLink
from inspections.models.jobs import Agreement, Inspection, Participant
from inspections.models.validators import validate_line
from inspections.text import MAX_NAME


class SignatureQuerySet(models.QuerySet["Signature"]):
    """Filters with names."""

    def standing(self) -> Self:
        """What was signed is still what the inspection is."""
        return self.filter(ended_at__isnull=True)

    def their_own(self) -> Self:
        """Given by the client, as far as anybody knows."""
        return self.filter(disowned_at__isnull=True)


class Signature(models.Model):
    """One client signed one document. Its text is kept as it was shown, with its digest."""

    participant = models.ForeignKey(Participant, models.PROTECT, related_name="signatures")
    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="signatures")
    facts = models.JSONField(help_text="Name, address, time, fee and services as they were")
    text = models.TextField(help_text="The whole document as shown")
    sha256 = models.CharField(max_length=64, help_text="Of the text, hex")
    typed_name = models.CharField(max_length=MAX_NAME)
    signed_at = models.DateTimeField(default=timezone.now)
    ip = models.GenericIPAddressField(null=True, blank=True)
    agent = models.CharField(max_length=500, blank=True, help_text="The browser, as it names itself")
    link = models.ForeignKey(PortalLink, models.SET_NULL, null=True, blank=True, related_name="signatures")
    nonce = models.CharField(max_length=100, unique=True, help_text="Of the form: pressed twice is signed once")
    ended_at = models.DateTimeField(null=True, blank=True, help_text="A new one is needed")
    ended_by = models.CharField(max_length=MAX_NAME, blank=True)
    ended_because = models.JSONField(default=list, blank=True, help_text="Names of the facts that changed")
    disowned_at = models.DateTimeField(null=True, blank=True, help_text="Staff found that somebody else had given it")
    disowned_by = models.CharField(max_length=MAX_NAME, blank=True, default="", db_default="")

    objects = SignatureQuerySet.as_manager()

    class Meta:
        ordering = ("signed_at", "id")
        constraints = (
            models.UniqueConstraint(
                fields=["participant"], condition=Q(ended_at__isnull=True), name="one_standing_signature"
            ),
            models.CheckConstraint(condition=~Q(typed_name=""), name="signature_has_name"),
            models.CheckConstraint(condition=Q(ended_at__isnull=True) | ~Q(ended_by=""), name="signature_ended_by"),
            models.CheckConstraint(
                condition=Q(disowned_at__isnull=True) | (Q(ended_at__isnull=False) & ~Q(disowned_by="")),
                name="signature_disowned_ended",
            ),
        )

    def __str__(self) -> str:
        return f"{self.typed_name}, {self.signed_at:%Y-%m-%d}"

    @property
    def was_somebody_elses(self) -> bool:
        """Staff found that it was not the client who signed."""
        return self.disowned_at is not None


class Method(models.TextChoices):
    """How money came."""

    CARD = "card", "Card"
    CHECK = "check", "Check"
    CASH = "cash", "Cash"
    TRANSFER = "transfer", "Bank transfer"
    OTHER = "other", "Other"


class PaymentQuerySet(models.QuerySet["Payment"]):
    """Filters with names."""

    def standing(self) -> Self:
        """Not taken back."""
        return self.filter(undone_at__isnull=True)


class Payment(models.Model):
    """Money that the office received for an inspection, as a member of staff recorded it."""

    inspection = models.ForeignKey(Inspection, models.PROTECT, related_name="payments")
    amount = models.DecimalField(max_digits=9, decimal_places=2, help_text="US dollars")
    method = models.CharField(max_length=8, choices=Method.choices)
    note = models.CharField(
        max_length=200, blank=True, validators=[validate_line], help_text="Check number and the like"
    )
    recorded_at = models.DateTimeField(default=timezone.now)
    recorded_by = models.CharField(max_length=MAX_NAME)
    nonce = models.CharField(max_length=100, null=True, blank=True, unique=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.CharField(max_length=MAX_NAME, blank=True)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        ordering = ("recorded_at", "id")
        constraints = (
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_is_positive"),
            models.CheckConstraint(condition=Q(method__in=Method.values), name="payment_method_known"),
        )

    def __str__(self) -> str:
        return f"${self.amount:,.2f}, {self.get_method_display()}"
