"""What happens to a practice email: the part of the address before `+` decides.

`bounce@`, `bounce+7@` and `Bounce+maria.cole@` end the same way at any domain; `slip@` comes
back from a mistyped one, as `slip@gmial.com`; every other address is delivered. The words are
what servers of each family really say, so that the diagnosis is exercised as in production. A
given address always gets the same wording: practice data is varied, but the same everywhere.

Postmark's bounce types: https://postmarkapp.com/developer/api/bounce-api#bounce-types
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

from emails.addresses import suggest

RecordType = Literal["Delivery", "Bounce", "SpamComplaint"]


@dataclass(frozen=True, slots=True)
class Step:
    """One report. `at`: seconds after acceptance. `type`: Postmark's bounce Type."""

    record_type: RecordType
    at: float = 1.0
    type: str = ""


@dataclass(frozen=True, slots=True)
class Fate:
    """`status`, `category`: how the app must end up showing it. `replies`: the server's words."""

    name: str
    status: str
    category: str
    steps: tuple[Step, ...]
    replies: tuple[str, ...] = ()


HARD = (Step("Bounce", type="HardBounce"),)
SOFT = (Step("Bounce", type="SoftBounce"),)
DELIVERY = Step("Delivery")

# Placeholders: {address} and {domain} of the recipient, {sender} and {sender_domain} of the office.
TABLE = (
    Fate("delivered", "delivered", "", (DELIVERY,)),
    Fate(
        "bounce",
        "bounced",
        "address_unknown",
        HARD,
        (
            "smtp;550 5.1.1 The email account that you tried to reach does not exist. Please try"
            " double-checking the recipient's email address for typos or unnecessary spaces."
            " https://support.google.com/mail/?p=NoSuchUser - gsmtp",
            "smtp;550 5.1.1 <{address}>: Recipient address rejected: User unknown in virtual mailbox table",
            "smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient {address} not found by SMTP address lookup",
            "smtp;550 <{address}>: No such user here",
            "smtp;550 5.1.1 unknown or illegal alias: {address}",
        ),
    ),
    Fate(
        "nodomain",
        "bounced",
        "domain_problem",
        HARD,
        (
            "smtp;550 5.4.4 Host or domain name not found."
            " Name service error for name={domain} type=MX: Host not found",
            "smtp;550 5.1.2 <{address}>... Host unknown (Name server: {domain}: host not found)",
            "smtp;553 5.1.2 Sorry, I couldn't find any host named {domain}. (#5.1.2)",
            "smtp;556 5.1.10 <{address}>: Recipient address rejected: Domain {domain} does not accept mail (nullMX)",
        ),
    ),
    Fate(
        "disabled",
        "bounced",
        "mailbox_disabled",
        HARD,
        (
            "smtp;550 5.2.1 The email account that you tried to reach is disabled."
            " https://support.google.com/mail/?p=DisabledUser - gsmtp",
            "smtp;525 5.7.13 <{address}>: Disabled recipient address",
            "smtp;554 delivery error: dd This account has been disabled or discontinued [#102]",
            "smtp;550 5.2.1 This mailbox has been blocked due to inactivity",
        ),
    ),
    Fate(
        "full",
        "soft_bounced",
        "mailbox_full",
        SOFT,
        (
            "smtp;452 4.2.2 The email account that you tried to reach is over quota."
            " https://support.google.com/mail/?p=OverQuotaTemp - gsmtp",
            "smtp;552 5.2.2 <{address}>: user is over quota (in reply to RCPT TO command)",
            "smtp;552 5.2.2 <{address}>: Recipient address rejected: Mailbox full",
            "smtp;552 5.2.2 Mailbox size limit exceeded",
        ),
    ),
    Fate(
        "blocked",
        "bounced",
        "recipient_policy",
        (Step("Bounce", type="Blocked"),),
        (
            "smtp;550 5.7.1 <{address}>: this mailbox accepts messages from approved senders only",
            "smtp;550 <{address}>: Reject due to policy restrictions",
            "smtp;541 5.4.1 Mail rejected by destination domain",
            "smtp;554 5.7.9 Message not accepted for policy reasons",
            "smtp;550 5.7.0 Local Policy Violation",
        ),
    ),
    Fate(
        "reputation",
        "bounced",
        "sender_reputation",
        HARD,
        (
            "smtp;550 5.7.606 Access denied, banned sending IP [192.0.2.25]."
            " To request removal from this list please visit https://sender.office.com/",
            "smtp;554 5.7.1 Service unavailable; Client host [192.0.2.25] blocked using zen.spamhaus.org",
            "smtp;550 5.7.1 [192.0.2.25] Our system has detected that this message is likely"
            " suspicious due to the very low reputation of the sending IP address - gsmtp",
            "smtp;554 Blocked - see https://ipcheck.proofpoint.com/?ip=192.0.2.25",
        ),
    ),
    Fate(
        "setup",
        "bounced",
        "sender_setup",
        HARD,
        (
            "smtp;550 5.7.26 Unauthenticated email from {sender_domain} is not accepted"
            " due to domain's DMARC policy - gsmtp",
            "smtp;550 5.7.515 Access denied, sending domain {sender_domain} does not meet"
            " the required authentication level",
            "smtp;550 5.7.23 The message was rejected because of Sender Policy Framework violation",
            "smtp;553 5.1.8 <{sender}>: Sender address rejected: Domain not found",
            "smtp;550 5.7.25 [192.0.2.25] The IP address sending this message does not have a PTR record setup - gsmtp",
        ),
    ),
    Fate(
        "spam",
        "bounced",
        "spam_content",
        (Step("Bounce", type="SpamNotification"),),
        (
            "smtp;550 5.7.1 Our system has detected that this message is likely unsolicited mail."
            " To reduce the amount of spam sent to Gmail, this message has been blocked - gsmtp",
            "smtp;554 5.7.1 Message rejected under suspicion of SPAM",
            "smtp;550 5.7.1 Rejected by spam filter (in reply to end of DATA command)",
            "smtp;554 5.6.0 This message has been scored as spam with a probability of more than 90%",
        ),
    ),
    Fate(
        "malformed",
        "bounced",
        "message_malformed",
        HARD,
        (
            "smtp;550 5.7.1 This message is not RFC 5322 compliant. There are multiple Subject headers - gsmtp",
            "smtp;554 5.6.0 Transaction failed: Duplicate header 'Message-ID'",
            "smtp;501 5.5.4 Syntax error in parameters or arguments",
            "smtp;550 5.6.0 The headers in this message contain improperly-formatted binary content",
        ),
    ),
    Fate(
        "softbounce",
        "soft_bounced",
        "temporary_deferral",
        SOFT,
        (
            "smtp;450 4.7.1 <{address}>: Recipient address rejected: Greylisted, please try again in 300 seconds",
            "smtp;421 4.7.0 Too many connections from your host, try again later",
            "smtp;450 4.2.1 The recipient has exceeded message rate limit. Try again later",
            "smtp;452 4.5.3 rate limit exceeded",
        ),
    ),
    Fate(
        "down",
        "soft_bounced",
        "server_problem",
        SOFT,
        (
            "smtp;421 4.4.1 connect to mx1.{domain}[192.0.2.9]:25: Connection timed out",
            "smtp;451 4.3.0 Error: queue file write error",
            "smtp;554 5.4.6 Too many hops",
            "smtp;452 4.3.1 Insufficient system storage",
        ),
    ),
    # Refused at the call; what is taken in has been lifted from the stop list, and arrives.
    Fate("suppressed", "rejected", "suppressed", (DELIVERY,)),
    Fate(
        "slow",
        "delivered",
        "",
        (Step("Bounce", type="Transient"), Step("Delivery", at=20.0)),
        (
            "smtp;451 4.7.1 Greylisting in action, please come back later",
            "smtp;421 4.7.0 Try again later, closing connection",
            "smtp;450 4.2.0 <{address}>: Recipient address rejected: Greylisted",
        ),
    ),
    Fate(
        "complaint",
        "complained",
        "",
        (DELIVERY, Step("SpamComplaint", at=2.0, type="SpamComplaint")),
    ),
    Fate("silent", "sent", "", ()),
    Fate(
        "toolarge",
        "bounced",
        "message_too_large",
        HARD,
        (
            "smtp;552 5.3.4 Message size exceeds fixed limit",
            "smtp;552 5.2.3 Message size exceeds fixed maximum message size (10485760)",
            "smtp;550 5.2.3 RESOLVER.RST.RecipSizeLimit; message too large for this recipient",
            "smtp;552 5.3.4 Your message exceeded Google's message size limits."
            " https://support.google.com/mail/?p=MaxSizeError - gsmtp",
        ),
    ),
)

FATES: dict[str, Fate] = {fate.name: fate for fate in TABLE}
DELIVERED = FATES["delivered"]
SLIP = "slip"  # no mailbox where the mail domain is mistyped; arrives once it is put right
NAMES = (*FATES, SLIP)

ACCEPTED_WORDS = (
    "smtp;250 2.0.0 OK - gsmtp",
    "smtp;250 2.0.0 Ok: queued as 4Zk3Qy1WbHz9sRg",
    "smtp;250 2.6.0 Queued mail for delivery",
    "smtp;250 OK id=1tq9Lm-0004Xw-2P",
)


def number(text: str, below: int) -> int:
    """A number in 0 … below-1 that is the same for the same text, today and after a restart."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") % below


def for_address(address: str) -> Fate:
    local_part = address.rpartition("@")[0].partition("+")[0].lower()
    if local_part == SLIP:
        return FATES["bounce"] if suggest(address) else DELIVERED
    return FATES.get(local_part, DELIVERED)


def words(fate: Fate, step: Step, *, address: str, sender: str) -> str:
    """The receiving server's words for one report; the choice hangs on the address alone."""
    replies = ACCEPTED_WORDS if step.record_type == "Delivery" else fate.replies
    if not replies:
        return ""
    reply = replies[number(address.lower(), len(replies))]
    return reply.format(
        address=address,
        domain=address.rpartition("@")[2],
        sender=sender,
        sender_domain=sender.rpartition("@")[2],
    )
