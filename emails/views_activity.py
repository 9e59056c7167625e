"""Email activity: every email and what became of it."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import dateformat, timezone
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from emails import selectors_activity
from emails.forms_activity import ActivityForm
from emails.paging import Place
from emails.selectors_activity import Activity, Count, Filters
from emails.wording_statuses import GROUP_LABELS


@require_safe
@never_cache
def activity(request: HttpRequest) -> HttpResponse:
    """The page."""
    return render(request, "emails/activity.html", _context(request))


@require_safe
@never_cache
def activity_list(request: HttpRequest) -> HttpResponse:
    """The same list for an open page: 204 if it shows it already, 286 (htmx: stop asking) once all is settled."""
    context = _context(request)
    found: Activity = context["activity"]
    if found.is_live and request.GET.get("v") == found.version:
        response = HttpResponse(status=204)
    else:
        response = render(request, "emails/activity_list.html", context, status=200 if found.is_live else 286)
    response["X-Updated"] = dateformat.format(timezone.localtime(), "g:i:s A")
    return response


@dataclass(frozen=True)
class Chip:
    """A group to filter by; `count` None: all groups."""

    label: object
    address: str
    is_chosen: bool
    count: Count | None = None


def _context(request: HttpRequest) -> dict[str, Any]:
    form = ActivityForm(request.GET)
    filters = form.filters
    found = selectors_activity.activity(filters, Place.of(request.GET))
    newer, older = found.page.newer, found.page.older
    return {
        "form": form,
        "filters": filters,
        "activity": found,
        "chips": [Chip("All", _address(request, group=""), not filters.group), *_chips(request, filters, found)],
        "newer": _address(request, after=newer) if newer else "",
        "older": _address(request, before=older) if older else "",
        "query": _query(request),
        "now": timezone.now(),
    }


def _chips(request: HttpRequest, filters: Filters, found: Activity) -> list[Chip]:
    return [
        Chip(GROUP_LABELS[count.group], _address(request, group=count.group), filters.group == count.group, count)
        for count in found.counts
    ]


def _address(request: HttpRequest, **changes: object) -> str:
    return f"{reverse('activity')}?{_query(request, **changes)}".rstrip("?")


def _query(request: HttpRequest, **changes: object) -> str:
    """The filters in force, with changes; the place in the list only if it is one. Another group: any status."""
    asked = {name: request.GET.get(name, "") for name in ActivityForm.base_fields} | changes
    if "group" in changes:
        asked["status"] = ""
    return urlencode({name: str(value) for name, value in asked.items() if value})
