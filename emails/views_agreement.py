"""Settings, the agreement: its versions, a new one, and which inspections to come get it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from emails import access, replies
from inspections import agreements as texts
from inspections.errors import BadField
from inspections.forms_papers import AgreementForm
from inspections.models import Agreement

MOST = 300


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def agreements(request: HttpRequest) -> HttpResponse:
    """All versions, and a form that begins with the newest."""
    return _publish(request) if request.method == "POST" else _page(request, AgreementForm(initial=_newest()))


@access.owner_required
def _publish(request: HttpRequest) -> HttpResponse:
    form = AgreementForm(request.POST)
    try:
        made = texts.publish(**form.cleaned_data) if form.is_valid() else None
    except BadField as problem:
        form.add_error(problem.field, str(problem))
        made = None
    if made is None:
        return _page(request, form)
    replies.note(request, f"Version {made.version} is in force for new inspections.")
    return redirect("agreement-move" if texts.behind(made).exists() else "agreement-version", made.version)


def _page(request: HttpRequest, form: AgreementForm) -> HttpResponse:
    context = {
        "form": form,
        "versions": Agreement.objects.all(),
        "may_change": access.colleague(request).is_owner,
        "ask": access.ask_an_owner(),
    }
    return render(request, "emails/agreements.html", context, status=422 if form.is_bound else 200)


def _newest() -> dict[str, str]:
    newest = texts.current()
    return {"title": newest.title, "body": newest.body} if newest else {"title": texts.TITLE, "body": texts.TEXT}


@require_safe
@never_cache
def version(request: HttpRequest, version: int) -> HttpResponse:
    """One version as clients read it, and where it stands."""
    found = get_object_or_404(Agreement, version=version)
    context = {
        "agreement": found,
        "inspections": found.inspections.count(),
        "signatures": found.signatures.count(),
        "is_current": found == texts.current(),
        "behind": texts.behind(found).count() if found == texts.current() else 0,
    }
    return render(request, "emails/agreement.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@access.owner_required
def move(request: HttpRequest, version: int) -> HttpResponse:
    """Offer the inspections to come that nobody has signed for; those that are ticked get this version."""
    found = get_object_or_404(Agreement, version=version)
    if found != texts.current():
        return redirect("agreement-version", version)
    if request.method == "POST":
        ids = [int(pk) for pk in request.POST.getlist("inspection")[:MOST] if pk.isdecimal() and len(pk) < 19]
        moved = texts.move(ids, found, by=str(request.user))
        what = "1 inspection has" if len(moved) == 1 else f"{len(moved)} inspections have"
        replies.note(request, f"{what} version {found.version} now.")
        return redirect("agreement-version", version)
    behind = texts.behind(found).select_related("agreement")
    context = {"agreement": found, "behind": behind[:MOST], "more": max(0, behind.count() - MOST)}
    return render(request, "emails/agreement_move.html", context)
