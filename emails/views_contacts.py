"""Contacts: find somebody, see everything about them."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from emails import selectors_contacts
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
    return render(request, "emails/contact.html", {"someone": selectors_contacts.person(found), "contact": found})
