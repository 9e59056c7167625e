"""Who is at the other end of a portal link: a person, or a program that checks mail and opens and presses everything.

Never sure. So a program's visit is shown as such and proves nothing, and what is pressed too quickly is asked again.
"""

import logging
import re
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from inspections import events
from inspections.models import InspectionEvent, Participant, PortalLink
from inspections.portal_doors import Visit
from inspections.seals import Seal

log = logging.getLogger(__name__)

NOTE_EVERY = timedelta(hours=1)
_VISITS = (events.Type.PORTAL_VISITED, events.Type.REPORT_OPENED)
PROGRAM = "A program"  # whom the timeline names

# Programs that say so. Most scanners call themselves a usual browser: those are told by their haste. A name that a
# person's device could have (Cubot is a phone) must not be here: whoever is on this list cannot sign.
_NAMES = re.compile(
    r"(google|bing|apple|duckduck|yandex|linkedin|twitter|telegram|discord|slack)bot|slack-imgproxy|skypeuripreview"
    r"|bingpreview|facebookexternalhit|whatsapp/|googleimageproxy|barracuda|proofpoint|mimecast|fireeye|urlscan"
    r"|python-(requests|urllib|httpx)|^curl/|^wget/|go-http-client|^java/|okhttp|libwww-perl|node-fetch|^axios/"
    r"|phantomjs|ms-office|microsoft office",
    re.IGNORECASE,
)


def says_so(request: HttpRequest) -> bool:
    """It calls itself by the name of a program."""
    return bool(_NAMES.search(request.headers.get("User-Agent", "")))


def is_looking(request: HttpRequest, link: PortalLink) -> bool:
    """This visit is probably a program's: it says so, or it comes right after the link was made or arrived."""
    return says_so(request) or timezone.now() < _alone_until(max(link.created_at, link.arrived_at or link.created_at))


def is_pressing(request: HttpRequest, visit: Visit, seal: Seal) -> bool:
    """This press is probably a program's: the same, or nobody could have come and read the page in that time."""
    read_for = (timezone.now() - seal.shown_at).total_seconds()
    return is_looking(request, visit.link) or visit.just_came or read_for < settings.PORTAL_READ_SECONDS


def note_arrival(participant_id: int, purpose: str, at: datetime) -> None:
    """The email with these links reached its server at `at`: who had been here by then was a program.

    How long an email takes is known afterwards only, so visits that were taken for the person's are put right.
    """
    links = PortalLink.objects.filter(participant=participant_id, purpose=purpose)
    if links.update(arrived_at=at):
        visits = InspectionEvent.objects.filter(participant=participant_id, type__in=_VISITS, at__lt=_alone_until(at))
        visits.filter(data__link__in=list(links.values_list("pk", flat=True))).update(
            type=events.Type.AUTOMATIC, by=PROGRAM
        )


def note(link: PortalLink, kind: events.Type, *, by: str) -> None:
    """Put a visit on the timeline, once an hour and person. A failure here must not keep anybody out."""
    try:
        with transaction.atomic():
            # Two pages opened at once queue here, and the second finds the note of the first.
            person = Participant.objects.select_for_update(no_key=True).get(pk=link.participant_id)
            since = timezone.now() - NOTE_EVERY
            if not InspectionEvent.objects.filter(participant=person, type=kind, at__gt=since).exists():
                events.record(link.participant.inspection, kind, by=by, participant=link.participant, link=link.pk)
    except Exception:
        log.exception("could not note a visit to the portal: link %s", link.pk)


def note_program(link: PortalLink) -> None:
    """An automatic visit, or a press that did nothing."""
    note(link, events.Type.AUTOMATIC, by=PROGRAM)


def _alone_until(start: datetime) -> datetime:
    """Programs come at once, people later."""
    return start + timedelta(seconds=settings.PORTAL_SCAN_SECONDS)
