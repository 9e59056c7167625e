"""The practice mailbox: every email that would have left, opened as its reader would. Practice mode only."""

import re
from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from emails import replies, selectors_practice
from emails.forms_practice import NORMAL, SwitchesForm, is_normal
from emails.practice import client, switching
from emails.practice.client import PracticeServiceDown
from emails.practice.fates import NAMES
from emails.wording_practice import FATES

View = Callable[..., HttpResponse]
SANDBOX = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src data:; "
    "style-src 'unsafe-inline'; frame-ancestors 'self'"
)
_HEAD = re.compile(r"<head[^>]*>", re.IGNORECASE)
_NEW_TAB = '<base target="_blank">'


def practice_only(view: View) -> View:
    """Outside practice mode this address does not exist; without its service it says so."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not settings.PRACTICE_MODE:
            raise Http404
        try:
            return view(request, *args, **kwargs)
        except PracticeServiceDown as problem:
            return render(request, "emails/practice_down.html", {"problem": problem}, status=503)

    return guarded


@require_safe
@never_cache
@practice_only
def mailbox(request: HttpRequest) -> HttpResponse:
    """The captured emails, newest first."""
    q = request.GET.get("q", "")[:200].strip()
    found = selectors_practice.mailbox(q=q, after=request.GET.get("after", "")[:100])
    context = {
        "q": q,
        "mailbox": found,
        "is_first": not request.GET.get("after"),
        "normal": is_normal(client.switches()),
        "fates": [(name, FATES[name]) for name in NAMES],
    }
    return render(request, "emails/practice.html", context)


@require_safe
@never_cache
@practice_only
def captured(request: HttpRequest, provider_message_id: str) -> HttpResponse:
    """One email: as its reader sees it, as text, its headers and its news."""
    found = selectors_practice.captured(provider_message_id)
    if found is None:
        raise Http404
    email, whole = found
    return render(request, "emails/practice_email.html", {"email": email, "whole": whole})


@require_safe
@never_cache
@practice_only
def captured_html(request: HttpRequest, provider_message_id: str) -> HttpResponse:
    """The HTML part alone, for the frame: nothing in it runs, its links open beside it."""
    found = selectors_practice.captured(provider_message_id)
    if found is None:
        raise Http404
    response = HttpResponse(_opening_beside(found[1]["html"]))
    response["Content-Security-Policy"] = SANDBOX
    response["X-Frame-Options"] = "SAMEORIGIN"
    return response


def _opening_beside(page: str) -> str:
    """Links of the email open in a tab of their own: the frame itself may go nowhere."""
    changed, heads = _HEAD.subn(lambda head: head.group() + _NEW_TAB, page, count=1)
    return changed if heads else _NEW_TAB + page


# --- switches --------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@practice_only
def switches(request: HttpRequest) -> HttpResponse:
    """Let the mail service misbehave, to see what the desk does then."""
    form = SwitchesForm(request.POST) if request.method == "POST" else SwitchesForm.showing(client.switches())
    if form.is_bound and form.is_valid():
        switching.turn(form.changes)
        replies.note(request, "The practice mail service now does as you say.")
        return redirect("practice")
    return render(request, "emails/practice_switches.html", {"form": form}, status=422 if form.is_bound else 200)


@require_POST
@practice_only
def switches_normal(request: HttpRequest) -> HttpResponse:
    """Back to a mail service that behaves."""
    switching.turn(NORMAL)
    replies.note(request, "Back to normal: the practice mail service behaves again.")
    return redirect("practice")
