"""Mailjet. Source: dev.mailjet.com, "Event API: real-time notifications", possible values for errors."""

from emails.states import Status
from emails.verdicts.base import Provider, Raw, decides, says, scalar

_SUPPRESSED = decides(Status.REJECTED, "suppressed", type="rejected")
_TEMPLATE = decides(Status.REJECTED, "message_malformed", type="rejected")

# `error`, in the order of Mailjet's table. Its comment often says more.
ERRORS: dict[str, str] = {
    "user unknown": "address_unknown",
    "mailbox inactive": "mailbox_disabled",
    "quota exceeded": "mailbox_full",
    "invalid domain": "domain_problem",
    "no mail host": "domain_problem",
    "relay/access denied": "domain_problem",
    "greylisted": "temporary_deferral",
    "typofix": "domain_problem",
    "sender blocked": "sender_reputation",
    "content blocked": "spam_content",
    "policy issue": "recipient_policy",
    "system issue": "server_problem",
    "protocol issue": "server_problem",
    "connection issue": "server_problem",
}


def _view(raw: Raw, recipient: str) -> Raw:
    """`happened` is "hard" or "soft" for a bounce that says which."""
    flag = scalar(raw.get("hard_bounce")).lower()
    kinds = {"true": "hard", "1": "hard", "false": "soft", "0": "soft"}
    return {**raw, "happened": kinds.get(flag, "bounce") if raw.get("event") == "bounce" else raw.get("event")}


PROVIDER = Provider(
    view=_view,
    keys=(("error",), ("happened", "error"), ("happened",)),
    table={
        "blacklisted": _SUPPRESSED,
        "spam reporter": _SUPPRESSED,
        "preblocked": _SUPPRESSED,
        "spam preblocked": _SUPPRESSED,
        "bad or empty template": _TEMPLATE,
        "error in template language": _TEMPLATE,
        "soft/greylisted": says(Status.DEFERRED, type="deferred"),
        "hard": says(Status.BOUNCED),
        "soft": says(Status.SOFT_BOUNCED, type="bounced"),
        "bounce": says(Status.BOUNCED, type="bounced"),
        "blocked": says(Status.REJECTED),
    },
    words=("comment", "smtp_reply"),
    classes=("error",),
    hints=ERRORS,
)
