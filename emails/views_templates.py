"""Templates: the list, and the editor with its checks and preview. Owners write, the office reads."""

from typing import Any

from django.core.cache import cache
from django.db import DatabaseError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from emails import access, checks, rendering, replies, selectors_templates, snapshot, templates
from emails.checks_findings import Words
from emails.forms_templates import WORDS, NewTemplateForm, TemplateForm
from emails.models import MARKETING, EmailTemplate, Kind, TemplateDraft
from emails.outbox import Refused
from inspections.models import Company

PREVIEW_SECONDS = 15 * 60


@require_safe
@never_cache
def listing(request: HttpRequest) -> HttpResponse:
    """Every template with its health."""
    context = {"rows": selectors_templates.rows(), **_rights(request)}
    return render(request, "emails/templates.html", context)


def _rights(request: HttpRequest) -> dict[str, object]:
    return {"may_change": access.colleague(request).is_owner, "ask": access.ask_an_owner()}


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@access.owner_required
def new(request: HttpRequest) -> HttpResponse:
    """A template of one's own: empty, or a copy of `?copy=`."""
    copied = request.GET.get("copy", "")
    old = EmailTemplate.objects.filter(pk=int(copied)).first() if copied.isdecimal() and len(copied) < 10 else None
    initial = {"name": f"{old.name} (copy)", "kind": old.kind} if old else {"kind": Kind.CONFIRMATION}
    form = NewTemplateForm(request.POST) if request.method == "POST" else NewTemplateForm(initial=initial)
    if form.is_bound and form.is_valid():
        made = templates.create(**form.cleaned_data, by=str(request.user), copy_of=old)
        return redirect("template", made.pk)
    context = {"form": form, "old": old, "marketing": [Kind(kind).label for kind in MARKETING]}
    return render(request, "emails/template_new.html", context, status=422 if form.is_bound else 200)


# --- the editor ------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def template(request: HttpRequest, template_id: int) -> HttpResponse:
    """Look at it, and change it."""
    found = get_object_or_404(EmailTemplate, pk=template_id)
    return _act(request, found) if request.method == "POST" else _page(request, found, _read(request, found))


def _read(request: HttpRequest, found: EmailTemplate) -> TemplateForm:
    words, choices = templates.words(found), selectors_templates.example_choices()
    initial = {name: getattr(words, name) for name in WORDS} | {"revision": found.revision}
    chosen = request.GET.get("example", "")
    return TemplateForm(
        initial=initial | {"example": chosen if chosen in dict(choices) else choices[0][0]}, examples=choices
    )


@access.owner_required
def _act(request: HttpRequest, found: EmailTemplate) -> HttpResponse:
    """Preview, save, test or go on to publishing. Whatever happens, what was typed is on the page again."""
    form = TemplateForm(request.POST, examples=selectors_templates.example_choices())
    act = request.POST.get("act", "save")
    if not form.is_valid():
        return _page(request, found, form, status=422)
    if act == "preview":
        return _page(request, found, form)
    words = form.words(found.kind)
    try:
        templates.save(found, words, revision=form.cleaned_data["revision"], by=str(request.user))
    except templates.Stale:
        return _stale(request, found, form)
    if act == "test":
        return _test(request, found, form)
    if act != "publish":
        replies.note(request, "Draft saved. Nothing is sent with it until it is published.")
        return redirect(_address(found, form))
    if templates.stops(templates.findings(words, found)):
        return _page(request, found, _again(form, found), status=422, refused=True)
    return redirect("template-publish", found.pk)


def _test(request: HttpRequest, found: EmailTemplate, form: TemplateForm) -> HttpResponse:
    scene = selectors_templates.scene(form.cleaned_data["example"], Company.get())
    try:
        nonce = replies.given_nonce(request)[:100] or None
        sent = templates.send_test(found, form.words(found.kind), scene, user=access.colleague(request), nonce=nonce)
    except Refused as problem:
        return _page(request, found, _again(form, found), status=problem.status_code, problem=str(problem))
    replies.note(
        request, f"A test is on its way to {sent.to_address}.", href=reverse("message", args=[sent.pk]), label="See it"
    )
    return redirect(_address(found, form))


def _address(found: EmailTemplate, form: TemplateForm) -> str:
    return f"{reverse('template', args=[found.pk])}?example={form.cleaned_data['example']}"


def _again(form: TemplateForm, found: EmailTemplate) -> TemplateForm:
    """The same text, with the revision that it has become."""
    form.data = {**form.data.dict(), "revision": str(found.revision)}  # type: ignore[attr-defined]
    return form


def _stale(request: HttpRequest, found: EmailTemplate, form: TemplateForm) -> HttpResponse:
    """Somebody else saved: both texts are shown, and saving once more decides for this one."""
    found.refresh_from_db()
    draft = TemplateDraft.objects.filter(template=found).first()
    version = templates.latest(found)
    who = draft.saved_by if draft else version.created_by if version else "Somebody"
    theirs = {"theirs": templates.words(found), "who": who}
    return _page(request, found, _again(form, found), status=409, **theirs)


def _page(
    request: HttpRequest, found: EmailTemplate, form: TemplateForm, *, status: int = 200, **more: object
) -> HttpResponse:
    context = {
        "template": found,
        "form": form,
        "version": templates.latest(found),
        "draft": TemplateDraft.objects.filter(template=found).first(),
        "groups": selectors_templates.groups(),
        "needed": found.kind in checks.REQUIRED,
        "button": checks.button(found.kind),
        "held": len(selectors_templates.still_held(found)),
        "lacking": len(selectors_templates.lacking(found)),
        **_rights(request),
        **preview(request, found, _words(form, found), _example(form)),
        **more,
    }
    return render(request, "emails/template.html", context, status=status)


def _words(form: TemplateForm, found: EmailTemplate) -> Words:
    if form.is_bound:
        form.is_valid()
        return form.words(found.kind)
    return Words(found.kind, **{name: str(form.initial[name]) for name in WORDS})


def _example(form: TemplateForm) -> str:
    return str(form.cleaned_data.get("example", "") if form.is_bound else form.initial["example"])


# --- the preview -----------------------------------------------------------------------------------------------------


@require_POST
@access.owner_required
def live(request: HttpRequest, template_id: int) -> HttpResponse:
    """The preview and the checks of what is being typed. Nothing is kept."""
    found = get_object_or_404(EmailTemplate, pk=template_id)
    form = TemplateForm(request.POST, examples=selectors_templates.example_choices())
    context = {"template": found, **preview(request, found, _words(form, found), _example(form))}
    response = render(request, "emails/_template_preview.html", context)
    response["Cache-Control"] = "no-store"
    return response


def preview(request: HttpRequest, template: EmailTemplate, words: Words, example: str) -> dict[str, Any]:
    """What the preview shows: the checks, the email for an example, and where its frame is fetched."""
    scene = selectors_templates.scene(example, Company.get())
    sample = rendering.sample(words, scene)
    found = [*templates.findings(words, template), *selectors_templates.empties(words)]
    return {
        "sample": sample,
        "frame": keep(request, sample.html),
        "stops": templates.stops(found),
        "warnings": [finding for finding in found if not finding.stops],
    }


def keep(request: HttpRequest, html: str) -> str:
    """The name under which the frame gets this HTML, for a quarter of an hour; "" if it cannot be kept."""
    name = salted_hmac("emails.preview", f"{request.user.pk}:{html}", algorithm="sha256").hexdigest()[:32]
    try:
        with transaction.atomic():
            cache.set(f"preview:{name}", html, PREVIEW_SECONDS)
    except DatabaseError:
        return ""
    return name


@require_safe
@xframe_options_sameorigin
def frame(request: HttpRequest, name: str) -> HttpResponse:
    """The HTML of a preview, harmless, for a sandboxed frame."""
    html = cache.get(f"preview:{name}")
    if html is None:
        raise Http404("This preview is over.")
    response = HttpResponse(snapshot.harmless(html))
    response["Content-Security-Policy"] = snapshot.POLICY
    response["Cache-Control"] = "no-store"
    return response
