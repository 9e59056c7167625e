"""The office's work list: opened when someone did not get something, closed by itself when they did."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from emails import papers
from emails.models import Message, Problem, same_email
from emails.states import ON_ITS_WAY, UNDELIVERED, WRONG_PERSON, Status
from inspections.models import Inspection, Participant, Role, User

SIGNED = "Solved: signed"
NEEDS_SOMEONE = UNDELIVERED | {Status.HELD}


def follow(message: Message) -> None:
    """Open or close the problem that this message's status speaks of. Repeating it changes nothing."""
    if message.test or message.erased_at:  # nobody waits for it
        return
    if message.status in NEEDS_SOMEONE:
        open_for(message, category=message.category or message.reason or "unknown")
    elif message.status == Status.DELIVERED:
        close_by(message)
    elif message.status in (Status.SENT, Status.DEFERRED):
        _of(message).filter(message=message, category="unsure").update(
            closed_at=timezone.now(), closed_by=message.created_by, closed_note="It left after all"
        )
    elif message.status in (Status.CANCELLED, Status.SKIPPED) and not _on_its_way_again(message):
        _of(message).filter(message=message).update(closed_at=timezone.now(), closed_by=message.created_by)


def open_for(message: Message, *, category: str) -> None:
    """Someone must look at this message, unless a newer one already made it good or was settled by someone."""
    if message.test or message.erased_at:
        return
    newer = Message.objects.filter(same_email(message), pk__gt=message.pk)
    if newer.filter(status=Status.DELIVERED).exists() or _is_settled_since(message):
        return
    if category != WRONG_PERSON and papers.is_needless(message):  # who signed there may have been somebody else
        return
    problem, created = Problem.objects.get_or_create(
        inspection=message.inspection,
        participant=message.participant,
        kind=message.kind,
        letter=message.letter,
        closed_at=None,
        defaults={"message": message, "category": category},
    )
    if created or problem.message_id > message.pk:
        return
    if (problem.message_id, problem.category) != (message.pk, category):
        problem.message, problem.category, problem.snoozed_until = message, category, None
        problem.save(update_fields=["message", "category", "snoozed_until"])


def _is_settled_since(message: Message) -> bool:
    """A problem about a later attempt was closed: late news of this one changes nothing."""
    closed = Problem.objects.filter(same_email(message), closed_at__isnull=False, message_id__gt=message.pk)
    return closed.exists()


def follow_reason(message: Message) -> None:
    """Its reason was corrected: an open problem says so, and one that is settled stays settled."""
    Problem.objects.open().filter(message=message).update(category=message.category or "unknown", snoozed_until=None)


def close_by(message: Message) -> None:
    """This message arrived: what it, or an earlier one like it, left open is settled."""
    _of(message).filter(message_id__lte=message.pk).update(
        closed_at=timezone.now(),
        closed_by=message.created_by,
        closed_note="Solved by a later email" if message.root_id else "It arrived after all",
        solved_by=message,
    )


def close_all(problems: QuerySet[Problem], *, by: str, note: str) -> None:
    """Nothing of this needs sending any more."""
    problems.filter(closed_at=None).update(closed_at=timezone.now(), closed_by=by, closed_note=note)


def close_signed(person: Participant) -> None:
    """They signed: that an email which asks for it did not arrive needs nobody any more."""
    close_all(person.problems.filter(papers.about_signing("message__")), by=person.name, note=SIGNED)


def reopen_signed(person: Participant, *, since: datetime) -> None:
    """The signature that closed them was somebody else's, and they are still to be solved."""
    if person.removed_at or not person.inspection.is_open or person.signatures.standing().exists():
        return
    for problem in person.problems.filter(closed_note=SIGNED, closed_at__gte=since).order_by("-pk"):
        arrived = Message.objects.filter(same_email(problem), status=Status.DELIVERED, pk__gte=problem.message_id)
        if not arrived.exists():
            reopen(problem)


def close_signed_by_all(inspection: Inspection, *, by: str) -> None:
    """Every client signed: the same for what reminds somebody else of it."""
    others = inspection.problems.exclude(participant__role=Role.CLIENT)
    close_all(others.filter(papers.about_signing_alone("message__")), by=by, note=SIGNED)


def close_paid(inspection: Inspection, *, by: str) -> None:
    """It is paid: the same for what asks for money."""
    close_all(inspection.problems.filter(papers.about_paying("message__")), by=by, note="Solved: paid")


@transaction.atomic
def handle(problem: Problem, *, by: str, note: str) -> bool:
    """Staff settled it another way. True if it was still open."""
    return bool(
        Problem.objects.open()
        .filter(pk=problem.pk)
        .update(closed_at=timezone.now(), closed_by=by, closed_note=note[:500])
    )


def reopen(problem: Problem) -> bool:
    """Undo of `handle`. True if it is open now because of this."""
    with transaction.atomic():
        taken = Problem.objects.open().filter(same_email(problem))
        if taken.exists() or problem.solved_by_id:
            return False
        return bool(
            Problem.objects.filter(pk=problem.pk, closed_at__isnull=False).update(
                closed_at=None, closed_by="", closed_note=""
            )
        )


def snooze(problem: Problem, *, until: datetime, by: str) -> bool:
    """Put it off. True if it is still open."""
    return bool(Problem.objects.open().filter(pk=problem.pk).update(snoozed_until=until))


def assign(problem: Problem, *, to: User | None) -> bool:
    """Give it to a colleague, or to nobody. True if it is still open."""
    return bool(Problem.objects.open().filter(pk=problem.pk).update(assigned_to=to))


def _on_its_way_again(message: Message) -> bool:
    return Message.objects.filter(same_email(message), pk__gt=message.pk, status__in=ON_ITS_WAY).exists()


def _of(message: Message) -> QuerySet[Problem]:
    return Problem.objects.open().filter(same_email(message))
