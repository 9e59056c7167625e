"""Mailchimp Transactional (Mandrill). Source: mailchimp.com/developer, "Webhooks: format" and "About rejections"."""

from emails.states import Status
from emails.verdicts.base import Provider, Raw, Row, as_map, decides, dig, says

_OUR_SIDE = decides(Status.REJECTED, "sender_setup")

REJECTS: dict[str, Row] = {
    "hard-bounce": decides(Status.REJECTED, "suppressed"),
    "soft-bounce": decides(Status.REJECTED, "suppressed"),
    "spam": decides(Status.REJECTED, "suppressed"),
    "unsub": decides(Status.REJECTED, "suppressed"),
    "custom": decides(Status.REJECTED, "suppressed"),
    "invalid": decides(Status.REJECTED, "address_unknown"),
    "invalid-sender": _OUR_SIDE,
    "unsigned": _OUR_SIDE,
    "test-mode-limit": _OUR_SIDE,
    "rule": _OUR_SIDE,
}


def _view(raw: Raw, recipient: str) -> Raw:
    """`msg` with its last SMTP answer and the reason of a rejection, wherever it stands."""
    msg = as_map(raw.get("msg"))
    reject = dig(raw, "reject.reason") or dig(msg, "reject.reason")
    return {**msg, "event": raw.get("event"), "reject_reason": reject, "last": dig(msg, "smtp_events.-1.diag")}


PROVIDER = Provider(
    view=_view,
    keys=(("event", "reject_reason"), ("event",)),
    table={
        "delivered": says(Status.DELIVERED, type="delivered"),
        "hard_bounce": says(Status.BOUNCED),
        "soft_bounce": says(Status.SOFT_BOUNCED),
        "deferral": says(Status.DEFERRED),
        "reject": says(Status.REJECTED, "suppressed"),
        **{f"reject/{reason}": row for reason, row in REJECTS.items()},
    },
    words=("diag", "last"),
    classes=("bounce_description",),
    hints={
        "bad_mailbox": "address_unknown",
        "invalid_domain": "domain_problem",
        "mailbox_full": "mailbox_full",
    },
)
