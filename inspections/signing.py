"""The agreement as each client signs it: the document, signing, and when a signature no longer stands.

A document is the agreement's text with the facts that it is about: whose, which property, when, what, for how much.
A signature keeps the whole text as it was shown. When one of those facts changes, the signature ends and a new one is
asked for; the old one is kept. Locks as in `inspections.people`.
"""

import hashlib
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import dateformat, timezone, translation
from django.utils.translation import gettext

from inspections import events, links
from inspections.errors import BadField, NotPossible
from inspections.models import (
    Agreement,
    Company,
    Contact,
    Inspection,
    InspectionEvent,
    InspectionStatus,
    Participant,
    PortalLink,
    Role,
    Signature,
    clients_to_sign,
)
from inspections.text import MAX_NAME, BadText, name_key, single_line

FACTS = ("name", "address", "starts_at", "services", "fee")
LABELS = {"name": "Client", "address": "Property", "starts_at": "Inspection", "services": "Services", "fee": "Fee"}
_MAX_AGENT = 500


@dataclass(frozen=True)
class Document:
    """What a client reads and signs. `facts` are the raw values of `FACTS`, as JSON holds them, and the zone that their
    time is shown in.
    """

    agreement: Agreement
    facts: dict[str, Any]
    lines: tuple[tuple[str, str], ...]  # the facts as people read them

    @cached_property
    def text(self) -> str:
        """All of it as plain text: what the digest is of."""
        about = "\n".join(f"{name}: {value}" for name, value in self.lines)
        return f"{self.agreement.title}\nVersion {self.agreement.version}\n\n{about}\n\n{self.agreement.body}"

    @cached_property
    def sha256(self) -> str:
        """Digest of the text, hex."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True)
class Change:
    """A fact that is no longer as it was signed; `old` and `new` as people read them, "" for none."""

    name: str
    old: str
    new: str


@dataclass(frozen=True)
class Consent:
    """What a person did to sign. `shown` is the digest of the document that was on their screen."""

    shown: str
    typed_name: str
    agreed: bool
    nonce: str
    ip: str | None = None
    agent: str = ""
    link: PortalLink | None = None


def document(person: Participant) -> Document | None:
    """What this client would sign now; None where the inspection has no agreement."""
    inspection = person.inspection
    agreement = inspection.agreement
    if agreement is None:
        return None
    company = Company.get()
    facts = _facts(person) | {"zone": company.time_zone}
    return Document(agreement, facts, tuple(_lines(facts, company)))


def standing(person: Participant) -> Signature | None:
    """The signature that counts, if there is one."""
    return person.signatures.standing().select_related("agreement").first()


def why_not(person: Participant) -> str:
    """Why this person cannot sign now, as a sentence; "" if they can."""
    inspection = person.inspection
    if person.removed_at is not None:
        return f"{person.name} is no longer on this inspection."
    if person.role != Role.CLIENT:
        return "Only clients sign the agreement."
    if inspection.status == InspectionStatus.CANCELLED:
        return gettext("This inspection was canceled.")
    return "" if inspection.agreement_id else "This inspection has no agreement."


def check_name(person: Participant, typed: str) -> str:
    """What was typed as the full name, tidied. Raises BadField if it is not this person's name."""
    try:
        name = single_line(typed, limit=MAX_NAME)
    except BadText:
        raise BadField("typed_name", gettext("Please type your name by hand, on one line.")) from None
    if not name:
        raise BadField("typed_name", gettext("Please type your full name."))
    if _letters(name) != _letters(person.name):
        said = gettext("Please type your name as it stands in the agreement: {name}.")
        raise BadField("typed_name", said.format(name=person.name))
    return name


def sign(person: Participant, consent: Consent) -> Signature:
    """Sign for this client. Pressed twice, or signed already, it is the signature that stands.

    Raises BadField for a missing name or tick, NotPossible if they may not, or if the document changed while it was
    being read.
    """
    typed = _checked(person, consent)
    with transaction.atomic():
        locked = Inspection.objects.select_for_update(no_key=True).get(pk=person.inspection_id)
        # A correction of the name waits for this, or this for the correction.
        Contact.objects.select_for_update(no_key=True).get(participations=person.pk)
        person = Participant.objects.select_related("contact", "inspection__agreement").get(pk=person.pk)
        if reason := why_not(person):
            raise NotPossible(reason)
        if signed := standing(person):
            return signed
        now = document(person)
        if now is None or now.sha256 != consent.shown:
            raise NotPossible(gettext("The agreement changed while you were reading. Please read it once more."))
        if Signature.objects.filter(nonce=consent.nonce).exists():
            raise NotPossible(gettext("This form was used before. Please read the agreement once more."))
        made = Signature.objects.create(
            participant=person,
            agreement=now.agreement,
            facts=now.facts,
            text=now.text,
            sha256=now.sha256,
            typed_name=typed,
            ip=consent.ip,
            agent=consent.agent[:_MAX_AGENT],
            link=consent.link,
            nonce=consent.nonce,
        )
        about = {"signature": made.pk, "version": now.agreement.version, "sha256": now.sha256, "typed_name": typed}
        told = [events.new(locked, events.Type.SIGNED, by=typed, participant=person, **about)]
        if not clients_to_sign(locked.pk).exists():
            told.append(events.new(locked, events.Type.AGREEMENT_SIGNED, by=typed, participant=person))
        events.tell(told)
    return made


def review(inspection: Inspection, *, by: str) -> list[Signature]:
    """End the signatures whose facts are no longer so. Returns them. The facts' change has been told already."""
    ended = []
    with transaction.atomic():
        found = Signature.objects.standing().filter(participant__inspection=inspection)
        found = found.select_related("participant__contact", "participant__inspection")
        for signature in found.select_for_update(of=("self",), no_key=True).order_by("pk"):
            changed = changed_since(signature)
            if changed:
                _end(signature, changed, by=by)
                ended.append(signature)
        told = [
            events.new(
                inspection,
                events.Type.SIGNATURE_ENDED,
                by=by,
                participant=signature.participant,
                signature=signature.pk,
                fields=signature.ended_because,
            )
            for signature in ended
        ]
        events.tell(told)
    return ended


def disown(signature: Signature, *, by: str, note: str) -> bool:
    """Staff found that somebody else gave it: it counts no more, but stays on record. False if that was said before.

    Links that were in the wrong hands are switched off: all of them, if it stood until now. `note`: how one knows.
    """
    with transaction.atomic():
        inspection = Inspection.objects.select_for_update(no_key=True).get(participants=signature.participant_id)
        theirs = Signature.objects.their_own().filter(pk=signature.pk).select_related("participant", "link")
        found = theirs.select_for_update(of=("self",), no_key=True).first()
        if found is None:
            return False
        person, stood = found.participant, found.ended_at is None
        found.disowned_at, found.disowned_by = timezone.now(), by[:MAX_NAME]
        if stood:
            found.ended_at, found.ended_by = found.disowned_at, found.disowned_by
            links.revoke_all(participant=person)
        elif found.link:
            links.revoke(found.link, by=by)
        found.save(update_fields=["disowned_at", "disowned_by", "ended_at", "ended_by"])
        about = {"signed_at": found.signed_at, "note": note, "stood": stood}
        told = [events.new(inspection, events.Type.DISOWNED, by=by, participant=person, **about)]
        if stood:
            kind = events.Type.SIGNATURE_ENDED
            told.append(events.new(inspection, kind, by=by, participant=person, signature=found.pk, fields=[]))
        events.tell(told)
    return True


def complete_without(event: InspectionEvent) -> bool:
    """A client left or signs no more: if only their signature was lacking, the agreement is signed now. True if so."""
    inspection, person = event.inspection, event.participant
    was_client = Role.CLIENT in (event.data.get("role"), event.data.get("old"))
    if person is None or not was_client or inspection.agreement_id is None or standing(person):
        return False
    clients = inspection.participants.current().filter(role=Role.CLIENT)
    # Several may leave at once: the first of them tells it.
    told = inspection.events.filter(type=events.Type.AGREEMENT_SIGNED, pk__gt=event.pk)
    if not clients.exists() or clients_to_sign(inspection.pk).exists() or told.exists():
        return False
    events.record(inspection, events.Type.AGREEMENT_SIGNED, by=event.by)
    return True


def changed_since(signature: Signature) -> list[str]:
    """Names of the facts that are different from those that were signed."""
    now = _facts(signature.participant)
    return [name for name in FACTS if not _same(name, signature.facts.get(name), now[name])]


def changes(signature: Signature) -> list[Change]:
    """What is no longer as it was signed, or was not when the signature ended: as signed, and as it is now."""
    company = Company.get()
    if signature.was_somebody_elses:
        return []
    names = signature.ended_because or changed_since(signature)
    old, new = _words(signature.facts, company), _words(_facts(signature.participant), company)
    return [Change(name, old[name], new[name]) for name in FACTS if name in names]


def _same(name: str, signed: Any, now: Any) -> bool:
    # Another spelling of the same name is no other person.
    return signed == now or (name == "name" and name_key(str(signed)) == name_key(str(now)))


def _end(signature: Signature, changed: list[str], *, by: str) -> None:
    signature.ended_at, signature.ended_by, signature.ended_because = timezone.now(), by[:MAX_NAME], changed
    signature.save(update_fields=["ended_at", "ended_by", "ended_because"])


def _checked(person: Participant, consent: Consent) -> str:
    typed = check_name(person, consent.typed_name)
    if not consent.agreed:
        raise BadField("agreed", gettext("Please tick that you agree to sign electronically."))
    return typed


def _letters(name: str) -> str:
    """What has to be typed alike: on a phone nobody finds the accents and dots."""
    apart = unicodedata.normalize("NFKD", name_key(name))
    return "".join(ch for ch in apart if ch.isalnum()) or apart  # of a name without letters every sign counts


def _facts(person: Participant) -> dict[str, Any]:
    inspection = person.inspection
    return {
        "name": person.name,
        "address": inspection.address,
        "starts_at": inspection.starts_at.astimezone(UTC).isoformat(),
        "fee": None if inspection.fee is None else f"{inspection.fee:.2f}",
        "services": list(inspection.services),
    }


def _lines(facts: dict[str, Any], company: Company) -> list[tuple[str, str]]:
    words = _words(facts, company)
    lines = [("Company", company.name), *((LABELS[name], words[name]) for name in FACTS)]
    return [(name, value) for name, value in lines if value]


def _words(facts: dict[str, Any], company: Company) -> dict[str, str]:
    """Each fact as people read it. In English, as the document is."""
    zone = ZoneInfo(facts.get("zone") or company.time_zone)
    local = datetime.fromisoformat(facts["starts_at"]).astimezone(zone)
    with translation.override("en"):
        starts = dateformat.format(local, "l, F j, Y, g:i A T")
    return {
        "name": facts["name"],
        "address": facts["address"],
        "starts_at": starts,
        "services": ", ".join(facts["services"]),
        "fee": f"${Decimal(facts['fee']):,.2f}" if facts["fee"] is not None else "",
    }
