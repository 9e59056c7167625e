"""How an action answers: once for htmx (notes for the status region), once without (redirect and a banner).

The note travels as a Django message; Undo or a way out is packed into its `extra_tags` as JSON.
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import dateformat, timezone
from django.utils.http import url_has_allowed_host_and_scheme

from emails import papers
from emails.limits import Refused
from emails.models import Message, new_nonce

MOST_CHOSEN = 400


def note(request: HttpRequest, sentence: str, *, level: int = messages.SUCCESS, **extra: object) -> None:
    """Leave a note for the next thing this person sees. `extra`: undo + seconds, or href + label."""
    messages.add_message(request, level, sentence, extra_tags=json.dumps(extra) if extra else "")


def note_sent(request: HttpRequest, message: Message, sentence: str = "") -> None:
    """The note after something was queued: with Undo as long as it is held back."""
    words = sentence or f"{message.get_kind_display()} to {message.to_name or message.to_address} {_when(message)}."
    words = f"{words} {papers.remark(message)}".strip()
    seconds = _seconds_left(message.undo_until)
    if seconds:
        note(request, words, undo=reverse("undo", args=[message.pk]), seconds=seconds)
    else:
        note(request, words, href=reverse("message", args=[message.pk]), label="See it")


def note_batch(
    request: HttpRequest, sent: Sequence[Message], skipped: Sequence[tuple[Message, Refused]], *, to: str = ""
) -> None:
    """The note after many were sent again: how many, and the names of those that were not."""
    n, where = len(sent), f" to {to}" if to else ""
    going = f"{n} email{'s' * (n != 1)}{where} {'is' if n == 1 else 'are'} on the way."
    names = [message.to_name or message.to_address for message, _ in skipped]
    left = f" Skipped: {', '.join(names[:5])}{' and others' * (len(names) > 5)}." if names else ""
    note(request, (going if sent else "Nothing was sent again.") + left, level=_level(bool(sent)))


def _level(worked: bool) -> int:
    return messages.SUCCESS if worked else messages.WARNING


def chosen(request: HttpRequest) -> list[Message]:
    """The messages that a form names, soonest inspection first; at most MOST_CHOSEN."""
    ids = chosen_ids(request.POST)
    return list(Message.objects.with_people().filter(pk__in=ids).order_by("inspection__starts_at", "pk"))


def chosen_ids(data: QueryDict) -> list[int]:
    """Their ids; what is no id is left out."""
    return [int(value) for value in data.getlist("message")[:MOST_CHOSEN] if value.isdecimal() and len(value) < 19]


def nonce(request: HttpRequest) -> str:
    """What makes this form count once."""
    return given_nonce(request)[:70] or new_nonce()


def given_nonce(request: HttpRequest) -> str:
    """The name that a form has of its own, without what a database cannot hold; "" for none."""
    return request.POST.get("nonce", "").replace("\x00", "")


def _when(message: Message) -> str:
    later = message.send_after > timezone.now() + timedelta(minutes=1)
    at = timezone.localtime(message.send_after)
    return f"goes out {dateformat.format(at, 'D j M, g:i A')}" if later else "is on its way"


def _seconds_left(until: datetime | None) -> int:
    return max(0, round((until - timezone.now()).total_seconds())) if until else 0


def next_url(request: HttpRequest, default: str) -> str:
    """Where the form says to go back to, if that is a page of ours."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if ours and wanted.startswith("/") else default


def done(request: HttpRequest, *, back: str, clear: bool = False) -> HttpResponse:
    """An action worked: htmx gets the notes and refreshes its lists, a plain form goes back to its page.

    `clear` empties the place that the form was shown in.
    """
    if is_htmx(request):
        response = render(request, "_toasts.html")
        response["HX-Reswap"] = "innerHTML" if clear else "none"
        response["HX-Trigger"] = "refresh"
        return response
    return redirect(next_url(request, back))


def refused(request: HttpRequest, problem: Refused, *, back: str) -> HttpResponse:
    """An action is not possible: the sentence and the way out, with nothing lost."""
    if is_htmx(request):
        note(request, str(problem), level=messages.WARNING, **_way_on(request, problem))
        response = render(request, "_toasts.html", status=problem.status_code)
        response["HX-Reswap"] = "none"
        response["HX-Trigger"] = "refresh"
        return response
    context = {"problem": problem, "back": next_url(request, back), **_way_on(request, problem)}
    return render(request, "emails/refused.html", context, status=problem.status_code)


def _way_on(request: HttpRequest, problem: Refused) -> dict[str, object]:
    """A link that helps, or the same form again for a question that can be answered with yes."""
    if problem.can_confirm:
        kept = {name: value for name, value in request.POST.items() if name not in ("csrfmiddlewaretoken", "confirmed")}
        return {"confirm": request.path, "kept": kept}
    return {"label": problem.way_out[0], "href": problem.way_out[1]} if problem.way_out else {}


def is_htmx(request: HttpRequest) -> bool:
    """Whether htmx asks (and not a whole page)."""
    return bool(getattr(request, "htmx", False))
