"""Addresses that mail waits for: put there by a sure failure, released by a correction or by staff."""

from django.db import transaction
from django.utils import timezone

from emails.models import AddressHold, Message
from inspections.text import canonical


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
