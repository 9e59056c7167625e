"""Inspections, who is on them, and what happened."""

import hashlib
from datetime import timedelta
from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from inspections import searching
from inspections.models.contacts import Contact
from inspections.models.validators import validate_line
from inspections.text import MAX_NAME


class Agreement(models.Model):
    """One version of the agreement text; a published version never changes."""

    version = models.PositiveIntegerField(unique=True)
    title = models.CharField(max_length=MAX_NAME, validators=[validate_line])
    body = models.TextField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("-version",)

    def __str__(self) -> str:
        return f"{self.title}, version {self.version}"

    @property
    def sha256(self) -> str:
        """Hex digest of the text, for evidence."""
        return hashlib.sha256(self.body.encode()).hexdigest()


class InspectionStatus(models.TextChoices):
    """Life of an inspection."""

    REQUESTED = "requested", "Not confirmed"
    CONFIRMED = "confirmed", "Confirmed"
    COMPLETED = "completed", "Completed"
    CANCELLED = "cancelled", "Canceled"


class InspectionQuerySet(models.QuerySet["Inspection"]):
    """Filters with names."""

    def open(self) -> Self:
        """Not cancelled, and not over for more than 30 days: a correction still matters there."""
        horizon = timezone.now() - timedelta(days=30)
        return self.exclude(status=InspectionStatus.CANCELLED).filter(starts_at__gte=horizon)

    def upcoming(self) -> Self:
        """Still to take place."""
        return self.filter(starts_at__gte=timezone.now()).exclude(status=InspectionStatus.CANCELLED)

    def unsigned(self) -> Self:
        """Some client has yet to sign, or to sign again."""
        return self.filter(agreement__isnull=False).filter(Exists(clients_to_sign(OuterRef("pk"))))

    def with_paid(self) -> Self:
        """With what was paid, as `paid_amount`."""
        paid = Subquery(
            Inspection.objects.filter(pk=OuterRef("pk"))
            .order_by()
            .values(sum=Sum("payments__amount", filter=Q(payments__undone_at__isnull=True)))
        )
        return self.annotate(paid_amount=Coalesce(paid, 0, output_field=models.DecimalField()))

    def unpaid(self) -> Self:
        """Some of the fee is due."""
        return self.with_paid().filter(fee__gt=F("paid_amount"))

    def search(self, text: str) -> Self:
        """Every word of `text` begins a word of the inspection's facts or of one of its people, past ones too."""
        words = sorted(searching.words(text), key=len, reverse=True)
        if not words:
            return self.none() if text.strip() else self
        # The longest word is likely the rarest: the indexes find it, and the others are looked up only there.
        return self.filter(*(_knows(word) for word in words[1:]), pk__in=_with_word(words[0]))


def clients_to_sign(inspection: Any) -> "ParticipantQuerySet":
    """The clients of an inspection (an id, or a reference to one) who have no standing signature."""
    clients = Participant.objects.current().filter(inspection=inspection, role=Role.CLIENT)
    # By its name: the model stands above this one.
    return clients.exclude(
        pk__in=Participant.objects.filter(signatures__ended_at__isnull=True, signatures__isnull=False)
    )


def _knows(word: str) -> Q:
    prefix = searching.starting_with(word)
    person = Participant.objects.filter(inspection=OuterRef("pk"), contact__search=prefix)
    return Q(search=prefix) | Q(Exists(person)) | Q(pk__in=_numbered(word))


def _with_word(word: str) -> models.QuerySet[Any, Any]:
    """Ids of inspections that know `word`. A UNION, because PostgreSQL uses no index for an OR over two tables."""
    prefix = searching.starting_with(word)
    own = Inspection.objects.filter(search=prefix).order_by().values("pk")
    people = Participant.objects.filter(contact__search=prefix).order_by().values("inspection_id")
    return own.union(people, _numbered(word))


def _numbered(word: str) -> models.QuerySet[Any, Any]:
    """Ids of inspections that are called “#12” on the phone."""
    number = int(word) if word.isdecimal() and len(word) < 16 else 0
    return Inspection.objects.filter(pk=number, external_id__isnull=True).order_by().values("pk")


class Inspection(models.Model):
    """One job at one house."""

    # NULL is "has none"; "" would be the same number for all.
    external_id = models.CharField(max_length=100, null=True, blank=True, unique=True, validators=[validate_line])
    address = models.CharField(max_length=300, validators=[validate_line])
    starts_at = models.DateTimeField(db_index=True)
    inspector = models.CharField(max_length=MAX_NAME, blank=True, validators=[validate_line])
    fee = models.DecimalField(max_digits=9, decimal_places=2, null=True, blank=True)
    services = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    notifications = models.BooleanField(default=True)
    status = models.CharField(
        max_length=10, choices=InspectionStatus.choices, default=InspectionStatus.REQUESTED, db_index=True
    )
    confirmed_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    report_published_at = models.DateTimeField(null=True, blank=True)
    report_url = models.URLField(max_length=500, blank=True)
    agreement = models.ForeignKey(Agreement, models.PROTECT, null=True, blank=True, related_name="inspections")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    search = models.GeneratedField(
        expression=searching.vector("address", "external_id", "inspector"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = InspectionQuerySet.as_manager()

    class Meta:
        ordering = ("starts_at", "id")
        indexes = (GinIndex(fields=["search"], name="inspection_search"),)
        constraints = (
            models.CheckConstraint(condition=Q(status__in=InspectionStatus.values), name="inspection_status_known"),
            models.CheckConstraint(condition=Q(fee__isnull=True) | Q(fee__gte=0), name="inspection_fee_not_negative"),
            models.CheckConstraint(
                condition=~Q(status__in=["confirmed", "completed"]) | Q(confirmed_at__isnull=False),
                name="inspection_confirmed_has_time",
            ),
            models.CheckConstraint(condition=~Q(address=""), name="inspection_has_address"),
        )

    def __str__(self) -> str:
        return self.address

    @property
    def number(self) -> str:
        """What people call it on the phone."""
        return self.external_id or f"#{self.pk}"

    @property
    def is_open(self) -> bool:
        """Emails about it still make sense."""
        return self.status != InspectionStatus.CANCELLED


class Role(models.TextChoices):
    """What a person is to an inspection."""

    CLIENT = "client", "Client"
    BUYER_AGENT = "buyer_agent", "Buyer’s agent"
    SELLER_AGENT = "seller_agent", "Seller’s agent"
    COORDINATOR = "coordinator", "Transaction coordinator"
    OTHER = "other", "Someone else"


class ParticipantQuerySet(models.QuerySet["Participant"]):
    """Filters with names."""

    def current(self) -> Self:
        """Not taken off the inspection."""
        return self.filter(removed_at__isnull=True)


class Participant(models.Model):
    """A person on an inspection, in a role."""

    inspection = models.ForeignKey(Inspection, models.CASCADE, related_name="participants")
    contact = models.ForeignKey(Contact, models.PROTECT, related_name="participations")
    role = models.CharField(max_length=12, choices=Role.choices)
    removed_at = models.DateTimeField(null=True, blank=True, help_text="Taken off; kept because emails went to them")

    objects = ParticipantQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=["inspection", "contact", "role"], name="participant_once"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="participant_role_known"),
        )

    def __str__(self) -> str:
        return f"{self.contact} ({self.get_role_display()})"

    @property
    def name(self) -> str:
        """The person's current name."""
        return self.contact.name

    @property
    def email(self) -> str:
        """The person's current address, perhaps empty."""
        return self.contact.email


class InspectionEvent(models.Model):
    """A fact that happened to an inspection, for the timeline and for whoever listens to `inspection_event`."""

    class Type(models.TextChoices):
        """What happened."""

        CREATED = "created", "Inspection added"
        UPDATED = "updated", "Details changed"
        CONFIRMED = "confirmed", "Inspection confirmed"
        RESCHEDULED = "rescheduled", "Inspection moved"
        CANCELLED = "cancelled", "Inspection canceled"
        COMPLETED = "completed", "Inspection completed"
        REPORT_PUBLISHED = "report_published", "Report published"
        NOTIFICATIONS_ON = "notifications_on", "Emails switched on"
        NOTIFICATIONS_OFF = "notifications_off", "Emails switched off"
        PERSON_ADDED = "person_added", "Person added"
        PERSON_REMOVED = "person_removed", "Person taken off"
        ROLE_CHANGED = "role_changed", "Role changed"
        CONTACT_CHANGED = "contact_changed", "Contact details changed"
        LINK_MADE = "link_made", "Portal link made"
        LINK_REVOKED = "link_revoked", "Portal link switched off"
        PORTAL_VISITED = "portal_visited", "Client portal opened"
        SIGNED = "signed", "Agreement signed"
        AGREEMENT_SIGNED = "agreement_signed", "Agreement signed by every client"
        SIGNATURE_ENDED = "signature_ended", "Agreement needs a new signature"
        DISOWNED = "disowned", "Somebody else had signed"
        PAYMENT = "payment", "Payment recorded"
        PAYMENT_UNDONE = "payment_undone", "Payment taken back"
        PAID = "paid", "Paid in full"
        REPORT_OPENED = "report_opened", "Report opened"
        NOT_ME = "not_me", "“That’s not me” pressed"
        LINK_ASKED = "link_asked", "New link asked for"
        AUTOMATIC = "automatic", "Automatic visit"

    inspection = models.ForeignKey(Inspection, models.CASCADE, related_name="events")
    participant = models.ForeignKey(Participant, models.SET_NULL, null=True, blank=True, related_name="events")
    type = models.CharField(max_length=20, choices=Type.choices)
    at = models.DateTimeField(default=timezone.now)
    by = models.CharField(max_length=MAX_NAME, help_text="Name of the staff member, API key or import")
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ("at", "id")
        indexes = (models.Index(fields=["inspection", "at"], name="inspection_event_time"),)
        constraints = (models.CheckConstraint(condition=~Q(by=""), name="inspection_event_has_actor"),)

    def __str__(self) -> str:
        return self.get_type_display()
