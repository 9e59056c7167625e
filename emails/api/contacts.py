"""People: correct what is known about them."""

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from ninja import Router, Status

from emails.api.answers import ContactOut
from emails.api.auth import ApiRequest, actor
from emails.api.bodies import ContactIn
from emails.api.refusals import COMMON
from emails.models import Message
from emails.states import Status as MessageStatus
from inspections import people
from inspections.models import Contact, Via

router = Router(tags=["People"])


@router.patch("/{int:contact_id}", response={200: ContactOut, **COMMON})
def correct_contact(request: ApiRequest, contact_id: int, body: ContactIn) -> Status[ContactOut]:
    """Correct a person everywhere. Emails that were held for the old address leave: their ids are `released`.

    What had failed is not sent again by this: that is an act of its own.
    """
    with transaction.atomic():
        contact = _find(contact_id)
        held = list(_of(contact).filter(status=MessageStatus.HELD).values_list("pk", flat=True))
        people.correct_contact(contact, by=actor(request), via=Via.API, **body.model_dump(exclude_unset=True))
        # What moved in this transaction is still as it was moved: nobody else can see it yet.
        released = _of(contact).filter(pk__in=held, status=MessageStatus.QUEUED).order_by("pk")
        return Status(200, ContactOut.of(contact, released=list(released.values_list("pk", flat=True))))


def _find(contact_id: int) -> Contact:
    contact = Contact.objects.select_for_update(no_key=True).filter(pk=contact_id).first()
    if contact is None:
        raise Http404(f"There is no contact {contact_id}.")
    return contact


def _of(contact: Contact) -> QuerySet[Message]:
    return Message.objects.filter(participant__contact=contact)
