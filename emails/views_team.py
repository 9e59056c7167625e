"""Team: owners let colleagues in, change their role, and shut the door. Everybody sees who is there."""

from collections.abc import Callable
from datetime import timedelta

from django.contrib import messages as notes
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from emails import access, invitations, replies, selectors_team
from emails.forms_team import AddColleagueForm
from inspections import suggestions, team
from inspections.errors import NotPossible
from inspections.models import TeamChange, User

AGAIN_AFTER = timedelta(minutes=1)  # a double press, and two owners at once, send one mail


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """Who is there, and a form for somebody new."""
    return _add(request) if request.method == "POST" else _page(request, AddColleagueForm())


@access.owner_required
def _add(request: HttpRequest) -> HttpResponse:
    form = AddColleagueForm(suggestions.with_suggestion(request.POST))
    by = access.colleague(request)
    user = form.add(by=by) if form.is_valid() else None
    if user is None:
        return _page(request, form, status=422)
    _tell(request, user, by, f"{user} is on the team now, and gets an email at {user.email} to choose a password.")
    return redirect("settings-team")


def _page(request: HttpRequest, form: AddColleagueForm, *, status: int = 200) -> HttpResponse:
    you = access.colleague(request)
    context = {
        "form": form,
        "colleagues": selectors_team.colleagues(you),
        "changes": selectors_team.changes(),
        "may_change": you.is_owner,
        "ask": access.ask_an_owner(),
    }
    return render(request, "emails/settings_team.html", context, status=status)


@require_POST
@access.owner_required
def change(request: HttpRequest, user_id: int, act: str) -> HttpResponse:
    """One press beside a colleague's name."""
    do = ACTS.get(act)
    user = get_object_or_404(User, pk=user_id)
    if do is None:
        raise Http404
    try:
        do(request, user, access.colleague(request))
    except NotPossible as problem:
        replies.note(request, str(problem), level=notes.WARNING)
    return redirect("settings-team")


def _make_owner(request: HttpRequest, user: User, by: User) -> None:
    if team.make(user, owner=True, by=by):
        replies.note(request, f"{user} is an owner now.")


def _make_office(request: HttpRequest, user: User, by: User) -> None:
    if team.make(user, owner=False, by=by):
        replies.note(request, f"{user} is no owner any more.")


def _switch_off(request: HttpRequest, user: User, by: User) -> None:
    if not team.switch(user, on=False, by=by):
        return
    replies.note(request, f"{user} is switched off and signed out everywhere.")
    if keys := selectors_team.keys_of(user):
        said = f"{keys} API key{'s' * (keys > 1)} that {user} made still work{'s' * (keys == 1)}. Look at them, too."
        replies.note(request, said, level=notes.WARNING)


def _switch_on(request: HttpRequest, user: User, by: User) -> None:
    if not team.switch(user, on=True, by=by):
        return
    replies.note(request, f"{user} may sign in again.")
    if clients := team.clients_at(user.email):
        who = ", ".join(clients)
        replies.note(request, f"{who} has this address on inspections and gets no emails there.", level=notes.WARNING)


def _invite(request: HttpRequest, user: User, by: User) -> None:
    links = (TeamChange.What.ADDED, TeamChange.What.INVITED, TeamChange.What.LINK)
    if user.team_changes.filter(what__in=links, at__gt=timezone.now() - AGAIN_AFTER).exists():
        raise NotPossible(f"An email to {user} left less than a minute ago. Give it a moment.")
    team.asked_again(user, by=by)
    _tell(request, user, by, f"{user} gets an email at {user.email} to choose a password.")


def _tell(request: HttpRequest, user: User, by: User, said: str) -> None:
    if invitations.send(user, by=by):
        replies.note(request, said)
    else:
        late = f"The email to {user.email} did not leave: the mail service took nothing. Send it again in a minute."
        replies.note(request, late, level=notes.WARNING)


ACTS: dict[str, Callable[[HttpRequest, User, User], None]] = {
    "owner": _make_owner,
    "office": _make_office,
    "off": _switch_off,
    "on": _switch_on,
    "invite": _invite,
}
