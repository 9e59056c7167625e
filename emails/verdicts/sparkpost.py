"""SparkPost. Source: developers.sparkpost.com, "Webhooks: events"; support, "Bounce classification codes"."""

from dataclasses import replace

from emails.states import Status
from emails.verdicts.base import NOTHING, Provider, Raw, Row, as_map, decides, says

# `bounce_class`; SparkPost reads it off the server's words, so these come first.
CLASSES: dict[str, Row] = {
    "1": says(Status.BOUNCED),
    "10": says(Status.BOUNCED, "address_unknown"),
    "20": says(Status.SOFT_BOUNCED),
    "21": says(Status.SOFT_BOUNCED, "domain_problem"),
    "22": says(Status.SOFT_BOUNCED, "mailbox_full"),
    "23": says(Status.SOFT_BOUNCED, "message_too_large"),
    "24": says(Status.SOFT_BOUNCED, "server_problem"),
    "25": says(Status.REJECTED, "suppressed", type="rejected"),
    "26": decides(Status.REJECTED, "suppressed", type="rejected"),
    "30": says(Status.BOUNCED, "address_unknown"),
    "40": says(Status.SOFT_BOUNCED),
    "50": says(Status.BOUNCED, "recipient_policy"),
    "51": says(Status.BOUNCED, "sender_reputation"),
    "52": says(Status.BOUNCED, "spam_content"),
    "53": says(Status.BOUNCED, "spam_content"),
    "54": says(Status.BOUNCED, "domain_problem"),
    "60": says(NOTHING, type="autoresponded"),
    "70": says(Status.SOFT_BOUNCED, "temporary_deferral"),
    "80": says(NOTHING, type="subscribed"),
    "90": says(NOTHING, type="unsubscribed"),
    "100": says(NOTHING, type="autoresponded"),
}


def _view(raw: Raw, recipient: str) -> Raw:
    """The event out of {"msys": {kind: event}}."""
    return as_map(next(iter(as_map(raw.get("msys")).values()), None))


def _after_all(row: Row) -> Row:
    """Out of band: the server had taken it, and reports its end later. It does not try again."""
    passing = row.status == Status.SOFT_BOUNCED
    return replace(row, status=Status.BOUNCED if passing else row.status, settled=True)


PROVIDER = Provider(
    view=_view,
    keys=(("type", "bounce_class"), ("type",)),
    table={
        **{f"bounce/{name}": row for name, row in CLASSES.items()},
        **{f"out_of_band/{name}": _after_all(row) for name, row in CLASSES.items()},
        "bounce": says(Status.BOUNCED),
        "out_of_band": _after_all(says(Status.BOUNCED)),
        "delay": says(Status.DEFERRED, type="deferred"),
        "policy_rejection": says(Status.REJECTED, "suppressed", type="rejected"),
        "generation_failure": decides(Status.REJECTED, "message_malformed", type="failed"),
        "generation_rejection": says(Status.REJECTED, "suppressed", type="rejected"),
    },
    words=("raw_reason", "reason"),
    classes=("bounce_class",),
    hints={name: row.category for name, row in CLASSES.items() if row.category and row.status != Status.REJECTED},
    reply="error_code",
)
