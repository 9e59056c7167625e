"""For machines: is the process up, can it serve."""

import sys

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.views.csrf import csrf_failure
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from inspections.language import CLIENTS


@never_cache
@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; says nothing about what stands behind it."""
    return HttpResponse("ok", content_type="text/plain")


@never_cache
@login_not_required
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """The database answers. Redis is left out on purpose: without it pages work and rows wait."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return HttpResponse("database unreachable", content_type="text/plain", status=503)
    return HttpResponse("ready", content_type="text/plain")


def server_error(request: HttpRequest) -> HttpResponse:
    """What people see when a page fails. With the database away it is 503: come back soon, nothing is lost."""
    away = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)
    status = 503 if away else 500
    if request.path.startswith(CLIENTS):
        return _say_to_client(request, "error", status)
    return HttpResponse(loader.get_template(f"{status}.html").render(), status=status)


def form_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """What people see when a form lacks its proof of coming from our page."""
    if request.path.startswith(CLIENTS):
        return _say_to_client(request, "form", 403)
    return csrf_failure(request, reason=reason)


def _say_to_client(request: HttpRequest, why: str, status: int) -> HttpResponse:
    """A page of the portal that asks nothing of the database: the company was read before, if it could be."""
    context = {"why": why, "company": getattr(request, "company", None)}
    response = HttpResponse(loader.get_template("portal/failed.html").render(context), status=status)
    response["Cache-Control"] = "no-store"
    return response
