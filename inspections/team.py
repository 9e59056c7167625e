"""The office's people: let somebody in, make them an owner, shut the door. Each change is kept with who and when.

Whoever changes something is an owner at that moment, seen under the lock: two owners who demote each other leave one.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from inspections.errors import NotPossible
from inspections.models import Contact, TeamChange, User
from inspections.text import canonical

What = TeamChange.What


def add(email: str, name: str, *, owner: bool, by: User) -> User:
    """Somebody new, who has still to choose a password. Raises NotPossible if the address is on the team already."""
    with _changing(by):
        if known := User.objects.filter(email__iexact=canonical(email)).first():
            raise NotPossible(_known(known))
        try:
            with transaction.atomic():
                user = User.objects.create_user(email, name=name, is_superuser=owner, is_staff=owner)
        except IntegrityError:
            raise NotPossible("This address is on the team already.") from None
        _note(user, What.ADDED, by)
    return user


def _known(user: User) -> str:
    if user.is_active:
        return f"{user.email} is on the team already: {user}."
    return f"{user.email} is {user}, who is switched off. Switch them on again below."


def make(user: User, *, owner: bool, by: User) -> bool:
    """Make somebody an owner, or an owner office. True if they were not. Raises NotPossible."""
    with _changing(by, user):
        if user == by:
            raise NotPossible("You can’t change your own role. Ask another owner.")
        rows = User.objects.filter(pk=user.pk, is_superuser=not owner)
        changed = rows.update(is_superuser=owner, is_staff=owner)
        if changed:
            _note(user, What.OWNER if owner else What.OFFICE, by)
    return bool(changed)


def switch(user: User, *, on: bool, by: User) -> bool:
    """Let somebody sign in, or not any more: then every session of theirs ends at once. True if that is new."""
    with _changing(by, user):
        if user == by:
            raise NotPossible("You can’t switch yourself off. Ask another owner.")
        rows = User.objects.filter(pk=user.pk, is_active=not on)
        # Counted when switched off, so that no old session and no old link comes back to life later.
        changed = rows.update(is_active=on, sign_outs=F("sign_outs") + (0 if on else 1))
        if changed:
            _note(user, What.ON if on else What.OFF, by)
    return bool(changed)


def asked_again(user: User, *, by: User) -> None:
    """Note that a link to choose a password goes out. Raises NotPossible for somebody who is switched off."""
    with _changing(by, user):
        if not User.objects.filter(pk=user.pk, is_active=True).exists():
            raise NotPossible(f"{user} is switched off.")
        _note(user, What.LINK if user.has_usable_password() else What.INVITED, by)


def sign_out(user: User) -> User:
    """End every session of this person. Returns them as they are now, for the session that goes on."""
    User.objects.filter(pk=user.pk).update(sign_outs=F("sign_outs") + 1)
    return User.objects.get(pk=user.pk)


def clients_at(email: str) -> list[str]:
    """Names of people on inspections with this address: they could not be written to any more."""
    found = Contact.objects.filter(email_key=canonical(email)).exclude(email_key="")
    return list(found.order_by("name").values_list("name", flat=True).distinct()[:3])


@contextmanager
def _changing(by: User, *people: User) -> Iterator[None]:
    """One transaction that holds all owners and these people, in one order everywhere."""
    with transaction.atomic():
        rows = User.objects.filter(Q(is_superuser=True) | Q(pk__in=[by.pk, *(person.pk for person in people)]))
        held = {row.pk: row for row in rows.select_for_update(no_key=True).order_by("pk")}
        now = held.get(by.pk)
        if now is None or not (now.is_active and now.is_superuser):
            raise NotPossible("You are not an owner any more.")
        yield


def _note(user: User, what: TeamChange.What, by: User) -> None:
    TeamChange.objects.create(user=user, what=what, by=str(by)[:200])
