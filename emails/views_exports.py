"""Email activity as a file: few emails at once; more are prepared in the background, on a page that shows how far."""

import uuid

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from emails import access, exports, replies
from emails.models import Export
from emails.views_batch import filters_of


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def export(request: HttpRequest) -> HttpResponseBase:
    """At most AT_ONCE emails at once. For more it asks first, and then has the file prepared."""
    filters = filters_of(request)
    if request.method == "POST":
        made = exports.start(filters, by=access.colleague(request))
        return redirect("export-page", made.uuid)
    number = exports.count(filters, at_most=exports.AT_ONCE + 1)
    if 0 < number <= exports.AT_ONCE:
        return _file(exports.lines(filters))
    context = {"number": number, "at_once": exports.AT_ONCE, "query": request.GET.urlencode()}
    return render(request, "emails/export.html", context)


@require_safe
@never_cache
def page(request: HttpRequest, export_uuid: uuid.UUID) -> HttpResponse:
    """How far it is. Works by reloading; with htmx it renews itself until it is done."""
    found = _own(request, export_uuid)
    context = {"export": found, "until": found.created_at + exports.KEPT, "now": timezone.now()}
    if replies.is_htmx(request):
        done = found.state != Export.State.WAITING
        return render(request, "emails/_export.html", context, status=286 if done else 200)
    return render(request, "emails/export_page.html", context)


@require_safe
@never_cache
def file(request: HttpRequest, export_uuid: uuid.UUID) -> HttpResponseBase:
    """The finished file."""
    found = _own(request, export_uuid)
    if found.state != Export.State.DONE:
        raise Http404
    return _file(exports.content(found))


@require_POST
def cancel(request: HttpRequest, export_uuid: uuid.UUID) -> HttpResponse:
    """Stop preparing it."""
    stopped = exports.cancel(_own(request, export_uuid))
    replies.note(request, "The file is not prepared any more." if stopped else "The file was finished already.")
    return redirect("export-page", export_uuid)


def _own(request: HttpRequest, export_uuid: uuid.UUID) -> Export:
    """One's own file: it holds addresses, and colleagues can make their own."""
    return get_object_or_404(Export, uuid=export_uuid, by=access.colleague(request))


def _file(lines: object) -> StreamingHttpResponse:
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")  # type: ignore[arg-type] # text
    response["Content-Disposition"] = f'attachment; filename="emails-{timezone.localdate()}.csv"'
    return response
