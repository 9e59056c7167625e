"""Which language a page speaks: the portal the client's, everything else the office's English."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header

CLIENTS = "/p/"
CHOICE = "lang"  # in the address of a portal page, and then in a cookie of ours that holds nothing else
COOKIE = "portal_language"
COOKIE_SECONDS = 365 * 24 * 3600


def client_language(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: on the portal what the client chose, else what the browser asks for; elsewhere the default."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(CLIENTS):
            with translation.override(settings.LANGUAGE_CODE):
                return get_response(request)
        chosen = _known(request.GET.get(CHOICE, ""))
        language = chosen or _known(request.COOKIES.get(COOKIE, "")) or _asked_for(request)
        with translation.override(language):
            response = get_response(request)
        response["Content-Language"] = language
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        if chosen:
            _remember(response, chosen)
        return response

    return middleware


def _known(code: str) -> str:
    return code if code in dict(settings.LANGUAGES) else ""


def _asked_for(request: HttpRequest) -> str:
    """The first language of the browser's list that we speak (RFC 9110 section 12.5.4)."""
    wanted = parse_accept_lang_header(request.headers.get("Accept-Language", ""))
    known = (_known(code.partition("-")[0]) for code, _ in wanted)
    return next((code for code in known if code), settings.LANGUAGE_CODE)


def _remember(response: HttpResponse, language: str) -> None:
    response.set_cookie(
        COOKIE,
        language,
        max_age=COOKIE_SECONDS,
        path=CLIENTS,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
