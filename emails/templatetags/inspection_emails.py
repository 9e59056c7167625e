"""An inspection's emails for its page, which itself knows nothing of email."""

from django import template
from django.http import HttpRequest

from emails import selectors_inspection, selectors_letters, wording
from emails.selectors_inspection import SHOWS, InspectionEmails
from inspections.models import Inspection, Participant

register = template.Library()


@register.simple_tag
def inspection_emails(inspection: Inspection) -> InspectionEmails:
    """Everything about its emails: `{% inspection_emails inspection as mail %}`, once for the page."""
    return selectors_inspection.load(inspection)


@register.inclusion_tag("emails/person_box.html", takes_context=True)
def people_box(context: template.Context, mail: InspectionEmails) -> dict[str, object]:
    """The people with how their emails stand and the menu of each."""
    return {
        "mail": mail,
        "inspection": context["inspection"],
        "request": context["request"],
        "csrf_token": context["csrf_token"],
    }


@register.inclusion_tag("emails/_log.html", takes_context=True)
def email_log(context: template.Context, mail: InspectionEmails) -> dict[str, object]:
    """The email activity log, filtered by `?show=`."""
    request: HttpRequest = context["request"]
    show = request.GET.get("show", "")
    show = show if show in SHOWS else "all"
    return {
        "inspection": context["inspection"],
        "mail": mail,
        "drafts": selectors_letters.drafts(context["inspection"]),
        "lines": mail.lines(show),
        "show": show,
        "shows": SHOWS,
        "csrf_token": context["csrf_token"],
    }


@register.inclusion_tag("emails/_next_emails.html", takes_context=True)
def next_emails(context: template.Context, mail: InspectionEmails) -> dict[str, object]:
    """What goes out later by itself, each with a way to stop it."""
    return {"mail": mail, "csrf_token": context["csrf_token"]}


@register.inclusion_tag("emails/paper_actions.html", takes_context=True)
def paper_actions(context: template.Context, person: Participant) -> dict[str, object]:
    """What a client can be reminded of, or why not now; nothing where nothing is left to do."""
    mail: InspectionEmails = context["mail"]
    known = {someone.person.pk: someone.to_do for someone in mail.people}
    return {"person": person, "choices": known.get(person.pk, ()), "csrf_token": context["csrf_token"]}


@register.filter
def aloud(address: str) -> str:
    """An address to read out on the phone: `a-n-n at g-m-i-a-l dot com`."""
    return wording.spell(address)
