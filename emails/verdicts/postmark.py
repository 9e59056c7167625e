"""Postmark. Source: postmarkapp.com/developer, "Bounce webhook" and "Bounce API", list of bounce types."""

from emails.states import Status
from emails.verdicts.base import NEWS, NOTHING, Provider, Row, decides, says

TYPES: dict[str, Row] = {
    "HardBounce": says(Status.BOUNCED, "address_unknown"),
    "SoftBounce": says(Status.SOFT_BOUNCED),
    "Transient": says(Status.DEFERRED),
    "DnsError": says(Status.DEFERRED, "server_problem"),
    "Unknown": says(Status.BOUNCED, type="bounced"),
    "Undeliverable": says(Status.BOUNCED, type="bounced"),
    # Refused by the receiving side, though Anymail calls them complained, bounced and rejected.
    "SpamNotification": says(Status.BOUNCED, "spam_content", type="bounced"),
    "VirusNotification": says(Status.BOUNCED, "spam_content"),
    "Blocked": says(Status.BOUNCED, "recipient_policy", type="bounced"),
    "DMARCPolicy": decides(Status.BOUNCED, "sender_setup", type="bounced"),
    # Postmark did not try.
    "BadEmailAddress": decides(Status.REJECTED, "address_unknown"),
    "ManuallyDeactivated": decides(Status.REJECTED, "suppressed"),
    "Unconfirmed": decides(Status.REJECTED, "suppressed"),
    "SMTPApiError": says(Status.REJECTED, "message_malformed"),
    "TemplateRenderingFailed": decides(Status.REJECTED, "message_malformed"),
    # Says nothing about this email.
    "AutoResponder": says(NOTHING),
    "AddressChange": says(NOTHING),
    "ChallengeVerification": says(NOTHING),
    "InboundError": says(NOTHING, type=NEWS),
    "Unsubscribe": says(NOTHING),
    "Subscribe": says(NOTHING),
    "OpenRelayTest": says(NOTHING, type=NEWS),
    "ManualSuppression": says(NOTHING),
}

PROVIDER = Provider(
    keys=(("RecordType", "Type"), ("RecordType",)),
    table={
        **{f"Bounce/{name}": row for name, row in TYPES.items()},
        # A change of the stop list, by whomever; the failure itself comes as a Bounce.
        "SubscriptionChange": says(NOTHING, type="unsubscribed"),
    },
    # Not Description: it lists examples of causes, not what this server said.
    words=("Details",),
)
