"""Who is on an inspection: add somebody, take them off, change what they are. Each says what it did to the emails."""

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from emails import crew, replies, selectors_contacts, selectors_messages
from inspections import people, suggestions
from inspections.errors import BadDraft
from inspections.forms import AddPersonForm
from inspections.models import Inspection, InspectionStatus, Participant, Role

UNDO_SECONDS = 30  # a person who was put on by mistake can be taken off as long as the note stands


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, inspection_id: int) -> HttpResponse:
    """Put somebody on the inspection."""
    found = get_object_or_404(Inspection, pk=inspection_id)
    data = suggestions.with_suggestion(request.POST) if request.method == "POST" else None
    form = AddPersonForm(data, initial={"role": Role.CLIENT})
    answer = _added(request, found, form) if form.is_valid() else None
    status = 422 if form.is_bound else 200
    return answer or render(request, "inspections/person_add.html", {"form": form, "inspection": found}, status=status)


@transaction.atomic
def _added(request: HttpRequest, inspection: Inspection, form: AddPersonForm) -> HttpResponse | None:
    before = crew.emails_of(inspection)
    were_on = set(inspection.participants.current().values_list("pk", flat=True))
    try:
        person = people.add_person(inspection, form.person(), by=str(request.user))
    except BadDraft as problem:
        form.refuse(problem)
        return None
    if person.contact.email_key in suggestions.kept(form.data):
        suggestions.keep(person.contact, by=str(request.user))
    if person.pk in were_on:
        replies.note(request, f"{person.name} is on this inspection already.")
        return redirect("inspection", inspection.pk)
    said = f"{person.name} is on this inspection now. {_planned(inspection, before)}".strip()
    replies.note(request, said, undo=reverse("person-remove", args=[person.pk]), seconds=UNDO_SECONDS)
    for name in selectors_contacts.sharing(person.contact):
        replies.note(request, f"{person.email} is also used for {name}. Both will get their own email.")
    return redirect("inspection", inspection.pk)


def _planned(inspection: Inspection, before: crew.Before) -> str:
    stopped, planned = crew.difference(inspection, before)
    missed = inspection.status == InspectionStatus.CONFIRMED
    return f"{crew.consequences(stopped, planned)}{' Send the confirmation from the three dots.' if missed else ''}"


@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, participant_id: int) -> HttpResponse:
    """Ask, with what would be stopped; then take somebody off the inspection."""
    found = Participant.objects.current().select_related("contact", "inspection")
    person = get_object_or_404(found, pk=participant_id)
    if request.method != "POST":
        waiting = [(message, selectors_messages.shown(message)) for message in crew.waiting_for(person)]
        context = {"person": person, "inspection": person.inspection, "waiting": waiting}
        return render(request, "inspections/person_remove.html", context)
    with transaction.atomic():
        before = crew.emails_of(person.inspection)
        people.remove_person(person, by=str(request.user))
        said = crew.consequences(*crew.difference(person.inspection, before))
    replies.note(request, f"{person.name} was taken off this inspection. {said}".strip())
    return replies.done(request, back=reverse("inspection", args=[person.inspection_id]))
