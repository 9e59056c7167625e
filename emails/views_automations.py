"""The rules: each a sentence with its switch, tried out on a real inspection, and ready ones to add."""

from collections.abc import Callable

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from emails import (
    access,
    automations_rules,
    automations_trial,
    builtin,
    rehearsal,
    replies,
    selectors_automations,
    sentences,
)
from emails.models import Automation
from emails.rehearsal import Rehearsal
from inspections.models import Inspection

MOST_CHOICES = 50


@require_safe
@never_cache
def automations(request: HttpRequest) -> HttpResponse:
    """All rules."""
    context = {
        "rows": selectors_automations.rows(),
        "ready": selectors_automations.ready_rules(),
        **rights(request),
    }
    return render(request, "emails/automations.html", context)


@require_POST
@access.owner_required
def switch(request: HttpRequest, rule_id: int) -> HttpResponse:
    """Turn a rule on or off."""
    rule = get_object_or_404(standing(), pk=rule_id)
    on = request.POST.get("on") == "1"
    touched = automations_rules.switch(rule, on, by=str(request.user))
    what = f" {emails(touched)} {'planned again' if on else 'stopped'}." if touched else ""
    start = "" if not on or touched else " It starts with the next time this happens."
    replies.note(request, f"“{rule.name}” is {'on' if on else 'off'}.{what}{start}")
    return redirect("automations")


@require_safe
@never_cache
def try_rule(request: HttpRequest, rule_id: int) -> HttpResponse:
    """What a rule would do with an inspection; nothing is sent or stored."""
    rule = get_object_or_404(standing(), pk=rule_id)
    return _try(request, rule, lambda: standing().get(pk=rule.pk), key="")


@require_safe
@never_cache
def ready(request: HttpRequest, key: str) -> HttpResponse:
    """The same for a rule that is not added yet."""
    found = next((rule for rule in selectors_automations.ready_rules() if rule.key == key), None)
    if found is None:
        raise Http404
    with transaction.atomic():
        rule = builtin.add_ready(key)
        transaction.set_rollback(True)
    return _try(request, rule, lambda: builtin.add_ready(key), key=key)


@require_POST
@access.owner_required
def add_ready(request: HttpRequest, key: str) -> HttpResponse:
    """Add a ready rule, off."""
    if key not in builtin.READY:
        raise Http404
    try:
        with transaction.atomic():
            rule = builtin.add_ready(key)
    except IntegrityError:
        replies.note(request, "You have this rule already.", level=messages.INFO)
        return redirect("automations")
    replies.note(request, f"“{rule.name}” was added. It is off until you turn it on.")
    return redirect("automations")


def _try(request: HttpRequest, rule: Automation, stored: Callable[[], Automation], *, key: str) -> HttpResponse:
    """`stored` gives the rule as it stands in the database, inside the transaction that is taken back."""
    choices = list(_upcoming()[:MOST_CHOICES])
    asked = request.GET.get("inspection", "")
    chosen = Inspection.objects.filter(pk=int(asked)).first() if asked.isdecimal() and len(asked) < 16 else None
    chosen = chosen or next(iter(choices), None)
    if chosen is not None and chosen not in choices:
        choices.insert(0, chosen)
    shown = None
    if chosen is not None:
        shown = rehearsal.rehearse(chosen, lambda it: automations_trial.try_out(stored(), it, by=str(request.user)))
    context = {
        "rule": rule,
        "key": key,
        "sentence": sentences.sentence(rule),
        "choices": choices,
        "chosen": chosen,
        "rehearsal": shown,
        "summary": summary(shown) if shown else "",
        **rights(request),
    }
    return render(request, "emails/automation_try.html", context)


def _upcoming() -> QuerySet[Inspection]:
    return Inspection.objects.upcoming().order_by("starts_at", "pk")


def summary(shown: Rehearsal) -> str:
    """`Would send 2 emails: Reminder to Ann Lee, … Would skip 1: notifications are off.`"""
    parts = []
    if shown.going:
        parts.append(f"Would send {emails(len(shown.going))}: {', '.join(str(e.message) for e in shown.going)}.")
    if shown.waiting:
        parts.append(f"{emails(len(shown.waiting))} would wait for you.")
    if shown.skipped:
        reasons = dict.fromkeys(e.display.label.removeprefix("Not sent: ") for e in shown.skipped)
        parts.append(f"Would skip {len(shown.skipped)}: {', '.join(reasons)}.")
    return " ".join(parts) or "Would send nothing: nobody on this inspection is meant."


def emails(number: int) -> str:
    """`1 email`, `2 emails`."""
    return f"{number} email{'' if number == 1 else 's'}"


def standing() -> QuerySet[Automation]:
    """Rules that were not deleted."""
    return Automation.objects.standing().select_related("template")


def rights(request: HttpRequest) -> dict[str, object]:
    """Owners edit, the office reads."""
    return {"may_change": access.colleague(request).is_owner, "ask": access.ask_an_owner(), "now": timezone.now()}
