"""Notifications were off: what was not sent is offered with ticks, never sent by itself."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from emails import outbox, replies, selectors_automations
from emails.limits import Refused
from emails.models import new_nonce
from emails.selectors_automations import Offer
from emails.views_automations import emails
from inspections import services
from inspections.models import Inspection, InspectionStatus


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def missed(request: HttpRequest, inspection_id: int) -> HttpResponse:
    """Turn notifications on if they are off, and choose what of the missed emails to send."""
    inspection = get_object_or_404(Inspection, pk=inspection_id)
    if request.method == "POST" and inspection.status != InspectionStatus.CANCELLED:
        return _send(request, inspection)
    context = {
        "inspection": inspection,
        "offers": selectors_automations.offers(inspection),
        "nonce": new_nonce(),
    }
    return render(request, "emails/missed.html", context)


def _send(request: HttpRequest, inspection: Inspection) -> HttpResponse:
    nonce = replies.given_nonce(request)[:60]
    ticked = set(request.POST.getlist("email")) if "send" in request.POST else set()
    with transaction.atomic():
        Inspection.objects.select_for_update(no_key=True).get(pk=inspection.pk)
        offers = [o for o in selectors_automations.offers(inspection) if str(o.message.pk) in ticked]
        switched = services.set_notifications(inspection, True, by=str(request.user))
        refused = [said for offer in offers if (said := _take(offer, by=str(request.user), nonce=nonce))]
    sent = len(offers) - len(refused)
    start = "Emails are on. " if switched else ""
    replies.note(
        request, f"{start}{emails(sent)} {'goes' if sent == 1 else 'go'} out." if sent else f"{start}Nothing was sent."
    )
    for sentence in refused[:3]:
        replies.note(request, sentence, level=messages.WARNING)
    return redirect("inspection", inspection.pk)


def _take(offer: Offer, *, by: str, nonce: str) -> str:
    """Send it, now or at its time. The sentence that says why not, or ""."""
    if offer.due is not None:
        outbox.plan_again(offer.message, offer.due, offer.until, by=by)
        return ""
    try:
        outbox.send_now(offer.message, by=by, nonce=f"{nonce}:{offer.message.pk}" if nonce else None)
    except Refused as problem:
        return f"{offer.message}: {problem}"
    return ""
