"""Staff correct the reason of an email that did not arrive; what the rules got wrong is kept as an example.

The example outlives the email, so personal addresses and names in it are masked.
"""

import re

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from emails import activity, holds
from emails.diagnosis import CATEGORIES, diagnose
from emails.limits import Refused
from emails.models import Message, MessageEvent, WrongReason
from emails.states import WRONG_PERSON, Reason, Status
from emails.wording_failures import FAILURES

# A complaint is a fact, and so is trouble of our own with the mail service: no server's words were read for them.
CORRECTABLE = frozenset({Status.BOUNCED, Status.SOFT_BOUNCED, Status.REJECTED})
STAFF = "staff:"

_ADDRESS = re.compile(r"\"[^\"]{1,64}\"@[^\s<>\"'(),;:\[\]]+|[^\s<>\"'(),;:\[\]]+@[^\s<>\"'(),;:\[\]]+")
SOMEONE = "someone@example.com"
# A local part that servers also say as a word of their own.
_ORDINARY = frozenset(
    {"user", "users", "mail", "email", "mailbox", "account", "address", "recipient", "admin", "server"}
)
_SHORTEST_LOCAL = 4


def choices() -> list[str]:
    """The categories that staff may choose, in the classifier's order."""
    return [category for category in CATEGORIES if category in FAILURES]


@transaction.atomic
def correct(message: Message, category: str, *, by: str, note: str = "") -> Message:
    """Staff say that `category` is the reason. Returns the message as it is now.

    Raises Refused where no server's words were read, or if the category is the one that is shown already.
    """
    row = Message.objects.select_for_update().get(pk=message.pk)
    if not is_correctable(row):
        raise Refused("There is no reason to correct on this email.")
    if category not in choices():
        raise Refused("Please choose one of the reasons.", status_code=422)
    if category == row.category:
        raise Refused(f"It says “{label(category)}” already.")
    read = activity.unaided(row)
    now = activity.correct(row, category, decided_by=f"{STAFF}{by}", by=by, text=_change(row.category, category))
    _withdraw(row)
    if read and category != read.category:
        _keep(row, read, category, by=by, note=note)
    return now


@transaction.atomic
def undo(message: Message, *, by: str) -> Message | None:
    """Go back to the reason that the rules read. None if staff had not corrected it."""
    row = Message.objects.select_for_update().get(pk=message.pk)
    if not is_corrected(row):
        return None
    read = activity.unaided(row)
    text = _change(row.category, read.category if read else "unknown")
    now = activity.correct(row, "", decided_by="", by=by, text=text)
    _withdraw(row)
    return now


def label(category: str) -> str:
    """A category in plain words."""
    return str(FAILURES.get(category, FAILURES["unknown"]).label)


def _change(old: str, new: str) -> str:
    return f"“{label(old)}” → “{label(new)}”"


def is_correctable(message: Message) -> bool:
    """Its reason was read from a server's words."""
    if message.category == WRONG_PERSON:
        return False
    refused = message.status == Status.FAILED and message.category not in ("", "provider_problem")  # by a mail server
    return refused or message.status in CORRECTABLE


def is_corrected(message: Message) -> bool:
    """Staff chose the reason that is shown."""
    return message.decided_by.startswith(STAFF)


# --- examples --------------------------------------------------------------------------------------------------------


def _withdraw(message: Message) -> None:
    WrongReason.objects.filter(message=message, withdrawn_at=None).update(withdrawn_at=timezone.now())


def _keep(message: Message, read: MessageEvent, category: str, *, by: str, note: str) -> WrongReason:
    words = mask(read.text, message)
    return WrongReason.objects.create(
        message=message,
        smtp_reply=words,
        provider=read.provider or message.provider,
        event=read.type,
        reject_reason=read.reject_reason,
        enhanced_code=diagnose(words).enhanced_code[:20],
        old=read.category or "unknown",
        label=category,
        rule=read.decided_by,
        note=mask(note, message)[:500],
        by=by,
    )


def mask(words: str, message: Message) -> str:
    """`words` without anybody's address, and without this person's name or the part of the address before the @."""
    masked = _ADDRESS.sub(SOMEONE, words)
    local = message.to_address.rpartition("@")[0]
    if len(local) >= _SHORTEST_LOCAL and local.lower() not in _ORDINARY:
        masked = re.sub(rf"(?<![\w.@-]){re.escape(local)}(?![\w@-])", "someone", masked, flags=re.IGNORECASE)
    if len(message.to_name) >= _SHORTEST_LOCAL:
        masked = re.sub(rf"\b{re.escape(message.to_name)}\b", "Someone", masked, flags=re.IGNORECASE)
    return masked


# --- mail that waits for the address ---------------------------------------------------------------------------------


def waiting(message: Message) -> QuerySet[Message]:
    """Held mail to the address of a message that does not blame it: nothing is in its way any more."""
    if holds.blames(message) or holds.active(message.to_address):
        return Message.objects.none()
    return Message.objects.filter(
        to_key=message.to_key, status=Status.HELD, reason=Reason.ADDRESS_BLOCKED
    ).select_related("inspection", "participant__contact")
