"""A word of caution beside a failed email: doing the same once more will probably not help."""

from collections.abc import Collection, Mapping

from django.db.models import F

from emails import holds
from emails.models import Message
from emails.states import WRONG_PERSON, Status
from emails.wording_blocked import AGAIN, WEARY
from inspections.asking import SIGNED_BEFORE
from inspections.models import Signature

TURNED_AWAY = frozenset({"recipient_policy", "sender_reputation"})


def of(messages: Collection[Message]) -> Mapping[int, str]:
    """By message. In three queries, however many there are."""
    weary = holds.weary({message.to_key for message in messages})
    said = {m.pk: str(WEARY).format(count=weary[m.to_key]) for m in messages if m.to_key in weary}
    return said | dict.fromkeys(_again(messages), str(AGAIN)) | dict.fromkeys(_signed(messages), f"{SIGNED_BEFORE}.")


def _signed(messages: Collection[Message]) -> list[int]:
    """Those that reached somebody else, who may be the one who signed."""
    strayed = [message for message in messages if message.category == WRONG_PERSON]
    people = {message.participant_id for message in strayed}
    given = Signature.objects.their_own().filter(participant__in=people).values_list("participant", "signed_at")
    first = dict(given.order_by("-signed_at"))  # the earliest of each comes last, and stays
    return [m.pk for m in strayed if m.participant_id in first and first[m.participant_id] < m.changed_at]


def _again(messages: Collection[Message]) -> list[int]:
    """Those that were turned away, were sent once more to the same address, and came back for that again."""
    found = Message.objects.filter(
        pk__in=[message.pk for message in messages],
        status=Status.BOUNCED,
        category__in=TURNED_AWAY,
        resend_of__status=Status.BOUNCED,
        resend_of__category__in=TURNED_AWAY,
        resend_of__to_key=F("to_key"),
    )
    return list(found.values_list("pk", flat=True))
