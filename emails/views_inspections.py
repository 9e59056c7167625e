"""The list of inspections, and the part of an inspection's page that follows its emails."""

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import dateformat, timezone
from django.views.decorators.http import require_GET, require_safe

from emails import selectors_inspection, selectors_inspections
from emails.selectors_inspection import SHOWS, InspectionEmails
from inspections.models import Inspection


@require_safe
def inspections(request: HttpRequest) -> HttpResponse:
    """Find an inspection: by words, by what is wrong with its emails."""
    listing = selectors_inspections.listing(request.GET)
    nothing_at_all = not listing.rows and not Inspection.objects.exists()
    return render(request, "emails/inspections.html", {"listing": listing, "nothing_at_all": nothing_at_all})


@require_GET
def log(request: HttpRequest, inspection_id: int) -> HttpResponse:
    """The log and people's states for a page that is open: 204 if it shows them already."""
    inspection = get_object_or_404(Inspection, pk=inspection_id)
    mail = selectors_inspection.load(inspection)
    moment, _, shown = request.GET.get("v", "").rpartition(".")
    if shown and shown == mail.version.rpartition(".")[2]:
        return _stamped(HttpResponse(status=204))
    context = {"inspection": inspection, "mail": mail, "news": _news(mail, moment), **lines(request, mail)}
    return _stamped(render(request, "emails/_log_poll.html", context))


def lines(request: HttpRequest, mail: InspectionEmails) -> dict[str, object]:
    """The log as this address filters it."""
    show = request.GET.get("show", "")
    show = show if show in SHOWS else "all"
    return {"lines": mail.lines(show), "show": show, "shows": SHOWS}


def _news(mail: InspectionEmails, moment: str) -> str:
    """What changed since the page was drawn, to be read out."""
    try:
        since = datetime.fromtimestamp(float(moment), UTC)
    except (ValueError, OverflowError, OSError):
        return ""
    fresh = [line for line in mail.log if line.message and line.display and line.message.changed_at > since]
    return ". ".join(f"{line.message}: {line.display.label}" for line in fresh[-3:] if line.display)


def _stamped(response: HttpResponse) -> HttpResponse:
    response["X-Updated"] = dateformat.format(timezone.localtime(), "g:i:s A")
    response["Cache-Control"] = "no-store"
    return response
