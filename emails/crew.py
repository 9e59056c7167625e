"""Who comes, goes or changes role on an inspection: what that does to the emails that were planned, in words."""

from collections.abc import Mapping

from emails.models import Message
from emails.states import CANCELLABLE, Status
from inspections.models import Inspection, Participant

Before = Mapping[int, str]


def emails_of(inspection: Inspection) -> Before:
    """Status by id, to be compared later."""
    return dict(inspection.messages.values_list("pk", "status"))


def difference(inspection: Inspection, before: Before) -> tuple[int, int]:
    """How many waiting emails were stopped, and how many were planned, since `before`."""
    now = emails_of(inspection)
    stopped = sum(status in CANCELLABLE and now.get(pk) == Status.CANCELLED for pk, status in before.items())
    return stopped, sum(status in CANCELLABLE and before.get(pk) not in CANCELLABLE for pk, status in now.items())


def consequences(stopped: int, planned: int) -> str:
    """`1 waiting email was stopped. 2 emails were planned.`, "" if nothing happened."""
    parts = [
        f"{_count(stopped, 'waiting email')} stopped." if stopped else "",
        f"{_count(planned, 'email')} planned." if planned else "",
    ]
    return " ".join(part for part in parts if part)


def _count(number: int, what: str) -> str:
    return f"1 {what} was" if number == 1 else f"{number} {what}s were"


def waiting_for(participant: Participant) -> list[Message]:
    """What would be stopped if this person were taken off."""
    return list(participant.messages.filter(status__in=CANCELLABLE).order_by("send_after", "pk"))
