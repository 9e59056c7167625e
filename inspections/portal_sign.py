"""Signing in the portal: the whole agreement on one page, and the copy of what was signed.

Programs that check mail press everything. Nothing is signed without the name, the tick, a fresh seal of a page that
was looked at for some seconds, and the very document that was on it.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext

from inspections import pdf, robots, seals, signing
from inspections.errors import BadField, NotPossible
from inspections.forms_portal import SignForm
from inspections.grants import Thing
from inspections.portal import context
from inspections.portal_doors import Visit, address_of, behind_link, closed, is_too_often, page
from inspections.seals import Seal
from inspections.signing import Consent, Document

PAPERS_PER_MINUTE = 20


@behind_link(Thing.AGREEMENT, form=True)
def sign(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Read and sign."""
    document = signing.document(visit.person)
    if document is None:
        return closed(request, "unknown", 404)
    if signing.standing(visit.person):
        return redirect("portal:signed", participant_id=visit.person.pk)
    if refused := signing.why_not(visit.person):
        return page(
            request, "portal/not_now.html", context(visit) | {"said": refused}, status=409 if request.POST else 200
        )
    return _press(request, visit, document) if request.method == "POST" else _show(request, visit, document)


@behind_link(Thing.AGREEMENT)
def signed(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Thanks, what is next, and the signed copy."""
    if signing.standing(visit.person) is None:
        return redirect("portal:sign", participant_id=visit.person.pk)
    return page(request, "portal/signed.html", context(visit))


@behind_link(Thing.AGREEMENT)
def agreement_pdf(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The copy of what this client signed last; before that, what they would sign."""
    signature = signing.standing(visit.person) or visit.person.signatures.their_own().select_related("agreement").last()
    document = signing.document(visit.person)
    if signature is None and document is None:
        return closed(request, "unknown", 404)
    if is_too_often(request, "paper", PAPERS_PER_MINUTE):  # each takes a second of work
        return closed(request, "busy", 429)
    content = pdf.signed(signature) if signature else pdf.unsigned(document)  # type: ignore[arg-type]
    return pdf.download(content, "signed-agreement.pdf" if signature else "agreement.pdf")


def _press(request: HttpRequest, visit: Visit, document: Document) -> HttpResponse:
    form = SignForm(request.POST, person=visit.person)
    seal = seals.read(request.POST.get("seal", ""), visit.link)
    if seal is None:
        said = gettext("This page was open for a long time. Please read it once more and press again.")
        return _show(request, visit, document, form, said=said)
    if said := robots.objection(request, visit, seal):
        return _show(request, visit, document, form, said=said, read=seal)
    if not form.is_valid():
        return _show(request, visit, document, form, read=seal)
    try:
        signing.sign(visit.person, _consent(request, visit, seal, form))
    except BadField as problem:
        form.add_error(problem.field, str(problem))
        return _show(request, visit, document, form, read=seal)
    except NotPossible as refused:
        return _show(request, visit, signing.document(visit.person) or document, form, said=str(refused))
    return redirect("portal:signed", participant_id=visit.person.pk)


def _consent(request: HttpRequest, visit: Visit, seal: Seal, form: SignForm) -> Consent:
    return Consent(
        shown=seal.about,
        typed_name=form.cleaned_data["typed_name"],
        agreed=form.cleaned_data["agreed"],
        nonce=seal.nonce,
        ip=address_of(request),
        agent=request.headers.get("User-Agent", ""),
        link=visit.link,
    )


def _show(
    request: HttpRequest,
    visit: Visit,
    document: Document,
    form: SignForm | None = None,
    *,
    said: str = "",
    read: Seal | None = None,
) -> HttpResponse:
    """The page. After a refused press `said` tells why; `read` is its seal, which stays if the document does."""
    same = read is not None and read.about == document.sha256
    shown = {
        "document": document,
        "form": form or SignForm(person=visit.person),
        "said": said,
        "seal": request.POST["seal"] if same else seals.make(visit.link, document.sha256),
    }
    return page(request, "portal/sign.html", context(visit) | shown, status=422 if form else 200)
