"""Ticked rows of Email activity: send them again, or mark their problems handled. Each asks first, with a list."""

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from emails import batch, problems, replies
from emails.forms_activity import ActivityForm
from emails.forms_problem import HandleForm
from emails.models import Message, Problem
from emails.selectors_filters import Filters, found

MOST = batch.MOST


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def resend(request: HttpRequest) -> HttpResponse:
    """First the list, with those that cannot go and why; then the emails, one after the other."""
    back = replies.next_url(request, reverse("activity"))
    if request.method == "POST":
        done = batch.resend(replies.chosen(request), by=str(request.user), nonce=replies.nonce(request))
        replies.note_batch(request, done.going, done.skipped)
        return redirect(back)
    messages, more = asked_for(request)
    plan = batch.plan(messages, unseen=bool(request.GET.get("all")))
    context = {"plan": plan, "asked": len(messages), "more": more, "most": MOST, "back": back}
    return render(request, "emails/batch_resend.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def handle(request: HttpRequest) -> HttpResponse:
    """Which problems are settled by it, and how; then they are."""
    back = replies.next_url(request, reverse("activity"))
    form = HandleForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        done = [
            p for p in _open(replies.chosen(request)) if problems.handle(p, by=str(request.user), note=form.sentence)
        ]
        replies.note(request, f"{len(done)} email{'s' * (len(done) != 1)} marked as handled.")
        return redirect(back)
    messages, more = (replies.chosen(request), False) if form.is_bound else asked_for(request)
    going = {problem.message_id for problem in _open(messages)}
    context = {
        "form": form,
        "going": [message for message in messages if message.pk in going],
        "skipped": [message for message in messages if message.pk not in going],
        "more": more,
        "most": MOST,
        "back": back,
    }
    return render(request, "emails/batch_handle.html", context, status=422 if form.is_bound else 200)


def _open(messages: Iterable[Message]) -> list[Problem]:
    return list(Problem.objects.open().filter(message__in=[message.pk for message in messages]))


def asked_for(request: HttpRequest) -> tuple[list[Message], bool]:
    """The messages that the address names or that its filters find, newest first, and whether there are too many."""
    rows = found(filters_of(request)).with_people().order_by("-created_at", "-pk")
    messages = list(rows.defer("html", "text", "search")[: MOST + 1])
    return messages[:MOST], len(messages) > MOST


def filters_of(request: HttpRequest) -> Filters:
    """All that fit the filters, or with the ticked rows these alone; nothing ticked: none."""
    if request.GET.get("all"):
        return ActivityForm(request.GET).filters
    return Filters(ids=tuple(replies.chosen_ids(request.GET)) or (0,))
