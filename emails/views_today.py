"""Today: in five seconds, what needs me."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib import messages as notes
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import dateformat, timezone
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from emails import outbox, replies, selectors_causes, selectors_days, selectors_health, selectors_today
from emails.limits import Refused
from emails.models import Message, new_nonce
from emails.outbox import How
from emails.selectors_health import Light
from emails.selectors_today import WorkList
from emails.wording_causes import CAUSES
from inspections.models import Company, Inspection

MOST_RETRIED = 400
RETRY_EVERY = timedelta(seconds=2)  # all at once is what a busy or distrustful server minds most


@require_safe
def today(request: HttpRequest) -> HttpResponse:
    """The page."""
    lists = _lists()
    strip = selectors_days.strip(lists["delivered"], lists["failed"])
    return render(request, "emails/today.html", lists | {"strip": strip})


@require_GET
def today_list(request: HttpRequest) -> HttpResponse:
    """The same lists for a page that is open: 204 if it shows them already."""
    shown_at, shown = _shown(request.GET.get("v", ""))
    context = _lists()
    if shown == context["hash"]:
        return _stamped(HttpResponse(status=204))
    context["announcement"] = selectors_days.changes_since(shown_at) if shown_at else ""
    return _stamped(render(request, "emails/_today_list.html", context))


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
    context = {"cause": cause_card, "retry": selectors_causes.retry(members), "category": category, "domain": domain}
    return render(request, "emails/cause_retry.html", context)


def _retry_all(request: HttpRequest, category: str, domain: str) -> HttpResponse:
    ids = [int(value) for value in request.POST.getlist("message")[:MOST_RETRIED] if _is_id(value)]
    nonce = request.POST.get("nonce", "")[:70] or new_nonce()
    sent, skipped = 0, []
    for message in Message.objects.with_people().filter(pk__in=ids).order_by("inspection__starts_at", "pk"):
        way = How(at=timezone.now() + RETRY_EVERY * sent if sent else None)
        try:
            outbox.resend(
                message, by=str(request.user), nonce=f"{nonce}:{message.pk}", undo=False, confirmed=True, how=way
            )
            sent += 1
        except Refused:
            skipped.append(message.to_name or message.to_address)
    replies.note(request, _said(sent, skipped, domain), level=notes.SUCCESS if sent else notes.WARNING)
    return redirect("today" if sent and not skipped else reverse("cause", args=[category, domain]))


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def _said(sent: int, skipped: list[str], domain: str) -> str:
    going = f"{sent} email{'s' * (sent != 1)} to {domain} {'is' if sent == 1 else 'are'} on the way."
    left = f" Skipped: {', '.join(skipped[:5])}{' and others' * (len(skipped) > 5)}." if skipped else ""
    return (going if sent else "Nothing was sent again.") + left


def _lists() -> dict[str, Any]:
    work = selectors_today.work_list(Company.get())
    delivered, failed = selectors_days.today_counts()
    planned, first = selectors_days.next_out()
    concerns = _concerns()
    answer = None if work.rows else selectors_days.last_answer()
    digest = selectors_today.version_of(work.version, delivered, failed, planned, first, concerns, answer and answer.pk)
    return {
        "work": work,
        "delivered": delivered,
        "failed": failed,
        "planned": planned,
        "first_planned": first,
        "concerns": concerns,
        "last_answer": answer,
        "has_inspections": bool(work.rows) or Inspection.objects.exists(),
        "hash": digest,
        "version": f"{work.made_at.timestamp():.3f}.{digest}",
        "headline": headline(work, delivered, failed),
        "now": work.made_at,
    }


def _concerns() -> list[Light]:
    """What is not well with sending; nothing is said while all is."""
    return [
        light for light in selectors_health.lights() if light.tone == "red" or (light.can_retry and light.next_step)
    ]


def headline(work: WorkList, delivered: int, failed: int) -> str:
    """The page in one sentence."""
    if work.problems:
        emails = "1 email needs you" if work.problems == 1 else f"{work.problems} emails need you"
        people = len(work.rows) + work.more
        several = work.problems > people > 0 and not work.causes
        return (
            f"{work.problems} emails to {people} {'person' if people == 1 else 'people'} need you"
            if several
            else emails
        )
    if not delivered:
        return "All clear. Nothing needs you."
    emails = "1 email" if delivered == 1 else f"{delivered} emails"
    return f"All clear. {emails} delivered today, {failed or 'none'} failed."


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
