"""Putting a problem off, and settling it another way."""

from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from emails import outbox, problems, replies, retries
from emails.forms_problem import AssignForm, HandleForm
from emails.limits import Refused
from emails.models import Problem
from emails.views_message import how
from inspections.models import User

MORNING = 7


def _siblings(problem_id: int) -> list[Problem]:
    """The open problems of the same person on the same inspection: one row of Today."""
    problem = get_object_or_404(
        Problem.objects.select_related("message__inspection", "message__participant__contact", "inspection"),
        pk=problem_id,
    )
    alike = Problem.objects.open().filter(inspection=problem.inspection_id, participant=problem.participant_id)
    return [
        problem,
        *alike.exclude(pk=problem.pk).select_related("message__inspection", "message__participant__contact"),
    ]


def tomorrow_morning() -> datetime:
    """Seven o'clock tomorrow in the company's zone."""
    tomorrow = timezone.localtime() + timedelta(days=1)
    return tomorrow.replace(hour=MORNING, minute=0, second=0, microsecond=0)


@require_POST
def resend(request: HttpRequest, problem_id: int) -> HttpResponse:
    """Send again all that did not reach this person, each to be undone by itself."""
    refusal: Refused | None = None
    for problem in _siblings(problem_id):
        nonce = replies.given_nonce(request)[:70]
        try:
            again = outbox.resend(
                problem.message,
                by=str(request.user),
                nonce=f"{nonce}:{problem.message_id}" if nonce else None,
                confirmed=request.POST.get("confirmed") == "1",
                how=how(request),
            )
        except Refused as refused:
            refusal = refused
        else:
            replies.note_sent(request, again)
    return replies.refused(request, refusal, back="/") if refusal else replies.done(request, back="/")


@require_POST
def snooze(request: HttpRequest, problem_id: int) -> HttpResponse:
    """Not before tomorrow."""
    found = _siblings(problem_id)
    for problem in found:
        problems.snooze(problem, until=tomorrow_morning(), by=str(request.user))
    undo = reverse("unsnooze", args=[problem_id])
    replies.note(request, f"{_name(found[0])} comes back tomorrow at {MORNING} AM.", undo=undo, seconds=10)
    return replies.done(request, back=reverse("today"))


@require_POST
def unsnooze(request: HttpRequest, problem_id: int) -> HttpResponse:
    """Undo of that."""
    for problem in _siblings(problem_id):
        problems.snooze(problem, until=timezone.now(), by=str(request.user))
    replies.note(request, "Back on the list.")
    return replies.done(request, back=reverse("today"))


@require_http_methods(["GET", "POST"])
def handle(request: HttpRequest, problem_id: int) -> HttpResponse:
    """Settled another way: says how."""
    found = _siblings(problem_id)
    form = HandleForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        for problem in found:
            problems.handle(problem, by=str(request.user), note=form.sentence)
        retries.stop([problem.message for problem in found], by=str(request.user), text="Marked as handled")
        undo = reverse("reopen", args=[problem_id])
        replies.note(request, f"{_name(found[0])} is marked as handled.", undo=undo, seconds=10)
        return replies.done(request, back=reverse("today"), clear=True)
    template = "emails/_handle_form.html" if replies.is_htmx(request) else "emails/handle.html"
    context = {"form": form, "problem": found[0], "name": _name(found[0]), "count": len(found)}
    return render(request, template, context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def assign(request: HttpRequest, problem_id: int) -> HttpResponse:
    """Who looks after it."""
    found = _siblings(problem_id)
    form = AssignForm(
        request.POST if request.method == "POST" else None, initial={"to": found[0].assigned_to_id or request.user.pk}
    )
    if form.is_valid():
        to: User | None = form.cleaned_data["to"]
        for problem in found:
            problems.assign(problem, to=to)
        replies.note(request, f"{_name(found[0])} is now with {to}." if to else f"{_name(found[0])} is with nobody.")
        return replies.done(request, back=reverse("today"))
    context = {"form": form, "problem": found[0], "name": _name(found[0])}
    return render(request, "emails/assign.html", context, status=422 if form.is_bound else 200)


@require_POST
def reopen(request: HttpRequest, problem_id: int) -> HttpResponse:
    """Undo of that."""
    problem = get_object_or_404(Problem, pk=problem_id)
    reopened = [problems.reopen(twin) for twin in _closed_with(problem)]
    replies.note(request, "Back on the list." if any(reopened) else "It is settled already, so it stays off the list.")
    return replies.done(request, back=reverse("today"))


def _closed_with(problem: Problem) -> list[Problem]:
    """Those that one press marked as handled together."""
    twins = Problem.objects.filter(
        inspection=problem.inspection_id,
        participant=problem.participant_id,
        closed_by=problem.closed_by,
        closed_note=problem.closed_note,
        solved_by=None,
        closed_at__gte=(problem.closed_at or timezone.now()) - timedelta(seconds=10),
    )
    return list(twins)


def _name(problem: Problem) -> str:
    return problem.message.to_name or problem.message.to_address or "This email"
