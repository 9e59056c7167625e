"""Share Details: a link that opens a part of an inspection, by email or to pass on; and the links that are out."""

from django.contrib import messages
from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from emails import access, letters, letters_share, replies, selectors_letters, selectors_share
from emails.forms_share import ShareForm
from emails.limits import Refused
from inspections import handover, links, suggestions
from inspections.errors import BadDraft, NotPossible
from inspections.models import Inspection, Participant, PortalLink
from inspections.views import hand_over

NOT_MADE = "The link could not be made. Nothing was sent. Please try again in a moment."
NEW = "new"


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def share(request: HttpRequest, inspection_id: int) -> HttpResponse:
    """Whom, what, how long, and how. `?to=` is a person of the inspection, or `new` for somebody else."""
    inspection = get_object_or_404(Inspection, pk=inspection_id)
    asked = request.POST.get("to", "") if request.method == "POST" else request.GET.get("to", "")
    present = selectors_letters.people(inspection)
    person = next((one for one in present if str(one.pk) == asked), None)
    if person is None and asked != NEW:
        return _page(request, inspection, present, None, gone=bool(asked))
    data = suggestions.with_suggestion(request.POST) if request.method == "POST" else None
    form = ShareForm(data, person=person)
    if form.is_bound and form.is_valid() and not _is_answer(request):
        return _given(request, inspection, present, form)
    return _page(request, inspection, present, form)


def _is_answer(request: HttpRequest) -> bool:
    """A question about the address was answered: the form is shown again before anything is done."""
    return "act" not in request.POST


def _given(request: HttpRequest, inspection: Inspection, present: list[Participant], form: ShareForm) -> HttpResponse:
    if form.person is None and request.POST.get("confirmed") != "1":
        sees = handover.sees(form.scope_now, form.role, form.cleaned_data["name"])
        return render(request, "emails/share_confirm.html", {"form": form, "inspection": inspection, "sees": sees})
    try:
        with transaction.atomic():
            return _give(request, inspection, form)
    except BadDraft as problem:
        form.refuse(problem)
        return _page(request, inspection, present, form)
    except (Refused, NotPossible) as problem:
        return _page(request, inspection, present, form, problem=problem, status=getattr(problem, "status_code", 409))
    except DatabaseError:
        return _page(request, inspection, present, form, problem=NOT_MADE, status=503)


def _give(request: HttpRequest, inspection: Inspection, form: ShareForm) -> HttpResponse:
    scope, by = form.cleaned_data["scope"], access.colleague(request)
    ends = letters_share.until(inspection, form.cleaned_data["lasts"])
    if form.by_email:
        sent = letters_share.by_email(inspection, form.to(), scope, ends, by=by, uuid=form.uuid_now)
        replies.note_sent(request, sent)
        return redirect("inspection", inspection.pk)
    nonce = str(form.uuid_now)
    return hand_over(request, *letters_share.by_link(inspection, form.to(), scope, ends, by=by, nonce=nonce))


def _page(
    request: HttpRequest,
    inspection: Inspection,
    present: list[Participant],
    form: ShareForm | None,
    *,
    status: int = 200,
    **more: object,
) -> HttpResponse:
    person = form.person if form else None
    bad = form is not None and form.is_bound and bool(form.errors)
    context = {
        "inspection": inspection,
        "people": present,
        "form": form,
        "person": person,
        "choices": selectors_share.choices(form.role, person.name if person else "") if form else [],
        "unreachable": letters.unreachable(person) if person else None,
        "given": selectors_share.links(inspection),
        "now": timezone.now(),
        **more,
    }
    return render(request, "emails/share.html", context, status=422 if bad else status)


@require_POST
def switch_off(request: HttpRequest, inspection_id: int, link_id: int) -> HttpResponse:
    """A link opens nothing any more, from now on."""
    found = PortalLink.objects.select_related("participant__contact", "participant__inspection")
    link = get_object_or_404(found, pk=link_id, participant__inspection=inspection_id)
    if links.revoke(link, by=str(request.user)):
        replies.note(request, f"Switched off. That link of {link.participant.name} opens nothing any more.")
    else:
        replies.note(request, "This link was switched off or over already.", level=messages.INFO)
    return replies.done(request, back=reverse("share", args=[inspection_id]))
