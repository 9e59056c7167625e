"""The practice company and the people who work there."""

from emails import automations_rules, builtin
from emails.builtin import AUTHOR
from emails.models import Automation
from inspections import agreements
from inspections.models import Company, User

PASSWORD = "practice-mode"  # noqa: S105 - printed at every start of practice mode, where nothing real can leave
OWNER = "office@example.com"
REMINDS_TO_SIGN = "unsigned-day"  # the ready rule that this office has switched on
STAFF = ((OWNER, "Kim Reyes", True), ("sam@example.com", "Sam Ortiz", False))


def install() -> None:
    """Make what is missing."""
    agreements.install()
    builtin.install()
    Company.objects.get_or_create(
        pk=1,
        defaults={
            "name": "Cedar & Stone Home Inspections",
            "phone": "+1 217 555 0100",
            "time_zone": "America/Chicago",
            "sender_name": "Cedar & Stone Home Inspections",
            "sender_email": "hello@cedarstone.example",
            "reply_to": "office@cedarstone.example",
        },
    )
    _remind_to_sign()
    for email, name, is_owner in STAFF:
        if not User.objects.filter(email=email).exists():
            User.objects.create_user(email, PASSWORD, name=name, is_superuser=is_owner, is_staff=is_owner)


def _remind_to_sign() -> None:
    """Once: an owner may switch it off or delete it."""
    if not Automation.objects.filter(name=builtin.READY[REMINDS_TO_SIGN]["name"]).exists():
        automations_rules.switch(builtin.add_ready(REMINDS_TO_SIGN), True, by=AUTHOR)
