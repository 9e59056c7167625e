"""“Why didn’t Ann get it?”: facts in, one answer out. Pure; `selectors_why` gathers the facts.

PRECEDENCE is the whole decision: the first that fits is the answer. See docs/decisions/why-page.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from emails.models import Kind
from emails.states import LEFT_US, UNDELIVERED, Reason, Status

WITH_LINK = frozenset({Kind.CONFIRMATION, Kind.AGREEMENT})
ADDRESS_FAULT = frozenset({"address_unknown", "domain_problem"})
IN_HAND = frozenset({Status.QUEUED, Status.CLAIMED, Status.SENDING})


@dataclass(frozen=True)
class Email:
    """The email in question: the newest of its kind that nobody replaced."""

    status: str
    key: str
    reason: str = ""
    category: str = ""
    retry: int = 0
    has_link: bool = True
    later: bool = False  # its hour has not come
    old: bool = False  # without an answer for so long that something is wrong
    opened: bool = False
    auto_reply: bool = False
    template_lost_link: bool = False


@dataclass(frozen=True)
class Facts:
    """What is known about one person, one inspection and one kind of email. `key` is that of the address on file."""

    kind: str
    key: str
    email: Email | None = None
    removed: bool = False
    cancelled: bool = False
    confirmed: bool = True
    notifications: bool = True
    usable: bool = True
    own: bool = False
    rule_off: bool = False
    hold: str = ""  # category of the hold on the address on file
    dead_domain: bool = False
    meant: str = ""  # the address that was probably meant
    other: str = ""  # somebody else who has the address that it went to
    visited_at: datetime | None = None  # the portal, after the email left
    signed_at: datetime | None = None  # what it asks for, after it left
    paid_at: datetime | None = None
    unsigned: bool = False  # it asks for a signature, and there is none
    worker_down: bool = False
    paused: bool = False
    silent: bool = False  # the mail service answers nothing any more


def decide(facts: Facts) -> str:
    """The answer, a key of `wording_why.WHY`."""
    return next(code for code, fits in PRECEDENCE if fits(facts))


def _is(*statuses: str) -> Callable[[Facts], bool]:
    return lambda facts: facts.email is not None and facts.email.status in statuses


def _held(reason: str) -> Callable[[Facts], bool]:
    return lambda facts: facts.email is not None and (facts.email.status, facts.email.reason) == (Status.HELD, reason)


def _both(one: Callable[[Facts], bool], two: Callable[[Facts], bool]) -> Callable[[Facts], bool]:
    return lambda facts: one(facts) and two(facts)


def _mail(test: Callable[[Email], bool]) -> Callable[[Facts], bool]:
    return lambda facts: facts.email is not None and test(facts.email)


def _nothing(facts: Facts) -> bool:
    return facts.email is None


def _arrived(facts: Facts) -> bool:
    return _is(Status.DELIVERED)(facts)


def _cancelled(facts: Facts) -> bool:
    return facts.cancelled and facts.kind != Kind.CANCELLED and not _arrived(facts)


def _went_elsewhere(facts: Facts) -> bool:
    """It left for another address than the one on file."""
    email = facts.email
    return email is not None and email.status in LEFT_US | UNDELIVERED and email.key != facts.key


def _stands(facts: Facts) -> bool:
    """It waits: with us, or for somebody."""
    return _is(*IN_HAND, Status.HELD)(facts) or _nothing(facts)


def _blocked(*categories: str) -> Callable[[Facts], bool]:
    return lambda facts: _stands(facts) and facts.hold in categories


def _is_mistyped(facts: Facts) -> bool:
    return _mail(lambda email: email.category in ADDRESS_FAULT)(facts) and bool(facts.meant)


PRECEDENCE: tuple[tuple[str, Callable[[Facts], bool]], ...] = (
    # Nobody to send it to
    ("removed", lambda facts: facts.removed),
    ("cancelled", _cancelled),
    ("other_person", lambda facts: _went_elsewhere(facts) and bool(facts.other)),
    ("no_address", lambda facts: not facts.usable and not _arrived(facts)),
    ("own_address", lambda facts: facts.own and not _arrived(facts)),
    ("old_address", _went_elsewhere),
    # Not sent on purpose
    ("skipped", _is(Status.SKIPPED)),
    ("stopped", _is(Status.CANCELLED)),
    ("unconfirmed", lambda facts: _nothing(facts) and not facts.confirmed),
    # The address is in the way
    ("complained", _blocked("complained")),
    ("blocked_by_staff", _blocked("staff")),
    ("typo_held", lambda facts: _stands(facts) and facts.dead_domain and bool(facts.meant)),
    ("domain_dead", lambda facts: _stands(facts) and facts.dead_domain),
    ("blocked", lambda facts: _stands(facts) and bool(facts.hold)),
    # Nothing was asked for
    ("off", lambda facts: _nothing(facts) and not facts.notifications),
    ("rule_off", lambda facts: _nothing(facts) and facts.rule_off),
    ("never_sent", _nothing),
    # Held for the template, or for something that is over by now
    ("lost_link", _both(_held(Reason.TEMPLATE_PROBLEM), _mail(lambda email: email.template_lost_link))),
    ("held", _is(Status.HELD)),
    # In our hands
    ("retrying", _both(_is(Status.QUEUED), _mail(lambda email: email.retry > 0))),
    ("scheduled", _both(_is(Status.QUEUED), _mail(lambda email: email.later))),
    ("worker_down", lambda facts: _is(*IN_HAND)(facts) and facts.worker_down),
    ("provider_refuses", lambda facts: _is(*IN_HAND)(facts) and facts.paused),
    ("waiting", _is(*IN_HAND)),
    # It left, or may have left
    ("unsure", _is(Status.UNKNOWN)),
    ("spam_pressed", _is(Status.COMPLAINED)),
    ("typo", _both(_is(Status.BOUNCED, Status.REJECTED, Status.SOFT_BOUNCED), _is_mistyped)),
    ("failed", _is(*UNDELIVERED)),
    ("webhooks_silent", lambda facts: _is(Status.SENT)(facts) and facts.silent),
    ("no_news", _both(_is(Status.SENT), _mail(lambda email: email.old))),
    ("deferred", _is(Status.DEFERRED)),
    ("underway", _is(Status.SENT)),
    # It arrived
    ("paid", lambda facts: facts.paid_at is not None),
    ("signed", lambda facts: facts.signed_at is not None),
    ("no_link", lambda facts: facts.kind in WITH_LINK and _mail(lambda email: not email.has_link)(facts)),
    ("visited_unsigned", lambda facts: facts.visited_at is not None and facts.unsigned),
    ("visited", lambda facts: facts.visited_at is not None),
    ("auto_reply", _mail(lambda email: email.auto_reply)),
    ("shared", lambda facts: bool(facts.other)),
    ("unsigned", lambda facts: facts.unsigned),
    ("opened", _mail(lambda email: email.opened)),
    ("delivered", lambda facts: True),
)
