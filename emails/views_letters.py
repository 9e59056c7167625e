"""Create Email: write to people on an inspection by hand. What is typed is kept as a draft until it is sent."""

from uuid import UUID, uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from emails import letters, replies, selectors_letters
from emails.forms_letters import LetterForm
from emails.models import Letter
from emails.views_letters_acts import ACTS, confirmed, kept, save, take_in, was_sent
from emails.views_letters_page import form_of, preview, show
from inspections import suggestions
from inspections.models import Inspection


@require_safe
@never_cache
def new(request: HttpRequest, inspection_id: int) -> HttpResponse:
    """A page to write on. `?to=` ticks people, `?again=` begins with the words of another letter."""
    inspection = get_object_or_404(Inspection, pk=inspection_id)
    letter = Letter(uuid=uuid4(), inspection=inspection)
    old = _letter_named(inspection, request.GET.get("again", ""))
    if old:
        letter.subject, letter.body, letter.template = old.subject, old.body, old.template
    form = form_of(inspection, letter)
    wanted = set(request.GET.getlist("to"))
    form.initial["to"] = {person.pk for person in form.people if str(person.pk) in wanted}
    return show(request, form)


def _letter_named(inspection: Inspection, uuid: str) -> Letter | None:
    try:
        return selectors_letters.find(inspection, UUID(uuid)) if uuid else None
    except ValueError:
        return None


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def letter(request: HttpRequest, inspection_id: int, letter_uuid: UUID) -> HttpResponse:
    """A draft: go on with it, send it."""
    inspection = get_object_or_404(Inspection, pk=inspection_id)
    found = selectors_letters.find(inspection, letter_uuid)
    if request.method == "POST":
        return _act(request, inspection, letter_uuid)
    found = found or Letter(uuid=letter_uuid, inspection=inspection)  # nothing was saved before the session ended
    return was_sent(request, found) if found.sent_at else show(request, form_of(inspection, found))


# --- what is pressed -------------------------------------------------------------------------------------------------


def _act(request: HttpRequest, inspection: Inspection, uuid: UUID) -> HttpResponse:
    """Keep what was typed, then do what was asked for. Whatever happens, what was typed is on the page again."""
    act, _, which = request.POST.get("act", "save").partition(":")
    if act == "confirmed":
        return confirmed(request, inspection, uuid)
    base = selectors_letters.find(inspection, uuid) or Letter(uuid=uuid, inspection=inspection)
    form = form_of(inspection, base, suggestions.with_suggestion(request.POST))
    form.is_valid()
    if act == "preview":  # nothing is kept, so the form stays the one that was read
        return show(request, form, revision=form.cleaned_data.get("revision") or 0, page=form.value("page"))
    try:
        form.letter = save(request, form)
        if wrong := take_in(request, form.letter):
            return show(request, form, status=422, file_problems=wrong)
        return ACTS.get(act, kept)(request, form, which or act)
    except letters.Sent as sent:  # before, or by another window while this one worked on it
        return was_sent(request, sent.letter)
    except letters.Stale as stale:
        return _stale(request, form, stale.letter)
    except Letter.DoesNotExist:
        raise Http404 from None


def _stale(request: HttpRequest, form: LetterForm, theirs: Letter) -> HttpResponse:
    """Saved in another window since: both texts are shown, and saving once more decides for this one."""
    form.letter = theirs
    return show(request, form, status=409, theirs=theirs)


# --- beside it -------------------------------------------------------------------------------------------------------


@require_POST
@never_cache
def autosave(request: HttpRequest, inspection_id: int, letter_uuid: UUID) -> HttpResponse:
    """Keep what is being typed. Always answers with a line about the draft, and with its new revision."""
    inspection = get_object_or_404(Inspection, pk=inspection_id)
    base = selectors_letters.find(inspection, letter_uuid) or Letter(uuid=letter_uuid, inspection=inspection)
    form = form_of(inspection, base, request.POST)
    form.is_valid()
    context: dict[str, object] = {}
    try:
        context["saved"] = save(request, form, by_itself=True)
    except letters.Sent as sent:
        context["sent"] = sent.letter
    except letters.Stale as stale:
        context["theirs"] = stale.letter
    except Letter.DoesNotExist:
        raise Http404 from None
    response = render(request, "emails/_letter_state.html", context)
    if "saved" in context:
        response["HX-Trigger"] = "draft-saved"
    return response


@require_POST
@never_cache
def live(request: HttpRequest, inspection_id: int, letter_uuid: UUID) -> HttpResponse:
    """The preview and the checks of what is being typed. Nothing is kept."""
    inspection = get_object_or_404(Inspection, pk=inspection_id)
    base = selectors_letters.find(inspection, letter_uuid) or Letter(uuid=letter_uuid, inspection=inspection)
    form = form_of(inspection, base, request.POST)
    form.is_valid()
    return render(request, "emails/_letter_preview.html", preview(request, form) | {"live": True})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def discard(request: HttpRequest, inspection_id: int, letter_uuid: UUID) -> HttpResponse:
    """Ask, then throw a draft away."""
    found = get_object_or_404(Letter.objects.select_related("inspection"), uuid=letter_uuid, inspection=inspection_id)
    if found.sent_at:
        return was_sent(request, found)
    if request.method != "POST":
        return render(request, "emails/letter_discard.html", {"letter": found, "inspection": found.inspection})
    if not letters.discard(found):
        found.refresh_from_db()
        return was_sent(request, found)
    replies.note(request, "The draft was discarded. Nothing was sent.")
    return redirect("inspection", inspection_id)
