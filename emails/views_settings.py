"""Settings: a summary, and a small page for each topic. Owners change them, everyone sees them."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from emails import access, keys, replies, selectors_reasons, selectors_team, zones
from emails.forms_desk import HOURS, AlertsForm, KeepingForm
from emails.forms_settings import CompanyForm, KeyForm, NotificationsForm, PortalForm, ProfileForm, SenderForm, values
from emails.models import ApiKey, Desk
from inspections import agreements
from inspections.models import Company, User

KEYS_SHOWN = 100


@dataclass(frozen=True)
class Topic:
    """A page of settings about the company."""

    title: str
    lede: str
    form: type[forms.Form]


TOPICS = {
    "company": Topic("Company", "What clients read about you.", CompanyForm),
    "sender": Topic("Sender", "Whom your emails come from, and who gets the replies.", SenderForm),
    "notifications": Topic("Notifications", "What a new inspection starts with.", NotificationsForm),
    "portal": Topic("Portal", "What clients find behind their link.", PortalForm),
    "alerts": Topic("Alerts", "A daily summary by email, so that nothing waits unseen.", AlertsForm),
    "keeping": Topic("Keeping data", "Older emails are removed every night.", KeepingForm),
}
OF_THE_DESK = (AlertsForm, KeepingForm)


@require_safe
@never_cache
def settings(request: HttpRequest) -> HttpResponse:
    """All topics with what they say now."""
    user, company, desk = access.colleague(request), Company.get(), Desk.get()
    context = {
        "company": company,
        "zone": zones.name(company.time_zone),
        "key_count": ApiKey.objects.filter(revoked_at=None).count(),
        "desk": desk,
        "agreement": agreements.current(),
        "digest_names": ", ".join(map(str, desk.digest_to.filter(is_active=True).order_by("name"))),
        "digest_hour": dict(HOURS)[desk.digest_hour],
        **selectors_team.numbers(),
        "wrong_count": selectors_reasons.standing().count(),
        "may_change": user.is_owner,
        "ask": access.ask_an_owner(),
    }
    return render(request, "emails/settings.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@access.owner_required
def topic(request: HttpRequest, name: str) -> HttpResponse:
    """One topic."""
    found = TOPICS.get(name)
    if found is None:
        raise Http404
    row = Desk.get() if found.form in OF_THE_DESK else Company.get()
    form = _form(request, found.form, row)
    if form.is_bound and form.is_valid():
        _save(row, form.cleaned_data)
        replies.note(request, f"{found.title} saved.")
        return redirect("settings")
    return _page(request, form, title=found.title, lede=found.lede)


def _save(row: Company | Desk, values: dict[str, Any]) -> None:
    with transaction.atomic():
        for people in [name for name in values if name == "digest_to"]:
            row.digest_to.set(values.pop(people))  # type: ignore[union-attr] # only a Desk has any
        type(row)._default_manager.filter(pk=1).update(**values)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def profile(request: HttpRequest) -> HttpResponse:
    """What concerns only the person who is signed in."""
    user = access.colleague(request)
    form = _form(request, ProfileForm, user)
    if form.is_bound and form.is_valid():
        User.objects.filter(pk=user.pk).update(**form.cleaned_data)
        replies.note(request, "Your profile is saved.")
        return redirect("settings")
    return _page(request, form, title="My profile", lede=f"You sign in as {user.email}.")


def _form(request: HttpRequest, form: type[forms.Form], row: Company | User | Desk) -> forms.Form:
    return form(request.POST) if request.method == "POST" else form(initial=values(row, form))


def _page(request: HttpRequest, form: forms.Form, *, title: str, lede: str) -> HttpResponse:
    context = {"form": form, "page_title": title, "lede": lede}
    return render(request, "emails/settings_form.html", context, status=422 if form.is_bound else 200)


# --- API keys --------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def api_keys(request: HttpRequest) -> HttpResponse:
    """The keys that other programs use, and a form for a new one."""
    return _make_key(request) if request.method == "POST" else _keys(request, KeyForm())


@access.owner_required
def _make_key(request: HttpRequest) -> HttpResponse:
    """The key is shown in this one answer and never again."""
    form = KeyForm(request.POST)
    if not form.is_valid():
        return _keys(request, form, status=422)
    key, secret = keys.create(form.cleaned_data["name"], by=str(request.user))
    return _keys(request, KeyForm(), made=key, secret=secret)


@require_POST
@access.owner_required
def revoke_key(request: HttpRequest, key_id: int) -> HttpResponse:
    """Switch a key off."""
    key = get_object_or_404(ApiKey, pk=key_id)
    keys.revoke(key)
    replies.note(request, f"The key “{key.name}” is switched off.")
    return redirect("settings-keys")


def _keys(request: HttpRequest, form: KeyForm, *, status: int = 200, **made: object) -> HttpResponse:
    context = {
        "form": form,
        "keys": ApiKey.objects.order_by("-revoked_at", "-pk")[:KEYS_SHOWN],
        "may_change": access.colleague(request).is_owner,
        "ask": access.ask_an_owner(),
        **made,
    }
    return render(request, "emails/settings_keys.html", context, status=status)
