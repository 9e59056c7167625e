"""The portal's door for whoever was read a code on the phone."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from inspections import handover, links, portal


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def code(request: HttpRequest) -> HttpResponse:
    """Ask for a code, and open its link. Wrong ones are slowed down like wrong links."""
    typed = request.POST.get("code", "") if request.method == "POST" else ""
    link = handover.take_code(typed) if typed else None
    if link and link.is_active:
        links.note_use(link)
        return portal.admit(link)
    wrong = request.method == "POST"
    if wrong and portal.too_many_bad_links(request):
        return portal.closed(request, "busy", 429)
    response = portal.page(request, "portal/code.html", {"wrong": wrong}, status=422 if wrong else 200)
    response["Referrer-Policy"] = "same-origin"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
