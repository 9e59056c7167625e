"""Mailgun. Source: documentation.mailgun.com, "Tracking messages" and "Webhooks".

Codes 498, 499 and 602 to 607 are its own. Its older webhooks are forms with flat fields; `_view` gives both the same
names.
"""

from emails.states import Status
from emails.verdicts.base import Provider, Raw, Row, as_map, decides, dig, says

_SUPPRESSED = decides(Status.REJECTED, "suppressed", type="rejected")
_TOO_OLD = says(Status.SOFT_BOUNCED, "server_problem", type="bounced")

FAILED: dict[str, Row] = {
    "suppress-bounce": _SUPPRESSED,
    "suppress-complaint": _SUPPRESSED,
    "suppress-unsubscribe": _SUPPRESSED,
    "605": _SUPPRESSED,  # bounced before
    "606": _SUPPRESSED,  # unsubscribed before
    "607": _SUPPRESSED,  # complained before
    "old": _TOO_OLD,
    "602": _TOO_OLD,
    "498": says(Status.BOUNCED, "domain_problem"),  # no MX
    "499": says(Status.SOFT_BOUNCED, "server_problem"),  # could not connect
    "espblock": says(Status.BOUNCED, "sender_reputation"),
    "soft": says(Status.SOFT_BOUNCED),
}


def _view(raw: Raw, recipient: str) -> Raw:
    event = as_map(raw.get("event-data"))
    if not event:
        raw = {name: raw.get(name) for name in raw}  # a form has several values to a name
        status = {"code": raw.get("code"), "message": raw.get("error") or raw.get("notification")}
        event = {**raw, "severity": "permanent", "delivery-status": {**status, "description": raw.get("description")}}
    happened = "failed" if event.get("event") in ("bounced", "dropped") else event.get("event")
    reject = as_map(event.get("reject"))
    reject = {"said": " ".join(str(reject[part]) for part in ("reason", "description") if reject.get(part))}
    return {**event, "happened": happened, "reject": reject, "told": dig(event, "delivery-status") or {}}


PROVIDER = Provider(
    view=_view,
    keys=(
        ("happened", "severity", "reason"),
        ("happened", "severity", "told.code"),
        ("happened", "severity", "told.bounce-type"),
        ("happened", "severity"),
        ("happened",),
    ),
    table={
        "failed/temporary": says(Status.DEFERRED),
        **{f"failed/permanent/{word}": row for word, row in FAILED.items()},
        # Sandbox, disabled domain, unverified sender: nothing left Mailgun.
        "rejected": says(Status.REJECTED, "sender_setup"),
    },
    words=("told.message", "told.description", "reject.said"),
    enhanced="told.enhanced-code",
    reply="told.code",
)
