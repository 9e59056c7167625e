"""Sending health: five lights, each a sentence, and how much of the last week's email did not arrive."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Q
from django.utils import timezone

from emails import mailbox, providers, wording_channel, wording_facts
from emails.models import Channel, Mailbox, Message, MessageEvent
from emails.states import LEFT_US, UNDELIVERED, Status

WORKER_FRESH = timedelta(minutes=2)
QUEUE_SLOW, QUEUE_STUCK = timedelta(minutes=1), timedelta(minutes=2)
TROUBLE = timedelta(hours=1)  # the mail service takes nothing for so long: no passing mood any more
ANSWERS_DUE_AFTER = timedelta(minutes=2)
ANSWERS_LOOKED_BACK = timedelta(days=1)
RECENT = 20
MAILBOX_FRESH = timedelta(minutes=10)
MAILBOX_TRIES = 3  # failures in a row before it is more than a hiccup
SILENCE_FROM = 3  # fewer unanswered emails say nothing
RATES_OF = timedelta(days=7)
RATES_FROM_AT_MOST = 20_000
COUNT_UP_TO = 1_000


@dataclass(frozen=True)
class Light:
    """One thing that must work: title, tone, sentence. `details` are the machine's own words."""

    code: str
    title: str
    tone: str
    sentence: str
    next_step: str = ""
    details: str = ""
    can_retry: bool = False


def lights() -> list[Light]:
    """All five, in the order that an email passes them."""
    channel, now = Channel.get(), timezone.now()
    return [_queue(channel, now), _worker(channel, now), _service(channel, now), _answers(now), _mode()]


def _queue(channel: Channel, now: datetime) -> Light:
    due = Message.objects.filter(status=Status.QUEUED, send_after__lte=now)
    oldest = due.order_by("send_after").values_list("send_after", flat=True).first()
    if oldest is None:
        return Light("queue", "Queue", "green", "Nothing is waiting to be sent.")
    waiting, age = due.order_by().values("pk")[: COUNT_UP_TO + 1].count(), now - oldest
    sentence = f"{emails(waiting)} waiting. Oldest waiting {span(age)}."
    if channel.is_paused:
        return Light(
            "queue", "Queue", "amber", sentence, "They leave as soon as the mail service takes our mail again."
        )
    if age > QUEUE_STUCK:
        return Light("queue", "Queue", "red", sentence, "No email is lost. Look at the worker below first.")
    return Light("queue", "Queue", "amber" if age > QUEUE_SLOW else "green", sentence)


def _worker(channel: Channel, now: datetime) -> Light:
    seen = channel.worker_seen_at
    if seen is None:
        sentence = "The part of the system that sends has not started yet."
    elif now - seen > WORKER_FRESH:
        sentence = f"The part of the system that sends was last seen {ago(now - seen)}."
    else:
        return Light("worker", "Worker", "green", f"Running. Seen {ago(now - seen)}.")
    return Light("worker", "Worker", "red", sentence, "Ask whoever looks after the server to start the worker again.")


def _service(channel: Channel, now: datetime) -> Light:
    name, title = service_name(), "Mail service takes our mail"
    if channel.is_paused and channel.paused_until is None:
        sentence, tone = "Sending is paused until someone starts it again.", "red"
    elif channel.trouble_since and now - channel.trouble_since > TROUBLE and _something_waits(now):
        sentence = f"{name} has taken no email for {span(now - channel.trouble_since)}. We keep trying."
        tone = "red"
    elif channel.is_paused and channel.paused_until:
        sentence = f"{name} does not take mail right now. We try again in {span(channel.paused_until - now)}."
        tone = "amber"
    elif channel.last_accepted_at is None:
        return Light("service", title, "grey", f"Nothing was handed to {_in_sentence(name)} yet.")
    else:
        return Light("service", title, "green", f"{name} took the last email {ago(now - channel.last_accepted_at)}.")
    step, details = wording_channel.parts(channel.paused_reason)
    step = step or "Emails wait in the queue and none is lost."
    return Light("service", title, tone, sentence, step, details=details, can_retry=True)


def _something_waits(now: datetime) -> bool:
    """At night nothing is handed over, which is no trouble."""
    return Message.objects.filter(status=Status.QUEUED, send_after__lte=now + TROUBLE).exists()


def _answers(now: datetime) -> Light:
    title = "Answers coming back"
    if settings.EMAIL_PROVIDER == providers.BY_MAIL:
        return _mailbox(title, now)
    sent = _recently_sent(now)
    last = MessageEvent.objects.filter(key__isnull=False).order_by("-recorded_at").first()
    heard = f"Last answer {ago(now - last.recorded_at)}" if last else "No answer so far"
    if not sent:
        return Light("answers", title, "green" if last else "grey", f"{heard}. No email waits for one.")
    silent = [at for status, at in sent if status == Status.SENT]
    answered = len(sent) - len(silent)
    sentence = f"{heard}; {answered} of {len(sent)} recent emails answered."
    if 2 * answered >= len(sent):
        return Light("answers", title, "green", sentence)
    if answered or len(silent) < SILENCE_FROM:
        return Light("answers", title, "amber", sentence, "Some mail servers take their time.")
    sentence = f"{emails(len(silent))} waiting for an answer for up to {span(now - min(silent))}."
    step = f"{service_name()} may have the wrong address to tell us. It must be exactly the one below."
    return Light("answers", title, "red", sentence, step)


# What is wrong with the mailbox that failures come back to -> what to look at.
MAILBOX_STEPS = {
    Mailbox.Trouble.SIGN_IN: "Its user name, password or app password is wrong, or no longer allowed.",
    Mailbox.Trouble.UNREACHABLE: "Its server does not answer. We try again by ourselves.",
    Mailbox.Trouble.CERTIFICATE: "Its server cannot prove who it is, so we gave no password. Check the server’s name.",
    Mailbox.Trouble.FOLDER: "Check the name of the folder in the settings of the server.",
    Mailbox.Trouble.OTHER: "Show the technical details to whoever looks after the server.",
}


def _mailbox(title: str, now: datetime) -> Light:
    """A plain mail server answers by mail or not at all."""
    if settings.BOUNCE_MAILBOX is None:
        sentence = "Failures cannot be seen: our mail server reports them by mail, and no mailbox is set up to read."
        return Light("answers", title, "amber", sentence, "Ask whoever looks after the server to set up the mailbox.")
    box = mailbox.current()
    if box is None or (box.read_at is None and not box.trouble):
        return Light("answers", title, "grey", "Answers by mail: the mailbox was not read yet.")
    if box.trouble:
        since = f"{span(now - box.failing_since)} ago" if box.failing_since else "now"
        sentence = f"{box.get_trouble_display()}. The first time was {since}."
        tone = "amber" if box.trouble == Mailbox.Trouble.UNREACHABLE and box.failures < MAILBOX_TRIES else "red"
        step = f"{MAILBOX_STEPS[Mailbox.Trouble(box.trouble)]} Emails still leave; failures are not seen."
        return Light("answers", title, tone, sentence, step, details=box.details)
    age = now - (box.read_at or now)
    sentence = f"Answers by mail: read {ago(age)}. We only hear about failures, not deliveries."
    if age > MAILBOX_FRESH:
        return Light("answers", title, "red", sentence, "It should be read every minute. Look at the worker first.")
    return Light("answers", title, "green", sentence)


def _recently_sent(now: datetime) -> Sequence[tuple[str, datetime]]:
    """Status and time of the last emails that left, the newest apart: those may still be under way."""
    window = (now - ANSWERS_LOOKED_BACK, now - ANSWERS_DUE_AFTER)
    left = Message.objects.filter(status__in=sorted(LEFT_US), sent_at__range=window, created_at__gte=window[0])
    newest = left.order_by("-created_at", "-pk").values_list("status", "sent_at")[:RECENT]
    return [(status, at) for status, at in newest if at]


def _mode() -> Light:
    title = "Live or practice"
    if settings.PRACTICE_MODE:
        return Light("mode", title, "amber", "Practice mode: nothing leaves this computer. The people do not exist.")
    return Light("mode", title, "green", f"Live: emails go to real people through {_in_sentence(service_name())}.")


# --- rates -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rate:
    """A share of what left in RATES_OF, in percent, and when it becomes a worry."""

    title: str
    number: int
    of: int
    worry: float
    alarm: float
    least: int
    means: str

    @property
    def percent(self) -> float:
        """0 to 100."""
        return 100 * self.number / self.of if self.of else 0.0

    @property
    def words(self) -> str:
        """`29 %`, `2.4 %`, `0.07 %`: two digits that say something."""
        places = 0 if self.percent >= 10 else 1 if self.percent >= 1 else 2
        number = f"{self.percent:.{places}f}"
        return f"{number.rstrip('0').rstrip('.') if places else number} %"

    @property
    def tone(self) -> str:
        """Grey where nothing can be said yet."""
        if not self.of or self.is_chance:
            return "grey"
        if self.percent < self.worry:
            return "green"
        return "red" if self.percent >= self.alarm else "amber"

    @property
    def is_chance(self) -> bool:
        """A few failures among a few emails mean nothing."""
        return 0 < self.number < self.least and self.percent >= self.worry


def rates() -> tuple[Rate, Rate]:
    """Not delivered, and marked as spam; of the newest RATES_FROM_AT_MOST emails at most."""
    left = Message.objects.filter(status__in=sorted(LEFT_US), created_at__gte=timezone.now() - RATES_OF, test=False)
    newest = left.order_by("-created_at").values("status")[:RATES_FROM_AT_MOST]
    undelivered = sorted(UNDELIVERED - {Status.COMPLAINED})
    counts = newest.aggregate(
        all=Count("status"),
        back=Count("status", filter=Q(status__in=undelivered)),
        spam=Count("status", filter=Q(status=Status.COMPLAINED)),
    )
    return (
        Rate("Not delivered", counts["back"], counts["all"], 2, 5, 5, "Above 5 % mail services begin to distrust us."),
        Rate("Marked as spam", counts["spam"], counts["all"], 0.1, 0.3, 2, "Above 0.3 % big mail servers block us."),
    )


# --- words -----------------------------------------------------------------------------------------------------------


def service_name() -> str:
    """The mail service, at the beginning of a sentence."""
    name = "the practice mail service" if settings.PRACTICE_MODE else wording_facts.service(settings.EMAIL_PROVIDER)
    return name[:1].upper() + name[1:]


def _in_sentence(name: str) -> str:
    return name[:1].lower() + name[1:] if name.startswith(("The ", "Our ")) else name


def answer_address() -> str:
    """Where the mail service must send its answers."""
    routes = (route for route, (name, _) in providers.ROUTES.items() if name == settings.MAIL_PROVIDER)
    return f"{settings.BASE_URL}/anymail/{next(routes, '')}"


def emails(number: int) -> str:
    """`1 email`, `12 emails`, `more than 1,000 emails`."""
    if number > COUNT_UP_TO:
        return f"More than {COUNT_UP_TO:,} emails"
    return "1 email" if number == 1 else f"{number} emails"


_JUST_NOW = timedelta(seconds=5)
_UNITS = ((86_400, "day"), (3_600, "h"), (60, "min"), (1, "s"))


def span(wait: timedelta) -> str:
    """`4 s`, `12 min`, `3 h`, `2 days`."""
    seconds = max(0, round(wait.total_seconds()))
    size, unit = next(((s, u) for s, u in _UNITS if seconds >= s), _UNITS[-1])
    number = seconds // size
    return f"{number} {unit}{'s' if unit == 'day' and number > 1 else ''}"


def ago(age: timedelta) -> str:
    """`just now`, `12 min ago`."""
    return "just now" if age < _JUST_NOW else f"{span(age)} ago"
