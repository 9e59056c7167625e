"""One email: what became of it, why, what to do, and the email as it was sent."""

from django.contrib import messages as notes
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import dateformat, timezone
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from emails import (
    activity,
    cautions,
    diagnosis,
    outbox,
    reasons,
    replies,
    selectors_letters,
    selectors_messages,
    selectors_today,
    snapshot,
    troubleshoot,
    wording,
    wording_rules,
)
from emails.models import Message
from emails.outbox import How, Refused, tomorrow_at_eight
from emails.states import UNFINISHED
from inspections.models import Company

MOST_WAITING = 50


def _messages() -> QuerySet[Message]:
    return Message.objects.with_people().select_related("resend_of", "template", "letter")


@require_safe
def message(request: HttpRequest, message_id: int) -> HttpResponse:
    """The troubleshoot panel and the email."""
    found = get_object_or_404(_messages(), pk=message_id)
    return render(request, "emails/message.html", _panel(found) | _proof(request, found))


@require_safe
def message_part(request: HttpRequest, message_id: int) -> HttpResponse:
    """The part that can change while it is looked at; 204 if the page shows it already."""
    found = get_object_or_404(_messages(), pk=message_id)
    context = _panel(found)
    same = request.GET.get("v") == context["version"]
    response = HttpResponse(status=204) if same else render(request, "emails/_message_part.html", context)
    response["X-Updated"] = dateformat.format(timezone.localtime(), "g:i:s A")
    response["Cache-Control"] = "no-store"
    return response


def _panel(found: Message) -> dict[str, object]:
    facts = selectors_messages.full_facts(found, Company.get())
    problem = selectors_messages.open_problem(found)
    attempts = selectors_messages.attempts(found)
    latest = attempts[-1]
    planned = latest if latest.is_planned_retry else None
    standing = attempts[-2] if planned and len(attempts) > 1 else latest
    display = wording.display(facts)
    steps = selectors_messages.timeline(found)
    return {
        "message": found,
        "display": display,
        "verdict": troubleshoot.verdict(facts, found, problem) if standing == found else None,
        "said": wording.guidance(facts) or wording.underway(facts),
        "cancel": troubleshoot.cancel_action(found),
        "problem": problem,
        "caution": cautions.of([found]).get(found.pk, "") if standing == found else "",
        "attempts": [(attempt, selectors_messages.shown(attempt)) for attempt in reversed(attempts)],
        "latest": latest,
        "planned": selectors_messages.shown(planned) if planned else None,
        "steps": steps,
        "waiting": list(reasons.waiting(found)[:MOST_WAITING]) if reasons.is_corrected(found) else [],
        "live": any(attempt.status in UNFINISHED for attempt in attempts) or found.undo_until is not None,
        "version": f"{latest.pk}-{latest.status}-{display.code}-{len(steps)}-{problem.pk if problem else 0}",
        "now": timezone.now(),
    }


def _proof(request: HttpRequest, found: Message) -> dict[str, object]:
    tabs = ("email", "text") if found.html else ("text",)
    read = activity.unaided(found)
    words = read.text if read and not read.by else ""  # of a person it is what was said to us
    return {
        "tab": request.GET.get("show") if request.GET.get("show") in tabs else tabs[0],
        "server_words": words if found.category else "",
        "codes": diagnosis.diagnose(words) if found.category else None,
        "decision": wording_rules.decision(found.decided_by),
        "correctable": reasons.is_correctable(found),
        "corrected": reasons.is_corrected(found),
        "neighbours": selectors_today.neighbours(found),
        "events": found.events.order_by("at", "id")[:200],
        "has_body": bool(found.html or found.text),
        "files": selectors_letters.sent_files(found),
    }


@require_safe
@xframe_options_sameorigin
def email(request: HttpRequest, message_id: int) -> HttpResponse:
    """The HTML part as it was sent, for a sandboxed frame: no scripts, no remote pictures, no working links."""
    found = get_object_or_404(Message, pk=message_id)
    response = HttpResponse(snapshot.harmless(found.html, text=found.text))
    response["Content-Security-Policy"] = snapshot.POLICY  # django-csp leaves a policy alone that is there already
    response["Cache-Control"] = "no-store"
    return response


# --- actions ---------------------------------------------------------------------------------------------------------


@require_POST
def resend(request: HttpRequest, message_id: int) -> HttpResponse:
    """Send it again, to the person's current address."""
    found = get_object_or_404(_messages(), pk=message_id)
    back = reverse("message", args=[message_id])
    try:
        again = outbox.resend(
            found, by=str(request.user), nonce=_nonce(request), confirmed=_confirmed(request), how=how(request)
        )
    except Refused as problem:
        return replies.refused(request, problem, back=back)
    replies.note_sent(request, again)
    return replies.done(request, back=reverse("message", args=[again.pk]))


@require_POST
def send_now(request: HttpRequest, message_id: int) -> HttpResponse:
    """Send what was not sent on purpose, or what waits for its hour."""
    found = get_object_or_404(_messages(), pk=message_id)
    try:
        sent = outbox.send_now(found, by=str(request.user), nonce=_nonce(request))
    except Refused as problem:
        return replies.refused(request, problem, back=reverse("message", args=[message_id]))
    replies.note_sent(request, sent)
    return replies.done(request, back=reverse("message", args=[sent.pk]))


@require_POST
def undo(request: HttpRequest, message_id: int) -> HttpResponse:
    """Stop it before it leaves."""
    found = get_object_or_404(_messages(), pk=message_id)
    if outbox.cancel(found, by=str(request.user)):
        replies.note(request, f"Stopped. {found} was not sent.")
    else:
        found.refresh_from_db()
        shown = selectors_messages.shown(found)
        replies.note(request, f"Too late to stop it. {shown.label}: {shown.sentence}", level=notes.WARNING)
    return replies.done(request, back=reverse("message", args=[message_id]))


@require_POST
def settle(request: HttpRequest, message_id: int) -> HttpResponse:
    """For a doubtful send: it arrived, or send it again."""
    found = get_object_or_404(_messages(), pk=message_id)
    arrived = request.POST.get("arrived") == "yes"
    try:
        counts = outbox.settle(found, arrived=arrived, by=str(request.user), nonce=_nonce(request))
    except Refused as problem:
        return replies.refused(request, problem, back=reverse("message", args=[message_id]))
    if arrived:
        replies.note(request, f"Noted: {found} arrived.")
    else:
        replies.note_sent(request, counts)
    return replies.done(request, back=reverse("message", args=[counts.pk]))


def how(request: HttpRequest) -> How:
    """The way that the button asks for: the short version, files by link, or tomorrow morning."""
    way = request.POST.get("how", "")
    return How(plain=way == "plain", by_link=way == "link", at=tomorrow_at_eight() if way == "tomorrow" else None)


def _nonce(request: HttpRequest) -> str | None:
    """The form's own name: pressed twice, it counts once."""
    return replies.given_nonce(request)[:100] or None


def _confirmed(request: HttpRequest) -> bool:
    return request.POST.get("confirmed") == "1"
