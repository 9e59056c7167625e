"""Who is at the other end of a portal link: a person, or a program that checks mail and opens and presses everything.

Never sure. So a program's visit is shown as such and proves nothing, and what is pressed too quickly is asked again.
"""

import logging
import math
import re
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from inspections import events, visits
from inspections.models import InspectionEvent, Participant, PortalLink
from inspections.portal_doors import Visit
from inspections.seals import Seal

log = logging.getLogger(__name__)

NOTE_EVERY, NOTE_EVERY_UNSURE, UNSURE_FOR = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)

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
    return says_so(request) or timezone.now() < _people_from(link)


def objection(request: HttpRequest, visit: Visit, seal: Seal) -> str:
    """What to answer to a press that may be a program's, which must do nothing then; "" to one that counts.

    Nobody comes and reads a page at once. It is noted as a program's, unless the page was open long enough.
    """
    now = timezone.now()
    read = seal.shown_at + timedelta(seconds=settings.PORTAL_READ_SECONDS)
    if is_looking(request, visit.link) or now < read:
        note_program(visit.link)
    if says_so(request):
        return gettext("This browser calls itself a program that checks mail. Please use another one, or call us.")
    ready = max(_people_from(visit.link), visit.came_at + visits.haste(), read)
    left = math.ceil((ready - now).total_seconds())
    if left <= 0:
        return ""
    said = ngettext(
        "That was very quick. Please read it, then press once more in %(seconds)d second.",
        "That was very quick. Please read it, then press once more in %(seconds)d seconds.",
        left,
    )
    return said % {"seconds": left}


def note_person(visit: Visit, kind: events.Type) -> None:
    """A visit that seems to be the person's, once an hour and link.

    While it may still be told when the link's email arrived, it may turn out to be a program's; the next visit must
    not be lost for it, so it is once a minute then.
    """
    link, now = visit.link, timezone.now()
    is_sure = link.arrived_at is not None or not link.is_an_emails or now - link.created_at > UNSURE_FOR
    since = max(now - (NOTE_EVERY if is_sure else NOTE_EVERY_UNSURE), _people_from(link))
    _note(link, kind, by=visit.person.name, but=Q(at__gte=since, data__link=link.pk))


def note_program(link: PortalLink) -> None:
    """An automatic visit, or a press that did nothing, once an hour and person."""
    _note(link, events.Type.AUTOMATIC, by=visits.PROGRAM, but=Q(at__gt=timezone.now() - NOTE_EVERY))


def _note(link: PortalLink, kind: events.Type, *, by: str, but: Q) -> None:
    """Put a visit on the timeline, unless one like it stands there. A failure here must not keep anybody out."""
    try:
        with transaction.atomic():
            # Two pages opened at once queue here, and the second finds the note of the first.
            person = Participant.objects.select_for_update(no_key=True).get(pk=link.participant_id)
            if not InspectionEvent.objects.filter(but, participant=person, type=kind).exists():
                events.record(link.participant.inspection, kind, by=by, participant=link.participant, link=link.pk)
    except Exception:
        log.exception("could not note a visit to the portal: link %s", link.pk)


def _people_from(link: PortalLink) -> datetime:
    """Programs come at once, people later."""
    return max(link.created_at, link.arrived_at or link.created_at) + visits.haste()
