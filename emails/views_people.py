"""A person of an inspection and their emails: send again, correct the address and send what failed."""

from dataclasses import dataclass, field

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from emails import crew, outbox, replies, selectors_contacts
from emails.forms import DETAILS, PersonForm
from emails.limits import Refused
from emails.models import Message
from emails.selectors_menu import RESENDS
from emails.states import UNDELIVERED, Status
from inspections import people, suggestions
from inspections.errors import BadField, NotPossible
from inspections.models import Contact, ContactChange, Inspection, Participant, Via


@require_POST
def resend(request: HttpRequest, participant_id: int, kind: str) -> HttpResponse:
    """Send somebody their confirmation, agreement or report again, or for the first time."""
    if kind not in RESENDS:
        raise Http404
    person = _person(participant_id)
    back = _page(person)
    try:
        message = _send(person, kind, request)
    except Refused as problem:
        return replies.refused(request, problem, back=back)
    replies.note_sent(request, message, f"{message.get_kind_display()} to {person.name} {going_out(message)}.")
    return replies.done(request, back=back)


def _send(person: Participant, kind: str, request: HttpRequest) -> Message:
    nonce = replies.given_nonce(request)[:90] or None
    return outbox.send(person, kind, by=str(request.user), nonce=nonce, confirmed=request.POST.get("confirmed") == "1")


@require_http_methods(["GET", "HEAD", "POST"])
@transaction.atomic
def edit(request: HttpRequest, participant_id: int) -> HttpResponse:
    """The page: name, role, address, phone, how far a change reaches, what did not reach them, former addresses."""
    person = _person(participant_id, lock=request.method == "POST")
    form = _form(request, person, brief=request.method == "POST" and "name" not in request.POST)
    more: dict[str, object] = {"history": selectors_contacts.history(person.contact)}
    return _answer(request, form, via=Via.EDIT) or _show(request, form, "emails/person_edit.html", more)


@require_http_methods(["GET", "HEAD", "POST"])
@transaction.atomic
def fix(request: HttpRequest, participant_id: int) -> HttpResponse:
    """The same form under a row of a list, with the address alone."""
    person = _person(participant_id, lock=request.method == "POST")
    # Several may be open on one page: each field needs an id of its own.
    form = _form(request, person, brief=True, auto_id=f"fix-{_problem(request) or person.pk}-%s")
    return _answer(request, form, via=Via.ROW) or _show(request, form, "emails/person_fix.html", {})


@require_POST
def use(request: HttpRequest, participant_id: int) -> HttpResponse:
    """Take the address that was meant and send again what failed: "Save and resend" in one press."""
    person = _person(participant_id)
    unsent = outbox.unsent_for(person)
    data = QueryDict(mutable=True)
    data["email"], data["then"] = request.POST.get("email", ""), "resend"
    data.setlist("resend", [str(message.pk) for message in unsent])
    form = PersonForm(data, person=person, unsent=unsent, brief=True)
    answer = _answer(
        request, form, via=Via.PRESS, clear=False
    )  # the button stands in a row, with no form around it to take away
    if answer is None:
        said = "; ".join(str(error) for errors in form.errors.values() for error in errors)
        way_out = ("Correct the address", reverse("person_edit", args=[participant_id]))
        return replies.refused(request, Refused(said, way_out=way_out), back=_page(person))
    return answer


@require_POST
def keep(request: HttpRequest, participant_id: int) -> HttpResponse:
    """The address is right as it is: don't ask about it again."""
    person = _person(participant_id)
    suggestions.keep(person.contact, by=str(request.user))
    replies.note(request, f"{person.contact.email} is kept as it is.")
    return replies.done(request, back=_page(person))


def _form(request: HttpRequest, person: Participant, *, brief: bool, auto_id: str = "id_%s") -> PersonForm:
    data = suggestions.with_suggestion(request.POST) if request.method == "POST" else None
    return PersonForm(data, person=person, unsent=outbox.unsent_for(person), brief=brief, auto_id=auto_id)


def _answer(request: HttpRequest, form: PersonForm, *, via: Via, clear: bool = True) -> HttpResponse | None:
    """Save what is valid; None if the form is to be shown (again). `clear`: the form leaves the page then."""
    if not form.is_valid():
        return None
    try:
        saved = _save(form, by=str(request.user), via=via, nonce=replies.given_nonce(request))
    except (Refused, NotPossible, BadField) as refused:
        form.person.contact.refresh_from_db()
        form.add_error("role" if isinstance(refused, NotPossible) else "email", str(refused))
        return None
    _say(request, saved, form.person)
    return replies.done(request, back=_page(form.person), clear=clear)


def _show(request: HttpRequest, form: PersonForm, template: str, more: dict[str, object]) -> HttpResponse:
    person = form.person
    context = {"form": form, "person": person, "inspection": person.inspection, "problem": _problem(request), **more}
    return render(request, template, context, status=422 if form.is_bound else 200)


def _problem(request: HttpRequest) -> int:
    """The problem whose row asked for the form, 0 for none."""
    text = request.GET.get("problem", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


# --- saving ----------------------------------------------------------------------------------------------------------


@dataclass
class Saved:
    """What a correction did: `again` was sent again and can be undone, `released` had waited for the address.

    `here`: for this inspection alone. `role` is the new one, with what was `stopped` and `planned` because of it.
    `stale` had waited too long.
    """

    changed: bool
    here: bool = False
    role: str = ""
    stopped: int = 0
    planned: int = 0
    again: list[Message] = field(default_factory=list)
    released: list[Message] = field(default_factory=list)
    stale: list[Message] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


@transaction.atomic
def _save(form: PersonForm, *, by: str, via: Via, nonce: str) -> Saved:
    """Correct the person, then send again what is ticked and still unsent.

    What was held for the address leaves by the correction itself. The same `nonce` sends nothing twice. Raises
    Refused, with nothing changed, if not a single ticked email can be sent.
    """
    waiting = {m.pk for m in form.unsent if m.status == Status.HELD}
    changes = _correct(form, by=by, via=via)
    if form.person.contact.email_key in suggestions.kept(form.data):
        suggestions.keep(form.person.contact, by=by)
    saved = Saved(bool(changes), here=bool(changes and changes[0].apart_from_id))
    ticked = form.person.messages.filter(pk__in=form.ticked) if form.wants_resend else Message.objects.none()
    for message in ticked.select_related("inspection", "participant__contact").order_by("pk"):
        if message.status in UNDELIVERED or message.status == Status.HELD:
            _again(message, saved, by=by, nonce=f"{nonce[:70]}:{message.pk}" if nonce else None)
    now_leaving = form.person.messages.filter(pk__in=waiting, status=Status.QUEUED)
    saved.released = list(now_leaving.select_related("inspection"))
    gone = form.person.messages.filter(pk__in=waiting, status=Status.CANCELLED, resends=None)
    saved.stale = list(gone.order_by("pk"))
    if saved.refused and not saved.again and not saved.released and not changes:
        raise saved.refused[0]
    _change_role(form, saved, by=by)
    return saved


def _correct(form: PersonForm, *, by: str, via: Via) -> list[ContactChange]:
    if form.only_here:
        return people.correct_here(form.person, by=by, via=via, **_values(form))
    return people.correct_contact(form.person.contact, by=by, via=via, **_values(form))


def _change_role(form: PersonForm, saved: Saved, *, by: str) -> None:
    role = form.cleaned_data.get("role") or form.person.role
    if role == form.person.role:
        return
    before = crew.emails_of(form.person.inspection)
    form.person.role = people.change_role(form.person, role, by=by).role
    saved.role = form.person.get_role_display()
    saved.stopped, saved.planned = crew.difference(form.person.inspection, before)


def _values(form: PersonForm) -> dict[str, str]:
    """What the form holds and differs: an address that was stored badly stays as it is until somebody corrects it."""
    contact = form.person.contact
    typed = {name: form.cleaned_data[name] for name in DETAILS if name in form.cleaned_data}
    return {name: value for name, value in typed.items() if value != getattr(contact, name)}


def _again(message: Message, saved: Saved, *, by: str, nonce: str | None) -> None:
    try:
        with transaction.atomic():
            saved.again.append(outbox.resend(message, by=by, nonce=nonce))
    except Refused as problem:
        saved.refused.append(problem)


# --- saying it -------------------------------------------------------------------------------------------------------


def _say(request: HttpRequest, saved: Saved, person: Participant) -> None:
    word = "Saved for this inspection only." if saved.here else "Saved."
    if saved.released:
        replies.note(request, f"{word} {_leaving(saved.released)} to {person.contact.email}.")
    elif len(saved.again) != 1:
        replies.note(request, word if saved.changed or saved.again or saved.role else "Nothing was changed.")
    for message in saved.again:
        only = len(saved.again) == 1 and not saved.released
        what = f"{word} 1 email" if only else message.get_kind_display()
        to = f" goes out to {message.to_address} in {settings.UNDO_SECONDS:g} seconds."
        replies.note_sent(
            request, message, what + (to if settings.UNDO_SECONDS else f" goes out to {message.to_address}.")
        )
    if saved.role:
        said = crew.consequences(saved.stopped, saved.planned)
        replies.note(request, f"{person.name} is now {saved.role} on this inspection. {said}".strip())
    for message in saved.stale:
        replies.note(request, f"Not sent, its time had passed: {message}.", level=messages.INFO)
    for refused in saved.refused:
        replies.note(request, str(refused), level=messages.WARNING)
    for name in selectors_contacts.sharing(person.contact) if saved.changed else []:
        said = f"{person.contact.email} is also used for {name}. Both will get their own email."
        replies.note(request, said, level=messages.INFO)


def _leaving(released: list[Message]) -> str:
    """`1 waiting email goes out now`, `2 waiting emails go out now, 1 at its time`."""
    now = timezone.now()
    later = sum(message.send_after > now for message in released)
    soon = len(released) - later
    parts = [
        f"{_count(soon)} out now" if soon else "",
        f"{_count(later)} out at {'its' if later == 1 else 'their'} time" if later else "",
    ]
    return ", ".join(part for part in parts if part)


def _count(number: int) -> str:
    return "1 waiting email goes" if number == 1 else f"{number} waiting emails go"


def going_out(message: Message) -> str:
    """`goes out in 10 seconds`."""
    return f"goes out in {settings.UNDO_SECONDS:g} seconds" if message.undo_until else "is on its way"


def _page(person: Participant) -> str:
    return reverse("inspection", args=[person.inspection_id])


def _person(participant_id: int, *, lock: bool = False) -> Participant:
    """`lock`, in the order of `inspections.people`: what a form is compared with stays so until it is saved."""
    if lock:
        found = get_object_or_404(Participant, pk=participant_id)
        Inspection.objects.select_for_update(no_key=True).get(pk=found.inspection_id)
        contact_id = Participant.objects.values_list("contact_id", flat=True).get(pk=participant_id)
        Contact.objects.select_for_update(no_key=True).get(pk=contact_id)
    return get_object_or_404(Participant.objects.select_related("contact", "inspection"), pk=participant_id)
