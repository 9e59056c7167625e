"""The portal's door for whoever was read a code on the phone."""

from django.http import HttpRequest, HttpResponse

from inspections import handover, links
from inspections.portal_doors import BAD_LINKS_PER_MINUTE, admit, closed, is_too_often, page, public


@public(form=True)
def code(request: HttpRequest) -> HttpResponse:
    """Ask for a code, and open its link. Tries are slowed down like wrong links, and the right one among them, too."""
    if request.method != "POST":
        return page(request, "portal/code.html")
    if is_too_often(request, "code", BAD_LINKS_PER_MINUTE):  # before looking, or guessing would go on at full speed
        return closed(request, "busy", 429)
    link = handover.take_code(request.POST.get("code", ""))
    if link and link.is_active:
        links.note_use(link)
        return admit(link)
    return page(request, "portal/code.html", {"wrong": True}, status=422)
