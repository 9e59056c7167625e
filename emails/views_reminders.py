"""What staff do about agreements and payments by email: remind."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_POST

from emails import reminders, replies
from emails.limits import Refused
from emails.reminders import What
from inspections.models import Participant


@require_POST
def remind(request: HttpRequest, participant_id: int, what: str) -> HttpResponse:
    """Remind a client to sign, or send them the payment link."""
    if what not in list(What):
        raise Http404
    person = get_object_or_404(Participant.objects.select_related("contact", "inspection"), pk=participant_id)
    back = reverse("inspection", args=[person.inspection_id])
    try:
        message = reminders.send(
            person,
            what,
            by=str(request.user),
            nonce=replies.given_nonce(request)[:90] or None,
            confirmed=request.POST.get("confirmed") == "1",
        )
    except Refused as problem:
        return replies.refused(request, problem, back=back)
    replies.note_sent(request, message)
    return replies.done(request, back=back)
