"""What is pressed on the page of a letter. What was typed is kept already; each shows a page or leads to one."""

from collections.abc import Callable
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse

from emails import access, files, letters, replies, selectors_letters
from emails.files import BadFile
from emails.forms_letters import LetterForm, chosen_template, other_person
from emails.limits import Refused
from emails.models import Letter
from emails.views_letters_page import button, form_of, letter_of, show, shown
from inspections import handover
from inspections.errors import BadDraft
from inspections.models import Company, Inspection, Role

MOST_NOTES = 6


def save(request: HttpRequest, form: LetterForm, *, by_itself: bool = False) -> Letter:
    """Keep what was typed. Raises letters.Stale, letters.Sent, Letter.DoesNotExist."""
    base = letter_of(form)
    return letters.save(
        base.inspection,
        base.uuid,
        form.written(),
        revision=form.cleaned_data.get("revision") or 0,
        page=form.value("page")[:40],
        by=access.colleague(request),
        by_itself=by_itself,
    )


def take_in(request: HttpRequest, found: Letter) -> list[str]:
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


def kept(request: HttpRequest, form: LetterForm, which: str) -> HttpResponse:
    """It is a draft now."""
    replies.note(request, "Draft saved. It is on the inspection’s page until you send it.")
    return redirect(_address(form))


def _address(form: LetterForm, place: str = "") -> str:
    found = letter_of(form)
    return reverse("letter", args=[found.inspection_id, found.uuid]) + place


def _attach(request: HttpRequest, form: LetterForm, which: str) -> HttpResponse:
    if not request.FILES.getlist("files"):
        return show(request, form, status=422, file_problems=["Please choose a file first."])
    return redirect(_address(form, "#files"))


def _drop(request: HttpRequest, form: LetterForm, which: str) -> HttpResponse:
    letters.drop(letter_of(form), _number(which))
    return redirect(_address(form, "#files"))


def _offer(by_link: bool) -> Callable[[HttpRequest, LetterForm, str], HttpResponse]:
    def act(request: HttpRequest, form: LetterForm, which: str) -> HttpResponse:
        try:
            letters.offer(letter_of(form), _number(which), by_link=by_link)
        except BadFile as problem:
            return show(request, form, status=422, file_problems=[str(problem)])
        return redirect(_address(form, "#files"))

    return act


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else 0


def _begin_from(request: HttpRequest, form: LetterForm, which: str) -> HttpResponse:
    """The words of a template take the place of an empty text, or of what was typed once that was said."""
    found = letter_of(form)
    template = chosen_template(form.value("template"))
    if template is None or template not in selectors_letters.templates():
        return show(request, form, status=422, template_problem="Please choose a template first.")
    if (found.subject.strip() or found.body.strip()) and which != "replace":
        return show(request, form, status=409, replaces=template)
    subject, body = selectors_letters.words_of(template, form.ticked)
    return _rewritten(request, form, {"subject": subject, "body": body})


def _add_link(request: HttpRequest, form: LetterForm, which: str) -> HttpResponse:
    body = f"{letter_of(form).body.rstrip()}\n{button(form)}".lstrip()
    return _rewritten(request, form, {"body": body})


def _rewritten(request: HttpRequest, form: LetterForm, changes: dict[str, str]) -> HttpResponse:
    """Keep other words than those that were typed, and show them."""
    form.cleaned_data |= changes | {"revision": letter_of(form).revision}
    form.letter = save(request, form)
    return redirect(_address(form, "#id_body"))


def _test(request: HttpRequest, form: LetterForm, which: str) -> HttpResponse:
    person = shown(form)
    try:
        if person is None:
            raise Refused("Please add a person to the inspection first.", status_code=422)
        nonce = replies.given_nonce(request)[:100] or None
        sent = letters.send_test(letter_of(form), person, user=access.colleague(request), nonce=nonce)
    except Refused as problem:
        return show(request, form, status=problem.status_code, problem=problem, problem_title="No test was sent")
    said = f"A test is on its way to {sent.to_address}, as {person.name} would get it."
    replies.note(request, said, href=reverse("message", args=[sent.pk]), label="See it")
    return redirect(_address(form))


# --- sending ---------------------------------------------------------------------------------------------------------


def _send(request: HttpRequest, form: LetterForm, which: str) -> HttpResponse:
    found = letter_of(form)
    if form.has_other:
        form.check_other()
    looked = letters.look(found, form.ticked, Company.get(), strangers=int(form.has_other))
    if looked.stops or form.errors:
        return show(request, form, status=422, refused=looked.stops)
    if looked.lacks_link and which != "send-anyway":
        return show(request, form, status=422, lacks_link=True)
    return _ask_about_other(request, form) if form.has_other else _go(request, form)


def _ask_about_other(request: HttpRequest, form: LetterForm) -> HttpResponse:
    """Somebody who is not on the inspection: say what they will see, and ask."""
    found = letter_of(form)
    context = {
        "letter": found,
        "inspection": found.inspection,
        "readers": form.ticked,
        "sees": handover.sees(found.scope, Role.OTHER, found.other_name),
    }
    return render(request, "emails/letter_confirm.html", context)


def confirmed(request: HttpRequest, inspection: Inspection, uuid: UUID) -> HttpResponse:
    """Somebody else may get it too."""
    found = selectors_letters.find(inspection, uuid)
    if found is None:
        raise Http404
    if found.sent_at:
        return was_sent(request, found)
    form = form_of(inspection, found)
    if request.POST.get("revision") != str(found.revision):  # it says something else now, or goes to somebody else
        return show(request, form, status=409, theirs=found)
    looked = letters.look(found, form.ticked, Company.get(), strangers=int(form.has_other))
    if looked.stops:  # changed in another window while the question stood
        return show(request, form, status=422, refused=looked.stops)
    return _go(request, form, add=form.has_other)


def _go(request: HttpRequest, form: LetterForm, *, add: bool = False) -> HttpResponse:
    found = letter_of(form)
    try:
        sent = letters.send(found, by=str(request.user), add=other_person(found) if add else None)
    except Refused as problem:
        return show(request, form, status=problem.status_code, problem=problem)
    except BadDraft as problem:
        form = form_of(found.inspection, found, _as_data(form))
        form.is_valid()
        form.refuse_other(problem)
        return show(request, form, status=422)
    except Letter.DoesNotExist:
        raise Http404 from None
    for message in sent[:MOST_NOTES]:
        replies.note_sent(request, message)
    if len(sent) > MOST_NOTES:
        replies.note(request, f"And to {len(sent) - MOST_NOTES} more.")
    return redirect("inspection", found.inspection_id)


def _as_data(form: LetterForm) -> QueryDict:
    """What the draft holds, as the form would post it."""
    data = QueryDict(mutable=True)
    data.update({name: form.value(name) for name in ("other_name", "other_email", "subject", "body", "revision")})
    data.setlist("to", [str(person.pk) for person in form.ticked])
    return data


def was_sent(request: HttpRequest, found: Letter) -> HttpResponse:
    """Pressed twice, or in another window: nothing goes out twice."""
    first = found.messages.filter(test=False).order_by("pk").first()
    replies.note(request, f"{found.sent_by} sent this email already. It went out once.")
    return redirect("message", first.pk) if first else redirect("inspection", found.inspection_id)


ACTS: dict[str, Callable[[HttpRequest, LetterForm, str], HttpResponse]] = {
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
