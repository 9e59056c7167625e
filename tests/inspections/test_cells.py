"""What people write into the cells of a file."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from inspections import cells
from inspections.text import BadText

CHICAGO = ZoneInfo("America/Chicago")


@pytest.mark.parametrize(
    "cell",
    [
        "2026-12-01T09:00:00-06:00",
        "2026-12-01T15:00:00Z",
        "2026-12-01 09:00",
        "2026-12-01T09:00",
        "2026-12-01 9:00",
        "2026-12-01 09:00:00",
        " 2026-12-01 09:00 ",
        "2026-12-01 10:00-05:00",
        "12/1/2026 9:00",
        "12/01/2026 09:00:00",
        "12/1/2026, 9:00 AM",
        "12/1/2026 9:00am",
    ],
)
def test_a_time_is_read(cell: str) -> None:
    assert cells.starts_at(cell, CHICAGO) == datetime(2026, 12, 1, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cell", "hour"), [("12/1/2026 12:30 AM", 0), ("12/1/2026 12:30 PM", 12), ("12/1/2026 1:30 PM", 13)]
)
def test_noon_and_midnight(cell: str, hour: int) -> None:
    assert cells.starts_at(cell, CHICAGO).hour == hour


@pytest.mark.parametrize(
    "cell",
    [
        "2026-12-01",
        "tomorrow",
        "9:00",
        "2026-13-01 09:00",
        "2026-02-30 09:00",
        "2026-12-01 25:00",
        "12/1/2026",
        "13/1/2026 9:00",
        "12/1/2026 0:30 AM",
        "12/1/2026 13:30 PM",
        "1.12.2026 09:00",
        "=NOW()",
        "\uff12\uff10\uff12\uff16-12-01 09:00!",
        "2026-12-01 09:00 America/Chicago",
        "20261201T0900",
    ],
)
def test_what_is_no_time_is_refused_with_an_example(cell: str) -> None:
    with pytest.raises(BadText, match="Write it like 2026-12-01 09:00"):
        cells.starts_at(cell, CHICAGO)


def test_a_missing_time_is_said() -> None:
    with pytest.raises(BadText, match="are missing"):
        cells.starts_at(" ", CHICAGO)


def test_an_hour_that_the_clocks_skip_is_refused() -> None:
    with pytest.raises(BadText, match=r"2026-03-08 02:30 doesn't exist in America/Chicago: the clocks go forward"):
        cells.starts_at("2026-03-08 02:30", CHICAGO)


def test_an_hour_that_comes_twice_needs_its_offset() -> None:
    with pytest.raises(BadText, match=r"happens twice .* Add the offset, like 2026-11-01 01:30-05:00\."):
        cells.starts_at("2026-11-01 01:30", CHICAGO)
    assert cells.starts_at("2026-11-01 01:30-05:00", CHICAGO) < cells.starts_at("2026-11-01 01:30-06:00", CHICAGO)


@pytest.mark.parametrize("cell", ["2026-03-08 01:59", "2026-03-08 03:00", "2026-11-01 00:59", "2026-11-01 02:00"])
def test_the_hours_beside_them_are_plain(cell: str) -> None:
    assert f"{cells.starts_at(cell, CHICAGO):%Y-%m-%d %H:%M}" == cell


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("", None),
        ("425", "425"),
        ("$425.00", "425.00"),
        ("$ 1,425.50", "1425.50"),
        ("0", "0"),
        ("425.5", "425.5"),
        ("425 USD", "425"),
        ("1,234,567.89", "1234567.89"),
    ],
)
def test_a_fee_is_read(cell: str, amount: str | None) -> None:
    assert cells.fee(cell) == (Decimal(amount) if amount else None)


@pytest.mark.parametrize(
    "cell", ["-5", "abc", "425,00", "4.2.5", "$", "=1+1", "1e5", "NaN", "(425)", "425.001", "€425"]
)
def test_what_is_no_fee_is_refused(cell: str) -> None:
    with pytest.raises(BadText, match="isn't an amount"):
        cells.fee(cell)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("yes", True),
        ("No", False),
        ("TRUE", True),
        ("false", False),
        ("1", True),
        ("0", False),
        ("", None),
        (" ", None),
    ],
)
def test_yes_and_no_are_read(cell: str, value: bool | None) -> None:
    assert cells.notifications(cell) is value


def test_maybe_is_refused() -> None:
    with pytest.raises(BadText, match="“maybe” isn't yes or no"):
        cells.notifications("maybe")


def test_services_are_parted_by_semicolons_or_bars() -> None:
    assert cells.services(" Full inspection; Radon |Sewer scope;; ") == ("Full inspection", "Radon", "Sewer scope")


@pytest.mark.parametrize(
    ("cell", "role"),
    [
        ("client", "client"),
        ("Client ", "client"),
        ("buyer_agent", "buyer_agent"),
        ("Buyer's Agent", "buyer_agent"),
        ("Buyer’s agent", "buyer_agent"),
        ("listing agent", "seller_agent"),
        ("Transaction Coordinator", "coordinator"),
    ],
)
def test_roles_are_read_as_people_write_them(cell: str, role: str) -> None:
    assert cells.role(cell) == role


@pytest.mark.parametrize("cell", ["", "agent", "boss", "=client"])
def test_an_unclear_role_is_refused_because_agents_must_not_see_the_fee(cell: str) -> None:
    with pytest.raises(BadText, match="Use one of: client, buyer_agent, seller_agent, coordinator"):
        cells.role(cell)
