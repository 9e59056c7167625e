"""MailerSend. Source: developers.mailersend.com, "Webhooks", activity events."""

from emails.states import Status
from emails.verdicts.base import NOTHING, Provider, says

PROVIDER = Provider(
    keys=(("data.type",),),
    table={
        "soft_bounced": says(Status.SOFT_BOUNCED),
        "hard_bounced": says(Status.BOUNCED),
        "deferred": says(Status.DEFERRED, type="deferred"),
        "opened_unique": says(NOTHING, type="opened"),
        "clicked_unique": says(NOTHING, type="clicked"),
    },
    # `readable_reason` is MailerSend's summary of `reason`.
    words=("data.morph.reason", "data.morph.readable_reason"),
)
