"""Contacts: find somebody, see everything about them, let marketing go to them again."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from emails import access, optouts, replies, selectors_contacts, selectors_erasing
from emails.forms_blocked import AllowForm
from inspections.models import Contact


@require_safe
def contacts(request: HttpRequest) -> HttpResponse:
    """The list, by name, with the health of each address."""
    listing = selectors_contacts.listing(request.GET)
    nothing_at_all = not listing.rows and not Contact.objects.exists()
    return render(request, "emails/contacts.html", {"listing": listing, "nothing_at_all": nothing_at_all})


@require_safe
def contact(request: HttpRequest, contact_id: int) -> HttpResponse:
    """One person: facts, inspections, emails, address history, holds."""
    found = get_object_or_404(Contact, pk=contact_id)
    context = {
        "someone": selectors_contacts.person(found),
        "contact": found,
        "optouts": optouts.history(found.email_key),
        "optout": optouts.standing(found.email_key),
        "erasure": selectors_erasing.done(found),
        "may_change": access.colleague(request).is_owner,
        "ask": access.ask_an_owner(),
    }
    return render(request, "emails/contact.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def marketing(request: HttpRequest, contact_id: int) -> HttpResponse:
    """They asked for review requests again: how, and then it is so."""
    found = get_object_or_404(Contact, pk=contact_id)
    standing = optouts.standing(found.email_key)
    if standing is None:
        replies.note(request, f"{found.name} may be asked for reviews.")
        return redirect("contact", found.pk)
    form = AllowForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        optouts.allow(found.email_key, by=str(request.user), note=form.cleaned_data["note"])
        replies.note(request, f"{found.name} may be asked for reviews again.")
        return redirect("contact", found.pk)
    context = {"form": form, "contact": found, "optout": standing}
    return render(request, "emails/contact_marketing.html", context, status=422 if form.is_bound else 200)
