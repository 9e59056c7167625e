"""The portal's door for whoever was read a code on the phone."""

from django.http import HttpRequest, HttpResponse

from inspections import handover, links
from inspections.portal_doors import BAD_LINKS_PER_MINUTE, admit, closed, is_too_often, page, public


@public(form=True)
def code(request: HttpRequest) -> HttpResponse:
    """Ask for a code, and open its link. Wrong ones are slowed down like wrong links."""
    if request.method != "POST":
        return page(request, "portal/code.html")
    link = handover.take_code(request.POST.get("code", ""))
    if link and link.is_active:
        links.note_use(link)
        return admit(link)
    if is_too_often(request, "bad-link", BAD_LINKS_PER_MINUTE):
        return closed(request, "busy", 429)
    return page(request, "portal/code.html", {"wrong": True}, status=422)
