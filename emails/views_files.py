"""Files of letters, for the office: always downloaded, never shown in the page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from emails import selectors_letters
from emails.models import Attachment
from inspections.portal_doors import Visit, behind_link, closed


@require_safe
@never_cache
def attached(request: HttpRequest, attachment_id: int) -> HttpResponse:
    """A file that a colleague attached."""
    return download(get_object_or_404(Attachment, pk=attachment_id))


@behind_link()
def offered(request: HttpRequest, visit: Visit, attachment_id: int) -> HttpResponse:
    """A file that an email offered to the person behind this link."""
    found = next((one for one in selectors_letters.offered_by(visit.link) if one.pk == attachment_id), None)
    return download(found) if found else closed(request, "unknown", 404)


def download(found: Attachment) -> HttpResponse:
    """Its bytes, as what they were found to be. Nothing in them may run here, whoever made them."""
    response = HttpResponse(bytes(found.content), content_type=found.content_type)
    response["Content-Disposition"] = content_disposition_header(True, found.name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "no-store"
    return response
