"""Resend, which sends through Amazon SES. Source: resend.com/docs, "Event types" and the page of each event."""

from emails.states import Status
from emails.verdicts.amazon_ses import BOUNCES
from emails.verdicts.base import Provider, decides, says

PROVIDER = Provider(
    keys=(
        ("type", "data.bounce.type", "data.bounce.subType"),
        ("type", "data.bounce.type"),
        ("type", "data.failed.reason"),
        ("type",),
    ),
    table={
        **{f"email.bounced/{kind}": row for kind, row in BOUNCES.items()},
        "email.delivery_delayed": says(Status.DEFERRED),
        "email.suppressed": decides(Status.REJECTED, "suppressed", type="rejected"),
        "email.failed": says(Status.REJECTED, type="failed"),
        "email.failed/reached_daily_quota": decides(Status.REJECTED, "sender_setup", type="failed"),
        "email.failed/reached_monthly_quota": decides(Status.REJECTED, "sender_setup", type="failed"),
    },
    words=("data.bounce.diagnosticCode", "data.bounce.message", "data.suppressed.message", "data.failed.reason"),
)
