"""Giving somebody a portal link in other ways than by email: to copy, to text, to scan, to read out."""

import secrets
from dataclasses import dataclass
from urllib.parse import quote

import segno
from django.conf import settings
from django.core.cache import cache
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.safestring import SafeString, mark_safe

from inspections import grants
from inspections.grants import Thing
from inspections.models import Company, PortalLink, Role

# Without letters and digits that sound or look alike on the phone.
ALPHABET = "ACDEFHJKLMNPQRTUVWXY3479"
CODE_LENGTH = 8  # 24 ** 8 are a hundred billion
CODE_SECONDS = 30 * 60

_SEES: dict[Thing, str] = {
    Thing.DETAILS: "date, place, inspector",
    Thing.AGREEMENT: "agreement",
    Thing.INVOICE: "invoice",
    Thing.REPORT: "report",
}
_ROLES: dict[str, str] = {
    Role.CLIENT: "client",
    Role.BUYER_AGENT: "buyer’s agent",
    Role.SELLER_AGENT: "seller’s agent",
    Role.COORDINATOR: "coordinator",
    Role.OTHER: "someone else",
}


@dataclass(frozen=True)
class Handover:
    """A link that can be given to somebody, this once: its secret is not stored."""

    link: PortalLink
    address: str
    sees: str
    qr: SafeString
    code: str

    @property
    def code_address(self) -> str:
        """Where the code is typed."""
        return settings.BASE_URL.rstrip("/") + reverse("portal:code")

    @property
    def text_message(self) -> str:
        """Address that opens the phone's text messages with the link filled in (RFC 5724)."""
        number = "".join(ch for ch in self.link.participant.contact.phone if ch.isdigit() or ch == "+")
        inspection = self.link.participant.inspection
        words = f"{Company.get().name}: {inspection.address} {self.address}"
        return f"sms:{number}?body={quote(words, safe='')}"


def of(link: PortalLink, address: str) -> Handover:
    """Everything to give this link with."""
    person = link.participant
    return Handover(link, address, sees(link.scope, person.role, person.name), _qr(address), make_code(link))


def sees(scope: str, role: str, name: str) -> str:
    """`Pat Moe (buyer’s agent) will see: date, place, inspector, report. Not: agreement, invoice.`"""
    opened = grants.things(scope, role)
    there = [words for thing, words in _SEES.items() if thing in opened]
    closed = [words for thing, words in _SEES.items() if thing not in opened]
    said = f"{name or 'They'} ({_ROLES.get(role, 'guest')}) will see: {', '.join(there) or 'nothing'}."
    return f"{said} Not: {', '.join(closed)}." if closed else said


def _qr(address: str) -> SafeString:
    drawn = segno.make(address, error="m", micro=False).svg_inline(
        border=4,
        omitsize=True,
        dark="#000",
        light="#fff",
        svgclass="qr-code",
        lineclass=None,
        title="The link as a QR code",
    )
    return mark_safe(drawn)  # noqa: S308 - drawn here, out of an address of our own


# --- a code to read out ----------------------------------------------------------------------------------------------


def make_code(link: PortalLink) -> str:
    """Eight letters that open this link once, for half an hour: `ACDE FHJK`."""
    code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    cache.set(_key(code), link.pk, CODE_SECONDS)
    return f"{code[:4]} {code[4:]}"


def take_code(typed: str) -> PortalLink | None:
    """The link that this code opens; the code is used up by it."""
    code = "".join(ch for ch in typed.upper() if ch.isalnum())
    if len(code) != CODE_LENGTH or not set(code) <= set(ALPHABET):
        return None
    found = cache.get(_key(code))
    if found is None or not cache.delete(_key(code)):
        return None
    return PortalLink.objects.select_related("participant__contact", "participant__inspection").filter(pk=found).first()


def _key(code: str) -> str:
    """So that whoever reads the cache has no code."""
    return f"portal-code:{salted_hmac('inspections.handover', code, algorithm='sha256').hexdigest()}"
