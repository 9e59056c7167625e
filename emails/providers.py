"""The providers whose webhooks we take: Anymail's own views, used to check a post and, later, to read it."""

from collections.abc import Iterable

import anymail.urls
from anymail.signals import AnymailTrackingEvent, tracking
from anymail.webhooks.base import AnymailCoreWebhookView
from django.http import HttpRequest
from django.test import RequestFactory
from django.urls import URLPattern

from emails import reports
from emails.models import WebhookPost
from emails.reports import News

_REQUESTS = RequestFactory()


def _is_tracking(pattern: URLPattern) -> bool:
    if str(pattern.pattern).startswith("sendinblue/"):  # Brevo's old name, deprecated by Anymail
        return False
    view = pattern.callback.view_class  # type: ignore[attr-defined] # set by View.as_view
    return view.signal is tracking or str(pattern.pattern).startswith("mandrill/")


def _name(pattern: URLPattern) -> str:
    return str(pattern.pattern).split("/", maxsplit=1)[0]


# Address of each tracking webhook, as Anymail has it -> the provider's name and Anymail's view.
ROUTES: dict[str, tuple[str, type[AnymailCoreWebhookView]]] = {
    str(pattern.pattern): (_name(pattern), pattern.callback.view_class)  # type: ignore[attr-defined]
    for pattern in anymail.urls.urlpatterns
    if isinstance(pattern, URLPattern) and _is_tracking(pattern)
}
VIEWS: dict[str, type[AnymailCoreWebhookView]] = dict(ROUTES.values())


# A plain mail server posts nothing: its news comes as mail (`emails.mailbox`).
BY_MAIL = "smtp"


class NotUnderstood(Exception):
    """The mail names neither a recipient nor an email."""


def parse(post: WebhookPost) -> Iterable[AnymailTrackingEvent]:
    """The events in a stored post. Raises NotUnderstood, or whatever Anymail's parser does on nonsense."""
    if post.provider == BY_MAIL:
        return _from_mail(bytes(post.body))
    view = VIEWS[post.provider]()
    events = view.parse_events(_rebuilt(post))
    return [event for event in events if isinstance(event, AnymailTrackingEvent)]


def _from_mail(raw: bytes) -> list[AnymailTrackingEvent]:
    news = reports.read(raw)
    if not any(one.uuid or one.recipient for one in news):
        raise NotUnderstood("The mail names neither a recipient nor an email of ours")
    return [_as_event(one) for one in news]


def _as_event(news: News) -> AnymailTrackingEvent:
    return AnymailTrackingEvent(
        event_type=news.type,
        timestamp=news.at,
        recipient=news.recipient,
        metadata={"message": str(news.uuid)} if news.uuid else {},
        mta_response=news.words,
        esp_event={"action": news.action, "code": news.status, "named": list(news.named)},
    )


def _rebuilt(post: WebhookPost) -> HttpRequest:
    headers = dict(post.headers)
    content_type = next((v for k, v in headers.items() if k.lower() == "content-type"), "application/json")
    extra = {f"HTTP_{k.upper().replace('-', '_')}": v for k, v in headers.items() if k.lower() != "content-type"}
    request = _REQUESTS.generic(
        "POST", f"/anymail/{post.provider}/tracking/", bytes(post.body), content_type=content_type, **extra
    )
    request._body = bytes(post.body)  # ours has its own size limit, checked at the door
    return request
