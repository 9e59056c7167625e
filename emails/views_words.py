"""What the words mean: every status and cause on one page, each with an address of its own."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from emails import glossary
from emails.selectors_filters import reason_choices, status_choices


@require_safe
def words(request: HttpRequest) -> HttpResponse:
    """The page."""
    findable = {code for _, choices in (*status_choices(), *reason_choices()) for code, _ in choices}
    return render(request, "emails/words.html", {"chapters": glossary.chapters(), "findable": findable})
