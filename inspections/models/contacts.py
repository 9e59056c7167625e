"""People that inspections are for, and what was changed about them."""

from typing import Any, Self

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from inspections import searching
from inspections.models.validators import validate_line
from inspections.text import MAX_EMAIL, MAX_NAME, canonical


class Language(models.TextChoices):
    """What a client reads; "" is not known."""

    ENGLISH = "en", "English"
    SPANISH = "es", "Español"


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
    language = models.CharField(max_length=2, choices=Language.choices, blank=True, default="", db_default="")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    erased_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="Their data was deleted for good")
    search = models.GeneratedField(
        expression=searching.vector("name", "email", "phone", *searching.phone_tails("phone")),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = ContactQuerySet.as_manager()

    class Meta:
        indexes = (
            GinIndex(fields=["search"], name="contact_search"),
            models.Index(Lower("name"), "id", name="contact_by_name"),
        )
        constraints = (
            models.CheckConstraint(condition=~Q(name=""), name="contact_has_name"),
            models.CheckConstraint(condition=Q(language__in=["", *Language.values]), name="contact_language_known"),
        )

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the comparison key beside the address."""
        self.email_key = canonical(self.email)
        super().save(*args, **kwargs)


class Via(models.TextChoices):
    """From which page, or in which other way, somebody's details were changed; "" is not known."""

    EDIT = "edit", "Edit page"
    ROW = "row", "Form under the email"
    PRESS = "press", "One press: “Use … and resend”"
    ADD = "add", "Add person"
    API = "api", "API"
    DATA = "data", "Inspection data from another system"


class ContactChange(models.Model):
    """Who changed what about a person, when, from where; the address history.

    A change for one inspection alone belongs to the contact that the inspection has since; `apart_from` is the one that
    all other inspections keep.
    """

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="changes")
    apart_from = models.ForeignKey(Contact, models.SET_NULL, null=True, blank=True, related_name="partings")
    inspection = models.ForeignKey(
        "inspections.Inspection", models.SET_NULL, null=True, blank=True, related_name="+", help_text="Only there"
    )
    field = models.CharField(max_length=20)
    old = models.CharField(max_length=MAX_EMAIL, blank=True)
    new = models.CharField(max_length=MAX_EMAIL, blank=True)
    by = models.CharField(max_length=MAX_NAME)
    via = models.CharField(max_length=8, choices=Via.choices, blank=True, default="", db_default="")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-at", "-id")
        constraints = (models.CheckConstraint(condition=Q(via__in=["", *Via.values]), name="contact_change_via_known"),)

    def __str__(self) -> str:
        return f"{self.field}: {self.old} → {self.new}"
