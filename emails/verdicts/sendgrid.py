"""SendGrid. Source: twilio.com/docs/sendgrid, "Event webhook reference" and "Bounce and block classifications"."""

from emails.states import Status
from emails.verdicts.base import Provider, Row, decides, says

# Why SendGrid did not try.
DROPS: dict[str, Row] = {
    "Bounced Address": decides(Status.REJECTED, "suppressed"),
    "Unsubscribed Address": decides(Status.REJECTED, "suppressed"),
    "Group Unsubscribed Address": decides(Status.REJECTED, "suppressed"),
    "Spam Reporting Address": decides(Status.REJECTED, "suppressed"),
    "Invalid": decides(Status.REJECTED, "address_unknown"),
    "Invalid SMTPAPI header": decides(Status.REJECTED, "message_malformed"),
    "Spam Content": decides(Status.REJECTED, "spam_content"),
    "Spam Content (if Spam Checker app enabled)": decides(Status.REJECTED, "spam_content"),
    "Recipient List over Package Quota": decides(Status.REJECTED, "sender_setup"),
}

PROVIDER = Provider(
    keys=(("event", "reason"), ("event", "type"), ("event",)),
    table={
        **{f"dropped/{reason}": row for reason, row in DROPS.items()},
        "dropped": says(Status.REJECTED),
        "bounce": says(Status.BOUNCED),  # "blocked" is told apart by the words: 4yz was given up
        "bounce/expired": says(Status.SOFT_BOUNCED, "server_problem"),
        "deferred": says(Status.DEFERRED),
    },
    words=("reason", "response"),
    classes=("bounce_classification",),
    hints={
        "Invalid Address": "address_unknown",
        "Technical": "server_problem",
        "Technical Failure": "server_problem",
        "Content": "spam_content",
        "Reputation": "sender_reputation",
        "Frequency or Volume Too High": "temporary_deferral",
    },
    enhanced="status",
)
