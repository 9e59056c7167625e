"""Where marketing ends: public, by the signed link in the email's foot and in its headers."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from emails import optouts
from inspections.models import Company
from inspections.text import phone_key


@login_not_required
@csrf_exempt  # mail programs post by themselves (RFC 8058); the signed link is the proof
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks and changes nothing, because scanners open every link; POST stops it, or with `again` ends that."""
    found = optouts.find(token)
    company = Company.get()
    call = "+" * company.phone.startswith("+") + phone_key(company.phone)
    if found is None:
        context = {"company": company, "call": call, "why": "unknown"}
        return _private(render(request, "portal/closed.html", context, status=404))
    again = request.method == "POST" and "again" in request.POST
    if again:
        optouts.allow(found.to_key, by=found.to_name or "They themselves")
    elif request.method == "POST":
        optouts.stop(found)
    context = {
        "company": company,
        "call": call,
        "stopped": optouts.standing(found.to_key) is not None,
        "again": again,
        "address": found.to_address,
    }
    return _private(render(request, "portal/stop.html", context))


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
