"""Blocked addresses: see why, allow again and resend, block by hand, in a file and out."""

from django.contrib import messages as notes
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from emails import blocks, holds, replies, selectors_blocked, stoplists, wake
from emails.blocks import Settled
from emails.forms_blocked import AllowForm, BlockedFilter, BlockForm, ImportForm
from emails.models import AddressHold
from emails.paging import Place
from emails.selectors_blocked import Row

MOST_AT_ONCE = 200
SHOWN = 50


@require_safe
@never_cache
def blocked(request: HttpRequest) -> HttpResponse:
    """The page."""
    form = BlockedFilter(request.GET)
    filters = form.filters
    page, rows = selectors_blocked.page(filters, Place.of(request.GET))
    context = {
        "form": form,
        "filters": filters,
        "rows": rows,
        "newer": _address(request, after=page.newer) if page.newer else "",
        "older": _address(request, before=page.older) if page.older else "",
        "here": _address(request),
        **_service(),
    }
    return render(request, "emails/blocked.html", context)


def _service() -> dict[str, object]:
    return {"service": selectors_blocked.service(), "can_ask": stoplists.can_ask()}


def _address(request: HttpRequest, **place: int) -> str:
    kept = {name: request.GET.get(name, "") for name in ("q", "why")} | place
    return f"{reverse('blocked')}?{urlencode({name: value for name, value in kept.items() if value})}".rstrip("?")


# --- one -------------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def allow(request: HttpRequest, hold_id: int) -> HttpResponse:
    """Allow one address. After a complaint it asks first how they asked for it."""
    hold = get_object_or_404(AddressHold, pk=hold_id)
    row = selectors_blocked.rows_of([hold])[0]
    if hold.released_at or hold.allowed_at:
        return _too_late(request, hold)
    form = AllowForm(request.POST if request.method == "POST" else None)
    if row.needs_note and not form.is_valid():
        return _ask(request, row, form)
    if request.method != "POST":
        return _ask(request, row, None)
    note = form.cleaned_data["note"] if row.needs_note else ""
    done = blocks.allow(hold, by=str(request.user), note=note)
    if done is None:
        hold.refresh_from_db()
        return _too_late(request, hold)
    _say(request, hold, done, row)
    return replies.done(request, back=reverse("blocked"), clear=True)


def _ask(request: HttpRequest, row: Row, form: AllowForm | None) -> HttpResponse:
    context = {"row": row, "form": form, "back": replies.next_url(request, reverse("blocked")), **_service()}
    status = 422 if form is not None and form.is_bound else 200
    return render(request, "emails/blocked_allow.html", context, status=status)


def _too_late(request: HttpRequest, hold: AddressHold) -> HttpResponse:
    who = hold.released_by or hold.allowed_by or "Somebody"
    replies.note(request, f"{who} allowed {hold.address} already.", level=notes.INFO)
    return replies.done(request, back=reverse("blocked"), clear=True)


def _say(request: HttpRequest, hold: AddressHold, done: Settled, row: Row) -> None:
    service = selectors_blocked.service()
    if done.released:
        replies.note(request, f"{hold.address} is allowed again. {_leaving(len(done.sent))}")
    elif done.state == AddressHold.There.BLOCKED:
        said = f"Allowed here, but {service} still blocks {hold.address}. Nothing was sent."
        replies.note(request, said, level=notes.WARNING)
    else:
        wait = _leaving(row.going.count, soon="as soon as it answers")
        replies.note(request, f"Allowed here. {service} did not answer yet; we ask again. {wait}", level=notes.INFO)
    for message in row.going.stale if done.released else ():
        late = (
            f"Not sent, its time had passed: {message.get_kind_display()} to {message.to_name or message.to_address}."
        )
        replies.note(request, late, level=notes.INFO)
    for refused in done.refused:
        replies.note(request, str(refused), level=notes.WARNING)


def _leaving(count: int, soon: str = "now") -> str:
    if not count:
        return "Nothing waited for it."
    return f"{count} email{'s go' if count > 1 else ' goes'} out {soon}."


@require_http_methods(["GET", "HEAD", "POST"])
def there(request: HttpRequest, hold_id: int) -> HttpResponse:
    """What the mail service says about it now: a part of the page, or without JavaScript back to it."""
    hold = get_object_or_404(AddressHold, pk=hold_id, released_at=None)
    if request.method == "POST":
        blocks.look(hold)
        if not replies.is_htmx(request):
            return redirect(replies.next_url(request, f"{reverse('blocked')}?{urlencode({'q': hold.address})}"))
    row = selectors_blocked.rows_of([hold])[0]
    return render(request, "emails/_blocked_there.html", {"row": row, **_service()})


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Block one by hand, with the reason."""
    form = BlockForm(
        request.POST if request.method == "POST" else None, initial={"email": request.GET.get("email", "")}
    )
    if form.is_valid():
        said = form.cleaned_data
        holds.block(said["email"], by=str(request.user), why=said["why"])
        wake.settle_holds()
        replies.note(request, f"{said['email']} is blocked. New emails to it wait until you allow it again.")
        return redirect("blocked")
    return render(request, "emails/blocked_add.html", {"form": form}, status=422 if form.is_bound else 200)


# --- several ---------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def allow_many(request: HttpRequest) -> HttpResponse:
    """Allow those that are ticked: first the list, with what leaves and what is skipped."""
    asked = request.POST if request.method == "POST" else request.GET
    ids = [int(text) for text in asked.getlist("hold")[:MOST_AT_ONCE] if text.isascii() and text.isdigit()]
    rows = selectors_blocked.rows_of(list(_chosen(ids)))
    going = [row for row in rows if not row.needs_note and row.hold.allowed_at is None]
    skipped = [row for row in rows if row not in going]
    if request.method == "POST" and going:
        done = [row for row in going if blocks.allow_later(row.hold, by=str(request.user))]
        emails = sum(row.going.count for row in done)
        addresses = "1 address is" if len(done) == 1 else f"{len(done)} addresses are"
        replies.note(request, f"{addresses} allowed again. {_leaving(emails, soon='within a minute')}")
        return redirect("blocked")
    emails = sum(row.going.count for row in going)
    context = {"going": going, "skipped": skipped, "emails": emails, **_service()}
    return render(request, "emails/blocked_allow_many.html", context)


def _chosen(ids: list[int]) -> QuerySet[AddressHold]:
    return AddressHold.objects.filter(pk__in=ids, released_at=None).order_by("-since", "-pk")


@require_http_methods(["GET", "HEAD", "POST"])
def import_(request: HttpRequest) -> HttpResponse:
    """A file of addresses: checked first, then blocked."""
    form = ImportForm(request.POST, request.FILES) if request.method == "POST" else ImportForm()
    if not form.is_valid():
        return render(request, "emails/blocked_import.html", {"form": form}, status=422 if form.is_bound else 200)
    plan = form.plan()
    if request.POST.get("then") == "save" and plan.new:
        why = f"From a list, {timezone.localdate():%d %b %Y}"
        done = sum(holds.block(address, by=str(request.user), why=said or why) for address, said in plan.new)
        wake.settle_holds()
        replies.note(request, f"{done} address{'es are' if done != 1 else ' is'} blocked.")
        return redirect("blocked")
    context = {"form": form, "plan": plan, "lines": form.cleaned_data["lines"], "shown": SHOWN}
    return render(request, "emails/blocked_check.html", context)


@require_safe
@never_cache
def export(request: HttpRequest) -> StreamingHttpResponse:
    """All of them as CSV."""
    response = StreamingHttpResponse(selectors_blocked.as_csv(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="blocked-addresses-{timezone.localdate()}.csv"'
    return response
