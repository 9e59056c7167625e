"""A rule is made, changed, copied, deleted: by owners. The office reads it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from emails import access, automations_rules, replies, selectors_automations, selectors_messages, sentences
from emails.forms_automation import RuleForm
from emails.models import Automation, Trigger
from emails.views_automations import emails, rights, standing
from inspections.models import Role

SHOWN = 50
form_page = require_http_methods(["GET", "HEAD", "POST"])


@form_page
@never_cache
@access.owner_required
def new(request: HttpRequest) -> HttpResponse:
    """A rule of the office's own; it is off at first."""
    rule = Automation(trigger=Trigger.CONFIRMED, roles=[Role.CLIENT], enabled=False)
    form = RuleForm(request.POST if request.method == "POST" else None, rule=rule)
    if form.is_bound and form.is_valid():
        automations_rules.save(form.filled(), by=str(request.user))
        replies.note(request, f"“{rule.name}” was added. It is off: try it, then turn it on.")
        return redirect("automations")
    return _page(request, form, rule)


@form_page
@never_cache
def edit(request: HttpRequest, rule_id: int) -> HttpResponse:
    """The sentence, its parts to choose, and what it has planned."""
    rule = get_object_or_404(standing(), pk=rule_id)
    if request.method == "POST":
        return _change(request, rule)
    return _page(request, RuleForm(rule=rule), rule)


@access.owner_required
def _change(request: HttpRequest, rule: Automation) -> HttpResponse:
    form = RuleForm(request.POST, rule=rule)
    if not form.is_valid():
        return _page(request, form, standing().get(pk=rule.pk))
    followed = automations_rules.save(form.filled(), by=str(request.user))
    what = f" {emails(followed)} that it had planned changed with it." if followed else ""
    replies.note(request, f"“{rule.name}” is saved.{what}")
    return redirect("automations")


@require_POST
@access.owner_required
def copy(request: HttpRequest, rule_id: int) -> HttpResponse:
    """The same again, off, to be changed."""
    again = automations_rules.copy(get_object_or_404(standing(), pk=rule_id))
    replies.note(request, f"“{again.name}” was made. It is off: change it, then turn it on.")
    return redirect("automation", again.pk)


@form_page
@never_cache
@access.owner_required
def delete(request: HttpRequest, rule_id: int) -> HttpResponse:
    """Ask, with what would be stopped; then delete."""
    rule = get_object_or_404(standing(), pk=rule_id)
    if request.method == "POST":
        stopped = automations_rules.delete(rule, by=str(request.user))
        what = (
            f" {emails(stopped)} that {'was' if stopped == 1 else 'were'} planned will not go out." if stopped else ""
        )
        replies.note(request, f"“{rule.name}” was deleted.{what}")
        return redirect("automations")
    return render(request, "emails/automation_delete.html", _planned(rule) | {"rule": rule})


def _page(request: HttpRequest, form: RuleForm, rule: Automation) -> HttpResponse:
    context = {
        "form": form,
        "rule": rule,
        "sentence": sentences.sentence(rule) if rule.pk else None,
        "clashes": selectors_automations.clashes_of(rule) if rule.pk else [],
        **(_planned(rule) if rule.pk else {}),
        **rights(request),
    }
    return render(request, "emails/automation.html", context, status=422 if form.is_bound else 200)


def _planned(rule: Automation) -> dict[str, object]:
    found = automations_rules.scheduled(rule)
    rows = [(message, selectors_messages.shown(message)) for message in found[:SHOWN]]
    return {"planned": rows, "planned_count": found.count()}
