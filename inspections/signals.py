"""What the rest of the system can listen to."""

from django.dispatch import Signal

# Sent with sender=InspectionEvent, event=<the stored InspectionEvent>, inside the transaction that stored it:
# what a receiver writes is committed with the fact, and an exception in a receiver takes the fact back.
inspection_event = Signal()
