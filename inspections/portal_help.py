"""When a link reached the wrong person, or opens nothing any more: pages that ask, and act only when pressed."""

import time

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext

from inspections import asking, portal_doors, robots, seals
from inspections.forms_portal import AskForm
from inspections.portal_doors import Visit, behind_link, page, public

ABOUT = "not me"  # what the seal of that page is about
ASKS_PER_MINUTE = 10


@behind_link(form=True)
def not_me(request: HttpRequest, visit: Visit) -> HttpResponse:
    """“That’s not me”: asks first, because programs open everything."""
    if request.method != "POST":
        return _ask(request, visit)
    seal = seals.read(request.POST.get("seal", ""), visit.link)
    if seal is None or seal.about != ABOUT:
        return _ask(request, visit, said=gettext("This page was open for a long time. Please press once more."))
    if said := robots.objection(request, visit, seal):
        return _ask(request, visit, said=said, seal=request.POST["seal"])
    asking.not_me(visit.link)
    return redirect("portal:thanks")


@public()
def thanks(request: HttpRequest) -> HttpResponse:
    """After that: nothing about anybody."""
    return page(request, "portal/thanks.html")


@public(form=True)
def new_link(request: HttpRequest) -> HttpResponse:
    """Ask for a new link. The answer is the same, and takes as long, whatever address was typed."""
    about = request.POST.get("about", "") or request.GET.get("about", "")
    form = AskForm(request.POST or None)
    if request.method == "POST" and portal_doors.is_too_often(request, "new-link", ASKS_PER_MINUTE):
        return portal_doors.closed(request, "busy", 429)
    if form.is_valid():
        began = time.monotonic()
        if not robots.says_so(request):
            asking.new_link(form.cleaned_data["email"], portal_doors.ended_link(about))
        time.sleep(max(0.0, settings.PORTAL_EVEN_SECONDS - (time.monotonic() - began)))
        return redirect("portal:asked")
    return page(request, "portal/new_link.html", {"form": form, "about": about}, status=422 if form.is_bound else 200)


@public()
def asked(request: HttpRequest) -> HttpResponse:
    """After that: the same for everybody."""
    return page(request, "portal/asked.html")


def _ask(request: HttpRequest, visit: Visit, *, said: str = "", seal: str = "") -> HttpResponse:
    shown = {"person": visit.person, "said": said, "seal": seal or seals.make(visit.link, ABOUT)}
    return page(request, "portal/not_me.html", shown, status=422 if said else 200)
