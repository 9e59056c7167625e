"""The delivery record of an inspection: on a page, on paper, and as the lines that its digest is made of."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from emails import record, record_pdf, record_words
from emails.forms_record import CheckForm
from inspections.models import Company, Inspection


def _inspection(inspection_id: int) -> Inspection:
    return get_object_or_404(Inspection, pk=inspection_id)


@require_safe
@never_cache
def page(request: HttpRequest, inspection_id: int) -> HttpResponse:
    """The record, and with `?check=` whether a digest from paper is, or was, its own."""
    inspection = _inspection(inspection_id)
    found = record.load(inspection)
    form = CheckForm(request.GET if "check" in request.GET else None)
    context = {
        "inspection": inspection,
        "record": found,
        "told": record_words.tell(found),
        "company": Company.get(),
        "made_at": timezone.now(),
        "form": form,
        "answer": record_words.answer(found.since(form.cleaned_data["check"])) if form.is_valid() else None,
    }
    return render(request, "emails/record.html", context, status=422 if form.errors else 200)


@require_safe
@never_cache
def pdf(request: HttpRequest, inspection_id: int) -> HttpResponse:
    """The same on paper, with the lines inside."""
    inspection = _inspection(inspection_id)
    told = record_words.tell(record.load(inspection))
    body = record_pdf.draw(told, company=Company.get(), by=str(request.user), at=timezone.now())
    return _file(body, "application/pdf", f"delivery-record-{inspection.pk}.pdf")


@require_safe
@never_cache
def lines(request: HttpRequest, inspection_id: int) -> HttpResponse:
    """The facts, one a line: the SHA-256 of this file is the record's."""
    inspection = _inspection(inspection_id)
    found = record.load(inspection)
    return _file(found.canonical, "application/jsonl", f"delivery-record-{inspection.pk}.jsonl")


def _file(body: bytes, content_type: str, name: str) -> HttpResponse:
    return HttpResponse(body, content_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})
