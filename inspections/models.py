"""The facts: who, which house, when. Knows nothing of email.

Every change of a fact goes through `inspections.services`, which keeps an `InspectionEvent` beside it.
"""

import hashlib
from datetime import timedelta
from typing import Any, ClassVar, Self
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Lower
from django.utils import timezone

from inspections import searching
from inspections.text import MAX_EMAIL, MAX_NAME, BadText, canonical, email_address, single_line


def validate_line(value: str) -> None:
    """Refuse text that would break a header or hide something."""
    try:
        single_line(value, limit=10_000)
    except BadText as problem:
        raise ValidationError(str(problem)) from None


def validate_address(value: str) -> None:
    """Refuse what is not exactly one deliverable-looking email address."""
    try:
        email_address(value)
    except BadText as problem:
        raise ValidationError(str(problem)) from None


def validate_zone(value: str) -> None:
    """Refuse a time zone that this machine does not know."""
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ValidationError(f"There is no time zone “{value}”.") from None


class UserManager(BaseUserManager["User"]):
    """Makes staff accounts; the email address is the name."""

    use_in_migrations = True

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A member of the office."""
        user = self.model(email=canonical(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """An owner: may change settings and people's access."""
        return self.create_user(email, password, **{"is_staff": True, "is_superuser": True} | fields)


class User(AbstractUser):
    """A member of the office. Superusers are owners."""

    username = None  # type: ignore[assignment] # people sign in with their address
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    email = models.EmailField("email address", unique=True, max_length=MAX_EMAIL)
    name = models.CharField(max_length=MAX_NAME, blank=True, validators=[validate_line])
    shortcuts = models.BooleanField("keyboard shortcuts", default=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    class Meta:
        constraints = (models.UniqueConstraint(Lower("email"), name="user_email_once"),)

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        """What colleagues call this person."""
        return str(self)

    def get_short_name(self) -> str:
        """First word of the name."""
        return str(self).split(" ", maxsplit=1)[0]

    @property
    def is_owner(self) -> bool:
        """Owners may change settings."""
        return self.is_superuser


class Company(models.Model):
    """The office itself: one row."""

    name = models.CharField(max_length=MAX_NAME, validators=[validate_line])
    phone = models.CharField(max_length=40, blank=True, validators=[validate_line])
    time_zone = models.CharField(max_length=64, default="America/Chicago", validators=[validate_zone])
    sender_name = models.CharField(max_length=MAX_NAME, blank=True, validators=[validate_line])
    sender_email = models.CharField(max_length=MAX_EMAIL, validators=[validate_address])
    reply_to = models.CharField(max_length=MAX_EMAIL, blank=True, validators=[validate_address])
    notifications = models.BooleanField("emails are on for new inspections", default=True)

    class Meta:
        verbose_name_plural = "company"
        constraints = (models.CheckConstraint(condition=Q(pk=1), name="one_company"),)

    def __str__(self) -> str:
        return self.name

    @classmethod
    def get(cls) -> Self:
        """The one row, made on first use."""
        company, _ = cls.objects.get_or_create(
            pk=1, defaults={"name": "Your inspection company", "sender_email": "office@example.com"}
        )
        return company

    @property
    def zone(self) -> ZoneInfo:
        """Time zone that every page and email uses."""
        return ZoneInfo(self.time_zone)


class ContactQuerySet(models.QuerySet["Contact"]):
    """Filters with names."""

    def search(self, text: str) -> Self:
        """Every word of `text` begins a word of the name or address, or a part of the phone number."""
        found = self
        for word in searching.words(text):
            found = found.filter(search=searching.starting_with(word))
        return found if searching.words(text) or not text.strip() else self.none()


class Contact(models.Model):
    """A person with one current email address; agents recur on many inspections."""

    name = models.CharField(max_length=MAX_NAME, validators=[validate_line])
    email = models.CharField(max_length=MAX_EMAIL, blank=True, help_text="As typed, even if it cannot receive mail")
    email_key = models.CharField(max_length=MAX_EMAIL + 64, blank=True, db_index=True, editable=False)
    phone = models.CharField(max_length=40, blank=True, validators=[validate_line])
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    search = models.GeneratedField(
        expression=searching.vector("name", "email", "phone", *searching.phone_tails("phone")),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = ContactQuerySet.as_manager()

    class Meta:
        indexes = (GinIndex(fields=["search"], name="contact_search"),)
        constraints = (models.CheckConstraint(condition=~Q(name=""), name="contact_has_name"),)

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the comparison key beside the address."""
        self.email_key = canonical(self.email)
        super().save(*args, **kwargs)


class ContactChange(models.Model):
    """Who changed what about a person, when; the address history."""

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="changes")
    field = models.CharField(max_length=20)
    old = models.CharField(max_length=MAX_EMAIL, blank=True)
    new = models.CharField(max_length=MAX_EMAIL, blank=True)
    by = models.CharField(max_length=MAX_NAME)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-at", "-id")

    def __str__(self) -> str:
        return f"{self.field}: {self.old} → {self.new}"


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

    def search(self, text: str) -> Self:
        """Every word of `text` begins a word of the inspection's facts or of one of its people, past ones too."""
        words = sorted(searching.words(text), key=len, reverse=True)
        if not words:
            return self.none() if text.strip() else self
        # The longest word is likely the rarest: the indexes find it, and the others are looked up only there.
        return self.filter(*(_knows(word) for word in words[1:]), pk__in=_with_word(words[0]))


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
        CONTACT_CHANGED = "contact_changed", "Contact details changed"
        LINK_MADE = "link_made", "Portal link made"
        LINK_REVOKED = "link_revoked", "Portal link switched off"
        PORTAL_VISITED = "portal_visited", "Client portal opened"

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
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects = PortalLinkQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="portal_link_lives_some_time"),
        )

    def __str__(self) -> str:
        return f"link for {self.participant} ({self.purpose})"

    @property
    def is_active(self) -> bool:
        """Opens the portal now."""
        return self.revoked_at is None and self.expires_at > timezone.now()


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
