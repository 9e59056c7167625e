"""Addresses of the REST API, below `/api/v1/`. Without a trailing slash; the schema alone is public."""

import json
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from functools import wraps
from typing import Any, NoReturn

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern, URLResolver, path, re_path
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.parser import Parser

from emails.api import contacts, inspections, messages, payments, refusals
from emails.api.auth import BearerKey


class StrictParser(Parser):
    """JSON as RFC 8259 has it: no NaN or Infinity. Amounts stay as they were written."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Raises ValueError or RecursionError; django-ninja answers 400."""
        if not request.body.strip():
            return None
        return json.loads(request.body, parse_float=Decimal, parse_constant=_no_number)


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")


api = NinjaAPI(
    title="Email desk",
    version="1",
    description="Store inspections, confirm them, follow and resend their emails.",
    urls_namespace="api",
    docs_url=None,  # the page loads scripts from other people's servers
    auth=BearerKey(),
    parser=StrictParser(),
)
refusals.install(api)
api.add_router("/inspections", inspections.router)
api.add_router("/inspections", payments.router)
api.add_router("", messages.router)
api.add_router("/contacts", contacts.router)


def _open(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The keys guard it, so the session's login does not. No answer may be kept by a cache on the way."""

    @wraps(view)
    def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if isinstance(response, HttpResponseNotAllowed):
            response = refusals.not_allowed(request, response["Allow"])
        response["Cache-Control"] = "no-store"
        return response

    return csrf_exempt(login_not_required(opened))


def _opened(patterns: Iterable[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLPattern) and pattern.name != "api-root":
            pattern.callback = _open(pattern.callback)
            yield pattern


app_name = "api"
urlpatterns = [
    path("", _open(refusals.not_found), name="api-root"),  # the schema asks for the address under this name
    *_opened(api.urls[0]),
    re_path("", _open(refusals.not_found)),
]
