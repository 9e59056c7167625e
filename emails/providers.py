"""The providers whose webhooks we take: Anymail's own views, used to check a post and, later, to read it."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode

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
    if _about_the_account(post):
        return []
    view = VIEWS[post.provider]()
    events = view.parse_events(_rebuilt(post))
    return [event for event in events if isinstance(event, AnymailTrackingEvent)]


def _about_the_account(post: WebhookPost) -> bool:
    """News of another kind on the same address. Anymail's parser would fail on it."""
    if post.provider != "mailersend":
        return False
    try:
        kind = json.loads(bytes(post.body))["type"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return False
    return isinstance(kind, str) and not kind.startswith(("activity.", "inbound."))


def parts(provider: str, body: bytes) -> list[bytes]:
    """A batch as posts of one event each, as the provider wraps them; empty for what is no batch or cannot be read."""
    try:
        return list(_WRAPPED.get(provider, _parts_of_list)(body))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return []


def _parts_of_list(body: bytes) -> Iterable[bytes]:
    data = json.loads(body)
    return [_json([one]) for one in data] if isinstance(data, list) else []


def _parts_of_events(body: bytes) -> Iterable[bytes]:
    data = json.loads(body)
    return [_json({**data, "events": [one]}) for one in data["events"]]


def _parts_of_users(body: bytes) -> Iterable[bytes]:
    data = json.loads(body)
    users = data["events_by_user"]
    return [_json({**data, "events_by_user": [{**user, "events": [one]}]}) for user in users for one in user["events"]]


def _parts_of_form(body: bytes) -> Iterable[bytes]:
    events = json.loads(parse_qs(body.decode())["mandrill_events"][0])
    return [urlencode({"mandrill_events": json.dumps([one])}).encode() for one in events]


def _json(data: Mapping[str, Any] | list[Any]) -> bytes:
    return json.dumps(data).encode()


_WRAPPED: Mapping[str, Callable[[bytes], Iterable[bytes]]] = {
    "mailtrap": _parts_of_events,
    "mandrill": _parts_of_form,
    "unisender_go": _parts_of_users,
}


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
        esp_event={
            "action": news.action,
            "class": news.status[:1],
            "code": news.status,
            "words": news.words,
            "named": list(news.named),
        },
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
