"""Once a night: prove that statuses equal their facts, and let go of what is no longer needed."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Case, Exists, F, IntegerField, Max, OuterRef, Q, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from emails.models import Attachment, Desk, Letter, Message, MessageEvent, WebhookPost
from emails.states import FACT_RANK, RANK, UNFINISHED, Status

log = logging.getLogger(__name__)

RAW_POSTS_KEPT = timedelta(days=30)
LOOK_BACK = timedelta(days=3)
BATCH = 1_000


def run() -> dict[str, int]:
    """Counts of what was removed and found. Removing comes first: nothing that is found must keep data for longer."""
    desk = Desk.get()
    texts, records = timedelta(days=desk.keep_texts_days), timedelta(days=desk.keep_records_days)
    kept = {"texts": _forget_texts(texts), "letters": _forget_letters(texts), "records": _forget_records(records)}
    _forget_empty_letters(records)
    kept |= {"posts": _forget_posts(), "orphans": _forget_orphans(), "cached": _forget_cached()}
    found = kept | {"differences": len(differences())}
    log.info("nightly: %s", found)
    return found


def differences() -> list[int]:
    """Messages whose stored status is not what their facts amount to. Must be empty; is logged as an error if not.

    The fold of `emails.states` in one query: the rank of the status beside the highest rank among the facts.
    """
    facts = [status for status, rank in RANK.items() if rank >= FACT_RANK]
    recent = Message.objects.filter(status__in=facts, changed_at__gt=timezone.now() - LOOK_BACK)
    highest = Coalesce(Max(_rank_of("events__status")), RANK[Status.SENDING])
    folded = recent.annotate(rank=_rank_of("status"), highest=highest)
    wrong = list(folded.exclude(rank=F("highest")).order_by("pk").values_list("pk", flat=True))
    if wrong:
        log.error("status differs from the facts of messages %s", wrong[:20])
    return wrong


def _rank_of(field: str) -> Case:
    """Rank of a status, NULL for an event that speaks for none."""
    return Case(
        *(When(**{field: status}, then=Value(rank)) for status, rank in RANK.items()), output_field=IntegerField()
    )


def _forget_posts() -> int:
    old = WebhookPost.objects.filter(received_at__lt=timezone.now() - RAW_POSTS_KEPT)
    return old.delete()[0]


def _forget_orphans() -> int:
    old = MessageEvent.objects.filter(message=None, recorded_at__lt=timezone.now() - RAW_POSTS_KEPT)
    return old.delete()[0]


def _forget_cached() -> int:
    """What the cache holds past its time: Django removes it only when the table is full, and previews name people."""
    table = connection.ops.quote_name(str(settings.CACHES["default"]["LOCATION"]))
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE expires < now()")  # noqa: S608 - a name of our own
        return int(cursor.rowcount)


def _older_than(horizon: datetime) -> Q:
    """Messages asked for before, and sent before if they were: what was planned long ago is kept as long as others."""
    return Q(created_at__lt=horizon) & (Q(sent_at=None) | Q(sent_at__lt=horizon))


def _forget_texts(kept: timedelta) -> int:
    """Remove what the emails said; who was sent what and what became of it stays."""
    old = Message.objects.filter(_older_than(timezone.now() - kept)).exclude(html="", text="")
    return old.exclude(status__in=[*UNFINISHED, Status.HELD]).update(html="", text="")


def _forget_letters(kept: timedelta) -> int:
    """Remove the words and files of letters that are done with, and drafts that nobody touched for as long."""
    horizon = timezone.now() - kept
    Message.objects.filter(test=True, letter__sent_at=None, letter__saved_at__lt=horizon).update(letter=None)
    drafts = Letter.objects.drafts().filter(saved_at__lt=horizon)
    removed = drafts.count()
    drafts.delete()
    alive = ~_older_than(horizon) | Q(status__in=[*UNFINISHED, Status.HELD])
    needed = Message.objects.filter(alive, letter=OuterRef("pk"))
    old = Letter.objects.filter(~Exists(needed), sent_at__lt=horizon)
    Attachment.objects.filter(letter__in=old).delete()
    return removed + old.exclude(body="").update(body="")


def _forget_empty_letters(kept: timedelta) -> None:
    """Letters whose messages are gone."""
    horizon = timezone.now() - kept
    Letter.objects.filter(sent_at__lt=horizon, messages=None).delete()


def _forget_records(kept: timedelta) -> int:
    """Remove whole families of emails, resends before what they repeat, once the youngest is too old."""
    horizon, removed = timezone.now() - kept, 0
    young = Message.objects.filter(~_older_than(horizon), root__isnull=False).values("root")
    old = Message.objects.filter(_older_than(horizon)).exclude(status__in=[*UNFINISHED, Status.HELD])
    old = old.exclude(pk__in=young).exclude(root__in=young)
    while ids := list(old.filter(resends=None, family=None).values_list("pk", flat=True)[:BATCH]):
        Message.objects.filter(pk__in=ids).delete()
        removed += len(ids)
    return removed
