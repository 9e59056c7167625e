"""Delete a person's data: ask with what goes and what stays, then do it. For owners."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from emails import access, erasures, replies, selectors_erasing
from emails.forms_erasing import EraseForm
from inspections.errors import NotPossible
from inspections.models import Contact


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@access.owner_required
def erase(request: HttpRequest, contact_id: int) -> HttpResponse:
    """The question, and the deed."""
    contact = get_object_or_404(Contact, pk=contact_id)
    if contact.erased_at:
        return redirect("contact", contact.pk)
    form = EraseForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _erased(request, contact, form):
        return redirect("contact", contact.pk)
    context = {"form": form, "contact": contact, "what": selectors_erasing.consequences(contact)}
    return render(request, "emails/contact_erase.html", context, status=422 if form.is_bound else 200)


def _erased(request: HttpRequest, contact: Contact, form: EraseForm) -> bool:
    try:
        erasures.erase(contact, by=str(request.user))
    except NotPossible as problem:
        form.add_error(None, str(problem))
        return False
    replies.note(request, "Their data is deleted.")
    return True
