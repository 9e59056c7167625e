"""What a provider's event says about a message's status. Pure tables.

Anymail's event type alone is too coarse: `bounced` is not always for good, Postmark's `SpamNotification` is a refusal
and not a complaint. So the raw event is read first. An unknown word is no verdict, never an error.
"""

from collections.abc import Callable, Mapping
from typing import Any

from emails.states import Status

# django-anymail's normalised event types (docs: "Tracking sent mail status").
BY_EVENT_TYPE: Mapping[str, Status] = {
    "sent": Status.SENT,
    "deferred": Status.DEFERRED,
    "delivered": Status.DELIVERED,
    "bounced": Status.BOUNCED,
    "rejected": Status.REJECTED,
    "failed": Status.REJECTED,  # told after the provider had accepted: it refuses this one after all
    "complained": Status.COMPLAINED,
}

# Postmark: "Bounce webhook", list of bounce types. "" means: says nothing about this email.
POSTMARK_TYPES: Mapping[str, Status | str] = {
    "SoftBounce": Status.SOFT_BOUNCED,
    "Transient": Status.DEFERRED,
    "DnsError": Status.DEFERRED,
    "SpamNotification": Status.BOUNCED,
    "VirusNotification": Status.BOUNCED,
    "Blocked": Status.BOUNCED,
    "DMARCPolicy": Status.BOUNCED,
    "Unknown": Status.BOUNCED,
    "Undeliverable": Status.BOUNCED,
    "Unsubscribe": "",
    "Subscribe": "",
    "OpenRelayTest": "",
    "ManualSuppression": "",
}


def _postmark(raw: Mapping[str, Any]) -> Status | str | None:
    if raw.get("RecordType") == "SubscriptionChange":
        return ""
    return POSTMARK_TYPES.get(raw["Type"]) if isinstance(raw.get("Type"), str) else None


def _sendgrid(raw: Mapping[str, Any]) -> Status | str | None:
    # SendGrid "Event webhook": a bounce of type "blocked" with a 4yz reply was given up, the address is not at fault.
    if raw.get("event") == "bounce" and str(raw.get("status") or raw.get("reason") or "").startswith("4"):
        return Status.SOFT_BOUNCED
    return None


def _amazon_ses(raw: Mapping[str, Any]) -> Status | str | None:
    # Amazon SES "Contents of event data": bounceType Transient was given up; the mailbox may exist.
    bounce = raw.get("bounce")
    if isinstance(bounce, Mapping) and bounce.get("bounceType") in ("Transient", "Undetermined"):
        return Status.SOFT_BOUNCED
    return None


def _brevo(raw: Mapping[str, Any]) -> Status | str | None:
    return Status.SOFT_BOUNCED if raw.get("event") in ("soft_bounce", "soft-bounce") else None


def _smtp(raw: Mapping[str, Any]) -> Status | str | None:
    # RFC 3464: "failed" with a status of class 4 is a passing trouble that lasted too long.
    if raw.get("action") == "failed" and str(raw.get("code")).startswith("4"):
        return Status.SOFT_BOUNCED
    return None


BY_PROVIDER: Mapping[str, Callable[[Mapping[str, Any]], Status | str | None]] = {
    "postmark": _postmark,
    "sendgrid": _sendgrid,
    "amazon_ses": _amazon_ses,
    "brevo": _brevo,
    "smtp": _smtp,
}


def status_of(provider: str, event_type: str, raw: object) -> str:
    """The status an event speaks for, or "" if it only is a hint (opened, clicked, an auto-reply, something new)."""
    read = BY_PROVIDER.get(provider)
    found = read(raw) if read and isinstance(raw, Mapping) else None
    if found is not None:
        return str(found)
    return str(BY_EVENT_TYPE.get(event_type, ""))
