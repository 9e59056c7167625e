"""Every page speaks the company's time: activated here, once for each request."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from inspections.models import Company

# Asked by machines, often, and showing no time: spare them the query.
MACHINES = ("/anymail/", "/healthz", "/readyz", "/api/", "/static/")


def company_zone(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: activates the company's time zone and puts the company on the request."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path.startswith(MACHINES):
            return get_response(request)
        request.company = Company.get()  # type: ignore[attr-defined] # read by the templates
        with timezone.override(request.company.zone):  # type: ignore[attr-defined]
            return get_response(request)

    return middleware
