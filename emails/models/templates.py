"""The words of emails, and the rules that send them."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from inspections.models import Role, validate_line
from inspections.text import MAX_EMAIL, MAX_NAME


class Kind(models.TextChoices):
    """What an email is for."""

    CONFIRMATION = "confirmation", "Confirmation"
    AGREEMENT = "agreement", "Agreement"
    REMINDER = "reminder", "Reminder"
    RESCHEDULED = "rescheduled", "New date"
    CANCELLED = "cancelled", "Cancellation"
    REPORT_READY = "report_ready", "Report ready"
    RECEIPT = "receipt", "Receipt"
    REVIEW_REQUEST = "review_request", "Review request"
    ONE_OFF = "one_off", "Email"


MARKETING = frozenset({Kind.REVIEW_REQUEST})  # may be unsubscribed from; carries the postal address


class Attach(models.TextChoices):
    """What goes out with every email of a template; "" is nothing."""

    SIGNED_AGREEMENT = "signed_agreement", "The signed agreement (PDF)"


class EmailTemplate(models.Model):
    """A named text with placeholders; the words are in its versions."""

    name = models.CharField(max_length=MAX_NAME, unique=True, validators=[validate_line])
    kind = models.CharField(max_length=20, choices=Kind.choices)
    built_in = models.CharField(
        max_length=MAX_NAME, blank=True, default="", db_default="", help_text="The built-in email it began as"
    )
    attach = models.CharField(max_length=20, choices=Attach.choices, blank=True, default="", db_default="")
    revision = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Counts every save and publish, so that a stale save is noticed"
    )

    class Meta:
        ordering = ("name",)
        constraints = (
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="template_kind_known"),
            models.CheckConstraint(condition=Q(attach__in=["", *Attach.values]), name="template_attach_known"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def is_marketing(self) -> bool:
        """Not needed for the inspection itself."""
        return self.kind in MARKETING

    @property
    def current(self) -> "TemplateVersion":
        """The published version. Raises TemplateVersion.DoesNotExist if there is none."""
        return self.versions.filter(published_at__isnull=False).latest("number")


class TemplateVersion(models.Model):
    """One published state of a template's words. The database refuses to change it (its migration has the trigger)."""

    template = models.ForeignKey(EmailTemplate, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    subject = models.CharField(max_length=300)
    preheader = models.CharField(
        max_length=300, blank=True, default="", db_default="", help_text="Shown after the subject in a list of emails"
    )
    body = models.TextField(help_text="HTML with placeholders; the text part is made from it")
    published_at = models.DateTimeField(null=True, blank=True)
    created_by = models.CharField(max_length=MAX_NAME)

    class Meta:
        ordering = ("template", "-number")
        constraints = (models.UniqueConstraint(fields=["template", "number"], name="template_version_once"),)

    def __str__(self) -> str:
        return f"{self.template} v{self.number}"


class TemplateDraft(models.Model):
    """Words that are being written: never sent, and may hold anything."""

    template = models.OneToOneField(EmailTemplate, models.CASCADE, related_name="draft")
    name = models.TextField(blank=True)
    subject = models.TextField(blank=True)
    preheader = models.TextField(blank=True, default="", db_default="")
    body = models.TextField(blank=True)
    attach = models.CharField(max_length=20, choices=Attach.choices, blank=True, default="", db_default="")
    saved_at = models.DateTimeField(default=timezone.now)
    saved_by = models.CharField(max_length=MAX_NAME)

    def __str__(self) -> str:
        return f"Draft of {self.template}"


class OptOut(models.Model):
    """Whoever has this address wants no marketing, until it is ended. It never stops anything else."""

    key = models.CharField(max_length=MAX_EMAIL + 64, help_text="Canonical address, or a digest of one")
    at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=MAX_NAME, blank=True, default="", db_default="")
    note = models.CharField(max_length=300, blank=True, default="", db_default="", help_text="How they asked for it")

    class Meta:
        ordering = ("-at", "-id")
        indexes = (models.Index(fields=["key"], name="opt_out_key"),)
        constraints = (
            models.UniqueConstraint(fields=["key"], condition=Q(ended_at__isnull=True), name="one_standing_opt_out"),
            models.CheckConstraint(condition=Q(ended_at__isnull=True) | ~Q(ended_by=""), name="opt_out_ended_by"),
        )

    def __str__(self) -> str:
        return self.key


class Trigger(models.TextChoices):
    """What makes a rule fire: the type of an inspection's event. Offered once the facts can tell such an event."""

    CONFIRMED = "confirmed", "is confirmed"
    RESCHEDULED = "rescheduled", "is moved"
    CANCELLED = "cancelled", "is canceled"
    COMPLETED = "completed", "is completed"
    REPORT_PUBLISHED = "report_published", "has its report published"
    SIGNED = "signed", "is signed for by a client"
    AGREEMENT_SIGNED = "agreement_signed", "has its agreement signed"
    PAID = "paid", "is paid"


class Unit(models.TextChoices):
    """What an offset counts. A day keeps the hour on the clock, whatever the clocks do that night."""

    HOURS = "hours", "hours"
    DAYS = "days", "days"


class Side(models.TextChoices):
    """On which side of the inspection's beginning."""

    BEFORE = "before", "before"
    AFTER = "after", "after"


class AutomationQuerySet(models.QuerySet["Automation"]):
    """Filters with names."""

    def standing(self) -> Self:
        """Not deleted. Deleted ones are kept: their emails still say which rule sent them."""
        return self.filter(deleted_at=None)

    def timed(self) -> Self:
        """Due some time before or after the inspection."""
        return self.filter(offset__isnull=False)


class Automation(models.Model):
    """A rule: when this happens, send that to these people. With an `offset` it is due around the inspection."""

    name = models.CharField(max_length=MAX_NAME, validators=[validate_line])
    trigger = models.CharField(max_length=20, choices=Trigger.choices)
    template = models.ForeignKey(EmailTemplate, models.PROTECT, related_name="automations")
    roles = models.JSONField(default=list, help_text="Roles of the recipients")
    offset = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Empty: right away")
    unit = models.CharField(max_length=5, choices=Unit.choices, default=Unit.HOURS, db_default=Unit.HOURS)
    side = models.CharField(max_length=6, choices=Side.choices, default=Side.BEFORE, db_default=Side.BEFORE)
    window = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Not later than this many hours before or after the inspection begins"
    )
    window_side = models.CharField(max_length=6, choices=Side.choices, default=Side.BEFORE, db_default=Side.BEFORE)
    quiet_from = models.TimeField(null=True, blank=True, help_text="By the company's clock")
    quiet_until = models.TimeField(null=True, blank=True)
    service = models.CharField(
        max_length=100, blank=True, default="", db_default="", help_text="Only where it is booked"
    )
    first_time = models.BooleanField(default=False, db_default=False, help_text="Only for a first-time client")
    unsigned = models.BooleanField(default=False, db_default=False, help_text="Only while the agreement is not signed")
    unpaid = models.BooleanField(default=False, db_default=False, help_text="Only while some of the fee is due")
    even_if_off = models.BooleanField(default=False, help_text="Goes out even when notifications are off")
    enabled = models.BooleanField(default=True)
    built_in = models.CharField(max_length=MAX_NAME, null=True, blank=True, unique=True, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = AutomationQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(condition=Q(trigger__in=Trigger.values), name="rule_trigger_known"),
            models.UniqueConstraint(fields=["name"], condition=Q(deleted_at=None), name="rule_name_once"),
            models.CheckConstraint(
                condition=Q(offset=None) | Q(trigger=Trigger.CONFIRMED, offset__gt=0), name="rule_offset_from_confirmed"
            ),
            models.CheckConstraint(
                condition=Q(unit__in=Unit.values, side__in=Side.values, window_side__in=Side.values),
                name="rule_timing_known",
            ),
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_until=None)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False) & ~Q(quiet_from=models.F("quiet_until")),
                name="rule_quiet_hours_whole",
            ),
            models.CheckConstraint(condition=Q(deleted_at=None) | Q(enabled=False), name="rule_deleted_is_off"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def role_values(self) -> list[str]:
        """Recipient roles that exist."""
        return [role for role in self.roles if role in Role.values]

    @property
    def is_timed(self) -> bool:
        """Due some time before or after the inspection, not right away."""
        return self.offset is not None
