"""Addresses that mail waits for: put there by a sure failure, released by a correction or by staff."""

from django.db import transaction
from django.utils import timezone

from emails.diagnosis import HOLDING
from emails.models import AddressHold, Message
from emails.states import Status
from inspections.text import canonical

HOLDING_STATUSES = frozenset({Status.BOUNCED, Status.REJECTED, Status.COMPLAINED})


def blames(message: Message) -> bool:
    """What became of this message says that its address takes no mail."""
    return message.status in HOLDING_STATUSES and message.category in HOLDING


def active(address: str) -> AddressHold | None:
    """The hold on this address, in whatever spelling."""
    return AddressHold.objects.filter(key=canonical(address), released_at__isnull=True).first()


def place(message: Message) -> None:
    """Hold the address this message went to. A second hold changes nothing."""
    AddressHold.objects.bulk_create(
        [AddressHold(key=message.to_key, address=message.to_address, category=message.category, message=message)],
        ignore_conflicts=True,
    )


@transaction.atomic
def release(address: str, *, by: str, note: str = "") -> bool:
    """Let mail to this address leave again. True if there was a hold."""
    return bool(
        AddressHold.objects.filter(key=canonical(address), released_at__isnull=True).update(
            released_at=timezone.now(), released_by=by, note=note
        )
    )


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
