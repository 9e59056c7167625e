"""Today: in five seconds, what needs me."""

from datetime import UTC, datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import dateformat, timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from emails import (
    access,
    batch,
    digests,
    replies,
    selectors_causes,
    selectors_days,
    selectors_health,
    selectors_settled,
    selectors_today,
)
from emails.selectors_health import Light
from emails.wording_causes import CAUSES
from inspections.models import Company, Inspection


@require_safe
def today(request: HttpRequest) -> HttpResponse:
    """The page. `?mine=1`: what is assigned to me first."""
    lists = _lists(request)
    strip = selectors_days.strip(lists["delivered"], lists["failed"])
    return render(request, "emails/today.html", lists | {"strip": strip})


@require_GET
def today_list(request: HttpRequest) -> HttpResponse:
    """The same lists for a page that is open: 204 if it shows them already."""
    shown_at, shown = _shown(request.GET.get("v", ""))
    context = _lists(request)
    if shown == context["hash"]:
        return _stamped(HttpResponse(status=204))
    context["announcement"] = selectors_days.changes_since(shown_at) if shown_at else ""
    return _stamped(render(request, "emails/_today_list.html", context))


@require_safe
@never_cache
def settled(request: HttpRequest) -> HttpResponse:
    """What is put off, and what was settled lately; each can come back to the list."""
    context = {"snoozed": selectors_settled.snoozed(), "settled": selectors_settled.settled()}
    return render(request, "emails/settled.html", context)


@require_safe
def cause(request: HttpRequest, category: str, domain: str) -> HttpResponse:
    """The emails behind one card: turned away by one mail domain for one reason."""
    members = selectors_today.members_of(category, domain)
    company = Company.get()
    context = {
        "cause": selectors_causes.card((category, domain), members, company) if members else None,
        "rows": selectors_today.rows_of(members, company),
        "category": category,
        "domain": domain,
    }
    return render(request, "emails/cause.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def retry(request: HttpRequest, category: str, domain: str) -> HttpResponse:
    """Try all of one card again: first the list, with those that cannot go; then the emails, one after the other."""
    if category not in CAUSES:
        raise Http404
    if request.method == "POST":
        return _retry_all(request, category, domain)
    members = selectors_today.members_of(category, domain)
    cause_card = selectors_causes.card((category, domain), members, Company.get()) if members else None
    context = {
        "cause": cause_card,
        "retry": batch.plan(problem.message for problem in members),
        "category": category,
        "domain": domain,
    }
    return render(request, "emails/cause_retry.html", context)


def _retry_all(request: HttpRequest, category: str, domain: str) -> HttpResponse:
    done = batch.resend(replies.chosen(request), by=str(request.user), nonce=replies.nonce(request))
    replies.note_batch(request, done.going, done.skipped, to=domain)
    return redirect("today" if done.going and not done.skipped else reverse("cause", args=[category, domain]))


def _lists(request: HttpRequest) -> dict[str, Any]:
    mine = request.GET.get("mine") == "1"
    work = selectors_today.work_list(Company.get(), first=access.colleague(request) if mine else None)
    delivered, failed = selectors_days.today_counts()
    planned, first = selectors_days.next_out()
    concerns = _concerns()
    answer = None if work.rows else selectors_days.last_answer()
    digest = selectors_today.version_of(work.version, delivered, failed, planned, first, concerns, answer and answer.pk)
    return {
        "work": work,
        "mine": mine,
        "delivered": delivered,
        "failed": failed,
        "planned": planned,
        "first_planned": first,
        "concerns": concerns,
        "last_answer": answer,
        "has_inspections": bool(work.rows) or Inspection.objects.exists(),
        "hash": digest,
        "version": f"{work.made_at.timestamp():.3f}.{digest}",
        "headline": selectors_today.headline(work, delivered, failed),
        "now": work.made_at,
    }


def _concerns() -> list[Light]:
    """What is not well with sending; nothing is said while all is."""
    lights = [
        light for light in selectors_health.lights() if light.tone == "red" or (light.can_retry and light.next_step)
    ]
    missed = digests.troubles()
    if missed:
        names = ", ".join(sorted({str(digest.user) for digest in missed}))
        sentence = f"The daily summary may not have reached {names}."
        lights.append(Light("digest", "Daily summary", "amber", sentence, "The mail service did not take it."))
    return lights


def _shown(version: str) -> tuple[datetime | None, str]:
    """The moment and the hash that an open page was drawn with."""
    moment, _, digest = version.rpartition(".")
    try:
        return datetime.fromtimestamp(float(moment), UTC), digest
    except (ValueError, OverflowError, OSError):
        return None, ""


def _stamped(response: HttpResponse) -> HttpResponse:
    """Says when, in the company's zone, for "Updated 9:14:05 AM"."""
    response["X-Updated"] = dateformat.format(timezone.localtime(), "g:i:s A")
    response["Cache-Control"] = "no-store"
    return response
