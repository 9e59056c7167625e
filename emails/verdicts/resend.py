"""Resend, which sends through Amazon SES. Source: resend.com/docs, "Event types" and the page of each event."""

import re

from emails.states import Status
from emails.verdicts.amazon_ses import BOUNCES
from emails.verdicts.base import Provider, Raw, decides, dig, says, scalar

_CODE = re.compile(r"\b[45](\d\d|\.\d{1,3}\.\d{1,3})\b")


def _view(raw: Raw, recipient: str) -> Raw:
    """`message` mostly is Resend's own sentence; with a code in it, the server's."""
    message = scalar(dig(raw, "data.bounce.message"))
    return {**raw, "said": message} if _CODE.search(message) else raw


PROVIDER = Provider(
    view=_view,
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
    words=("data.bounce.diagnosticCode", "said", "data.failed.reason"),
    summaries=("data.bounce.message", "data.suppressed.message"),
)
