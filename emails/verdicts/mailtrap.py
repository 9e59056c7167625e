"""Mailtrap. Source: docs.mailtrap.io, "Webhooks"; help.mailtrap.io, "Statuses and events"."""

from emails.states import Status
from emails.verdicts.base import Provider, Raw, says, scalar

# `bounce_category`, written with or without hyphens.
CATEGORIES: dict[str, str] = {
    "badmailbox": "address_unknown",
    "invalidrecipient": "address_unknown",
    "baddomain": "domain_problem",
    "inactivemailbox": "mailbox_disabled",
    "quotaissues": "mailbox_full",
    "spam": "spam_content",
    "spamrelated": "spam_content",
    "contentrelated": "spam_content",
    "virusrelated": "spam_content",
    "policyrelated": "recipient_policy",
    "protocolerrors": "message_malformed",
    "badconnection": "server_problem",
    "noanswerfromhost": "server_problem",
    "routingerrors": "server_problem",
    "messageexpired": "server_problem",
}


def _view(raw: Raw, recipient: str) -> Raw:
    category = scalar(raw.get("bounce_category"))
    return {**raw, "category_key": "".join(ch for ch in category.lower() if ch.isalpha())}


PROVIDER = Provider(
    view=_view,
    keys=(("event",),),
    table={
        "bounce": says(Status.BOUNCED),
        "soft bounce": says(Status.DEFERRED),  # Mailtrap goes on trying
        "suspension": says(Status.DEFERRED),  # our sending is paused; it goes on when that is over
        "reject": says(Status.REJECTED, "suppressed"),
    },
    words=("response", "reason"),
    classes=("category_key",),
    hints=CATEGORIES,
    reply="response_code",
)
