"""What the delivery remembers: messages, what happened to them, raw webhook posts, held addresses, open problems.

`Message.status` is written by `emails.activity` alone.
"""

import secrets
import uuid
from functools import reduce
from operator import and_
from typing import ClassVar, Self

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from emails.states import CANCELLABLE, HOLD_REASONS, IN_OUR_HANDS, SKIP_REASONS, UNFINISHED, Status
from inspections import searching
from inspections.models import Inspection, Participant, Role, validate_line
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


class EmailTemplate(models.Model):
    """A named text with placeholders; the words are in its versions."""

    name = models.CharField(max_length=MAX_NAME, unique=True, validators=[validate_line])
    kind = models.CharField(max_length=20, choices=Kind.choices)

    class Meta:
        ordering = ("name",)
        constraints = (models.CheckConstraint(condition=Q(kind__in=Kind.values), name="template_kind_known"),)

    def __str__(self) -> str:
        return self.name

    @property
    def current(self) -> "TemplateVersion":
        """The published version. Raises TemplateVersion.DoesNotExist if there is none."""
        return self.versions.filter(published_at__isnull=False).latest("number")


class TemplateVersion(models.Model):
    """One state of a template's words; a published one never changes."""

    template = models.ForeignKey(EmailTemplate, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    subject = models.CharField(max_length=300)
    body = models.TextField(help_text="HTML with placeholders; the text part is made from it")
    published_at = models.DateTimeField(null=True, blank=True)
    created_by = models.CharField(max_length=MAX_NAME)

    class Meta:
        ordering = ("template", "-number")
        constraints = (models.UniqueConstraint(fields=["template", "number"], name="template_version_once"),)

    def __str__(self) -> str:
        return f"{self.template} v{self.number}"


class Trigger(models.TextChoices):
    """What makes an automation fire."""

    CONFIRMED = "confirmed", "is confirmed"
    RESCHEDULED = "rescheduled", "is moved"
    CANCELLED = "cancelled", "is canceled"
    COMPLETED = "completed", "is completed"
    REPORT_PUBLISHED = "report_published", "has its report published"


class Automation(models.Model):
    """A rule: when this happens, send that to these people."""

    name = models.CharField(max_length=MAX_NAME, unique=True, validators=[validate_line])
    trigger = models.CharField(max_length=20, choices=Trigger.choices)
    template = models.ForeignKey(EmailTemplate, models.PROTECT, related_name="automations")
    roles = models.JSONField(default=list, help_text="Roles of the recipients")
    hours_before = models.PositiveIntegerField(
        null=True, blank=True, help_text="Due this long before the inspection starts; empty: right away"
    )
    even_if_off = models.BooleanField(default=False, help_text="Goes out even when notifications are off")
    enabled = models.BooleanField(default=True)

    class Meta:
        ordering = ("id",)
        constraints = (models.CheckConstraint(condition=Q(trigger__in=Trigger.values), name="rule_trigger_known"),)

    def __str__(self) -> str:
        return self.name

    @property
    def role_values(self) -> list[str]:
        """Recipient roles that exist."""
        return [role for role in self.roles if role in Role.values]


class MessageQuerySet(models.QuerySet["Message"]):
    """Filters with names."""

    def due(self) -> Self:
        """Waiting, and their time has come, by the database's clock."""
        return self.filter(status=Status.QUEUED, send_after__lte=models.functions.Now())

    def expired(self) -> Self:
        """In a worker's hands for longer than its lease."""
        return self.filter(
            status__in=[Status.CLAIMED, Status.SENDING], lease_until__lt=models.functions.Now()
        )

    def unfinished(self) -> Self:
        """More is to be heard of them."""
        return self.filter(status__in=UNFINISHED)

    def with_people(self) -> Self:
        """All that a row of a list shows."""
        return self.select_related("inspection", "participant__contact", "template_version__template", "rule")

    def search(self, text: str) -> Self:
        """Every word of `text` begins a word of the address, name, subject or property (see `emails.searching`)."""
        words = searching.words(text)
        if not words:
            return self.none() if text.strip() else self
        return self.filter(search=reduce(and_, map(searching.starting_with, words)))


class Message(models.Model):
    """One email to one recipient. A resend is another message with the same `root`.

    Rows that were never sent (`skipped`, `held`, `cancelled`) are messages too: they say why.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Our name for it at the provider")
    inspection = models.ForeignKey(Inspection, models.PROTECT, related_name="messages")
    participant = models.ForeignKey(Participant, models.PROTECT, null=True, blank=True, related_name="messages")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    rule = models.ForeignKey(Automation, models.SET_NULL, null=True, blank=True, related_name="messages")
    template = models.ForeignKey(EmailTemplate, models.PROTECT, null=True, blank=True, related_name="messages")
    template_version = models.ForeignKey(TemplateVersion, models.PROTECT, null=True, blank=True, related_name="+")
    # One firing of a rule for one person leaves exactly one row, however often it is told.
    firing = models.CharField(max_length=120, null=True, blank=True, unique=True)  # noqa: DJ001 - NULL: not from a rule

    to_name = models.CharField(max_length=MAX_NAME, blank=True)
    to_address = models.CharField(max_length=MAX_EMAIL, blank=True)
    to_key = models.CharField(max_length=MAX_EMAIL + 64, blank=True, help_text="Canonical form of to_address")

    status = models.CharField(max_length=12, default=Status.QUEUED)
    reason = models.CharField(max_length=20, blank=True, help_text="Why it is skipped or held")
    category = models.CharField(max_length=20, blank=True, help_text="Why it did not arrive")
    decided_by = models.CharField(max_length=80, blank=True, help_text="Rule of the classifier that chose the category")
    note = models.CharField(max_length=500, blank=True, help_text="Detail for the sentence: a placeholder, a name")

    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.CharField(max_length=MAX_NAME)
    send_after = models.DateTimeField(default=timezone.now)
    undo_until = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(default=timezone.now, help_text="Last change of status")

    root = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="family")
    resend_of = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="resends")
    nonce = models.CharField(max_length=100, null=True, blank=True, unique=True)  # noqa: DJ001 - NULL: no form

    token = models.UUIDField(null=True, blank=True, help_text="The worker that has it")
    lease_until = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)

    provider = models.CharField(max_length=20, blank=True)
    provider_message_id = models.CharField(max_length=200, blank=True)
    from_header = models.CharField(max_length=500, blank=True)
    reply_to = models.CharField(max_length=MAX_EMAIL, blank=True)
    subject = models.CharField(max_length=500, blank=True)
    html = models.TextField(blank=True, help_text="As sent, the secret part of links masked")
    text = models.TextField(blank=True, help_text="As sent, the secret part of links masked")
    has_link = models.BooleanField(default=False, help_text="A working portal link was in HTML and text")

    opened_at = models.DateTimeField(null=True, blank=True)
    clicked_at = models.DateTimeField(null=True, blank=True)
    auto_reply = models.CharField(max_length=200, blank=True)
    search = SearchVectorField(null=True, editable=False)

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes = (
            models.Index(fields=["send_after", "id"], name="message_due", condition=Q(status=Status.QUEUED)),
            models.Index(
                fields=["lease_until"], name="message_leased", condition=Q(status__in=[Status.CLAIMED, Status.SENDING])
            ),
            models.Index(fields=["status", "-id"], name="message_status"),
            models.Index(fields=["inspection", "id"], name="message_inspection"),
            models.Index(fields=["to_key", "-id"], name="message_to"),
            models.Index(fields=["-created_at", "-id"], name="message_newest"),
            GinIndex(fields=["search"], name="message_search"),
        )
        constraints = (
            models.CheckConstraint(condition=Q(status__in=list(Status)), name="message_status_known"),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="message_kind_known"),
            models.CheckConstraint(
                condition=~Q(status=Status.SKIPPED) | Q(reason__in=sorted(SKIP_REASONS)), name="skipped_says_why"
            ),
            models.CheckConstraint(
                condition=~Q(status=Status.HELD) | Q(reason__in=sorted(HOLD_REASONS)), name="held_says_why"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[Status.CLAIMED, Status.SENDING])
                | Q(token__isnull=False, lease_until__isnull=False),
                name="in_hand_has_lease",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=sorted(IN_OUR_HANDS)) | ~Q(to_address=""), name="outgoing_has_address"
            ),
            models.UniqueConstraint(
                fields=["root"], condition=Q(status__in=sorted(IN_OUR_HANDS)), name="one_resend_in_hand"
            ),
            models.UniqueConstraint(
                fields=["provider", "provider_message_id"],
                condition=~Q(provider_message_id=""),
                name="provider_id_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} to {self.to_name or self.to_address or 'nobody'}"

    @property
    def domain(self) -> str:
        """Mail domain of the address it went to."""
        return self.to_address.rpartition("@")[2]

    @property
    def is_cancellable(self) -> bool:
        """It has not left yet."""
        return self.status in CANCELLABLE

    @property
    def family_id(self) -> int:
        """Id of the first message of its line of resends."""
        return self.root_id or self.pk


class MessageEvent(models.Model):
    """Something known about a message: our own step, or a provider's word. Never changed, only added.

    Without a message it is an orphan: kept, and matched later.
    """

    message = models.ForeignKey(Message, models.CASCADE, null=True, blank=True, related_name="events")
    post = models.ForeignKey("WebhookPost", models.SET_NULL, null=True, blank=True, related_name="events")
    type = models.CharField(max_length=20, help_text="Our step, or the provider's event type as Anymail names it")
    status = models.CharField(max_length=12, blank=True, help_text="The status it speaks for, if any")
    key = models.CharField(max_length=64, null=True, blank=True, unique=True)  # noqa: DJ001 - NULL: our own step
    at = models.DateTimeField(default=timezone.now, help_text="When it happened, by the teller's clock")
    recorded_at = models.DateTimeField(default=timezone.now)
    by = models.CharField(max_length=MAX_NAME, blank=True)

    provider = models.CharField(max_length=20, blank=True)
    provider_message_id = models.CharField(max_length=200, blank=True)
    recipient = models.CharField(max_length=MAX_EMAIL + 64, blank=True, help_text="Canonical")
    message_uuid = models.UUIDField(null=True, blank=True, help_text="Our name for it, as the provider repeats it")
    text = models.TextField(blank=True, help_text="The server's words, verbatim")
    code = models.CharField(max_length=20, blank=True, help_text="The provider's own type or code")
    reject_reason = models.CharField(max_length=20, blank=True)
    category = models.CharField(max_length=20, blank=True)
    decided_by = models.CharField(max_length=80, blank=True)
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ("at", "id")
        indexes = (
            models.Index(fields=["message", "at"], name="event_message"),
            models.Index(fields=["recorded_at"], name="event_orphans", condition=Q(message__isnull=True)),
            models.Index(fields=["-recorded_at"], name="event_recent", condition=Q(key__isnull=False)),
        )
        constraints = (
            models.CheckConstraint(condition=Q(status="") | Q(status__in=list(Status)), name="event_status_known"),
        )

    def __str__(self) -> str:
        return f"{self.type} at {self.at:%Y-%m-%d %H:%M}"


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
        )

    def __str__(self) -> str:
        return f"{self.provider} post {self.pk}"


class AddressHold(models.Model):
    """Mail to this address waits until someone acts. Keyed by the canonical form."""

    key = models.CharField(max_length=MAX_EMAIL + 64)
    address = models.CharField(max_length=MAX_EMAIL)
    category = models.CharField(max_length=20)
    message = models.ForeignKey(Message, models.SET_NULL, null=True, blank=True, related_name="holds")
    since = models.DateTimeField(default=timezone.now)
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.CharField(max_length=MAX_NAME, blank=True)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("-since",)
        constraints = (
            models.UniqueConstraint(fields=["key"], condition=Q(released_at__isnull=True), name="one_active_hold"),
        )

    def __str__(self) -> str:
        return f"{self.address} held ({self.category})"


class ProblemQuerySet(models.QuerySet["Problem"]):
    """Filters with names."""

    def open(self) -> Self:
        """Not settled."""
        return self.filter(closed_at__isnull=True)

    def on_today(self) -> Self:
        """Open, and not put off to later."""
        return self.open().filter(Q(snoozed_until__isnull=True) | Q(snoozed_until__lte=timezone.now()))


class Problem(models.Model):
    """Someone did not get something: the office's unit of work. Closes by itself when they did."""

    inspection = models.ForeignKey(Inspection, models.CASCADE, related_name="problems")
    participant = models.ForeignKey(Participant, models.CASCADE, null=True, blank=True, related_name="problems")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    message = models.ForeignKey(Message, models.CASCADE, related_name="problems", help_text="The latest that failed")
    category = models.CharField(max_length=20)
    opened_at = models.DateTimeField(default=timezone.now)
    snoozed_until = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.CharField(max_length=MAX_NAME, blank=True)
    closed_note = models.CharField(max_length=500, blank=True)
    solved_by = models.ForeignKey(Message, models.SET_NULL, null=True, blank=True, related_name="solved")

    objects = ProblemQuerySet.as_manager()

    class Meta:
        ordering = ("inspection__starts_at", "id")
        constraints = (
            models.UniqueConstraint(
                fields=["inspection", "participant", "kind"],
                condition=Q(closed_at__isnull=True),
                name="one_open_problem",
                nulls_distinct=False,
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} for {self.participant or self.message.to_address}"


class Channel(models.Model):
    """The way to the mail service: one row. Paused, every message stays queued and none is lost."""

    paused_until = models.DateTimeField(null=True, blank=True, help_text="Empty and a reason: until a person resumes")
    paused_reason = models.CharField(max_length=500, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    worker_seen_at = models.DateTimeField(null=True, blank=True)
    last_accepted_at = models.DateTimeField(null=True, blank=True)

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
