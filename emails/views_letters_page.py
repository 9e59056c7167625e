"""The page on which staff write an email: the form, who can be ticked, the files, and the live preview."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from emails import checks, eligibility, files, letters, selectors_letters, wording_share
from emails.forms_letters import LetterForm
from emails.models import Kind, Letter, new_nonce
from emails.selectors_templates import groups
from emails.views_templates import keep
from inspections.models import Company, Inspection, Participant, Role


def form_of(inspection: Inspection, found: Letter, data: Any = None) -> LetterForm:
    """The form of a letter, stored or not."""
    return LetterForm(data, people=selectors_letters.people(inspection), letter=found, page=new_nonce())


def letter_of(form: LetterForm) -> Letter:
    """The letter that a form writes on."""
    if form.letter is None:
        raise LookupError("a form without a letter")
    return form.letter


def show(request: HttpRequest, form: LetterForm, *, status: int = 200, **more: object) -> HttpResponse:
    """The whole page. `more`: what is to be said on top of it."""
    found = letter_of(form)
    context = {
        "form": form,
        "letter": found,
        "inspection": found.inspection,
        "readers": selectors_letters.readers(form.people, form.ticked),
        "templates": selectors_letters.templates(),
        "template_id": form.value("template"),
        "groups": groups(),
        "button": button(form),
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
    company, found = Company.get(), letter_of(form)
    typed = _typed(form)
    person = shown(form)
    looked = letters.look(typed, form.ticked, company, strangers=int(form.has_other))
    choices = form.ticked or form.people
    offered = ",".join(str(one.pk) for one in choices)
    sample = (looked.samples.get(person.pk) or letters.sample(typed, person, company)) if person else None
    return {
        "letter": found,
        "shown": person,
        "sample": sample,
        "frame": keep(request, sample.html) if sample else "",
        "stops": looked.stops,
        "wrong": any(not finding.missing for finding in looked.stops),
        "warnings": looked.warnings,
        "without_link": looked.lacks_link,
        "to": form.ticked,
        "examples": choices,
        "offered": offered,
        "offers_others": request.POST.get("offered") != offered,
        "later": typed.send_at,
    }


def _typed(form: LetterForm) -> Letter:
    """The letter as it stands in the form, for looking at."""
    found = letter_of(form)
    typed = Letter(pk=found.pk, uuid=found.uuid, inspection=found.inspection, scope=found.scope)
    written = form.written() if form.is_bound else None
    for name in ("subject", "body", "send_at"):
        setattr(typed, name, getattr(written or found, name))
    return typed


def shown(form: LetterForm) -> Participant | None:
    """Whose email is looked at."""
    choices = form.ticked or form.people
    wanted = form.value("example")
    return next((person for person in choices if str(person.pk) == wanted), choices[0] if choices else None)


def button(form: LetterForm) -> str:
    """HTML of the button with the link, for those who are ticked."""
    signs = any(person.role == Role.CLIENT for person in form.ticked) or not form.ticked
    return checks.button(Kind.CONFIRMATION) if signs else wording_share.BUTTON
