"""Why didn’t Ann get it? One page, one answer."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from emails import selectors_why, selectors_why_case
from emails.models import Kind
from inspections.models import Participant


@require_safe
@never_cache
def why(request: HttpRequest, participant_id: int) -> HttpResponse:
    """The answer for one person on one inspection, about one kind of email (`?kind=`)."""
    people = Participant.objects.select_related("contact", "inspection")
    person = get_object_or_404(people, pk=participant_id)
    kind = request.GET.get("kind", "")
    case = selectors_why_case.load(person, kind if kind in Kind.values else "")
    context = {
        "person": person,
        "inspection": person.inspection,
        "answer": selectors_why.answer(case),
        "kinds": selectors_why_case.kinds(case),
        "kind": case.kind,
        "kind_label": Kind(case.kind).label,
    }
    return render(request, "emails/why.html", context)
