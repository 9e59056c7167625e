"""What would happen to the emails of an inspection if it were confirmed, moved, canceled … now.

The act itself is done inside a transaction that is taken back, so what is shown is what the rules really do.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction

from emails import rendering, selectors_messages
from emails.models import Message, TemplateVersion
from emails.states import Status
from emails.wording import Display
from inspections.models import Company, Inspection


@dataclass(frozen=True)
class Rehearsed:
    """An email as it would be. `subject` if it could be filled in, else `problem` says why not."""

    message: Message
    display: Display
    subject: str = ""
    text: str = ""
    problem: str = ""

    @property
    def goes(self) -> bool:
        """It would leave, now or at its time."""
        return self.message.status == Status.QUEUED and not self.problem

    @property
    def waits(self) -> bool:
        """It would wait for the office."""
        return self.message.status == Status.HELD or (self.message.status == Status.QUEUED and bool(self.problem))


@dataclass(frozen=True)
class Rehearsal:
    """The emails that an act would bring, and how many that are waiting now it would stop."""

    emails: list[Rehearsed]
    stopped: int

    @property
    def going(self) -> list[Rehearsed]:
        """Would leave."""
        return [email for email in self.emails if email.goes]

    @property
    def waiting(self) -> list[Rehearsed]:
        """Would wait for the office."""
        return [email for email in self.emails if email.waits]

    @property
    def skipped(self) -> list[Rehearsed]:
        """Would not be sent, on purpose."""
        return [email for email in self.emails if not email.goes and not email.waits]


def rehearse(inspection: Inspection, act: Callable[[Inspection], object]) -> Rehearsal:
    """Do `act`, look at its emails, take it all back. Raises what `act` raises."""
    with transaction.atomic():
        inspection = Inspection.objects.select_for_update(no_key=True).get(pk=inspection.pk)
        before = set(inspection.messages.values_list("pk", flat=True))
        stopped = inspection.messages.filter(status__in=[Status.CANCELLED, Status.SKIPPED]).count()
        act(inspection)
        emails = [_look(message) for message in new_messages(inspection, before)]
        gone = inspection.messages.filter(pk__in=before, status__in=[Status.CANCELLED, Status.SKIPPED]).count()
        transaction.set_rollback(True)
    return Rehearsal(emails, gone - stopped)


def new_messages(inspection: Inspection, before: set[int]) -> list[Message]:
    """Messages that were not there before."""
    return list(Message.objects.with_people().filter(inspection=inspection).exclude(pk__in=before).order_by("pk"))


def _look(message: Message) -> Rehearsed:
    display = selectors_messages.shown(message)
    if message.status not in (Status.QUEUED, Status.HELD) or message.template is None:
        return Rehearsed(message, display)
    try:
        rendered = rendering.render(message, message.template.current, Company.get())
        return Rehearsed(message, display, rendered.subject, rendered.masked(rendered.text))
    except TemplateVersion.DoesNotExist:
        return Rehearsed(message, display, problem=f"“{message.template}” is not published yet.")
    except rendering.TemplateProblem as problem:
        return Rehearsed(message, display, problem=str(problem))
