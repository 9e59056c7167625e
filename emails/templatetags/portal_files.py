"""The files that emails offer by link, for the portal's page, which itself knows nothing of email."""

from django import template

from emails import selectors_letters
from emails.models import Attachment
from inspections.portal_doors import Visit

register = template.Library()


@register.simple_tag
def portal_files(visit: Visit) -> list[Attachment]:
    """What this link lets its person download: `{% portal_files visit as files %}`."""
    return selectors_letters.offered_by(visit.link)
