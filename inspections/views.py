"""Staff pages about the facts of an inspection. Where emails are involved, the page lives in `emails`."""

from hashlib import sha256

from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from inspections import handover, links, services, suggestions
from inspections.errors import BadDraft, NotPossible
from inspections.forms import FIRST_ROWS, AddForm, EditForm
from inspections.forms_address import AsksAboutSlips
from inspections.models import Company, Inspection, Participant, PortalLink

NONCE_LIFE = 24 * 3600  # s; as long as a form may lie open
form_page = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
def inspection(request: HttpRequest, inspection_id: int) -> HttpResponse:
    """Everything about one job; its emails come by a template tag."""
    found = get_object_or_404(Inspection.objects.select_related("agreement"), pk=inspection_id)
    return render(request, "inspections/inspection.html", {"inspection": found, "company": Company.get()})


@form_page
def add(request: HttpRequest) -> HttpResponse:
    """A new inspection with its people."""
    data = suggestions.with_suggestion(request.POST) or None
    form = AddForm(data, rows=_rows(request), initial={"notifications": Company.get().notifications})
    if request.method == "POST" and "more" not in request.POST:
        made = _create(form, by=str(request.user), nonce=request.POST.get("nonce", "")) if form.is_valid() else None
        if made:
            messages.success(request, f"{made.address} was added. Nothing is sent before you confirm it.")
            return redirect("inspection", made.pk)
        return render(request, "inspections/add.html", {"form": form}, status=422)
    if request.method == "POST":
        form = AddForm(initial=request.POST.dict(), rows=_rows(request) + 1)
    return render(request, "inspections/add.html", {"form": form})


def _rows(request: HttpRequest) -> int:
    asked = request.POST.get("rows", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 4 else len(FIRST_ROWS)


def _create(form: AddForm, *, by: str, nonce: str) -> Inspection | None:
    try:
        draft = services.accept(form.draft())
    except BadDraft as problem:
        form.refuse(problem)
        return None
    pressed_before = Inspection.objects.filter(pk=cache.get(_pressed(nonce)) or 0).first() if nonce else None
    if pressed_before:
        return pressed_before
    if draft.external_id and Inspection.objects.filter(external_id=draft.external_id).exists():
        form.add_error("external_id", "Another inspection has this order number.")
        return None
    made = services.save(draft, by=by)[0]
    for person in made.participants.select_related("contact"):
        _keep_if_asked(person, form, by=by)
    cache.set(_pressed(nonce), made.pk, NONCE_LIFE)
    return made


def _keep_if_asked(person: Participant, form: AsksAboutSlips, *, by: str) -> None:
    if person.contact.email_key in suggestions.kept(form.data):
        suggestions.keep(person.contact, by=by)


def _pressed(nonce: str) -> str:
    """Where it is kept which inspection a form made, so that pressing it again shows that one."""
    return f"inspection-form:{sha256(nonce.encode()).hexdigest()}"


@form_page
def edit(request: HttpRequest, inspection_id: int) -> HttpResponse:
    """Property, inspector, fee, services."""
    found = get_object_or_404(Inspection, pk=inspection_id)
    form = EditForm(request.POST if request.method == "POST" else None, inspection=found)
    if form.is_valid():
        try:
            services.correct(found, form.draft(), by=str(request.user))
        except BadDraft as problem:
            form.refuse(problem)
        else:
            messages.success(request, "Saved.")
            return redirect("inspection", found.pk)
    status = 422 if form.is_bound else 200
    return render(request, "inspections/edit.html", {"form": form, "inspection": found}, status=status)


@require_POST
def complete(request: HttpRequest, inspection_id: int) -> HttpResponse:
    """It took place."""
    found = get_object_or_404(Inspection, pk=inspection_id)
    try:
        services.complete(found, by=str(request.user))
    except NotPossible as problem:
        messages.warning(request, str(problem))
    else:
        messages.success(request, "Marked as completed.")
    return redirect("inspection", found.pk)


@require_POST
def notifications(request: HttpRequest, inspection_id: int) -> HttpResponse:
    """Switch the automatic emails of one inspection."""
    found = get_object_or_404(Inspection, pk=inspection_id)
    on = request.POST.get("on") == "1"
    services.set_notifications(found, on, by=str(request.user))
    said = "Emails are on. What was missed is not sent by itself." if on else "Emails are off for this inspection."
    messages.success(request, said)
    # Asked for while confirming: go on with that.
    return redirect("inspection-confirm" if request.POST.get("from") == "confirm" else "inspection", found.pk)


@never_cache
@require_safe
def check_address(request: HttpRequest) -> HttpResponse:
    """For a form that is being filled in: was another address meant, does it take mail, who has it already?"""
    name = next((name for name in request.GET if name.rpartition("-")[2] == "email"), "email")
    typed = request.GET.get(name, "")
    notes = suggestions.notes(typed, but=request.GET.get("contact", ""))
    context = {"slip": suggestions.slip(typed), "notes": notes, "name": name}
    return render(request, "inspections/_did_you_mean.html", context | {"live": True})


@never_cache
@require_POST
def copy_link(request: HttpRequest, participant_id: int) -> HttpResponse:
    """A portal link to paste or read out, shown this once: the secret is not stored."""
    person, by = _person(participant_id), str(request.user)
    try:
        link, address = links.mint(
            person, purpose=f"Copied by {by}"[:40], by=by, nonce=request.POST.get("nonce", "")[:100]
        )
    except NotPossible as problem:
        messages.warning(request, str(problem))
        return redirect("inspection", person.inspection_id)
    return hand_over(request, link, address)


def hand_over(request: HttpRequest, link: PortalLink, address: str) -> HttpResponse:
    """The page that shows a new link this once, with every way to give it to somebody."""
    person = link.participant
    context = {"person": person, "inspection": person.inspection, "given": handover.of(link, address)}
    return render(request, "inspections/link.html", context)


def _person(participant_id: int) -> Participant:
    return get_object_or_404(Participant.objects.current().select_related("contact", "inspection"), pk=participant_id)
