"""What the mail service told us, post by post: read, matched, put aside; and its own words for whoever repairs it."""

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Min, QuerySet

from emails import paging, providers, wording_facts
from emails.models import MessageEvent, WebhookPost
from emails.paging import Page, Place
from emails.selectors_messages import STEPS
from inspections import links

PAGE = 50
COUNT_UP_TO = 1_000
SHOWN_CHARACTERS = 60_000
_HEX_BYTES = 2_048
_EVENTS = 200


@dataclass(frozen=True)
class Piece:
    """One piece of news out of a post, in words."""

    event: MessageEvent
    title: str
    tone: str


@dataclass(frozen=True)
class PostRow:
    """One post with what came of it. `events` are new ones: what was told before is not counted again."""

    post: WebhookPost
    events: int = 0
    matched: int = 0
    example: Piece | None = None

    @property
    def service(self) -> str:
        """Who told us."""
        return wording_facts.service(self.post.provider)

    @property
    def more(self) -> int:
        """Pieces of news beside the example."""
        return self.events - 1

    @property
    def tone(self) -> str:
        """Of its state."""
        if self.post.state == WebhookPost.State.POISON:
            return "red"
        if self.post.state == WebhookPost.State.NEW:
            return "blue"
        return "amber" if self.matched < self.events else "green"

    @property
    def sentence(self) -> str:
        """What came of it, for the office."""
        if self.post.state != WebhookPost.State.DONE:
            return self.post.get_state_display()
        if not self.events:
            return "Read. Nothing new in it."
        strangers = self.events - self.matched
        if not strangers:
            return "Read."
        who = "It is" if self.events == 1 else f"{strangers} of {self.events} are"
        return f"Read. {who} about no email of ours."


def log(place: Place) -> tuple[Page[WebhookPost], list[PostRow]]:
    """A page of posts, newest first."""
    page = paging.page(WebhookPost.objects.defer("body"), place, by="received_at", size=PAGE)
    return page, rows(page.rows)


def rows(posts: Sequence[WebhookPost]) -> list[PostRow]:
    """The posts with their counts and one piece of news each. Two queries, however many pieces there are."""
    of_these = MessageEvent.objects.filter(post__in=[post.pk for post in posts]).order_by()
    counted = of_these.values("post").annotate(events=Count("pk"), matched=Count("message"), first=Min("pk"))
    found = {row["post"]: row for row in counted}
    examples = _with_messages(MessageEvent.objects.filter(pk__in=[row["first"] for row in found.values()]))
    shown = {event.post_id: _piece(event) for event in examples}
    nothing = {"events": 0, "matched": 0}
    counted_for = [(post, found.get(post.pk, nothing)) for post in posts]
    return [PostRow(post, row["events"], row["matched"], shown.get(post.pk)) for post, row in counted_for]


def strangers() -> int:
    """Pieces of news about no email of ours, up to COUNT_UP_TO."""
    return MessageEvent.objects.filter(message=None).order_by().values("pk")[:COUNT_UP_TO].count()


def unreadable() -> int:
    """Posts that could not be read, up to COUNT_UP_TO."""
    return WebhookPost.objects.filter(state=WebhookPost.State.POISON).order_by().values("pk")[:COUNT_UP_TO].count()


def pieces(post: WebhookPost) -> list[Piece]:
    """What was read from it, with the messages."""
    return [_piece(event) for event in _with_messages(post.events.all())[:_EVENTS]]


def _with_messages(found: QuerySet[MessageEvent]) -> QuerySet[MessageEvent]:
    return found.select_related("message").defer("message__html", "message__text", "message__search")


def _piece(event: MessageEvent) -> Piece:
    named = STEPS.get(event.status) or STEPS.get(event.type) or ("News of a kind that we don’t use", "grey")
    return Piece(event, *named)


# --- the post itself -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Raw:
    """A post's body as text that is safe to look at, `size` in bytes. `form` says how it is shown."""

    text: str
    size: int
    form: str
    is_cut: bool


def raw(post: WebhookPost) -> Raw:
    """JSON in order, else text, else bytes as numbers; without characters that could hide or rearrange anything.

    The secrets of portal links in it are masked.
    """
    body = bytes(post.body)
    text, form = (_mail(body), "text") if post.provider == providers.BY_MAIL else _readable(body)
    shown = "".join(map(_visible, links.masked(text)[:SHOWN_CHARACTERS]))
    return Raw(
        shown, len(body), form, is_cut=len(text) > SHOWN_CHARACTERS or (form == "hex" and len(body) > _HEX_BYTES)
    )


def _mail(body: bytes) -> str:
    """A mail may hold a byte of any encoding, and is text all the same."""
    return body.decode("utf-8", "backslashreplace").replace("\r\n", "\n")


def _readable(body: bytes) -> tuple[str, str]:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return body[:_HEX_BYTES].hex(" ", 1), "hex"
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False), "json"
    except (ValueError, RecursionError):
        return text, "text"


def _visible(ch: str) -> str:
    hidden = unicodedata.category(ch) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") and ch not in "\n\t"
    return f"\\u{ord(ch):04x}" if hidden else ch
