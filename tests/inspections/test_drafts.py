"""An inspection as it is handed in: everything wrong with it is said at once, by field."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest

from inspections.services import BadDraft, save, validate
from tests.factories import make_draft, make_person


def errors_of(**over: object) -> dict[str, list[str]]:
    with pytest.raises(BadDraft) as refused:
        validate(make_draft(**over))
    return refused.value.errors


def test_a_good_draft_comes_back_tidied() -> None:
    draft = validate(
        make_draft(
            external_id=" A-1 ",
            address=" 12  Oak St ",
            inspector="  Raj  Patel",
            fee=Decimal("425"),
            services=("Roof", " Roof ", "", "Radon"),
            people=(make_person(email="Ann@Example.COM", phone=" 217 "),),
        )
    )
    assert (draft.external_id, draft.address, draft.inspector) == ("A-1", "12 Oak St", "Raj Patel")
    assert draft.fee == Decimal("425.00")
    assert draft.services == ("Roof", "Radon")
    assert draft.people == (make_person(email="Ann@example.com", phone="217"),)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "offset", [timedelta(hours=-5), timedelta(hours=23), timedelta(hours=-16), timedelta(hours=1, microseconds=7)]
)
def test_a_time_with_any_offset_can_be_stored(offset: timedelta) -> None:
    starts_at = datetime(2026, 12, 1, 9, 0, tzinfo=timezone(offset))
    inspection, _ = save(make_draft(starts_at=starts_at), by="Kim")
    inspection.refresh_from_db()
    assert inspection.starts_at == starts_at


def test_a_person_without_an_address_is_allowed() -> None:
    assert validate(make_draft(people=(make_person(email=" "),))).people[0].email == ""


def test_no_people_and_no_number_are_allowed() -> None:
    draft = validate(make_draft(people=(), external_id="", fee=None))
    assert (draft.people, draft.external_id, draft.fee) == ((), None, None)


def test_every_problem_is_said_at_once_with_its_field() -> None:
    errors = errors_of(
        address="  ",
        starts_at=datetime(2026, 12, 1, 9, 0),  # noqa: DTZ001 - that is the mistake
        fee=Decimal("-1"),
        people=(make_person(name="", role="boss"), make_person(email="a@x.com, b@x.com", phone="1" * 41)),
    )
    assert set(errors) == {
        "address",
        "starts_at",
        "fee",
        "people.0.name",
        "people.0.role",
        "people.1.email",
        "people.1.phone",
    }
    assert errors["people.1.email"] == ["Please enter one email address only. Add another person for a second address."]


@pytest.mark.parametrize("fee", ["-0.01", "NaN", "Infinity", "10000000", "1.005", "1e30"])
def test_a_senseless_fee_is_refused(fee: str) -> None:
    assert set(errors_of(fee=Decimal(fee))) == {"fee"}


@pytest.mark.parametrize("year", [1999, 2101])
def test_a_senseless_year_is_refused(year: int) -> None:
    assert set(errors_of(starts_at=make_draft().starts_at.replace(year=year, day=1))) == {"starts_at"}


@pytest.mark.parametrize("bad", ["Ann\r\nBcc: x@y.com", "Ann\x00", "Ann\u2028Lee", "Ann\u200bLee", "A" * 201])
def test_names_addresses_and_inspectors_refuse_what_would_break_a_header(bad: str) -> None:
    errors = errors_of(
        inspector=bad, address=bad + " " * 0 + "x" * 100, people=(make_person(name=bad + "!"),), external_id=bad
    )
    assert set(errors) == {"inspector", "address", "people.0.name", "external_id"}


def test_too_many_people_or_services_are_refused() -> None:
    people = tuple(make_person(email=f"a{n}@example.com") for n in range(51))
    assert set(errors_of(people=people, services=tuple("abcdefghij" + str(n) for n in range(51)))) == {
        "people",
        "services",
    }


def test_the_same_person_twice_is_one_person() -> None:
    twice = (make_person(phone=""), make_person(name="ANN  lee", email="ANN@example.com", phone="217"))
    assert validate(make_draft(people=twice)).people == (make_person(phone="217"),)


def test_couples_who_share_a_mailbox_stay_two_people() -> None:
    couple = (make_person(name="Ann Lee"), make_person(name="Bob Lee"))
    assert len(validate(make_draft(people=couple)).people) == 2
