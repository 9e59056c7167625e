"""My sign-in: the password, when I came in, and an end to every session but this one."""

from django.conf import settings
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from emails import access, replies
from inspections import team


@require_safe
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """What there is to know about one's own sign-in."""
    context = {"me": access.colleague(request), "hours": settings.SESSION_COOKIE_AGE // 3600}
    return render(request, "emails/settings_sign_in.html", context)


@require_POST
def end_elsewhere(request: HttpRequest) -> HttpResponse:
    """Every other browser is asked to sign in again; this one goes on."""
    me = team.sign_out(access.colleague(request))
    update_session_auth_hash(request, me)
    replies.note(request, "You are signed out everywhere else.")
    return redirect("settings-sign-in")
