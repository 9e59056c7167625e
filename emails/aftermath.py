"""What follows from the outcome of a provider call: for the message, and for all the others that wait."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings

from emails import activity, channel, wording_channel
from emails.diagnosis import diagnose
from emails.models import Channel, Message
from emails.outcomes import Fate, Outcome
from emails.states import Status

BUSY_PAUSE = 30.0  # when the provider does not say how long
UNREACHABLE_PAUSE = 5.0
FORBIDDEN_PAUSE = 60.0
LOCKED_OUT_PAUSE = 300.0
SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 3600.0  # whatever the provider asks for
LONGEST_CALL = timedelta(seconds=45)  # an email accepted later than this after a refusal was handed over after it

WHY_PAUSED = {
    Fate.BUSY: "The mail service asked us to slow down.",
    Fate.UNREACHABLE: "The mail service cannot be reached.",
    Fate.LOCKED_OUT: "The mail service refuses our key. An owner must check it.",
    Fate.FORBIDDEN: "The mail service does not let us send this. An owner must check the account.",
    Fate.UNSAFE: "There is no safe connection to the mail service. An owner must check it.",
}


def conclude(message: Message, outcome: Outcome, *, since: datetime) -> None:
    """Write down what became of a call that began at `since`."""
    match outcome.fate:
        case Fate.ACCEPTED:
            activity.finish(message, Status.SENT, provider_message_id=outcome.provider_message_id)
            channel.accepted(since=since)
        case Fate.UNKNOWN:
            activity.finish(message, Status.UNKNOWN, text=outcome.words)
            channel.doubt()
        case fate:
            if fate in CLEAR:
                channel.answered(since=since)
            BY_FATE[fate](message, outcome)


def _refused(message: Message, outcome: Outcome) -> None:
    # A mail server has no list of its own; a provider that refuses without a reason we know has the address on it.
    otherwise = "unknown" if settings.MAIL_PROVIDER == "smtp" else "suppressed"
    _give_up(message, outcome, Status.REJECTED, otherwise=otherwise, event="rejected")


def _impossible(message: Message, outcome: Outcome) -> None:
    if settings.MAIL_PROVIDER == "smtp":  # the server's words are about the email; a provider's API speaks of our call
        # Some servers judge the recipient only when they have the text.
        about_them = diagnose(outcome.words, provider="smtp").holds
        _give_up(message, outcome, Status.REJECTED if about_them else Status.FAILED, otherwise="provider_problem")
    else:
        _finish(message, outcome, Status.FAILED, category="provider_problem", rule="send")


def _later(message: Message, outcome: Outcome) -> None:
    """Try again by the table of pauses; the others go on."""
    wait = _next_wait(message)
    if wait is None:
        _give_up(message, outcome, Status.FAILED, otherwise="temporary_deferral")
    else:
        _put_back(message, outcome, wait=wait, burnt=True)


def _unreachable(message: Message, outcome: Outcome) -> None:
    """Try again by the table of pauses; with none left it failed, and someone must look."""
    wait = _next_wait(message)
    if wait is None:
        _finish(message, outcome, Status.FAILED, category="provider_problem", rule="send")
    else:
        channel.pause(_why(outcome), seconds=min(UNREACHABLE_PAUSE, wait))
        _put_back(message, outcome, wait=wait, burnt=True)


def _busy(message: Message, outcome: Outcome) -> None:
    told = BUSY_PAUSE if outcome.retry_after is None else outcome.retry_after
    _wait_with_all(message, outcome, pause=min(max(told, SHORTEST_PAUSE), LONGEST_PAUSE))


def _locked_out(message: Message, outcome: Outcome) -> None:
    _wait_with_all(message, outcome, pause=LOCKED_OUT_PAUSE)


def _forbidden(message: Message, outcome: Outcome) -> None:
    """Refused, and the answer does not tell whether to us or only for this recipient. The other emails tell.

    A trial account answers 403 for every address but its owner's, a revoked key does so for all. So all wait a
    little, the others go first, and if one is taken meanwhile the refusal was about this one alone.
    """
    first = message.events.filter(type="retry", code=Fate.FORBIDDEN.value).order_by("at").first()
    taken = Channel.get().last_accepted_at
    if first and taken and taken > first.at + LONGEST_CALL:
        _finish(message, outcome, Status.FAILED, category="provider_problem", rule="send")
    else:
        _wait_with_all(message, outcome, pause=FORBIDDEN_PAUSE)


def _wait_with_all(message: Message, outcome: Outcome, *, pause: float) -> None:
    """No fault of this message: everything waits, and no try is counted."""
    channel.pause(_why(outcome), seconds=pause)
    _put_back(message, outcome, wait=pause, burnt=False)


def _why(outcome: Outcome) -> str:
    return wording_channel.pause(outcome.why, outcome.words) or WHY_PAUSED[outcome.fate]


def _put_back(message: Message, outcome: Outcome, *, wait: float, burnt: bool) -> None:
    activity.put_back(
        message,
        frm=Status.SENDING,
        wait=timedelta(seconds=wait),
        type="retry",
        text=outcome.words,
        code=outcome.fate.value,
        burnt=burnt,
    )


def _next_wait(message: Message) -> float | None:
    """Seconds until the next try, None if there is none left."""
    pauses = settings.RETRY_BACKOFF
    return pauses[message.tries - 1] if message.tries <= len(pauses) else None


def _give_up(message: Message, outcome: Outcome, status: Status, *, otherwise: str, event: str = "") -> None:
    found = diagnose(outcome.words, provider=settings.MAIL_PROVIDER, event=event)
    category = found.category if found.category != "unknown" else otherwise
    _finish(message, outcome, status, category=category, rule=found.rule)


def _finish(message: Message, outcome: Outcome, status: Status, *, category: str, rule: str) -> None:
    activity.finish(
        message,
        status,
        provider_message_id=outcome.provider_message_id,
        text=outcome.words,
        category=category,
        decided_by=rule,
    )


BY_FATE: dict[Fate, Callable[[Message, Outcome], None]] = {
    Fate.REFUSED: _refused,
    Fate.IMPOSSIBLE: _impossible,
    Fate.LATER: _later,
    Fate.UNREACHABLE: _unreachable,
    Fate.BUSY: _busy,
    Fate.LOCKED_OUT: _locked_out,
    Fate.UNSAFE: _locked_out,
    Fate.FORBIDDEN: _forbidden,
}
CLEAR = frozenset({Fate.REFUSED, Fate.IMPOSSIBLE, Fate.LATER})  # it heard the question and answered it
