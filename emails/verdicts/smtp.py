"""Reports that come back as mail (`emails.reports`). Source: RFC 3464 section 2.3, RFC 3463 section 3.1."""

from emails.states import Status
from emails.verdicts.base import Provider, says

PROVIDER = Provider(
    keys=(("action", "class"),),
    table={
        # A passing trouble that lasted too long: their server gave up.
        "failed/4": says(Status.SOFT_BOUNCED),
    },
    words=("words",),
    enhanced="code",
)
