"""The life of one message: statuses, their ranks, and what may follow what.

Pure: importable without Django set up. Below `SENDING` a status moves by conditional UPDATE only; from there up it is
the maximum rank of all known facts, so that neither order nor repetition of events can matter.
"""

from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum

WRONG_PERSON = "wrong_person"  # a category: whoever reads the mailbox says so in the portal, no server's words
GIVE_UP_AFTER = timedelta(days=3)  # for so long receiving servers are asked again, at most services


class Status(StrEnum):
    """Where a message stands."""

    SKIPPED = "skipped"  # not sent on purpose; `reason` says why
    HELD = "held"  # wants to leave, may not yet; `reason` says why
    CANCELLED = "cancelled"  # stopped by staff or by a later fact, before it left
    QUEUED = "queued"  # due at `send_after`
    CLAIMED = "claimed"  # a worker has it under a lease; surely not sent yet
    SENDING = "sending"  # handed to the provider; outcome open
    UNKNOWN = "unknown"  # outcome ambiguous; never sent again blindly
    FAILED = "failed"  # surely not accepted, and no tries left or pointless
    SENT = "sent"  # the provider accepted it
    DEFERRED = "deferred"  # the receiving server said: later
    SOFT_BOUNCED = "soft_bounced"  # temporary refusal, given up
    DELIVERED = "delivered"  # the receiving server accepted it
    REJECTED = "rejected"  # the provider refused this recipient
    BOUNCED = "bounced"  # the receiving server refused it
    COMPLAINED = "complained"  # marked as spam


RANK: dict[str, int] = {
    Status.QUEUED: 10,
    Status.CLAIMED: 15,
    Status.SENDING: 20,
    Status.UNKNOWN: 25,
    Status.FAILED: 27,
    Status.SENT: 30,
    Status.DEFERRED: 40,
    Status.SOFT_BOUNCED: 45,
    Status.DELIVERED: 50,
    Status.REJECTED: 55,
    Status.BOUNCED: 60,
    Status.COMPLAINED: 70,
}

FACT_RANK = RANK[Status.SENDING]

ON_PURPOSE = frozenset({Status.SKIPPED, Status.CANCELLED})
IN_OUR_HANDS = frozenset({Status.QUEUED, Status.CLAIMED, Status.SENDING})
ON_ITS_WAY = IN_OUR_HANDS | {Status.SENT, Status.DEFERRED}
UNDELIVERED = frozenset({Status.FAILED, Status.SOFT_BOUNCED, Status.REJECTED, Status.BOUNCED, Status.COMPLAINED})
UNFINISHED = ON_ITS_WAY | {Status.UNKNOWN}
CANCELLABLE = frozenset({Status.QUEUED, Status.HELD})
RESENDABLE = frozenset(Status) - IN_OUR_HANDS - {Status.HELD}
LEFT_US = frozenset(s for s in Status if RANK.get(s, 0) >= RANK[Status.SENT])


class Reason(StrEnum):
    """Why a message was skipped or is held."""

    NOTIFICATIONS_OFF = "off_inspection"
    UNCONFIRMED = "off_unconfirmed"
    RULE_OFF = "off_rule"
    CONDITION = "off_condition"
    WINDOW_MISSED = "off_late"
    DONE = "off_done"
    INSPECTION_CANCELLED = "off_cancelled"
    DUPLICATE = "off_duplicate"
    UNSUBSCRIBED = "off_unsubscribed"  # marketing alone
    NO_CLIENT = "off_nobody"  # there was no client to write to
    ADDRESS_BLOCKED = "suppressed"
    NO_ADDRESS = "no_address"
    OWN_ADDRESS = "own_address"
    TEMPLATE_PROBLEM = "template_problem"
    NO_MAIL_SERVICE = "domain_problem"  # DNS surely has none; the words are those of the failure


SKIP_REASONS = frozenset(r for r in Reason if r.value.startswith("off_"))
HOLD_REASONS = frozenset(Reason) - SKIP_REASONS


def rank(status: str) -> int:
    """Position of a status; 0 for those off the ladder (skipped, held, cancelled)."""
    return RANK.get(status, 0)


def fold(statuses: Iterable[str]) -> str:
    """The status that a set of facts amounts to: the highest rank, whatever their order or number.

    Raises ValueError for an empty set, KeyError for something that is not a fact about a send.
    """
    facts = set(statuses)
    unknown = facts - RANK.keys()
    if unknown:
        raise KeyError(f"not a send fact: {sorted(unknown)}")
    return Status(max(facts, key=RANK.__getitem__))
