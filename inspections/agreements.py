"""The agreement that clients sign: its built-in first text, its versions, and which inspections have which.

A published version never changes. A new one is for new inspections; those to come can be moved to it as long as nobody
has signed.
"""

from collections.abc import Collection

from django.db import transaction
from django.db.models import Exists, OuterRef

from inspections import events
from inspections.errors import BadField
from inspections.models import Agreement, Inspection, InspectionQuerySet, Signature
from inspections.text import BadText, multi_line, single_line

LONGEST = 100_000  # characters; some thirty pages
TITLE = "Pre-inspection agreement"
TEXT = """\
This agreement is between the client named in the client portal (“you”) and the inspection company named there \
(“we”). It covers the inspection of the property at the address shown. Please read all of it before you sign.

1. What we do
We look at the parts of the home that can be seen and safely reached on the day: roof, outside walls, \
foundation, attic, basement or crawl space, plumbing, electrical system, heating and cooling, inside rooms, \
windows and doors, and built-in appliances. We work to the standards of practice that our state requires, or, \
where it requires none, to those of a national association of home inspectors. We send you a copy of those \
standards if you ask.

2. What you receive
You receive a written report of what we saw and of what, in our opinion, does not work, is unsafe or is near \
the end of its life. The report is for you. Please do not rely on what anyone tells you about it; read it \
yourself.

3. What we do not do
We do not open walls, move furniture or stored things, take equipment apart, or enter places that are not \
safe. We do not look for mold, asbestos, lead, radon, pests, buried tanks or other hidden or environmental \
conditions unless the services listed for this inspection name them. We do not check building codes, permits, \
boundaries or value, and we do not say whether you should buy.

4. No guarantee
An inspection lowers your risk; it cannot take it away. Some defects show only in other weather, after a time, \
or when something is taken apart. The report describes the day of the inspection. It is not a warranty or an \
insurance policy.

5. Your part
Please make sure that we can enter and that water, power and gas are on. If something worries you, tell us \
before we start. Have a specialist look at whatever the report recommends before your deadline to object ends.

6. The fee
You owe the fee shown in the client portal, whether or not you buy the property. It is due no later than the \
day of the inspection. We may keep the report until it is paid. If you cancel less than 24 hours ahead, we may \
charge for the visit.

7. If you think we missed something
Tell us in writing as soon as you find it, and let us look before it is repaired, unless waiting would be \
dangerous. If we made a mistake, what we owe you is limited to the fee you paid, as far as the law of the \
state where the property lies allows it. You have one year from the inspection to make a claim.

8. Your details
We use your name, address, email and phone number to arrange the inspection and to send you what belongs to \
it. We give the report to others only if you ask us to.

9. The rest
The law of the state where the property lies applies. If one part of this agreement is not valid, the others \
remain. Changes count only in writing. If several clients are named, each of you signs and is bound. If you \
sign for somebody else, you confirm that you may.
"""


def install() -> None:
    """Store the built-in text as version 1, unless there is a version 1. Safe to repeat."""
    Agreement.objects.get_or_create(version=1, defaults={"title": TITLE, "body": TEXT})


def current() -> Agreement | None:
    """The version that new inspections get: the newest."""
    return Agreement.objects.order_by("-version").first()


def publish(title: str, body: str) -> Agreement:
    """A new version, in force from now on; the current one if it says the same. Raises BadField."""
    title, body = _tidy("title", title), _tidy("body", body)
    with transaction.atomic():
        # Two owners who publish at once queue here.
        last = Agreement.objects.select_for_update().order_by("-version").first()
        if last and (last.title, last.body.strip()) == (title, body):
            return last
        return Agreement.objects.create(version=last.version + 1 if last else 1, title=title, body=body)


def behind(agreement: Agreement) -> InspectionQuerySet:
    """Inspections to come that have another version and no client's signature."""
    signed = Signature.objects.standing().filter(participant__inspection=OuterRef("pk"))
    to_come = Inspection.objects.upcoming().filter(agreement__isnull=False).exclude(agreement=agreement)
    return to_come.exclude(Exists(signed)).order_by("starts_at", "pk")


def move(ids: Collection[int], agreement: Agreement, *, by: str) -> list[Inspection]:
    """Give these inspections this version. Returns those that have it now; whoever was signed meanwhile stays."""
    moved = []
    for pk in sorted(ids):
        with transaction.atomic():
            if Inspection.objects.select_for_update(no_key=True).filter(pk=pk).first() is None:
                continue
            inspection = behind(agreement).filter(pk=pk).select_related("agreement").first()
            if inspection is None:
                continue
            before, inspection.agreement = str(inspection.agreement), agreement
            inspection.save(update_fields=["agreement"])
            old, new = {"agreement": before}, {"agreement": str(agreement)}
            events.record(inspection, events.Type.UPDATED, by=by, before=old, after=new)
            moved.append(inspection)
    return moved


def _tidy(field: str, value: str) -> str:
    try:
        text = single_line(value) if field == "title" else multi_line(value, limit=LONGEST).strip()
    except BadText as problem:
        raise BadField(field, str(problem)) from None
    if not text:
        raise BadField(field, "This must not be empty.")
    return text
