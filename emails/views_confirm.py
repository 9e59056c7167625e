"""Confirm, move, cancel, publish: each first shows which emails will go out and which will not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from emails import rehearsal, replies, selectors_findings
from emails.forms import MoveForm, PublishForm
from emails.limits import Refused
from emails.models import Message
from emails.states import Status
from inspections import services
from inspections.errors import BadDraft, NotPossible
from inspections.models import Inspection

Values = dict[str, Any]


@dataclass(frozen=True)
class Act:
    """Something that is done to an inspection, and how its page speaks. Not `shown`: its emails depend on the form."""

    title: str
    lede: str
    button: str
    done: str
    verb: Callable[[Inspection, str, Values], bool]
    form: type[forms.Form] | None = None
    shown: bool = True
    danger: bool = False
    again: str = "That was done before. Nothing was sent again."
    initial: Callable[[Inspection], Values] = field(default=lambda _: {})


ACTS: Mapping[str, Act] = {
    "confirm": Act(
        "Confirm this inspection?",
        "This tells everybody that the appointment stands.",
        "Confirm",
        "Confirmed.",
        lambda inspection, by, values: services.confirm(inspection, by=by),
        again="This inspection was confirmed before. Nothing was sent again.",
    ),
    "cancel": Act(
        "Cancel this inspection?",
        "Emails that are waiting are stopped. This can’t be taken back.",
        "Cancel the inspection",
        "Canceled.",
        lambda inspection, by, values: services.cancel(inspection, by=by),
        danger=True,
        again="This inspection was canceled before. Nothing was sent again.",
    ),
    "publish": Act(
        "Publish the report?",
        "Clients get an email with their link to it.",
        "Publish report",
        "Report published.",
        lambda inspection, by, values: services.publish_report(inspection, by=by, url=values.get("url", "")),
        form=PublishForm,
        initial=lambda inspection: {"url": inspection.report_url},
        again="This report was published before. Nothing was sent again.",
    ),
    "move": Act(
        "Move this inspection",
        "If it is confirmed, its people get an email with the new date, and reminders move with it.",
        "Move",
        "Moved.",
        lambda inspection, by, values: services.reschedule(inspection, values["starts_at"], by=by),
        form=MoveForm,
        shown=False,
        again="That is the time it has already. Nothing was sent.",
        initial=lambda inspection: {"starts_at": inspection.starts_at},
    ),
}


@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: HttpRequest, inspection_id: int, act: str) -> HttpResponse:
    """Show what an act would send; a POST does it."""
    inspection = get_object_or_404(Inspection, pk=inspection_id)
    chosen = ACTS[act]
    data = request.POST if request.method == "POST" else None
    form = (chosen.form or forms.Form)(data, initial=chosen.initial(inspection))
    try:
        if form.is_valid():
            return _do(request, inspection, chosen, form.cleaned_data)
        shown = rehearsal.rehearse(inspection, _rehearsed(chosen, str(request.user))) if chosen.shown else None
    except NotPossible as problem:
        return _not_possible(request, inspection, problem)
    except BadDraft as problem:
        for path, sentences in problem.errors.items():
            form.add_error(path if path in form.fields else None, list(sentences))
        shown = None
    context: dict[str, object] = {
        "act": chosen,
        "name": act,
        "inspection": inspection,
        "form": form,
        "rehearsal": shown,
    }
    if act in ("confirm", "move"):
        context["findings"], context["failed_before"] = selectors_findings.ahead_of(inspection)
    return render(request, "emails/confirm.html", context, status=422 if form.is_bound else 200)


def _rehearsed(act: Act, by: str) -> Callable[[Inspection], object]:
    return lambda inspection: act.verb(inspection, by, {})


def _do(request: HttpRequest, inspection: Inspection, act: Act, values: Values) -> HttpResponse:
    before = set(inspection.messages.values_list("pk", flat=True))
    changed = act.verb(inspection, str(request.user), values)
    if changed:
        replies.note(request, f"{act.done} {summary(rehearsal.new_messages(inspection, before))}")
    else:
        replies.note(request, act.again, level=messages.INFO)
    return redirect("inspection", inspection.pk)


def _not_possible(request: HttpRequest, inspection: Inspection, problem: NotPossible) -> HttpResponse:
    return replies.refused(request, Refused(str(problem)), back=reverse("inspection", args=[inspection.pk]))


def summary(sent: list[Message]) -> str:
    """What became of the emails, in one sentence or two: "2 emails go out now, 1 later. 1 needs you."."""
    now = timezone.now()
    queued = [m for m in sent if m.status == Status.QUEUED]
    later = sum(m.send_after > now for m in queued)
    held = sum(m.status == Status.HELD for m in sent)
    skipped = sum(m.status == Status.SKIPPED for m in sent)
    parts = [
        f"{count(len(queued) - later)} {'goes' if len(queued) - later == 1 else 'go'} out now"
        if len(queued) > later
        else "",
        f"{count(later)} later" if later else "",
        f"{count(held)} {'needs' if held == 1 else 'need'} you" if held else "",
        f"{count(skipped)} not sent on purpose" if skipped else "",
    ]
    said = ", ".join(part for part in parts if part)
    return f"{said}." if said else "No email was to be sent."


def count(number: int) -> str:
    """`1 email`, `2 emails`."""
    return "1 email" if number == 1 else f"{number} emails"
