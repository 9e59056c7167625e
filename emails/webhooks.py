"""Where providers post their news: Anymail's addresses and checks, our durable storage.

Size, then who it is, then one INSERT, then 200. Nothing is interpreted here, so nothing here can fail on content.
"""

import logging
from io import BytesIO
from typing import Any

from anymail.exceptions import AnymailConfigurationError, AnymailError, AnymailWebhookValidationFailure
from anymail.webhooks.base import AnymailCoreWebhookView
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ImproperlyConfigured
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt

from emails import inbox, providers

log = logging.getLogger(__name__)


class TooLarge(Exception):
    """The post is over settings.WEBHOOK_MAX_BYTES."""


def _read(request: HttpRequest) -> bytes:
    """The body, at most WEBHOOK_MAX_BYTES; Django's own limit for forms is lower than a big batch needs."""
    limit = settings.WEBHOOK_MAX_BYTES
    if int(request.META.get("CONTENT_LENGTH") or 0) > limit:
        raise TooLarge
    body = request.read(limit + 1)
    if len(body) > limit:
        raise TooLarge
    request._body = body  # what request.body would have set
    request._stream = BytesIO(body)
    return body


def _receive(request: HttpRequest, provider: str, view_class: type[AnymailCoreWebhookView]) -> HttpResponse:
    try:
        body = _read(request)
        _check(request, provider, view_class)
        inbox.store(provider, body, dict(request.headers), query=request.META.get("QUERY_STRING", ""))
    except TooLarge:
        log.warning("webhook post of %s is over %d bytes", provider, settings.WEBHOOK_MAX_BYTES)
        return HttpResponse("too large", status=413)
    except (AnymailConfigurationError, ImproperlyConfigured):
        return HttpResponse(f"{provider} is not set up here", status=503)
    except AnymailError as problem:
        log.warning("webhook post of %s refused: %s", provider, type(problem).__name__)
        return _refused(request, provider)
    except (OperationalError, InterfaceError):
        return HttpResponse("try again later", status=503)
    return HttpResponse()


def _check(request: HttpRequest, provider: str, view_class: type[AnymailCoreWebhookView]) -> None:
    """Anymail's own check. Raises AnymailError for whoever does not belong, AnymailConfigurationError for our keys."""
    try:
        view = view_class()
    except (ValueError, RuntimeError) as problem:
        raise AnymailConfigurationError(f"a key of {provider} cannot be used") from problem
    try:
        view.run_validators(request)
    except (AnymailError, ImproperlyConfigured):
        raise
    except Exception as problem:
        # The checks look into the content before they know whose it is, and some trip over it.
        raise AnymailWebhookValidationFailure(type(problem).__name__) from problem


def _refused(request: HttpRequest, provider: str) -> HttpResponse:
    """Amazon's SNS sends the name and password only to who asked for them (RFC 9110 section 11.6.1)."""
    if provider == "amazon_ses" and "Authorization" not in request.headers:
        return HttpResponse("who are you?", status=401, headers={"WWW-Authenticate": 'Basic realm="webhooks"'})
    return HttpResponse("not accepted", status=400)


def _endpoint(route: str, provider: str, view_class: type[AnymailCoreWebhookView]) -> URLPattern:
    asked_by = frozenset(view_class.http_method_names)

    @csrf_exempt
    @login_not_required
    def receive(request: HttpRequest, **_: Any) -> HttpResponse:
        """POST keeps the news; HEAD answers those who ask whether we are there, GET the one who asks by that."""
        if request.method == "HEAD" or (request.method == "GET" and "get" in asked_by):
            return HttpResponse()
        if request.method != "POST":
            return HttpResponse(status=405, headers={"Allow": "POST, HEAD"})
        return _receive(request, provider, view_class)

    return path(route, receive, name=f"webhook_{route.strip('/').replace('/', '_')}")


urlpatterns = [_endpoint(route, name, view) for route, (name, view) in providers.ROUTES.items()]
