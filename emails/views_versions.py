"""Publishing a template, its versions, and sending again what an old one got wrong."""

from django.contrib import messages as notes
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from emails import access, examples, outbox, rendering, replies, selectors_templates, templates
from emails.models import EmailTemplate, Message, TemplateDraft, TemplateVersion
from emails.outbox import Refused
from emails.views_templates import keep, preview
from inspections.models import Company


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@access.owner_required
def publish(request: HttpRequest, template_id: int) -> HttpResponse:
    """What would change, and the button that does it."""
    found = get_object_or_404(EmailTemplate, pk=template_id)
    if not TemplateDraft.objects.filter(template=found).exists():
        replies.note(request, "There is no draft to publish. Change something and save it first.", level=notes.WARNING)
        return redirect("template", found.pk)
    if request.method == "POST":
        return _publish(request, found)
    return _before(request, found)


def _publish(request: HttpRequest, found: EmailTemplate) -> HttpResponse:
    try:
        done = templates.publish(found, revision=_revision(request), by=str(request.user))
    except templates.Stale:
        found.refresh_from_db()
        return _before(request, found, status=409, stale=True)
    except templates.NotFit:
        return _before(request, found, status=422)
    many = len(done.released)
    left = f" {many} waiting {'email leaves' if many == 1 else 'emails leave'} now." if many else ""
    replies.note(request, f"Published as version {done.version.number}.{left}")
    again = selectors_templates.lacking(found) or selectors_templates.still_held(found)
    return redirect("template-resend" if again else "template", found.pk)


def _revision(request: HttpRequest) -> int:
    typed = request.POST.get("revision", "")
    return int(typed) if typed.isdecimal() and len(typed) < 10 else -1


def _before(request: HttpRequest, found: EmailTemplate, *, status: int = 200, **more: object) -> HttpResponse:
    words, version = templates.words(found), templates.latest(found)
    context = {
        "template": found,
        "version": version,
        "draft": TemplateDraft.objects.filter(template=found).first(),
        "difference": selectors_templates.difference(rendering.words_of(version) if version else None, words),
        "rules": found.automations.standing().order_by("name"),
        "scheduled": selectors_templates.scheduled(found),
        "held": len(selectors_templates.still_held(found)),
        "new_name": words.name.strip() if words.name.strip() != found.name else "",
        **preview(request, found, words, examples.AWKWARD),
        **more,
    }
    return render(request, "emails/template_publish.html", context, status=status)


# --- versions --------------------------------------------------------------------------------------------------------


def _versions(template_id: int) -> QuerySet[TemplateVersion]:
    return TemplateVersion.objects.filter(template=template_id).select_related("template").order_by("-number")


@require_safe
@never_cache
def version(request: HttpRequest, template_id: int, number: int) -> HttpResponse:
    """One version as it was published, and what it changed."""
    shown = get_object_or_404(_versions(template_id), number=number)
    before = _versions(template_id).filter(number__lt=number).first()
    words = rendering.words_of(shown)
    context = {
        "template": shown.template,
        "shown": shown,
        "before": before,
        "words": words,
        "versions": _versions(template_id)[:100],
        "difference": selectors_templates.difference(rendering.words_of(before) if before else None, words),
        "draft": TemplateDraft.objects.filter(template=template_id).first(),
        "frame": keep(request, rendering.sample(words, examples.awkward(Company.get())).html),
        "may_change": access.colleague(request).is_owner,
        "ask": access.ask_an_owner(),
    }
    return render(request, "emails/template_version.html", context)


@require_POST
@access.owner_required
def restore(request: HttpRequest, template_id: int, number: int) -> HttpResponse:
    """An old version becomes the draft. A draft that is there is only replaced by somebody who was told of it."""
    old = get_object_or_404(_versions(template_id), number=number)
    back = reverse("template-version", args=[template_id, number])
    draft = TemplateDraft.objects.filter(template=template_id).first()
    if draft and not request.POST.get("replace"):
        sentence = f"{draft.saved_by} began a draft meanwhile. Nothing was replaced."
        return replies.refused(request, Refused(sentence, way_out=("Look again", back)), back=back)
    try:
        templates.restore(old, revision=_revision(request), by=str(request.user))
    except templates.Stale:
        stale = Refused("Somebody changed this template meanwhile. Nothing was replaced.", way_out=("Look", back))
        return replies.refused(request, stale, back=back)
    replies.note(request, f"Version {number} is the draft now. Publish it to use it.")
    return redirect("template", template_id)


# --- sending again ---------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def resend(request: HttpRequest, template_id: int) -> HttpResponse:
    """Who got this email without its link, ticked; one press sends all again."""
    found = get_object_or_404(EmailTemplate, pk=template_id)
    if request.method == "POST":
        return _resend(request, found)
    context = {
        "template": found,
        "version": templates.latest(found),
        "offers": selectors_templates.lacking(found),
        "held": selectors_templates.still_held(found),
    }
    return render(request, "emails/template_resend.html", context)


def _resend(request: HttpRequest, found: EmailTemplate) -> HttpResponse:
    chosen = {value for value in request.POST.getlist("message") if value.isdecimal() and len(value) < 19}
    nonce = replies.given_nonce(request)[:60]
    sent, refused = 0, 0
    for message in Message.objects.filter(template=found, test=False, pk__in=chosen).order_by("pk"):
        try:
            name = f"{nonce}:{message.pk}" if nonce else None
            outbox.resend(message, by=str(request.user), nonce=name, undo=False, confirmed=True)
            sent += 1
        except Refused:
            refused += 1
    _say(request, sent, refused)
    return redirect("template-resend", found.pk)


def _say(request: HttpRequest, sent: int, refused: int) -> None:
    if sent:
        replies.note(request, f"{sent} {'email is' if sent == 1 else 'emails are'} on the way again.")
    if refused:
        replies.note(request, f"{refused} could not be sent. The list says why.", level=notes.WARNING)
    if not sent and not refused:
        replies.note(request, "Tick at least one email first.", level=notes.WARNING)


@require_safe
@never_cache
def look(request: HttpRequest, template_id: int, message_id: int) -> HttpResponse:
    """How one of them would look with the version that is published now."""
    found = get_object_or_404(EmailTemplate, pk=template_id)
    message = get_object_or_404(Message.objects.with_people(), pk=message_id, template=found)
    version = templates.latest(found)
    words = rendering.words_of(version) if version else templates.words(found)
    scene = examples.of(message, Company.get())
    sample = rendering.sample(words, scene)
    context = {"template": found, "message": message, "sample": sample, "frame": keep(request, sample.html)}
    return render(request, "emails/template_look.html", context)
