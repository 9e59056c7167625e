"""Create Email: write to people on an inspection by hand. What is typed is kept as a draft until it is sent."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from emails import access, checks, eligibility, files, letters, replies, selectors_letters, wording_share
from emails.files import BadFile
from emails.forms_letters import LetterForm, chosen_template, other_person
from emails.limits import Refused
from emails.models import Kind, Letter, new_nonce
from emails.selectors_templates import groups
from emails.views_templates import keep
from inspections import handover, suggestions
from inspections.errors import BadDraft
from inspections.models import Company, Inspection, Participant, Role

EVERYBODY_ELSE = frozenset({"send", "send-anyway"})
MOST_NOTES = 6


@require_safe
@never_cache
def new(request: HttpRequest, inspection_id: int) -> HttpResponse:
    """A page to write on. `?to=` ticks people, `?again=` begins with the words of another letter."""
    inspection = get_object_or_404(Inspection, pk=inspection_id)
    letter = Letter(uuid=uuid4(), inspection=inspection)
    old = _letter_named(inspection, request.GET.get("again", ""))
    if old:
        letter.subject, letter.body, letter.template = old.subject, old.body, old.template
    form = _form(inspection, letter)
    wanted = set(request.GET.getlist("to"))
    form.initial["to"] = {person.pk for person in form.people if str(person.pk) in wanted}
    return _page(request, form)


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
    return _was_sent(request, found) if found.sent_at else _page(request, _form(inspection, found))


def _form(inspection: Inspection, found: Letter, data: Any = None) -> LetterForm:
    return LetterForm(data, people=selectors_letters.people(inspection), letter=found, page=new_nonce())


# --- what is pressed -------------------------------------------------------------------------------------------------


def _act(request: HttpRequest, inspection: Inspection, uuid: UUID) -> HttpResponse:
    """Keep what was typed, then do what was asked for. Whatever happens, what was typed is on the page again."""
    act, _, which = request.POST.get("act", "save").partition(":")
    if act == "confirmed":
        return _confirmed(request, inspection, uuid)
    base = selectors_letters.find(inspection, uuid) or Letter(uuid=uuid, inspection=inspection)
    form = _form(inspection, base, suggestions.with_suggestion(request.POST))
    form.is_valid()
    if act == "preview":  # nothing is kept, so the form stays the one that was read
        return _page(request, form, revision=form.cleaned_data.get("revision") or 0, page=form.value("page"))
    try:
        form.letter = _save(request, form)
    except letters.Sent as sent:
        return _was_sent(request, sent.letter)
    except letters.Stale as stale:
        return _stale(request, form, stale.letter)
    except Letter.DoesNotExist:
        raise Http404 from None
    if wrong := _take_in(request, form.letter):
        return _page(request, form, status=422, file_problems=wrong)
    return _ACTS.get(act, _kept)(request, form, which or act)


def _save(request: HttpRequest, form: LetterForm, *, by_itself: bool = False) -> Letter:
    base = _letter(form)
    return letters.save(
        base.inspection,
        base.uuid,
        form.written(),
        revision=form.cleaned_data.get("revision") or 0,
        page=form.value("page")[:40],
        by=access.colleague(request),
        by_itself=by_itself,
    )


def _letter(form: LetterForm) -> Letter:
    if form.letter is None:
        raise LookupError("a form without a letter")
    return form.letter


def _take_in(request: HttpRequest, found: Letter) -> list[str]:
    """Add the files that came along. Returns what was wrong with them."""
    wrong = []
    for upload in request.FILES.getlist("files")[: files.MOST_FILES * 2]:
        try:
            letters.attach(found, upload.name or "", _content(upload))
        except BadFile as problem:
            wrong.append(str(problem))
    return wrong


def _content(upload: UploadedFile) -> bytes:
    """Raises BadFile before a file that is too big is read."""
    if (upload.size or 0) > files.MOST_BYTES:
        name, size = files.tidy_name(upload.name or ""), files.size_words(upload.size or 0)
        raise BadFile(f"“{name}” has {size}. At most {files.size_words(files.MOST_BYTES)} is possible.")
    return bytes(upload.read())


def _kept(request: HttpRequest, form: LetterForm, which: str) -> HttpResponse:
    replies.note(request, "Draft saved. It is on the inspection’s page until you send it.")
    return redirect(_address(form))


def _address(form: LetterForm, place: str = "") -> str:
    found = _letter(form)
    return reverse("letter", args=[found.inspection_id, found.uuid]) + place


def _attach(request: HttpRequest, form: LetterForm, which: str) -> HttpResponse:
    if not request.FILES.getlist("files"):
        return _page(request, form, status=422, file_problems=["Please choose a file first."])
    return redirect(_address(form, "#files"))


def _drop(request: HttpRequest, form: LetterForm, which: str) -> HttpResponse:
    letters.drop(_letter(form), _number(which))
    return redirect(_address(form, "#files"))


def _offer(by_link: bool) -> Callable[[HttpRequest, LetterForm, str], HttpResponse]:
    def act(request: HttpRequest, form: LetterForm, which: str) -> HttpResponse:
        try:
            letters.offer(_letter(form), _number(which), by_link=by_link)
        except BadFile as problem:
            return _page(request, form, status=422, file_problems=[str(problem)])
        return redirect(_address(form, "#files"))

    return act


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else 0


def _begin_from(request: HttpRequest, form: LetterForm, which: str) -> HttpResponse:
    """The words of a template take the place of an empty text, or of what was typed once that was said."""
    found = _letter(form)
    template = chosen_template(form.value("template"))
    if template is None or template not in selectors_letters.templates():
        return _page(request, form, status=422, template_problem="Please choose a template first.")
    if (found.subject.strip() or found.body.strip()) and which != "replace":
        return _page(request, form, status=409, replaces=template)
    subject, body = selectors_letters.words_of(template, form.ticked)
    return _rewritten(request, form, {"subject": subject, "body": body})


def _add_link(request: HttpRequest, form: LetterForm, which: str) -> HttpResponse:
    body = f"{_letter(form).body.rstrip()}\n{_button(form)}".lstrip()
    return _rewritten(request, form, {"body": body})


def _button(form: LetterForm) -> str:
    signs = any(person.role == Role.CLIENT for person in form.ticked) or not form.ticked
    return checks.button(Kind.CONFIRMATION) if signs else wording_share.BUTTON


def _rewritten(request: HttpRequest, form: LetterForm, changes: dict[str, str]) -> HttpResponse:
    """Keep other words than those that were typed, and show them."""
    form.cleaned_data |= changes | {"revision": _letter(form).revision}
    form.letter = _save(request, form)
    return redirect(_address(form, "#id_body"))


def _test(request: HttpRequest, form: LetterForm, which: str) -> HttpResponse:
    person = _shown(form)
    try:
        if person is None:
            raise Refused("Please add a person to the inspection first.", status_code=422)
        nonce = request.POST.get("nonce", "")[:100] or None
        sent = letters.send_test(_letter(form), person, user=access.colleague(request), nonce=nonce)
    except Refused as problem:
        return _page(request, form, status=problem.status_code, problem=problem, problem_title="No test was sent")
    said = f"A test is on its way to {sent.to_address}, as {person.name} would get it."
    replies.note(request, said, href=reverse("message", args=[sent.pk]), label="See it")
    return redirect(_address(form))


# --- sending ---------------------------------------------------------------------------------------------------------


def _send(request: HttpRequest, form: LetterForm, which: str) -> HttpResponse:
    found = _letter(form)
    if form.has_other:
        form.check_other()
    looked = letters.look(found, form.ticked, Company.get(), strangers=int(form.has_other))
    if looked.stops or form.errors:
        return _page(request, form, status=422, refused=looked.stops)
    if looked.lacks_link and which != "send-anyway":
        return _page(request, form, status=422, lacks_link=True)
    return _ask_about_other(request, form) if form.has_other else _go(request, form)


def _ask_about_other(request: HttpRequest, form: LetterForm) -> HttpResponse:
    """Somebody who is not on the inspection: say what they will see, and ask."""
    found = _letter(form)
    context = {
        "letter": found,
        "inspection": found.inspection,
        "readers": form.ticked,
        "sees": handover.sees(found.scope, Role.OTHER, found.other_name),
        "keep": suggestions.kept(form.data),
    }
    return render(request, "emails/letter_confirm.html", context)


def _confirmed(request: HttpRequest, inspection: Inspection, uuid: UUID) -> HttpResponse:
    """Somebody else may get it too."""
    found = selectors_letters.find(inspection, uuid)
    if found is None:
        raise Http404
    form = _form(inspection, found)
    return _go(request, form, add=bool(found.other_email))


def _go(request: HttpRequest, form: LetterForm, *, add: bool = False) -> HttpResponse:
    found = _letter(form)
    try:
        sent = letters.send(found, by=str(request.user), add=other_person(found) if add else None)
    except Refused as problem:
        return _page(request, form, status=problem.status_code, problem=problem)
    except BadDraft as problem:
        form = _form(found.inspection, found, _as_data(form))
        form.is_valid()
        form.refuse_other(problem)
        return _page(request, form, status=422)
    except Letter.DoesNotExist:
        raise Http404 from None
    for message in sent[:MOST_NOTES]:
        replies.note_sent(request, message)
    if len(sent) > MOST_NOTES:
        replies.note(request, f"And to {len(sent) - MOST_NOTES} more.")
    return redirect("inspection", found.inspection_id)


def _as_data(form: LetterForm) -> dict[str, str]:
    return {name: form.value(name) for name in ("other_name", "other_email", "subject", "body", "revision")}


def _was_sent(request: HttpRequest, found: Letter) -> HttpResponse:
    """Pressed twice, or in another window: nothing goes out twice."""
    first = found.messages.filter(test=False).order_by("pk").first()
    replies.note(request, f"{found.sent_by} sent this email already. It went out once.")
    return redirect("message", first.pk) if first else redirect("inspection", found.inspection_id)


def _stale(request: HttpRequest, form: LetterForm, theirs: Letter) -> HttpResponse:
    """Saved in another window since: both texts are shown, and saving once more decides for this one."""
    form.letter = theirs
    return _page(request, form, status=409, theirs=theirs)


# --- beside it -------------------------------------------------------------------------------------------------------


@require_POST
@never_cache
def autosave(request: HttpRequest, inspection_id: int, letter_uuid: UUID) -> HttpResponse:
    """Keep what is being typed. Always answers with a line about the draft, and with its new revision."""
    inspection = get_object_or_404(Inspection, pk=inspection_id)
    base = selectors_letters.find(inspection, letter_uuid) or Letter(uuid=letter_uuid, inspection=inspection)
    form = _form(inspection, base, request.POST)
    form.is_valid()
    context: dict[str, object] = {}
    try:
        context["saved"] = _save(request, form, by_itself=True)
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
    form = _form(inspection, base, request.POST)
    form.is_valid()
    return render(request, "emails/_letter_preview.html", preview(request, form) | {"live": True})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def discard(request: HttpRequest, inspection_id: int, letter_uuid: UUID) -> HttpResponse:
    """Ask, then throw a draft away."""
    found = get_object_or_404(Letter.objects.select_related("inspection"), uuid=letter_uuid, inspection=inspection_id)
    if found.sent_at:
        return _was_sent(request, found)
    if request.method != "POST":
        return render(request, "emails/letter_discard.html", {"letter": found, "inspection": found.inspection})
    if not letters.discard(found):
        found.refresh_from_db()
        return _was_sent(request, found)
    replies.note(request, "The draft was discarded. Nothing was sent.")
    return redirect("inspection", inspection_id)


# --- the page --------------------------------------------------------------------------------------------------------


def _page(request: HttpRequest, form: LetterForm, *, status: int = 200, **more: object) -> HttpResponse:
    found = _letter(form)
    context = {
        "form": form,
        "letter": found,
        "inspection": found.inspection,
        "readers": selectors_letters.readers(form.people, form.ticked),
        "templates": selectors_letters.templates(),
        "template_id": form.value("template"),
        "groups": groups(),
        "button": _button(form),
        "enclosed": selectors_letters.enclosed(found),
        "accept": files.ACCEPT,
        "possible": files.POSSIBLE,
        "closed": eligibility.why_not_about(found.inspection, Kind.ONE_OFF),
        "page": new_nonce(),
        "revision": found.revision,
        **preview(request, form),
        **more,
    }
    return render(request, "emails/letter.html", context, status=status)


def preview(request: HttpRequest, form: LetterForm) -> dict[str, Any]:
    """What the preview shows: the checks, and the email for one of those who are ticked."""
    company, found = Company.get(), _letter(form)
    typed = _typed(form)
    person = _shown(form)
    looked = letters.look(typed, form.ticked, company, strangers=int(form.has_other))
    shown = (looked.samples.get(person.pk) or letters.sample(typed, person, company)) if person else None
    return {
        "letter": found,
        "shown": person,
        "sample": shown,
        "frame": keep(request, shown.html) if shown else "",
        "stops": looked.stops,
        "warnings": looked.warnings,
        "without_link": looked.lacks_link,
        "to": form.ticked,
        "examples": form.ticked or form.people,
        "later": typed.send_at,
    }


def _typed(form: LetterForm) -> Letter:
    """The letter as it stands in the form, for looking at."""
    found = _letter(form)
    typed = Letter(pk=found.pk, uuid=found.uuid, inspection=found.inspection, scope=found.scope)
    written = form.written() if form.is_bound else None
    for name in ("subject", "body", "send_at"):
        setattr(typed, name, getattr(written or found, name))
    return typed


def _shown(form: LetterForm) -> Participant | None:
    """Whose email is looked at."""
    choices = form.ticked or form.people
    wanted = form.value("example")
    return next((person for person in choices if str(person.pk) == wanted), choices[0] if choices else None)


_ACTS: dict[str, Callable[[HttpRequest, LetterForm, str], HttpResponse]] = {
    "attach": _attach,
    "drop": _drop,
    "link": _offer(by_link=True),
    "along": _offer(by_link=False),
    "use": _begin_from,
    "replace": _begin_from,
    "add-link": _add_link,
    "test": _test,
    "send": _send,
    "send-anyway": _send,
}
