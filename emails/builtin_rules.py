"""The rules that every installation starts with, and ready ones that an owner can add. Data only."""

from datetime import time
from typing import Any

from emails.models import Side, Trigger, Unit
from emails.papers import TO_PAY, TO_SIGN
from inspections.models import Role

_AGENTS = [Role.BUYER_AGENT, Role.COORDINATOR]
_EVERYONE = [Role.CLIENT, *_AGENTS]

AUTOMATIONS: tuple[dict[str, Any], ...] = (
    {"name": "Confirmation", "trigger": Trigger.CONFIRMED, "template": "Confirmation", "roles": [Role.CLIENT]},
    {
        "name": "Confirmation for agents",
        "trigger": Trigger.CONFIRMED,
        "template": "Confirmation for agents",
        "roles": _AGENTS,
    },
    {"name": "Agreement", "trigger": Trigger.CONFIRMED, "template": "Agreement", "roles": [Role.CLIENT]},
    {
        "name": "Reminder the day before",
        "trigger": Trigger.CONFIRMED,
        "template": "Reminder",
        "roles": [Role.CLIENT],
        "offset": 24,
    },
    {"name": "New date", "trigger": Trigger.RESCHEDULED, "template": "New date", "roles": _EVERYONE},
    {"name": "Cancellation", "trigger": Trigger.CANCELLED, "template": "Cancellation", "roles": _EVERYONE},
    {"name": "Report ready", "trigger": Trigger.REPORT_PUBLISHED, "template": "Report ready", "roles": [Role.CLIENT]},
    {"name": "Signed agreement", "trigger": Trigger.SIGNED, "template": "Signed agreement", "roles": [Role.CLIENT]},
    {"name": "Receipt", "trigger": Trigger.PAID, "template": "Receipt", "roles": [Role.CLIENT]},
)

# Offered to owners, off: who adds one gets its template with it.
READY: dict[str, dict[str, Any]] = {
    "two-days": {
        "name": "Reminder two days before",
        "trigger": Trigger.CONFIRMED,
        "template": "Reminder two days before",
        "roles": [Role.CLIENT],
        "offset": 2,
        "unit": Unit.DAYS,
    },
    "two-hours": {
        "name": "Reminder two hours before",
        "trigger": Trigger.CONFIRMED,
        "template": "Reminder on the day",
        "roles": [Role.CLIENT],
        "offset": 2,
    },
    "agents": {
        "name": "Reminder for agents",
        "trigger": Trigger.CONFIRMED,
        "template": "Reminder for agents",
        "roles": _AGENTS,
        "offset": 1,
        "unit": Unit.DAYS,
    },
    "prepare": {
        "name": "Prepare the house",
        "trigger": Trigger.CONFIRMED,
        "template": "Prepare the house",
        "roles": [Role.SELLER_AGENT],
        "offset": 2,
        "unit": Unit.DAYS,
        "quiet_from": time(21),
        "quiet_until": time(8),
    },
    "first-time": {
        "name": "What to expect",
        "trigger": Trigger.CONFIRMED,
        "template": "What to expect",
        "roles": [Role.CLIENT],
        "first_time": True,
        "quiet_from": time(21),
        "quiet_until": time(8),
    },
    "unsigned-two-days": {
        "name": "Reminder to sign, two days before",
        "trigger": Trigger.CONFIRMED,
        "template": TO_SIGN,
        "roles": [Role.CLIENT],
        "offset": 2,
        "unit": Unit.DAYS,
        "unsigned": True,
    },
    "unsigned-day": {
        "name": "Reminder to sign, the day before",
        "trigger": Trigger.CONFIRMED,
        "template": TO_SIGN,
        "roles": [Role.CLIENT],
        "offset": 1,
        "unit": Unit.DAYS,
        "unsigned": True,
    },
    "unpaid": {
        "name": "Reminder to pay, the day before",
        "trigger": Trigger.CONFIRMED,
        "template": TO_PAY,
        "roles": [Role.CLIENT],
        "offset": 1,
        "unit": Unit.DAYS,
        "unpaid": True,
    },
    "review": {
        "name": "Review request",
        "trigger": Trigger.CONFIRMED,
        "template": "Review request",
        "roles": [Role.CLIENT],
        "offset": 3,
        "unit": Unit.DAYS,
        "side": Side.AFTER,
        "quiet_from": time(21),
        "quiet_until": time(8),
    },
}
