"""Files: few emails at once; more, and everything, are prepared in the background, on a page that shows how far."""

import uuid

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from emails import access, exports, replies
from emails import everything as tables
from emails.models import Export
from emails.views_batch import filters_of

FILES_SHOWN = 5


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


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def everything(request: HttpRequest) -> HttpResponse:
    """What the file of everything holds, and a button that has it prepared."""
    if request.method == "POST":
        return _start_everything(request)
    you = access.colleague(request)
    context = {
        "tables": tables.TABLES,
        "files": Export.objects.filter(by=you, what=Export.What.EVERYTHING)[:FILES_SHOWN] if you.is_owner else (),
        "kept": exports.KEPT,
        "may_change": you.is_owner,
        "ask": access.ask_an_owner(),
    }
    return render(request, "emails/settings_everything.html", context)


@access.owner_required
def _start_everything(request: HttpRequest) -> HttpResponse:
    return redirect("export-page", exports.start_everything(by=access.colleague(request)).uuid)


@require_safe
@never_cache
def page(request: HttpRequest, export_uuid: uuid.UUID) -> HttpResponse:
    """How far it is. Works by reloading; with htmx it renews itself until it is done."""
    found = _own(request, export_uuid)
    context = {
        "export": found,
        "everything": found.what == Export.What.EVERYTHING,
        "until": found.created_at + exports.KEPT,
        "now": timezone.now(),
    }
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
    return _archive(found) if found.what == Export.What.EVERYTHING else _file(exports.content(found))


@require_POST
def cancel(request: HttpRequest, export_uuid: uuid.UUID) -> HttpResponse:
    """Stop preparing it."""
    stopped = exports.cancel(_own(request, export_uuid))
    replies.note(request, "The file is not prepared any more." if stopped else "The file was finished already.")
    return redirect("export-page", export_uuid)


def _own(request: HttpRequest, export_uuid: uuid.UUID) -> Export:
    """One's own file: it holds addresses, and colleagues can make their own. Everything is for owners alone."""
    you = access.colleague(request)
    found = get_object_or_404(Export, uuid=export_uuid, by=you)
    if found.what == Export.What.EVERYTHING and not you.is_owner:
        raise PermissionDenied(access.ask_an_owner())
    return found


def _archive(export: Export) -> StreamingHttpResponse:
    response = StreamingHttpResponse(exports.archive(export), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="email-desk-{timezone.localdate()}.zip"'
    return response


def _file(lines: object) -> StreamingHttpResponse:
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")  # type: ignore[arg-type] # text
    response["Content-Disposition"] = f'attachment; filename="emails-{timezone.localdate()}.csv"'
    return response
