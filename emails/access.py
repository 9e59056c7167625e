"""Who may do what: owners change settings, everyone in the office sees them."""

from collections.abc import Callable
from functools import wraps

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from inspections.models import User

View = Callable[..., HttpResponse]
_NAMED = 3


def owner_required(view: View) -> View:
    """Only for owners: others get the page that says whom to ask."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not colleague(request).is_owner:
            raise PermissionDenied(ask_an_owner())
        return view(request, *args, **kwargs)

    return guarded


def colleague(request: HttpRequest) -> User:
    """Whoever is signed in; LoginRequiredMiddleware lets nobody else come here."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def ask_an_owner() -> str:
    """`Ask an owner (Kim, Raj).`, the reason beside a disabled control."""
    owners = User.objects.filter(is_superuser=True, is_active=True).order_by("name", "pk")
    names = [owner.get_short_name() for owner in owners[:_NAMED]]
    return f"Ask an owner ({', '.join(names)})." if names else "Ask an owner."
