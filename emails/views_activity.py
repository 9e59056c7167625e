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

from emails import access, selectors_activity, selectors_tally
from emails.forms_activity import ActivityForm
from emails.models import Desk, Export
from emails.paging import Place
from emails.selectors_activity import Activity, Count, View
from emails.selectors_filters import Filters
from emails.selectors_tally import Tally
from emails.wording_statuses import GROUP_LABELS

FILES_SHOWN = 3


@require_safe
@never_cache
def activity(request: HttpRequest) -> HttpResponse:
    """The page: a list, or counted by reason or mail domain."""
    form = ActivityForm(request.GET)
    filters = form.filters
    context = {
        "form": form,
        "filters": filters,
        "kept": _span(Desk.get().keep_records_days),
        "tabs": [Chip(view.label, _address(request, view=view), form.chosen_view == view) for view in View],
        "files": Export.objects.filter(by=access.colleague(request))[:FILES_SHOWN],
        "query": _query(request, view="", sort=""),
    }
    if form.chosen_view is not View.LIST:
        return render(request, "emails/activity_tally.html", context | _tally(request, form.chosen_view, filters))
    return render(request, "emails/activity.html", context | _context(request, form, filters))


@require_safe
@never_cache
def activity_list(request: HttpRequest) -> HttpResponse:
    """The same list for an open page: 204 if it shows it already, 286 (htmx: stop asking) once all is settled."""
    form = ActivityForm(request.GET)
    context = _context(request, form, form.filters)
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


def _context(request: HttpRequest, form: ActivityForm, filters: Filters) -> dict[str, Any]:
    found = selectors_activity.activity(filters, Place.of(request.GET), form.order)
    newer, older = found.page.newer, found.page.older
    return {
        "form": form,
        "filters": filters,
        "kept": _span(Desk.get().keep_records_days),
        "activity": found,
        "chips": [Chip("All", _address(request, group=""), not filters.group), *_chips(request, filters, found)],
        "newer": _address(request, after=newer) if newer else "",
        "older": _address(request, before=older) if older else "",
        "list_query": _query(request),
        "here": request.get_full_path(),
        "asked": [(name, value) for name, value in _asked(request).items() if value],
        "now": timezone.now(),
    }


def _span(days: int) -> str:
    """`2 years`, `400 days`."""
    return f"{days // 365} years" if days % 365 == 0 and days > 365 else f"{days} days"


def _chips(request: HttpRequest, filters: Filters, found: Activity) -> list[Chip]:
    return [
        Chip(GROUP_LABELS[count.group], _address(request, group=count.group), filters.group == count.group, count)
        for count in found.counts
    ]


@dataclass(frozen=True)
class Counted:
    """A line of the counts with its ways to the list."""

    line: selectors_tally.Line
    all: str
    failed: str


def _tally(request: HttpRequest, view: View, filters: Filters) -> dict[str, Any]:
    """The counts; each leads to the list of what it counts."""
    of_reason = view is View.REASON
    tally: Tally = (selectors_tally.by_reason if of_reason else selectors_tally.by_domain)(filters)
    name = "reason" if of_reason else "domain"
    failed = {} if of_reason else {"status": "undelivered"}
    lines = [
        Counted(
            line,
            _address(request, view="", **{name: line.key}),
            _address(request, view="", **{name: line.key}, **failed),
        )
        for line in tally.lines
    ]
    return {"tally": tally, "lines": lines, "of_reason": of_reason, "look_at": selectors_tally.LOOK_AT}


def _address(request: HttpRequest, **changes: object) -> str:
    return f"{reverse('activity')}?{_query(request, **changes)}".rstrip("?")


def _query(request: HttpRequest, **changes: object) -> str:
    """The filters in force, with changes; the place in the list only if it is one. Another group: any status."""
    asked: dict[str, object] = {**_asked(request), **changes}
    if "group" in changes:
        asked |= {"status": "", "reason": ""}
    return urlencode({name: str(value) for name, value in asked.items() if value})


def _asked(request: HttpRequest) -> dict[str, str]:
    return {name: request.GET.get(name, "") for name in ActivityForm.base_fields}
