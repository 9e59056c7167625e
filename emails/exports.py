"""Messages as a file for spreadsheets: few at once, many in the background; and everything, always in the background.

A background file is written part by part, each in one transaction with how far it is. A worker that is killed leaves a
lease that runs out; the next one goes on after the last part.
"""

import time
import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Max, Q
from django.db.models.functions import Now
from django.utils import dateformat, timezone

from emails import everything, selectors_messages, sheets, wake
from emails.everything import Piece
from emails.models import Export, ExportPart, Message
from emails.selectors_filters import REASONS, Filters, found
from emails.states import SKIP_REASONS, UNDELIVERED, Status
from inspections.models import Company, User

AT_ONCE = 5_000
PART = 1_000
KEPT = timedelta(days=1)
LEASE = timedelta(seconds=60)
STRETCH = 20.0  # s; then the next wake-up goes on, so that no task runs into its time limit

COLUMNS = (
    "When",
    "Number",
    "Property",
    "Inspection",
    "Inspector",
    "To",
    "Address",
    "Email",
    "Subject",
    "Template",
    "Automation",
    "Status",
    "Reason",
    "Left us",
    "Last change",
    "By",
)


# --- lines -----------------------------------------------------------------------------------------------------------


def count(filters: Filters, *, at_most: int) -> int:
    """How many messages fit, counted up to a limit."""
    return found(filters).order_by().values("pk")[:at_most].count()


def lines(filters: Filters) -> Iterator[str]:
    """The whole file, oldest first, a part at a time. In the company's time: it is read after the request's is over."""
    yield head()
    zone, last = Company.get().zone, 0
    while True:
        with timezone.override(zone):
            rows = _next(filters, last, 2**62)
            text = _written(rows)
        if not rows:
            return
        yield text
        last = rows[-1].pk


def head() -> str:
    """The first line."""
    return sheets.BOM + sheets.line(COLUMNS)


def _next(filters: Filters, last: int, up_to: int) -> list[Message]:
    rows = found(filters).filter(pk__gt=last, pk__lte=up_to).order_by("pk")
    rows = rows.select_related("inspection", "template", "rule")
    return list(rows.defer("html", "text", "search", "inspection__search")[:PART])


def _written(rows: Sequence[Message]) -> str:
    displays = selectors_messages.shown_all(rows)
    return "".join(sheets.line(_cells(message, displays[message.pk].label)) for message in rows)


def _cells(message: Message, status: str) -> list[str]:
    inspection = message.inspection
    return [
        _time(message.created_at),
        inspection.external_id or f"#{inspection.pk}",
        inspection.address,
        _time(inspection.starts_at),
        inspection.inspector,
        message.to_name,
        message.to_address,
        message.get_kind_display(),
        message.subject,
        message.template.name if message.template else "Written by hand" if message.letter_id else "",
        message.rule.name if message.rule else "",
        status,
        _reason(message),
        _time(message.sent_at),
        _time(message.changed_at),
        message.created_by,
    ]


def _time(at: datetime | None) -> str:
    """`2026-11-23 09:14`, which spreadsheets read as a time."""
    return dateformat.format(timezone.localtime(at), "Y-m-d H:i") if at else ""


def _reason(message: Message) -> str:
    if message.status in UNDELIVERED:
        return str(REASONS.get(message.category, ""))
    return str(REASONS.get(message.reason, "")) if message.status == Status.HELD or _is_skip(message) else ""


def _is_skip(message: Message) -> bool:
    return message.status == Status.SKIPPED and message.reason in SKIP_REASONS


# --- in the background -----------------------------------------------------------------------------------------------


@transaction.atomic
def start(filters: Filters, *, by: User) -> Export:
    """Have the file prepared. Asked for again while it is being prepared, it is the same one."""
    newest = Message.objects.aggregate(newest=Max("pk"))["newest"] or 0
    return _start(
        Export.What.EMAILS,
        by=by,
        filters=filters.stored,
        up_to=newest,
        total=found(filters).filter(pk__lte=newest).order_by().count(),
    )


@transaction.atomic
def start_everything(*, by: User) -> Export:
    """Have all tables prepared. Asked for again while that goes on, it is the same one."""
    return _start(Export.What.EVERYTHING, by=by, filters={}, up_to=0, total=everything.total())


def _start(what: Export.What, *, by: User, filters: dict[str, object], up_to: int, total: int) -> Export:
    User.objects.select_for_update().get(pk=by.pk)
    same = {"by": by, "what": what, "filters": filters}
    waiting = Export.objects.filter(state=Export.State.WAITING, **same).first()
    if waiting:
        return waiting
    export = Export.objects.create(up_to=up_to, total=total, **same)
    wake.export()
    return export


def cancel(export: Export) -> bool:
    """Stop it and drop what is written. False if it was finished or stopped already."""
    with transaction.atomic():
        stopped = Export.objects.filter(pk=export.pk, state=Export.State.WAITING).update(state=Export.State.CANCELLED)
        ExportPart.objects.filter(export=export.pk, export__state=Export.State.CANCELLED).delete()
    return bool(stopped)


def content(export: Export) -> Iterator[str]:
    """A finished file of emails, part by part."""
    yield head()
    for _, lines in _parts(export):
        yield lines


def archive(export: Export) -> Iterator[bytes]:
    """A finished ZIP of everything, as it comes."""
    return everything.zipped(_parts(export))


def _parts(export: Export) -> Iterator[tuple[str, str]]:
    for number in list(export.parts.order_by("number").values_list("number", flat=True)):
        yield export.parts.values_list("file", "lines").get(number=number)


def work() -> None:
    """Go on with what waits, and drop what is older than a day."""
    Export.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
    deadline = time.monotonic() + STRETCH
    for export in Export.objects.filter(state=Export.State.WAITING).order_by("pk"):
        token = _claim(export)
        if token and not _go_on(export, token, deadline):
            wake.export()
            return


def _claim(export: Export) -> uuid.UUID | None:
    token = uuid.uuid4()
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=Now())
    mine = Export.objects.filter(free, pk=export.pk, state=Export.State.WAITING)
    return token if mine.update(token=token, lease_until=Now() + LEASE) else None


def _go_on(export: Export, token: uuid.UUID, deadline: float) -> bool:
    """Write parts until it is done or time is up. False if more is to be done."""
    filters = Filters.of_stored(export.filters)
    with timezone.override(Company.get().zone):  # the days of the filters are the company's
        while True:
            export.refresh_from_db()
            if export.token != token or export.state != Export.State.WAITING:
                return True
            if not _add_part(export, token, _piece(export, filters)):
                return True
            if time.monotonic() > deadline:
                Export.objects.filter(pk=export.pk, token=token).update(token=None, lease_until=None)
                return False


def _piece(export: Export, filters: Filters) -> Piece | None:
    if export.what == Export.What.EVERYTHING:
        return everything.piece(export.table, export.last_id)
    rows = _next(filters, export.last_id, export.up_to)
    return Piece("", _written(rows), len(rows), 0, rows[-1].pk) if rows else None


@transaction.atomic
def _add_part(export: Export, token: uuid.UUID, piece: Piece | None) -> bool:
    """One part and how far that is, together. False if there is nothing more to write, or it is not ours any more."""
    mine = Export.objects.filter(pk=export.pk, token=token, state=Export.State.WAITING)
    if piece is None:
        mine.update(state=Export.State.DONE, done_at=timezone.now(), token=None, lease_until=None)
        return False
    changed = mine.update(
        table=piece.table, last_id=piece.last_id, written=F("written") + piece.rows, lease_until=Now() + LEASE
    )
    if changed:
        number = export.parts.count()
        ExportPart.objects.create(export=export, number=number, file=piece.file, lines=piece.lines)
    return bool(changed)
