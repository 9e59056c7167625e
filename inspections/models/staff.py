"""The office: its people and its own details."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from inspections.models.validators import validate_address, validate_line, validate_zone
from inspections.text import MAX_EMAIL, MAX_NAME, canonical


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
    sign_outs = models.PositiveIntegerField(
        default=0, db_default=0, editable=False, help_text="How often all of this person's sessions were ended at once"
    )

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

    def get_session_auth_hash(self) -> str:
        """What a session must carry: it changes with the password and with `sign_outs`."""
        return self._of_now(super().get_session_auth_hash())

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """The same, made with the secrets before this one."""
        return map(self._of_now, super().get_session_auth_fallback_hash())

    def _of_now(self, session_hash: str) -> str:
        return f"{session_hash}.{self.sign_outs}" if self.sign_outs else session_hash


class TeamChange(models.Model):
    """Who let whom into the office, made them an owner, or shut the door. Never changed, only added."""

    class What(models.TextChoices):
        """What was done."""

        ADDED = "added", "Added and invited"
        INVITED = "invited", "Invited again"
        LINK = "link", "Sent a link for a new password"
        OWNER = "owner", "Made an owner"
        OFFICE = "office", "Made office"
        OFF = "off", "Switched off"
        ON = "on", "Switched on again"

    user = models.ForeignKey(User, models.CASCADE, related_name="team_changes")
    what = models.CharField(max_length=8, choices=What.choices)
    by = models.CharField(max_length=MAX_NAME)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=Q(what__in=["added", "invited", "link", "owner", "office", "off", "on"]),
                name="team_change_known",
            ),
        )

    def __str__(self) -> str:
        return f"{self.user}: {self.get_what_display()}"


class Company(models.Model):
    """The office itself: one row."""

    name = models.CharField(max_length=MAX_NAME, validators=[validate_line])
    phone = models.CharField(max_length=40, blank=True, validators=[validate_line])
    time_zone = models.CharField(max_length=64, default="America/Chicago", validators=[validate_zone])
    sender_name = models.CharField(max_length=MAX_NAME, blank=True, validators=[validate_line])
    sender_email = models.CharField(max_length=MAX_EMAIL, validators=[validate_address])
    reply_to = models.CharField(max_length=MAX_EMAIL, blank=True, validators=[validate_address])
    postal_address = models.CharField(max_length=300, blank=True, default="", db_default="", validators=[validate_line])
    notifications = models.BooleanField("emails are on for new inspections", default=True)
    payment_link = models.URLField(max_length=500, blank=True, default="", db_default="")
    payment_words = models.TextField(
        max_length=2000, blank=True, default="", db_default="", help_text="How to pay, as clients read it"
    )
    report_locked = models.BooleanField(
        default=True, db_default=True, help_text="The report opens once it is signed and paid for"
    )

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
