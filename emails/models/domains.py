"""Mail domains and whether they take mail, as far as DNS says."""

from django.db import models
from django.db.models import Q
from django.utils import timezone


class DomainCheck(models.Model):
    """One mail domain: the last answer of DNS, and when to ask (again). The rows are the queue."""

    class Result(models.TextChoices):
        """What DNS said."""

        OPEN = "", "Not asked yet"
        TAKES_MAIL = "takes_mail", "Takes mail"
        NO_DOMAIN = "no_domain", "There is no such domain"
        REFUSES = "refuses", "Takes no mail, by its own word"
        NO_SERVER = "no_server", "Names no server"
        NO_ANSWER = "no_answer", "DNS did not answer"

    domain = models.CharField(max_length=253, unique=True, help_text="As in an address key: lower case, ASCII")
    result = models.CharField(max_length=12, choices=Result.choices, blank=True, default=Result.OPEN)
    checked_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True, default=timezone.now, help_text="When to ask; empty: not now")

    class Meta:
        indexes = (models.Index(fields=["due_at"], name="domain_check_due", condition=Q(due_at__isnull=False)),)
        constraints = (
            models.CheckConstraint(condition=~Q(domain=""), name="domain_check_names_one"),
            models.CheckConstraint(
                condition=Q(result__in=["", "takes_mail", "no_domain", "refuses", "no_server", "no_answer"]),
                name="domain_check_result_known",
            ),
        )

    def __str__(self) -> str:
        return f"{self.domain}: {self.get_result_display()}"
