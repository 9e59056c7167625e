"""What the office does about an inspection's money, and the copies of what was signed."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from emails import replies
from inspections import payments, pdf, signing
from inspections.errors import BadField
from inspections.forms_papers import DisownForm, PaymentForm
from inspections.models import Inspection, Payment, Signature

UNDO_SECONDS = 30


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def pay(request: HttpRequest, inspection_id: int) -> HttpResponse:
    """Record a payment that came."""
    found = get_object_or_404(Inspection, pk=inspection_id)
    due = payments.due(found)
    form = PaymentForm(request.POST) if request.method == "POST" else PaymentForm(initial={"amount": due or None})
    made = _record(request, found, form) if form.is_valid() else None
    if made:
        replies.note(request, _said(found, made), undo=reverse("payment-undo", args=[made.pk]), seconds=UNDO_SECONDS)
        return replies.done(request, back=reverse("inspection", args=[found.pk]))
    context = {"form": form, "inspection": found, "due": due}
    return render(request, "inspections/payment.html", context, status=422 if form.is_bound else 200)


@require_POST
def undo(request: HttpRequest, payment_id: int) -> HttpResponse:
    """It was recorded by mistake."""
    payment = get_object_or_404(Payment.objects.select_related("inspection"), pk=payment_id)
    taken = payments.undo(payment, by=str(request.user))
    said = f"The payment of ${payment.amount:,.2f} is taken back." if taken else "It was taken back already."
    replies.note(request, said)
    return replies.done(request, back=reverse("inspection", args=[payment.inspection_id]))


@require_safe
@never_cache
def signed_pdf(request: HttpRequest, signature_id: int) -> HttpResponse:
    """The copy of what a client signed; the same for every download."""
    signature = get_object_or_404(Signature.objects.select_related("agreement"), pk=signature_id)
    return pdf.download(pdf.signed(signature), f"signed-agreement-{signature.pk}.pdf")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def disown(request: HttpRequest, signature_id: int) -> HttpResponse:
    """Somebody else signed: asks how one knows; then the signature no longer counts."""
    signature = get_object_or_404(Signature.objects.select_related("participant__inspection"), pk=signature_id)
    person = signature.participant
    form = DisownForm(request.POST) if request.method == "POST" else DisownForm()
    if form.is_valid():
        ended = signing.disown(signature, by=str(request.user), note=form.cleaned_data["note"])
        has_to = "" if signing.standing(person) or signing.why_not(person) else f" {person.name} has to sign."
        said = f"The signature no longer counts.{has_to}" if ended else "That was said before."
        replies.note(request, said, href=reverse("person_edit", args=[person.pk]), label="Correct the address")
        return replies.done(request, back=reverse("inspection", args=[person.inspection_id]))
    context = {"form": form, "signature": signature, "person": person, "inspection": person.inspection}
    return render(request, "inspections/disown.html", context, status=422 if form.is_bound else 200)


def _record(request: HttpRequest, inspection: Inspection, form: PaymentForm) -> Payment | None:
    try:
        return payments.record(inspection, by=str(request.user), nonce=replies.nonce(request), **form.cleaned_data)
    except BadField as problem:
        form.add_error(problem.field, str(problem))
        return None


def _said(inspection: Inspection, made: Payment) -> str:
    left = payments.due(inspection)
    rest = f"${left:,.2f} is still due." if left else "Nothing more is due."
    return f"${made.amount:,.2f} by {made.get_method_display().lower()} is recorded. {rest}"
