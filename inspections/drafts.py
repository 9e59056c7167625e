"""An inspection as somebody hands it in: from a form, the API or a file. Checked here, stored by `services`."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from inspections.errors import BadDraft
from inspections.models import Role
from inspections.text import BadText, canonical, email_address, name_key, single_line

MAX_ADDRESS, MAX_SERVICE, MAX_EXTERNAL_ID, MAX_PHONE = 300, 100, 100, 40
MAX_PEOPLE, MAX_SERVICES = 50, 50
MAX_FEE = Decimal("9999999.99")
OWN_ADDRESS = "This is your own office’s address: {name} would not see the email."
YEARS = range(2000, 2101)


@dataclass(frozen=True)
class Person:
    """Somebody on an inspection. An empty `email` or `phone` means "not known", never "remove it"."""

    role: str
    name: str
    email: str = ""
    phone: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """Equal for two ways of writing the same person."""
        return self.role, canonical(self.email), name_key(self.name)


@dataclass(frozen=True)
class Draft:
    """All facts of one inspection. `notifications=None` is the company's default, or what it was."""

    address: str
    starts_at: datetime
    inspector: str = ""
    fee: Decimal | None = None
    services: tuple[str, ...] = ()
    notifications: bool | None = None
    people: tuple[Person, ...] = ()
    external_id: str | None = None


@dataclass
class _Errors:
    """Collects every refusal, so that people correct all of them at once."""

    found: dict[str, list[str]] = field(default_factory=dict)

    def add(self, path: str, sentence: str) -> None:
        self.found.setdefault(path, []).append(sentence)

    def check(self, path: str, value: str, rule: Callable[[str], str]) -> str:
        """`rule(value)`, or "" with the refusal noted under `path`."""
        try:
            return rule(value)
        except BadText as problem:
            self.add(path, str(problem))
            return ""


def validate(draft: Draft, *, own: frozenset[str] = frozenset()) -> Draft:
    """A tidied copy. Raises BadDraft with every problem found.

    A missing email address is no problem (the emails will say that there is none); a wrong one is, and so is one of
    `own`: keys of the office's addresses.
    """
    errors = _Errors()
    tidy = replace(
        draft,
        address=errors.check("address", draft.address, _required("Please enter the address.", MAX_ADDRESS)),
        starts_at=_starts_at(draft.starts_at, errors),
        inspector=errors.check("inspector", draft.inspector, tidy_line),
        fee=_fee(draft.fee, errors),
        services=_services(draft.services, errors),
        people=_people(draft.people, errors, own),
        external_id=errors.check("external_id", draft.external_id or "", _limited(MAX_EXTERNAL_ID)) or None,
    )
    if errors.found:
        raise BadDraft(errors.found)
    return tidy


def validate_person(person: Person, *, own: frozenset[str] = frozenset()) -> Person:
    """A tidied copy. Raises BadDraft with paths such as "email"."""
    errors = _Errors()
    tidy = _person(person, "", errors, own)
    if errors.found:
        raise BadDraft(errors.found)
    return tidy


def tidy_line(value: str, *, limit: int = 200) -> str:
    """One line with single spaces. Raises BadText."""
    return " ".join(single_line(value, limit=limit).split())


def tidy_name(value: str) -> str:
    """A person's name. Raises BadText, also when it is empty."""
    return _required("Please enter a name.")(value)


def tidy_email(value: str) -> str:
    """An address, or "" when there is none. Raises BadText."""
    return email_address(value) if value.strip() else ""


def tidy_phone(value: str) -> str:
    """A phone number as people write it. Raises BadText."""
    return tidy_line(value, limit=MAX_PHONE)


def _limited(limit: int) -> Callable[[str], str]:
    return lambda value: tidy_line(value, limit=limit)


def _required(sentence: str, limit: int = 200) -> Callable[[str], str]:
    def rule(value: str) -> str:
        text = tidy_line(value, limit=limit)
        if not text:
            raise BadText(sentence)
        return text

    return rule


def _starts_at(value: datetime, errors: _Errors) -> datetime:
    if timezone.is_naive(value):
        errors.add("starts_at", "Please give the time with its offset from UTC, like 2026-12-01T09:00:00-06:00.")
    elif value.year not in YEARS:
        errors.add("starts_at", f"The year {value.year} can't be right.")
    else:
        return value if _is_usual(value.utcoffset()) else value.astimezone(UTC)
    return value


def _is_usual(offset: timedelta | None) -> bool:
    """PostgreSQL refuses offsets of 16 hours and more, and parts of a second."""
    return offset is not None and abs(offset) < timedelta(hours=16) and not offset % timedelta(minutes=1)


def _fee(value: Decimal | None, errors: _Errors) -> Decimal | None:
    if value is None:
        return None
    if not value.is_finite() or not 0 <= value <= MAX_FEE:
        errors.add("fee", f"The fee must be an amount from 0 to {MAX_FEE:,}.")
        return None
    if value != (cents := value.quantize(Decimal("0.01"))):
        errors.add("fee", "Please give the fee in dollars and cents, with two places after the point.")
    return cents


def _services(values: tuple[str, ...], errors: _Errors) -> tuple[str, ...]:
    if len(values) > MAX_SERVICES:
        errors.add("services", f"Please give at most {MAX_SERVICES} services.")
        return ()
    checked = [errors.check(f"services.{i}", value, _limited(MAX_SERVICE)) for i, value in enumerate(values)]
    return tuple(dict.fromkeys(service for service in checked if service))


def _people(people: tuple[Person, ...], errors: _Errors, own: frozenset[str]) -> tuple[Person, ...]:
    if len(people) > MAX_PEOPLE:
        errors.add("people", f"Please give at most {MAX_PEOPLE} people.")
        return ()
    merged: dict[tuple[str, str, str], Person] = {}
    for number, person in enumerate(people):
        tidy = _person(person, f"people.{number}.", errors, own)
        first = merged.setdefault(tidy.key, tidy)
        merged[tidy.key] = replace(first, phone=first.phone or tidy.phone)
    return tuple(merged.values())


def _person(person: Person, path: str, errors: _Errors, own: frozenset[str]) -> Person:
    if person.role not in Role.values:
        errors.add(f"{path}role", f"The role must be one of: {', '.join(Role.values)}.")
    if person.email.strip() and canonical(person.email) in own:
        errors.add(f"{path}email", OWN_ADDRESS.format(name=person.name.strip() or "this person"))
    return Person(
        role=person.role,
        name=errors.check(f"{path}name", person.name, tidy_name),
        email=errors.check(f"{path}email", person.email, tidy_email),
        phone=errors.check(f"{path}phone", person.phone, tidy_phone),
    )
