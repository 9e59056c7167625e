"""Where failures come back as mail: how far it is read, and what is wrong with it."""

from django.db import models
from django.db.models import Q


class Mailbox(models.Model):
    """One mailbox that reports come to, by what was set up; a changed set-up is another row.

    Read up to `last_uid`, which means something only together with `uidvalidity` (RFC 3501 section 2.3.1.1).
    """

    class Trouble(models.TextChoices):
        """Why it could not be read the last time."""

        SIGN_IN = "sign_in", "Cannot sign in to the mailbox"
        UNREACHABLE = "unreachable", "Cannot reach the mailbox"
        CERTIFICATE = "certificate", "The mailbox cannot prove who it is"
        FOLDER = "folder", "The mailbox has no such folder"
        OTHER = "other", "Cannot read the mailbox"

    name = models.CharField(max_length=500, unique=True, help_text="user@host:port/folder")
    uidvalidity = models.BigIntegerField(default=0)
    last_uid = models.BigIntegerField(default=0)

    token = models.UUIDField(null=True, blank=True, help_text="The worker that reads it")
    lease_until = models.DateTimeField(null=True, blank=True, help_text="Nobody else reads it until then")
    read_at = models.DateTimeField(null=True, blank=True, help_text="The last time that it was read to the end")
    trouble = models.CharField(max_length=12, choices=Trouble.choices, blank=True)
    details = models.CharField(max_length=500, blank=True, help_text="The machine's own words")
    failing_since = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0, help_text="In a row")

    kept = models.BigIntegerField(default=0, help_text="Reports that were taken in")
    passed_over = models.BigIntegerField(default=0, help_text="Mail that is not about our emails; never kept")
    too_large = models.BigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "mailboxes"
        constraints = (
            models.CheckConstraint(
                condition=Q(trouble="") | Q(trouble__in=["sign_in", "unreachable", "certificate", "folder", "other"]),
                name="mailbox_trouble_known",
            ),
        )

    def __str__(self) -> str:
        return self.name
