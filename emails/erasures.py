"""Delete a person's data from everything that was ever sent to them: see docs/decisions/erasure.md.

One transaction takes out what hangs on the person. What only names them (raw posts, other people's emails on the same
inspections) is gone through afterwards by the workers, part by part; the tombstone knows how far that is. For a day it
is looked at again, because somebody may have written a row while the first transaction was open.

Locks: contact, participants, messages, and then as in `activity`.
"""

import json
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from html import escape
from typing import Any
from urllib.parse import quote

from django.db import connection, transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.utils import timezone

from emails import activity, erased, imprint, problems, searching
from emails.models import AddressHold, Erasure, Letter, Message, MessageEvent, OptOut, Problem, WebhookPost
from emails.states import CANCELLABLE, IN_OUR_HANDS, Status
from inspections import erasing
from inspections.erasing import NAME
from inspections.errors import NotPossible
from inspections.models import Contact, Inspection, User
from inspections.text import MAX_EMAIL, canonical

WHY = "Their data was deleted"
LOOKED_AT_AGAIN = timedelta(days=1)
POSTS_AT_ONCE = 5_000
_ABOUT_NOBODY = frozenset(
    {"kind", "status", "reason", "due", "template", "version", "has_link", "plain", "from_header", "reply_to"}
)
_WORDS = ("subject", "html", "text", "note")
_LEAVING = frozenset({Status.CLAIMED, Status.SENDING})


def leaving(contact: Contact) -> bool:
    """An email to them is being handed over at this moment."""
    return Message.objects.filter(participant__contact=contact, status__in=_LEAVING).exists()


def erase(contact: Contact, *, by: str, at: datetime | None = None) -> Erasure:
    """Delete this person's data for good; again changes nothing. `at`: when it was first done, after a restore.

    Raises NotPossible while an email to them is leaving.
    """
    with transaction.atomic():
        locked = Contact.objects.select_for_update().get(pk=contact.pk)
        done = Erasure.objects.filter(contact=locked).first()
        if done:
            _forget(locked, done)
            return done
        theirs = _lock(locked)
        names, addresses = erasing.names_of(locked), _addresses(locked, theirs)
        erasing.take_off(locked, by=by)
        for message in Message.objects.filter(participant__contact=locked, status__in=CANCELLABLE).order_by("pk"):
            activity.cancel(message, by=by, text=WHY)
        tombstone = Erasure.objects.create(
            contact=locked,
            at=at or timezone.now(),
            by=by,
            digests=[digest for key in sorted(set(map(canonical, addresses))) for digest in erased.digests(key)],
            needles=[needle[:MAX_EMAIL] for needle in (*names, *addresses)],
            posts_up_to=WebhookPost.objects.aggregate(newest=Max("pk"))["newest"] or 0,
        )
        _forget_wishes(names, addresses, but=locked)
        erasing.empty_uploads(addresses)
        tombstone.messages = _forget(locked, tombstone)
        tombstone.save(update_fields=["messages"])
    return tombstone


def go_on() -> int:
    """What the workers do: look again at the latest, go on with what is not done. Returns how many are done by this."""
    since = timezone.now() - LOOKED_AT_AGAIN
    for tombstone in Erasure.objects.filter(at__gt=since).select_related("contact"):
        if _is_back(tombstone.contact):
            erase(tombstone.contact, by=tombstone.by)
    return sum(_go_on(tombstone) for tombstone in Erasure.objects.filter(done_at=None).select_related("contact"))


def _lock(contact: Contact) -> list[Message]:
    """Their messages, so that nobody moves them or tells of them meanwhile. Raises NotPossible."""
    list(contact.participations.select_for_update(no_key=True).order_by("pk"))
    theirs = list(Message.objects.select_for_update(of=("self",)).filter(participant__contact=contact).order_by("pk"))
    if any(message.status in _LEAVING for message in theirs):
        raise NotPossible(f"An email to {contact.name} is leaving at this moment. Wait a minute, then try again.")
    return theirs


def _addresses(contact: Contact, theirs: Iterable[Message]) -> list[str]:
    written = {*erasing.addresses_of(contact), *(message.to_address for message in theirs)}
    return sorted({*written, *map(canonical, written)} - {""})


# --- what hangs on the person ----------------------------------------------------------------------------------------


def _forget(contact: Contact, tombstone: Erasure) -> int:
    """The caller holds the contact's lock. Returns how many emails lost their text and address."""
    erasing.forget(contact)
    theirs = Message.objects.filter(participant__contact=contact)
    ids = list(theirs.exclude(status__in=_LEAVING).values_list("pk", flat=True))
    for message in theirs.filter(status__in=CANCELLABLE).order_by("pk"):
        activity.cancel(message, by=tombstone.by, text=WHY)
    _forget_messages(ids)
    _forget_events(MessageEvent.objects.filter(message__in=ids))
    _forget_events(MessageEvent.objects.filter(message=None, recipient__in=_kept_keys(tombstone)))
    theirs_on = Problem.objects.filter(participant__contact=contact)
    theirs_on.exclude(closed_note="").update(closed_note="")
    problems.close_all(theirs_on, by=tombstone.by, note=WHY)
    _forget_letters(contact)
    return len(ids)


def _kept_keys(tombstone: Erasure) -> list[str]:
    """Addresses of theirs that nobody else has."""
    return _unshared(tombstone.needles, but=tombstone.contact_id)


def _unshared(addresses: Iterable[str], *, but: int) -> list[str]:
    keys = {canonical(address) for address in addresses if "@" in address}
    shared = Contact.objects.filter(email_key__in=keys).exclude(pk=but).values_list("email_key", flat=True)
    return sorted(keys - set(shared))


def _forget_messages(ids: Sequence[int]) -> None:
    """Who it went to and what it said; when, what kind and what became of it stays."""
    nothing = dict.fromkeys(("to_address", "to_key", "subject", "html", "text", "note", "auto_reply"), "")
    rows = Message.objects.filter(pk__in=ids).exclude(status__in=IN_OUR_HANDS)
    rows.update(**nothing, to_name=NAME, files=[], erased_at=timezone.now())
    searching.index(ids)


def _forget_events(events: QuerySet[MessageEvent]) -> None:
    """The words, the recipient, what was kept of the email. The posts that told of them are emptied."""
    told = list(events.values_list("pk", "data", "post", "post__parent"))
    rows = MessageEvent.objects.filter(pk__in=[pk for pk, *_ in told])
    rows.update(recipient="", text="")
    for pk, data, *_ in told:
        if data != (kept := _impersonal(data)):
            MessageEvent.objects.filter(pk=pk).update(data=kept)
    erased.empty({post for _, _, *posts in told for post in posts if post})


def _impersonal(data: dict[str, Any]) -> dict[str, Any]:
    """Of what an event keeps of its email (see `imprint`), all that is about nobody."""
    kept = {name: value for name, value in data.get(imprint.KEY, {}).items() if name in _ABOUT_NOBODY}
    return {imprint.KEY: kept} if kept else {}


def _forget_wishes(names: Sequence[str], addresses: Sequence[str], *, but: Contact) -> None:
    """Holds lose whom they were about. The wish to get no marketing stays, as a digest that cannot be read back.

    Whoever shares the mailbox keeps both.
    """
    for key in _unshared(addresses, but=but.pk):
        holds = AddressHold.objects.filter(key=key)
        holds.filter(released_at=None).update(released_at=timezone.now(), released_by=WHY, there_due_at=None)
        holds.update(key="", address="", why="", note="")
        if OptOut.objects.filter(key__in=erased.marks(key), ended_at=None).exists():
            OptOut.objects.filter(key=key, ended_at=None).delete()
        OptOut.objects.filter(key=key, ended_by__in=names).update(ended_by=NAME)
        OptOut.objects.filter(key=key).update(key=erased.marks(key)[0], note="")


def _forget_letters(contact: Contact) -> None:
    """What staff wrote by hand to this person alone. What others got too loses the name (see `_forget_mentions`)."""
    others = Letter.people.through.objects.filter(letter=OuterRef("pk")).exclude(participant__contact=contact)
    alone = Letter.objects.filter(~Exists(others), people__contact=contact).distinct()
    for letter in alone:
        letter.attachments.update(name="file", content=b"")
        Letter.objects.filter(pk=letter.pk).update(subject="", body="")


def _is_back(contact: Contact) -> bool:
    """Somebody wrote a row about them while they were deleted, or a provider told of them."""
    theirs = Message.objects.filter(participant__contact=contact)
    of_theirs = MessageEvent.objects.filter(message__participant__contact=contact)
    written = theirs.filter(erased_at=None).exclude(status__in=_LEAVING).exists()
    return written or of_theirs.filter(~Q(recipient="") | ~Q(text="") & Q(post__isnull=False)).exists()


# --- what only names them --------------------------------------------------------------------------------------------


def _go_on(tombstone: Erasure) -> bool:
    """One part of what is left. True if that was the last."""
    if tombstone.posts_done < tombstone.posts_up_to:
        _empty_posts(tombstone)
        return False
    if _forget_mentions(tombstone):
        return False
    rows = Erasure.objects.filter(pk=tombstone.pk, done_at=None)
    return bool(rows.update(needles=[], done_at=timezone.now()))


def _empty_posts(tombstone: Erasure) -> None:
    """The next raw posts that hold one of their addresses, in any of the ways in which providers write one."""
    keys = _kept_keys(tombstone)
    wanted = [address for address in tombstone.needles if canonical(address) in keys]
    written = {form for address in wanted for form in (address, quote(address), address.replace("@", "\\u0040"))}
    next_ones = WebhookPost.objects.filter(pk__gt=tombstone.posts_done, pk__lte=tombstone.posts_up_to).order_by("pk")
    ids = list(next_ones.values_list("pk", flat=True)[:POSTS_AT_ONCE])
    if ids and written:
        erased.empty(_holding(ids[0], ids[-1], [form.encode() for form in sorted(written)]))
    Erasure.objects.filter(pk=tombstone.pk).update(posts_done=ids[-1] if ids else tombstone.posts_up_to)


def _holding(first: int, last: int, written: Sequence[bytes]) -> list[int]:
    """Posts between two ids that were read and whose body holds one of these."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM emails_webhookpost WHERE id BETWEEN %s AND %s AND state <> 'new'"
            " AND EXISTS (SELECT FROM unnest(%s::bytea[]) AS written WHERE position(written IN body) > 0)",
            [first, last, list(written)],
        )
        return [pk for (pk,) in cursor.fetchall()]


def _forget_mentions(tombstone: Erasure) -> bool:
    """Name and addresses in other people's emails about the same inspections. True if some have to wait."""
    found = _pattern(tombstone.needles)
    on = tombstone.contact.participations.values("inspection")
    _forget_who_did_it(tombstone.needles, Inspection.objects.filter(pk__in=on))
    others = Message.objects.filter(inspection__in=on, erased_at=None)
    for message in others.exclude(status__in=_LEAVING).only(*_WORDS).order_by("pk"):
        old = {name: getattr(message, name) for name in _WORDS}
        new = {name: found.sub(NAME, value) for name, value in old.items()}
        if new != old:
            cut = {"subject": new["subject"][:500], "note": new["note"][:500]}
            Message.objects.filter(pk=message.pk).update(**new | cut)
            searching.index([message.pk])
    for event in MessageEvent.objects.filter(message__in=others).exclude(text="", data={}).order_by("pk"):
        _forget_in(event, found)
    for letter in Letter.objects.filter(inspection__in=on).order_by("pk"):
        words = {name: found.sub(NAME, getattr(letter, name)) for name in ("subject", "body")}
        other = {name: found.sub("", getattr(letter, name)) for name in ("other_name", "other_email")}
        Letter.objects.filter(pk=letter.pk).update(**words, **other)
    return others.filter(status__in=_LEAVING).exists()


def _forget_who_did_it(names: Iterable[str], on: QuerySet[Inspection]) -> None:
    """Whoever signs or asks for a link stands as the one who had an email sent or a problem solved."""
    theirs = set(names) - set(User.objects.values_list("name", flat=True))
    Message.objects.filter(inspection__in=on, created_by__in=theirs).update(created_by=NAME)
    MessageEvent.objects.filter(message__inspection__in=on, by__in=theirs).update(by=NAME)
    Problem.objects.filter(inspection__in=on, closed_by__in=theirs).update(closed_by=NAME)


def _forget_in(event: MessageEvent, found: re.Pattern[str]) -> None:
    """A step of somebody else's email, with what it kept of it."""
    text = found.sub(NAME, event.text)
    data = json.loads(found.sub(NAME, json.dumps(event.data, ensure_ascii=False)))
    if (text, data) != (event.text, event.data):
        MessageEvent.objects.filter(pk=event.pk).update(text=text, data=data)


def _pattern(needles: Iterable[str]) -> re.Pattern[str]:
    """Any of these, whole, in whatever case, also as HTML writes them. A single first name may be anybody's."""
    long = {needle for needle in needles if "@" in needle or " " in needle.strip()}
    written = sorted({form for needle in long for form in (needle, escape(needle))}, key=len, reverse=True)
    any_of = "|".join(map(re.escape, written)) or r"(?!)"
    return re.compile(rf"(?<!\w)(?:{any_of})(?!\w)", re.IGNORECASE)
