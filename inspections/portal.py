"""The client portal: what a client or agent sees of one inspection, behind a secret link.

Link scanners open every link, some with a real browser: looking changes nothing but the note that somebody was here.
"""

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext

from inspections import events, ics, robots, steps
from inspections.grants import Thing
from inspections.models import InspectionStatus
from inspections.portal_doors import Visit, behind_link, closed, page


@behind_link()
def home(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The inspection as this person may see it, and what is to be done."""
    _note(request, visit, events.Type.PORTAL_VISITED)
    return page(request, "portal/home.html", context(visit))


@behind_link(Thing.INVOICE)
def pay(request: HttpRequest, visit: Visit) -> HttpResponse:
    """What is due and how to pay it."""
    if not visit.inspection.fee or visit.inspection.status == InspectionStatus.CANCELLED:
        return closed(request, "unknown", 404)
    return page(request, "portal/pay.html", context(visit))


@behind_link(Thing.DETAILS)
def calendar(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The date for a calendar, once it is confirmed."""
    inspection = visit.inspection
    if inspection.status != InspectionStatus.CONFIRMED:
        return closed(request, "unknown", 404)
    company: str = request.company.name  # type: ignore[attr-defined] # set for every page
    title = f"{gettext('Home inspection')}: {company}"
    host = urlsplit(settings.BASE_URL).hostname or ""
    content = ics.calendar(inspection, title=title, company=company, host=host)
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="inspection.ics"'
    return response


@behind_link(Thing.REPORT)
def report(request: HttpRequest, visit: Visit) -> HttpResponse:
    """On to the report; a page that says why not, as long as it is not there or locked."""
    found = steps.reading(visit.person)
    if not found.is_open:
        return page(request, "portal/report.html", context(visit) | {"reading": found})
    _note(request, visit, events.Type.REPORT_OPENED)
    return HttpResponseRedirect(visit.inspection.report_url)


def context(visit: Visit) -> dict[str, object]:
    """What the pages of a person show. `before`: what they have to do is to be done by then."""
    inspection = visit.inspection
    promised = inspection.status == InspectionStatus.CONFIRMED and inspection.starts_at > timezone.now()
    return {
        "before": inspection.starts_at if promised else None,
        "visit": visit,
        "person": visit.person,
        "inspection": inspection,
        "things": visit.things,
        "steps": steps.of(visit.person, visit.things),
    }


def _note(request: HttpRequest, visit: Visit, kind: events.Type) -> None:
    """A hint for the timeline. HEAD leaves none, and what a program does is not the person's."""
    if request.method != "GET":
        return
    if robots.is_looking(request, visit.link):
        robots.note_program(visit.link)
    else:
        robots.note_person(visit, kind)
