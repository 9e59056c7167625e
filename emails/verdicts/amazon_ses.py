"""Amazon SES, by SNS. Source: SES developer guide, "Contents of event data that Amazon SES publishes to Amazon SNS"."""

from emails.states import Status
from emails.verdicts.base import NEWS, NOTHING, Provider, Raw, Row, as_map, decides, dig, says, scalar

# bounceType/bounceSubType. Permanent is for good; the others were given up, the mailbox may exist.
BOUNCES: dict[str, Row] = {
    "Permanent": says(Status.BOUNCED),
    "Permanent/Suppressed": decides(Status.REJECTED, "suppressed", type="rejected"),
    "Permanent/OnAccountSuppressionList": decides(Status.REJECTED, "suppressed", type="rejected"),
    "Permanent/UnsubscribedRecipient": decides(Status.REJECTED, "suppressed", type="rejected"),
    "Transient": says(Status.SOFT_BOUNCED),
    "Transient/MailboxFull": decides(Status.SOFT_BOUNCED, "mailbox_full"),
    "Transient/MessageTooLarge": decides(Status.SOFT_BOUNCED, "message_too_large"),
    "Transient/ContentRejected": says(Status.SOFT_BOUNCED, "spam_content"),
    "Transient/AttachmentRejected": says(Status.SOFT_BOUNCED, "spam_content"),
    "Transient/CustomTimeoutExceeded": says(Status.SOFT_BOUNCED, "server_problem"),
    "Undetermined": says(Status.SOFT_BOUNCED),
}

# delayType. All are tried again by SES for hours.
DELAYS: dict[str, Row] = {
    "DeliveryDelay": says(Status.DEFERRED, type="deferred"),
    "DeliveryDelay/InternalFailure": says(Status.DEFERRED, "temporary_deferral", type="deferred"),
    "DeliveryDelay/MailboxFull": decides(Status.DEFERRED, "mailbox_full", type="deferred"),
    "DeliveryDelay/SpamDetected": says(Status.DEFERRED, "sender_reputation", type="deferred"),
    "DeliveryDelay/RecipientServerError": says(Status.DEFERRED, "server_problem", type="deferred"),
    "DeliveryDelay/IPFailure": says(Status.DEFERRED, "sender_reputation", type="deferred"),
    "DeliveryDelay/TransientCommunicationFailure": says(Status.DEFERRED, "server_problem", type="deferred"),
    "DeliveryDelay/BYOIPHostNameLookupUnavailable": decides(Status.DEFERRED, "sender_setup", type="deferred"),
    "DeliveryDelay/SendingDeferral": says(Status.DEFERRED, "temporary_deferral", type="deferred"),
}

OTHERS: dict[str, Row] = {
    # The guide, on Transient/General: a mailbox with an automatic reply may answer so after it took the message.
    "auto-reply": says(NOTHING, type="autoresponded"),
    # RFC 3464 section 2.3.3: reports are not only about failures.
    "report/delayed": says(Status.DEFERRED, type="deferred"),
    "report/delivered": says(Status.DELIVERED, type="delivered"),
    "report/relayed": says(NOTHING, type="sent"),
    "report/expanded": says(NOTHING, type="sent"),
    "Complaint/OnAccountSuppressionList": decides(Status.REJECTED, "suppressed", type="rejected"),
    # Feedback types (RFC 5965) by which nobody complains.
    "Complaint/not-spam": says(NOTHING, type=NEWS),
    "Complaint/auth-failure": says(NOTHING, type=NEWS),
    "Reject": decides(Status.REJECTED, "spam_content"),  # SES found a virus
    "Rendering Failure": decides(Status.REJECTED, "message_malformed"),
    "Subscription": says(NOTHING, type="unsubscribed"),
}


def _view(raw: Raw, recipient: str) -> Raw:
    """The event with the entry of this recipient, who may be one of several, at `who`."""
    kind = scalar(raw.get("eventType") or raw.get("notificationType"))
    entries = dig(raw, "bounce.bouncedRecipients") or dig(raw, "deliveryDelay.delayedRecipients")
    people = [as_map(entry) for entry in entries] if isinstance(entries, list) else []
    same = [who for who in people if scalar(who.get("emailAddress")).casefold() == recipient.casefold()]
    who: Raw = (same or people or [{}])[0]
    facts = {**raw, "kind": kind, "who": who}
    if kind == "Bounce":
        facts["special"] = _special(as_map(raw.get("bounce")), who)
    return facts


def _special(bounce: Raw, who: Raw) -> str:
    """A "bounce" that is none: no report of a mail server came with it, or one about something else."""
    action = scalar(who.get("action")).lower()
    if action and action != "failed":
        return f"report/{action}"
    general = bounce.get("bounceType") == "Transient" and bounce.get("bounceSubType") == "General"
    reported = action or who.get("status") or who.get("diagnosticCode")
    return "auto-reply" if general and not reported else ""


PROVIDER = Provider(
    view=_view,
    keys=(
        ("special",),
        ("bounce.bounceType", "bounce.bounceSubType"),
        ("bounce.bounceType",),
        ("kind", "deliveryDelay.delayType"),
        ("kind", "complaint.complaintSubType"),
        ("kind", "complaint.complaintFeedbackType"),
        ("kind",),
    ),
    table={**BOUNCES, **DELAYS, **OTHERS},
    words=("who.diagnosticCode", "delivery.smtpResponse", "failure.errorMessage", "reject.reason"),
    enhanced="who.status",
)
