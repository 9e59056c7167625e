"""The practice mail service for programs: what it accepted, and its switches. Practice mode only, by API key."""

import json
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from emails import keys
from emails.practice import client, switching
from emails.practice.client import PracticeServiceDown, SwitchesRefused

Json = dict[str, Any]
NO_KEY = "Send an API key: Authorization: Bearer <key>. Keys are made in Settings."


@require_safe
@never_cache
@login_not_required
def messages(request: HttpRequest) -> JsonResponse:
    """Every request that the practice mail service accepted, in order, repeats included."""
    return _answer(request, lambda: {"items": client.accepted()})


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_not_required
def switches(request: HttpRequest) -> JsonResponse:
    """GET tells the switches, POST merges some of them into the rest."""
    if request.method == "POST":
        return _answer(request, lambda: switching.turn(_said(request)))
    return _answer(request, client.switches)


def _answer(request: HttpRequest, work: Callable[[], Json]) -> JsonResponse:
    if not settings.PRACTICE_MODE:
        raise Http404
    if not _may(request):
        return JsonResponse({"detail": NO_KEY}, status=401, headers={"WWW-Authenticate": "Bearer"})
    try:
        return JsonResponse(work())
    except SwitchesRefused as refused:
        return JsonResponse({"detail": str(refused), "field": refused.field}, status=422)
    except PracticeServiceDown as problem:
        return JsonResponse({"detail": str(problem)}, status=503)


def _may(request: HttpRequest) -> bool:
    """A key may do all; a colleague's session only reads, since a form on another site could use it."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return keys.authenticate(secret.strip()) is not None
    return request.method != "POST" and request.user.is_authenticated


def _said(request: HttpRequest) -> Json:
    try:
        said = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        raise SwitchesRefused("body", "body: is not JSON") from None
    if not isinstance(said, dict):
        raise SwitchesRefused("body", "body: must be an object")
    return said
