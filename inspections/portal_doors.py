"""Who comes into the client portal: the secret link, its cookie, and the pages for links that open nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, wraps
from ipaddress import IPv4Address, ip_address, ip_network

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from inspections import grants, links
from inspections.grants import Thing
from inspections.models import Company, Inspection, Participant, PortalLink
from inspections.text import phone_key

COOKIE_LIFETIME = timedelta(hours=12)  # then the link in the email has to be opened again
COOKIE_PATH = "/p/"
BAD_LINKS_PER_MINUTE = 20
_SALT = "inspections.portal"
_ABOUT = Signer(salt="inspections.portal.about")

View = Callable[..., HttpResponse]


@dataclass(frozen=True)
class Visit:
    """Somebody in the portal: everything about them comes from the link that they opened."""

    link: PortalLink
    came_at: datetime  # when the link was opened in this browser

    @property
    def person(self) -> Participant:
        """Whose link it is."""
        return self.link.participant

    @property
    def inspection(self) -> Inspection:
        """What it is about."""
        return self.link.participant.inspection

    @cached_property
    def things(self) -> frozenset[Thing]:
        """What this link opens for this person."""
        return grants.things(self.link.scope, self.person.role)


def public(*, form: bool = False) -> Callable[[View], View]:
    """A page for anybody; nothing of it may be stored, indexed or told to other sites. `form`: it may be posted to."""
    methods = ["GET", "HEAD", "POST"] if form else ["GET", "HEAD"]
    # With no-referrer browsers send "Origin: null" with a form, which CSRF protection refuses.
    policy = "same-origin" if form else "no-referrer"

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
            response = view(request, *args, **kwargs)
            response["Cache-Control"] = "no-store"
            response["Referrer-Policy"] = policy
            response["X-Robots-Tag"] = "noindex, nofollow"
            return response

        return login_not_required(require_http_methods(methods)(wrapped))

    return decorate


def behind_link(thing: Thing | None = None, *, form: bool = False) -> Callable[[View], View]:
    """A page of the person whose link this browser opened. Without `thing` among what the link opens it is not there.

    The view gets the Visit in place of the number in the address.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(request: HttpRequest, participant_id: int, **more: object) -> HttpResponse:
            visit = _visit(request, participant_id)
            if visit is None:
                return unknown(request)
            if not visit.link.is_active:
                return ended(request, visit.link)
            if thing is not None and thing not in visit.things:
                return closed(request, "unknown", 404)
            return view(request, visit, **more)

        return public(form=form)(wrapped)

    return decorate


@public()
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """Exchange the secret in the address for a cookie, and go on to an address that can be seen by anybody."""
    link = links.find(token)
    if link is None:
        return unknown(request)
    if not link.is_active:
        return ended(request, link)
    if request.method == "GET":
        links.note_use(link)
    return admit(link)


def admit(link: PortalLink) -> HttpResponse:
    """On to the portal, with the cookie of somebody who has this link."""
    response = redirect("portal:home", participant_id=link.participant_id)
    response.set_signed_cookie(
        _cookie(link.participant_id),
        f"{link.pk}@{timezone.now().timestamp()}",
        salt=_SALT,
        path=COOKIE_PATH,
        max_age=COOKIE_LIFETIME,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return response


def page(
    request: HttpRequest, template: str, context: dict[str, object] | None = None, *, status: int = 200
) -> HttpResponse:
    """A page of the portal, with the company at its head."""
    company = Company.get()
    call = "+" * company.phone.startswith("+") + phone_key(company.phone)
    return render(request, template, {"company": company, "call": call, **(context or {})}, status=status)


def closed(request: HttpRequest, why: str, status: int, **context: object) -> HttpResponse:
    """A dead end that says what to do."""
    return page(request, "portal/closed.html", {"why": why, **context}, status=status)


def unknown(request: HttpRequest) -> HttpResponse:
    """Nobody's link: slowed down, so that guessing leads nowhere."""
    if is_too_often(request, "bad-link", BAD_LINKS_PER_MINUTE):
        return closed(request, "busy", 429)
    return closed(request, "unknown", 404)


def ended(request: HttpRequest, link: PortalLink) -> HttpResponse:
    """It was a link once, and a new one can be asked for."""
    return closed(request, "ended", 410, about=_ABOUT.sign(str(link.pk)))


def ended_link(about: str) -> PortalLink | None:
    """The link that an address of `ended` speaks of."""
    try:
        return PortalLink.objects.select_related("participant").filter(pk=int(_ABOUT.unsign(about))).first()
    except (BadSignature, ValueError):
        return None


def address_of(request: HttpRequest) -> str | None:
    """The visitor's network address, as far as it can be trusted."""
    try:
        found: str | None = get_adapter().get_client_ip(request)
    except PermissionDenied:
        return None
    return found


def is_too_often(request: HttpRequest, what: str, most: int) -> bool:
    """More than `most` of this from one address in this minute."""
    key = f"portal-{what}:{_neighborhood(address_of(request))}:{timezone.now():%H%M}"
    cache.add(key, 0, timeout=120)
    try:
        return cache.incr(key) > most
    except ValueError:  # thrown out of the cache in between
        return False


def _neighborhood(address: str | None) -> str:
    """Whom a limit is for. In IPv6 a household has a whole /64, and could come from another address each time."""
    try:
        found = ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(found, IPv4Address):
        return str(found)
    return str(found.ipv4_mapped or ip_network((int(found) >> 64 << 64, 64)))


def _cookie(participant_id: int) -> str:
    return f"portal_{participant_id}"


def _visit(request: HttpRequest, participant_id: int) -> Visit | None:
    value = request.get_signed_cookie(_cookie(participant_id), default=None, salt=_SALT, max_age=COOKIE_LIFETIME)
    if value is None:
        return None
    link_id, _, came = value.partition("@")  # cookies of older releases hold no time
    found = PortalLink.objects.select_related("participant__contact", "participant__inspection__agreement")
    link = found.filter(pk=int(link_id), participant=participant_id).first()
    return Visit(link, datetime.fromtimestamp(float(came or 0), UTC)) if link else None
