"""What strangers and clients ask of us by a link: that it is not theirs, or that they want a new one.

Whoever listens to the events sends the emails.
"""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from inspections import events, links
from inspections.models import Inspection, Participant, PortalLink
from inspections.text import canonical

VISITOR = "Somebody in the portal"  # whom the timeline names when we do not know who it was
SIGNED_BEFORE = "The agreement had been signed by a link of theirs: ask who did"
MOST_A_DAY = 5
_DAY = timedelta(days=1)


def not_me(link: PortalLink) -> bool:
    """Whoever got this link is not its person: every link of theirs on this inspection is switched off.

    False if that was so before.
    """
    with transaction.atomic():
        person = Participant.objects.select_for_update(no_key=True, of=("self",)).get(pk=link.participant_id)
        if not PortalLink.objects.active().filter(pk=link.pk).exists():
            return False
        links.revoke_all(participant=person)
        about = {"name": person.name, "email": person.email, "link": link.pk, "purpose": link.purpose}
        about["signed"] = _may_have_signed(person, link)
        events.record(person.inspection, events.Type.NOT_ME, by=VISITOR, participant=person, **about)
    return True


def _may_have_signed(person: Participant, link: PortalLink) -> bool:
    """By this link, or by one of another email to the same mailbox."""
    signature = person.signatures.their_own().last()
    if signature is None:
        return False
    moved = person.contact.changes.filter(field="email", at__gt=signature.signed_at)
    return signature.link_id == link.pk or (link.is_an_emails and not moved.exists())


def new_link(address: str, link: PortalLink | None) -> list[Participant]:
    """Somebody with this address wants a new link in place of `link`; None: of one that we don't know.

    Only the people who have that address on file are asked about, of the link's inspection, else of those to come. An
    address that nobody on the link's inspection has is noted for the office, and nothing else. Returns whom it is for.
    """
    people = Participant.objects.current().filter(contact__email_key=canonical(address))
    if link is not None:
        people = people.filter(inspection=link.participant.inspection_id)
    else:
        people = people.filter(inspection__in=Inspection.objects.upcoming())
    found = list(people.select_related("contact", "inspection").order_by("inspection__starts_at", "pk")[:MOST_A_DAY])
    for person in found:
        _tell(person.inspection, person)
    if link is not None and not found:
        _tell(link.participant.inspection, None, address=address)
    return found


def _tell(inspection: Inspection, person: Participant | None, **about: str) -> None:
    """Once a minute and five times a day for each, so that nobody can fill a mailbox or the timeline."""
    with transaction.atomic():
        locked = Inspection.objects.select_for_update(no_key=True).get(pk=inspection.pk)
        told = locked.events.filter(type=events.Type.LINK_ASKED, participant=person)
        times = list(told.filter(at__gt=timezone.now() - _DAY).order_by("-at").values_list("at", flat=True))
        rest = timedelta(seconds=settings.COOLDOWN_SECONDS)
        if len(times) >= MOST_A_DAY or (times and timezone.now() - times[0] < rest):
            return
        by = person.name if person else VISITOR
        events.record(locked, events.Type.LINK_ASKED, by=by, participant=person, **about)
