"""Sending health: does the mail leave, do the answers come back, and what exactly were we told?"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from emails import access, channel, inbox, mailbox, providers, replies, selectors_health, selectors_posts, wake
from emails.models import WebhookPost
from emails.paging import Place


@require_safe
@never_cache
def health(request: HttpRequest) -> HttpResponse:
    """The page."""
    page, rows = selectors_posts.log(Place.of(request.GET))
    context = {
        "lights": selectors_health.lights(),
        "rates": selectors_health.rates(),
        "answer_address": selectors_health.answer_address(),
        "by_mail": settings.EMAIL_PROVIDER == providers.BY_MAIL,
        "mailbox": mailbox.current(),
        "page": page,
        "rows": rows,
        "strangers": selectors_posts.strangers(),
        "unreadable": selectors_posts.unreadable(),
        "count_up_to": selectors_posts.COUNT_UP_TO,
        "may_act": access.colleague(request).is_owner,
        "ask": access.ask_an_owner(),
    }
    return render(request, "emails/health.html", context)


@require_safe
@never_cache
def post(request: HttpRequest, post_id: int) -> HttpResponse:
    """One post of the mail service as it came, and what we read from it."""
    found = get_object_or_404(WebhookPost, pk=post_id)
    context = {
        "row": selectors_posts.rows([found])[0],
        "post": found,
        "raw": selectors_posts.raw(found),
        "pieces": selectors_posts.pieces(found),
        "may_act": access.colleague(request).is_owner,
        "ask": access.ask_an_owner(),
    }
    return render(request, "emails/health_post.html", context)


@require_POST
@access.owner_required
def resume(request: HttpRequest) -> HttpResponse:
    """Try the mail service again at once."""
    channel.resume()
    wake.deliver()
    replies.note(request, "We are trying the mail service again now.")
    return redirect("health")


@require_POST
@access.owner_required
def replay(request: HttpRequest, post_id: int) -> HttpResponse:
    """Read a post again."""
    found = get_object_or_404(WebhookPost.objects.defer("body"), pk=post_id)
    inbox.replay(found)
    replies.note(request, "It is being read again. What we knew already changes nothing.")
    return redirect("health-post", post_id=found.pk)
