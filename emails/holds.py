"""Addresses that mail waits for: put there by a sure failure or by staff, released by a correction or by staff.

Only what surely lies with the address or the person holds it: see docs/decisions/holds.md for the whole table.
"""

from collections.abc import Collection, Mapping
from datetime import timedelta

from django.db import transaction
from django.db.models import Count, F, Max, Min, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from emails.diagnosis import HOLDING
from emails.models import AddressHold, Message
from emails.states import Status
from inspections.text import canonical

HOLDING_STATUSES = frozenset({Status.BOUNCED, Status.REJECTED, Status.COMPLAINED})
COMPLAINED = "complained"
BY_STAFF = "staff"

# Failures that pass. Counted by message, from the last email that arrived there.
PASSING = frozenset({"mailbox_full", "temporary_deferral", "server_problem"})
WARNS_AT, WITHIN = 3, timedelta(days=7)
# Only a mailbox that stays full is the address's own fault; a server in trouble holds nobody.
FULL, HOLDS_AT, FOR = "mailbox_full", 5, timedelta(days=1)


def blames(message: Message) -> bool:
    """What became of this message says that its address takes no mail."""
    return message.status in HOLDING_STATUSES and message.category in HOLDING


def active(address: str) -> AddressHold | None:
    """The hold on this address, in whatever spelling."""
    return AddressHold.objects.filter(key=canonical(address), released_at__isnull=True).first()


def follow(message: Message) -> None:
    """Hold the address if what became of this message says so. Old news about what was let go since changes nothing."""
    if not message.to_key or not (blames(message) or _stays_full(message)):
        return  # without an address: somebody whose data was deleted
    let_go = AddressHold.objects.filter(key=message.to_key, released_at__gte=message.changed_at)
    if not let_go.exists():
        place(message)


def place(message: Message) -> None:
    """Hold the address this message went to. A second hold changes nothing, but that a complaint outweighs the rest."""
    AddressHold.objects.bulk_create(
        [
            AddressHold(
                key=message.to_key,
                address=message.to_address,
                category=message.category,
                message=message,
                there_due_at=timezone.now(),
            )
        ],
        ignore_conflicts=True,
    )
    if message.category == COMPLAINED:
        milder = AddressHold.objects.filter(key=message.to_key, released_at=None).exclude(category=COMPLAINED)
        milder.update(category=COMPLAINED, message=message, allowed_at=None, allowed_by="")


def block(address: str, *, by: str, why: str) -> bool:
    """Staff hold an address. True if it was not held before."""
    key = canonical(address)
    with transaction.atomic():
        held = AddressHold.objects.filter(key=key, released_at=None).exists()
        hold = AddressHold(
            key=key, address=address, category=BY_STAFF, placed_by=by, why=why[:500], there_due_at=timezone.now()
        )
        AddressHold.objects.bulk_create([hold], ignore_conflicts=True)
    return not held


@transaction.atomic
def allow(hold: AddressHold, *, by: str, note: str = "") -> bool:
    """Staff say that mail may go there again; the mail service is asked next. True if nobody had said so before."""
    now = timezone.now()
    rows = AddressHold.objects.filter(pk=hold.pk, released_at=None, allowed_at=None)
    return bool(rows.update(allowed_at=now, allowed_by=by, note=note[:500], there_due_at=now))


@transaction.atomic
def release(address: str, *, by: str, note: str = "") -> bool:
    """Let mail to this address leave again. True if there was a hold."""
    return bool(
        AddressHold.objects.filter(key=canonical(address), released_at__isnull=True).update(
            released_at=timezone.now(), released_by=by, note=note, there_due_at=None
        )
    )


# --- failures that pass ----------------------------------------------------------------------------------------------


def weary(keys: Collection[str]) -> Mapping[str, int]:
    """Addresses at which WARNS_AT or more emails failed for passing reasons WITHIN, with their number. One query."""
    since = timezone.now() - WITHIN
    failed = _soft(PASSING).filter(to_key__in=keys, changed_at__gt=since).exclude(to_key="")
    counted = failed.order_by().values_list("to_key").annotate(times=Count("pk"))
    return {key: times for key, times in counted if times >= WARNS_AT}


def _stays_full(message: Message) -> bool:
    if message.status != Status.SOFT_BOUNCED or message.category != FULL:
        return False
    told = _soft({FULL}).filter(to_key=message.to_key).aggregate(times=Count("pk"), first=Min("changed_at"))
    return told["times"] >= HOLDS_AT and message.changed_at - told["first"] >= FOR


def _soft(categories: Collection[str]) -> QuerySet[Message]:
    """Messages that failed for these passing reasons, since the last one that arrived or that staff let the address go.

    One message counts once, however many events tell of it.
    """
    failed = Message.objects.filter(status=Status.SOFT_BOUNCED, category__in=categories)
    same = {"to_key": OuterRef("to_key")}
    arrived = Message.objects.filter(status=Status.DELIVERED, **same).order_by().values("to_key")
    freed = AddressHold.objects.filter(key=OuterRef("to_key"), released_at__isnull=False).order_by().values("key")
    failed = failed.annotate(
        arrived=Subquery(arrived.annotate(last=Max("changed_at")).values("last")),
        freed=Subquery(freed.annotate(last=Max("released_at")).values("last")),
    )
    return failed.filter(Q(arrived=None) | Q(arrived__lt=F("changed_at")), Q(freed=None) | Q(freed__lt=F("changed_at")))


# --- corrected reasons -----------------------------------------------------------------------------------------------


@transaction.atomic
def follow_reason(message: Message, *, by: str) -> bool:
    """The reason of this message was corrected: hold its address or let go. True if it let go.

    What another message proved since the last release goes on holding it.
    """
    if blames(message):
        place(message)
        AddressHold.objects.filter(message=message, released_at__isnull=True).update(category=message.category)
        return False
    hold = AddressHold.objects.select_for_update().filter(message=message, released_at__isnull=True).first()
    if hold is None:
        return False
    other = _other_proof(message)
    if other:
        hold.message, hold.category = other, other.category
        hold.save(update_fields=["message", "category"])
        return False
    return release(message.to_address, by=by, note="The address was not the reason")


def _other_proof(message: Message) -> Message | None:
    proofs = Message.objects.filter(to_key=message.to_key, status__in=HOLDING_STATUSES, category__in=HOLDING)
    released = (
        AddressHold.objects.filter(key=message.to_key, released_at__isnull=False).order_by("-released_at").first()
    )
    if released:
        proofs = proofs.filter(changed_at__gt=released.released_at)
    return proofs.exclude(pk=message.pk).order_by("-changed_at").first()
