"""Whose data was deleted: known by a keyed digest of the address, so that late news of it does not bring it back."""

from collections.abc import Collection, Iterable, Sequence

from django.conf import settings
from django.utils.crypto import salted_hmac

from emails.models import Erasure, Message, MessageEvent, WebhookPost
from inspections.models import Contact

_SALT = "emails.erased"
_MARK = "erased:"
EMPTIED = "Emptied: it was about somebody whose data was deleted."


def digests(key: str) -> list[str]:
    """Of a canonical address: with the present secret, then with those before it."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [salted_hmac(_SALT, key, secret=secret, algorithm="sha256").hexdigest() for secret in secrets if key]


def marks(key: str) -> list[str]:
    """What stands in an address's place where a wish of its reader outlives their data."""
    return [_MARK + digest for digest in digests(key)]


def known(keys: Iterable[str]) -> set[str]:
    """Those of these canonical addresses that belong to somebody who was deleted, and to nobody else now."""
    told = {digest: key for key in keys if key for digest in digests(key)}
    if not told or not Erasure.objects.exists():
        return set()
    found = Erasure.objects.filter(digests__overlap=list(told)).values_list("digests", flat=True)
    gone = {told[digest] for one in found for digest in one if digest in told}
    return gone - set(Contact.objects.filter(email_key__in=gone).values_list("email_key", flat=True))


def claim(row: MessageEvent, message: Message) -> None:
    """News of an email whose address we no longer have: it is taken if its recipient is one of those who are gone."""
    if not row.recipient or known([row.recipient]):
        row.message = message


def forget_in(rows: Sequence[MessageEvent]) -> bool:
    """Take whom it is about out of news that is not stored yet. True if there was any such news."""
    gone = known({row.recipient for row in rows if row.message_id is None})
    about = [row for row in rows if (row.message and row.message.erased_at) or row.recipient in gone]
    for row in about:
        row.recipient, row.text, row.data = "", "", {}
    return bool(about)


def empty(post_ids: Collection[int]) -> int:
    """Remove the bodies of raw posts. What was read from them stays. Returns how many."""
    posts = WebhookPost.objects.filter(pk__in=post_ids).exclude(body=b"")
    return posts.update(body=b"", headers={}, query="", error=EMPTIED)
