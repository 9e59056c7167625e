"""Messages and what is known about them. `Message.status` is written by `emails.activity` alone."""

import uuid
from functools import reduce
from operator import and_
from typing import Self

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Func, OuterRef, Q, Value
from django.utils import timezone

from emails.models.letters import Letter
from emails.models.templates import Automation, EmailTemplate, Kind, TemplateVersion
from emails.states import CANCELLABLE, HOLD_REASONS, IN_OUR_HANDS, SKIP_REASONS, UNFINISHED, Reason, Status
from inspections import searching
from inspections.models import Inspection, Participant, Role
from inspections.text import MAX_EMAIL, MAX_NAME

# What makes two messages the same email: each letter is one of its own.
SAME_EMAIL = ("inspection_id", "participant_id", "kind", "letter_id")


def same_email(row: models.Model) -> Q:
    """The same email to the same person as this message or problem: what was sent and what is sent again."""
    return Q(**{name: getattr(row, name) for name in SAME_EMAIL})


def same_email_outside() -> Q:
    """The same, inside a subquery, as the row outside."""
    alike = {name: OuterRef(name) for name in ("inspection", "participant", "kind")}
    return Q(**alike) & (Q(letter=OuterRef("letter")) | Q(letter=None))


def mail_domain() -> Func:
    """What follows the last @ of the address key; "" without one."""
    return Func(F("to_key"), Value("@"), Value(-1), function="split_part", output_field=models.CharField())


class MessageQuerySet(models.QuerySet["Message"]):
    """Filters with names."""

    def due(self) -> Self:
        """Waiting, and their time has come, by the database's clock."""
        return self.filter(status=Status.QUEUED, send_after__lte=models.functions.Now())

    def expired(self) -> Self:
        """In a worker's hands for longer than its lease."""
        return self.filter(status__in=[Status.CLAIMED, Status.SENDING], lease_until__lt=models.functions.Now())

    def planned_retries(self) -> Self:
        """Waiting, and planned by ourselves."""
        return self.filter(status=Status.QUEUED, retry__gt=0)

    def unfinished(self) -> Self:
        """More is to be heard of them."""
        return self.filter(status__in=UNFINISHED)

    def with_people(self) -> Self:
        """All that a row of a list shows."""
        return self.select_related("inspection", "participant__contact", "template_version__template", "rule")

    def for_nobody(self) -> Self:
        """Not sent because there was no client, and not sent since: nobody's, or of one who is no client any more."""
        rows = self.filter(status=Status.SKIPPED, reason=Reason.NO_CLIENT, family=None)
        return rows.exclude(participant__role=Role.CLIENT, participant__removed_at=None)

    def at_domain(self, domain: str) -> Self:
        """Whose address is at this mail domain, written as in an address key."""
        return self.alias(mail_domain=mail_domain()).filter(mail_domain=domain)

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

    uuid = models.UUIDField(
        default=uuid.uuid4, unique=True, editable=False, help_text="Our name for it at the provider"
    )
    inspection = models.ForeignKey(Inspection, models.PROTECT, related_name="messages")
    participant = models.ForeignKey(Participant, models.PROTECT, null=True, blank=True, related_name="messages")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    rule = models.ForeignKey(Automation, models.SET_NULL, null=True, blank=True, related_name="messages")
    template = models.ForeignKey(EmailTemplate, models.PROTECT, null=True, blank=True, related_name="messages")
    template_version = models.ForeignKey(TemplateVersion, models.PROTECT, null=True, blank=True, related_name="+")
    letter = models.ForeignKey(
        Letter, models.PROTECT, null=True, blank=True, related_name="messages", help_text="What staff wrote by hand"
    )
    # One firing of a rule for one person leaves exactly one row, however often it is told.
    firing = models.CharField(max_length=120, null=True, blank=True, unique=True)

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
    not_after = models.DateTimeField(null=True, blank=True, help_text="From then on its time has passed")
    undo_until = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(default=timezone.now, help_text="Last change of status")

    root = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="family")
    resend_of = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="resends")
    nonce = models.CharField(max_length=100, null=True, blank=True, unique=True)

    token = models.UUIDField(null=True, blank=True, help_text="The worker that has it")
    lease_until = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    leases_lost = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="Times its worker stopped before the call"
    )

    retry = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="The how-manieth try that we made by ourselves; 0: asked for by somebody"
    )

    provider = models.CharField(max_length=20, blank=True)
    provider_message_id = models.CharField(max_length=200, blank=True)
    from_header = models.CharField(max_length=500, blank=True)
    reply_to = models.CharField(max_length=MAX_EMAIL, blank=True)
    subject = models.CharField(max_length=500, blank=True)
    html = models.TextField(blank=True, help_text="As sent, the secret part of links masked")
    text = models.TextField(blank=True, help_text="As sent, the secret part of links masked")
    test = models.BooleanField(
        default=False, db_default=False, help_text="Staff try a template on themselves: it is nobody's email"
    )
    plain = models.BooleanField(default=False, db_default=False, help_text="The short version, words and link alone")
    by_link = models.BooleanField(
        default=False, db_default=False, help_text="Its files are offered in the portal instead of going along"
    )
    files = models.JSONField(
        default=list,
        db_default=Value([], models.JSONField()),
        blank=True,
        help_text="What went along: name, size in bytes and sha256 of each",
    )
    has_link = models.BooleanField(default=False, help_text="A working portal link was in HTML and text")

    erased_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Whom it went to and what it said were deleted for good"
    )
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
            models.Index(fields=["-changed_at"], name="message_changed"),
            models.Index(fields=["to_key", "-id"], name="message_to"),
            models.Index(fields=["-created_at", "-id"], name="message_newest"),
            GinIndex(fields=["search"], name="message_search"),
            models.Index(mail_domain(), F("created_at").desc(), F("id").desc(), name="message_domain"),
            models.Index(
                F("category"),
                F("created_at").desc(),
                F("id").desc(),
                name="message_category",
                condition=~Q(category=""),
            ),
            models.Index(fields=["reason", "-created_at", "-id"], name="message_reason", condition=~Q(reason="")),
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
        return (
            f"{'Test: ' if self.test else ''}{self.get_kind_display()} to {self.to_name or self.to_address or 'nobody'}"
        )

    @property
    def domain(self) -> str:
        """Mail domain of the address it went to."""
        return self.to_address.rpartition("@")[2]

    @property
    def is_cancellable(self) -> bool:
        """It has not left yet."""
        return self.status in CANCELLABLE

    @property
    def is_planned_retry(self) -> bool:
        """We try it again by ourselves, later; whoever sends it sooner takes its place."""
        return self.retry > 0 and self.status == Status.QUEUED

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
    key = models.CharField(max_length=64, null=True, blank=True, unique=True)
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
