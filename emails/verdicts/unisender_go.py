"""Unisender Go (UniOne). Source: godocs.unisender.ru, "Email statuses" and "Callback format"."""

from dataclasses import replace

from emails.states import Status
from emails.verdicts.base import Provider, Row, decides, says

_AGAIN = says(Status.DEFERRED, type="deferred")
_NOT_TRIED = decides(Status.REJECTED, "suppressed", type="rejected")
_SPAM_CHECK = decides(Status.REJECTED, "spam_content", type="rejected")
_LOST = says(Status.REJECTED, type="failed")

# `delivery_status`: more precise than `status`.
STATUSES: dict[str, Row] = {
    "err_will_retry": _AGAIN,
    "err_resend": _AGAIN,
    "err_retry_letter": _AGAIN,
    "err_giveup": says(Status.SOFT_BOUNCED, "server_problem", type="bounced"),
    "err_user_unknown": says(Status.BOUNCED, "address_unknown", type="bounced"),
    "err_dest_invalid": says(Status.BOUNCED, "address_unknown", type="bounced"),
    "err_user_inactive": says(Status.BOUNCED, "mailbox_disabled", type="bounced"),
    "err_mailbox_discarded": says(Status.BOUNCED, "mailbox_disabled", type="bounced"),
    "err_mailbox_full": says(Status.SOFT_BOUNCED, "mailbox_full", type="bounced"),
    "err_spam_rejected": says(Status.BOUNCED, "spam_content", type="bounced"),
    "err_blacklisted": says(Status.BOUNCED, "sender_reputation", type="bounced"),
    "err_too_large": says(Status.BOUNCED, "message_too_large", type="bounced"),
    "err_domain_inactive": says(Status.BOUNCED, "domain_problem", type="bounced"),
    "err_no_dns": says(Status.BOUNCED, "domain_problem", type="bounced"),
    "err_no_smtp": says(Status.BOUNCED, "domain_problem", type="bounced"),
    "err_destination_misconfigured": says(Status.SOFT_BOUNCED, "server_problem", type="bounced"),
    "err_delivery_failed": says(Status.BOUNCED, type="bounced"),
    "err_src_invalid": decides(Status.REJECTED, "sender_setup", type="rejected"),
    "err_unsubscribed": _NOT_TRIED,
    "err_unreachable": says(Status.REJECTED, "suppressed", type="rejected"),
    "err_skip_letter": _NOT_TRIED,
    "skip_dup_unreachable": _NOT_TRIED,
    "skip_dup_temp_unreachable": _NOT_TRIED,
    "skip_dup_mailbox_full": decides(Status.SOFT_BOUNCED, "mailbox_full", type="bounced"),
    "err_spam_skipped": _SPAM_CHECK,
    "err_spam_removed": _SPAM_CHECK,
    "err_lost": _LOST,
    "err_internal": _LOST,
}

PROVIDER = Provider(
    keys=(("status", "delivery_info.delivery_status"), ("delivery_info.delivery_status",), ("status",)),
    table={
        **STATUSES,
        **{
            f"soft_bounced/{name}": replace(row, status=Status.SOFT_BOUNCED)
            for name, row in STATUSES.items()
            if row.status == Status.BOUNCED
        },
        "soft_bounced": says(Status.DEFERRED),  # it may still arrive
        "hard_bounced": says(Status.BOUNCED),
    },
    words=("delivery_info.destination_response",),
)
