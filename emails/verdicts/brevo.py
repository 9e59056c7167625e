"""Brevo. Source: developers.brevo.com, "Transactional webhooks"; help centre, "Email statuses"."""

from emails.states import Status
from emails.verdicts.base import Provider, decides, says

PROVIDER = Provider(
    keys=(("event",),),
    table={
        "hard_bounce": says(Status.BOUNCED),
        "soft_bounce": says(Status.SOFT_BOUNCED),
        "soft-bounce": says(Status.SOFT_BOUNCED),
        "deferred": says(Status.DEFERRED),
        # Brevo did not try: unsubscribed, complained or bounced before. Its reason says "blacklist".
        "blocked": decides(Status.REJECTED, "suppressed"),
        "invalid_email": decides(Status.REJECTED, "address_unknown", type="rejected"),
        "error": says(Status.REJECTED),
    },
    words=("reason",),
)
