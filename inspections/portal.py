"""Public pages behind a secret link: what a client or agent sees of one inspection.

Link scanners open every link, some with a real browser: a GET changes nothing but the note that somebody was here.
"""

import logging
from collections.abc import Callable
from datetime import timedelta
from functools import wraps

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from inspections import events, links
from inspections.models import Company, InspectionEvent, Participant, PortalLink, Role
from inspections.text import phone_key

log = logging.getLogger(__name__)

COOKIE_SECONDS = 12 * 3600  # then the link in the email has to be opened again
COOKIE_PATH = "/p/"
VISIT_EVERY = timedelta(hours=1)
BAD_LINKS_PER_MINUTE = 20

View = Callable[..., HttpResponse]


def public_page(view: View) -> View:
    """For GET and HEAD by anybody; nothing of it may be stored, indexed or told to other sites."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        response["Referrer-Policy"] = "no-referrer"
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return login_not_required(require_safe(wrapped))


@public_page
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """Exchange the secret in the address for a cookie, and go on to an address that can be seen by anybody."""
    link = links.find(token)
    if link is None:
        return _unknown(request)
    if not link.is_active:
        return _no_longer(request)
    if request.method == "GET":
        links.note_use(link)
    return admit(link)


def admit(link: PortalLink) -> HttpResponse:
    """On to the portal, with the cookie of somebody who has this link."""
    person = link.participant_id
    response = redirect("portal:home", participant_id=person)
    response.set_signed_cookie(
        _cookie(person),
        str(link.pk),
        salt=__name__,
        path=COOKIE_PATH,
        max_age=COOKIE_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return response


@public_page
def home(request: HttpRequest, participant_id: int) -> HttpResponse:
    """The inspection as this person may see it."""
    link = _opened(request, participant_id)
    if link is None:
        return _unknown(request)
    if not link.is_active:
        return _no_longer(request)
    if request.method == "GET":
        _note_visit(link)
    person = link.participant
    context = {
        "person": person,
        "inspection": person.inspection,
        # Agents take part; the fee and the agreement are between the client and the company.
        "is_client": person.role == Role.CLIENT,
    }
    return page(request, "portal/home.html", context)


def _cookie(participant_id: int) -> str:
    return f"portal_{participant_id}"


def _opened(request: HttpRequest, participant_id: int) -> PortalLink | None:
    """The link that this browser opened for this very person."""
    value = request.get_signed_cookie(_cookie(participant_id), default=None, salt=__name__, max_age=COOKIE_SECONDS)
    if value is None:
        return None
    found = PortalLink.objects.select_related("participant__contact", "participant__inspection__agreement")
    return found.filter(pk=int(value), participant=participant_id).first()


def _note_visit(link: PortalLink) -> None:
    """Once an hour and person, for the timeline. A failure here must not keep the client out."""
    try:
        with transaction.atomic():
            # Two pages opened at once queue here, and the second finds the note of the first.
            person = Participant.objects.select_for_update(no_key=True).get(pk=link.participant_id)
            seen = InspectionEvent.objects.filter(
                participant=person, type=events.Type.PORTAL_VISITED, at__gt=timezone.now() - VISIT_EVERY
            )
            if not seen.exists():
                who = link.participant
                events.record(who.inspection, events.Type.PORTAL_VISITED, by=who.name, participant=who, link=link.pk)
    except Exception:
        log.exception("could not note a visit to the portal: link %s", link.pk)


def _unknown(request: HttpRequest) -> HttpResponse:
    if too_many_bad_links(request):
        return closed(request, "busy", 429)
    return closed(request, "unknown", 404)


def _no_longer(request: HttpRequest) -> HttpResponse:
    return closed(request, "ended", 410)


def closed(request: HttpRequest, why: str, status: int) -> HttpResponse:
    """A dead end that says what to do."""
    return page(request, "portal/closed.html", {"why": why}, status=status)


def page(request: HttpRequest, template: str, context: dict[str, object], status: int = 200) -> HttpResponse:
    """A page of the portal, with the company at its head."""
    company = Company.get()
    call = "+" * company.phone.startswith("+") + phone_key(company.phone)
    return render(request, template, {"company": company, "call": call, **context}, status=status)


def too_many_bad_links(request: HttpRequest) -> bool:
    """Counts only bad links: a good one opens even behind an address from which somebody else guesses."""
    try:
        address = get_adapter().get_client_ip(request)
    except PermissionDenied:
        address = "unknown"
    key = f"portal-bad-link:{address}:{timezone.now():%H%M}"
    cache.add(key, 0, timeout=120)
    try:
        return cache.incr(key) > BAD_LINKS_PER_MINUTE
    except ValueError:  # thrown out of the cache in between
        return False
