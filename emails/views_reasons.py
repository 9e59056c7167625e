"""“Wrong reason? Tell us”: correct the reason of one email, and what owners see of all corrections."""

from collections.abc import Iterator

from django.contrib import messages as notes
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from emails import access, reasons, releases, replies, selectors_reasons
from emails.forms_reason import ReasonForm
from emails.limits import Refused
from emails.models import Message

SHOWN = 200


@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: HttpRequest, message_id: int) -> HttpResponse:
    """The form; saved, the message says the new reason at once."""
    found = get_object_or_404(Message.objects.with_people(), pk=message_id)
    back = reverse("message", args=[message_id])
    if not reasons.is_correctable(found):
        return replies.refused(request, Refused("There is no reason to correct on this email."), back=back)
    if reasons.is_corrected(found) and request.POST.get("reason") == found.category:
        return redirect(back)  # pressed twice
    form = ReasonForm(request.POST if request.method == "POST" else None, shown=found.category)
    if form.is_valid():
        return _save(request, found, form, back)
    context = {"form": form, "message": found, "shown": reasons.label(found.category)}
    template = "emails/_reason_form.html" if replies.is_htmx(request) else "emails/reason.html"
    return render(request, template, context, status=422 if form.is_bound else 200)


def _save(request: HttpRequest, found: Message, form: ReasonForm, back: str) -> HttpResponse:
    said = form.cleaned_data
    try:
        now = reasons.correct(found, said["reason"], by=str(request.user), note=said["note"])
    except Refused as problem:
        return replies.refused(request, problem, back=back)
    undo = reverse("reason-undo", args=[found.pk])
    replies.note(request, f"Thank you. It says “{reasons.label(now.category)}” now.", undo=undo, seconds=10)
    return redirect(back)


@require_POST
def undo(request: HttpRequest, message_id: int) -> HttpResponse:
    """Back to the reason that the rules read."""
    found = get_object_or_404(Message, pk=message_id)
    now = reasons.undo(found, by=str(request.user))
    if now:
        replies.note(request, f"It says “{reasons.label(now.category)}” again.")
    else:
        replies.note(request, "There is nothing to take back any more.", level=notes.WARNING)
    return replies.done(request, back=reverse("message", args=[message_id]))


@require_POST
def waiting(request: HttpRequest, message_id: int) -> HttpResponse:
    """Send what was held for an address that is not the reason after all."""
    found = get_object_or_404(Message, pk=message_id)
    sent = [held for held in reasons.waiting(found) if releases.one(held, by=str(request.user))]
    for held in sent:
        replies.note_sent(request, held)
    if not sent:
        replies.note(request, "Nothing waits for this address any more.", level=notes.WARNING)
    return replies.done(request, back=reverse("message", args=[message_id]))


# --- for owners ------------------------------------------------------------------------------------------------------


@require_safe
@never_cache
@access.owner_required
def listing(request: HttpRequest) -> HttpResponse:
    """What staff corrected, newest first."""
    standing = selectors_reasons.standing()
    rows = [(example, reasons.label(example.old), reasons.label(example.label)) for example in standing[:SHOWN]]
    return render(request, "emails/wrong_reasons.html", {"rows": rows, "total": standing.count()})


@require_safe
@never_cache
@access.owner_required
def as_jsonl(request: HttpRequest) -> HttpResponse:
    """All of it, one JSON object a line."""
    return _file(selectors_reasons.as_jsonl(), "application/x-ndjson", "jsonl")


@require_safe
@never_cache
@access.owner_required
def as_csv(request: HttpRequest) -> HttpResponse:
    """The same for a spreadsheet."""
    return _file(selectors_reasons.as_csv(), "text/csv; charset=utf-8", "csv")


def _file(lines: Iterator[str], kind: str, ending: str) -> HttpResponse:
    response = HttpResponse(lines, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="wrong-reasons-{timezone.localdate()}.{ending}"'
    return response
