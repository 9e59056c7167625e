"""The list as a file: at once, or prepared in the background; harmless in a spreadsheet; safe from kills."""

import csv
import io
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from emails import exports
from emails.models import Export, ExportPart
from emails.selectors_filters import Filters
from emails.states import Status
from inspections.models import Company, User
from tests.emails.mailed import make_client, make_failed, make_message, told
from tests.factories import make_company, make_inspection, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def kim() -> User:
    make_company(time_zone="America/Chicago")
    return make_user(name="Kim Reyes")


@pytest.fixture
def office(client: Client, kim: User) -> Client:
    client.force_login(kim)
    return client


def rows(response: Any) -> list[dict[str, str]]:
    """What a spreadsheet reads."""
    body = b"".join(response.streaming_content)
    assert body.startswith("\ufeff".encode())
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline="")))


def joined(parts: Iterable[str]) -> str:
    return "".join(parts)


# --- at once ---------------------------------------------------------------------------------------------------------


def test_a26_a_file_says_what_the_list_says_in_the_companys_time(office: Client) -> None:
    at = datetime(2026, 3, 3, 9, 12, tzinfo=ZoneInfo("America/Chicago"))
    make_failed(make_client(name="Zoë Łuk", email="zoe@comcast.net"), created_at=at)
    response = office.get("/emails/export/?all=1")
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert 'filename="emails-' in response.headers["Content-Disposition"]
    (row,) = rows(response)
    assert row["When"] == "2026-03-03 09:12"
    assert (row["To"], row["Address"], row["Email"]) == ("Zoë Łuk", "zoe@comcast.net", "Confirmation")
    assert row["Status"] == row["Reason"] == "This address doesn’t exist"


def test_a26_only_the_ticked_ones_or_those_that_fit(office: Client) -> None:
    one = make_message(make_client(email="a@comcast.net"))
    make_message(make_client(email="b@gmail.com"))
    assert [r["Address"] for r in rows(office.get(f"/emails/export/?message={one.pk}"))] == ["a@comcast.net"]
    assert [r["Address"] for r in rows(office.get("/emails/export/?all=1&domain=gmail.com"))] == ["b@gmail.com"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a26_a_spreadsheet_runs_nothing(office: Client, start: str) -> None:
    nasty = f"{start}HYPERLINK(1)"
    make_message(
        make_client(name=nasty, inspection=make_inspection(status="confirmed", inspector=nasty)), subject=nasty
    )
    (row,) = rows(office.get("/emails/export/?all=1"))
    assert row["To"] == row["Subject"] == row["Inspector"] == f"'{nasty}"


def test_a_stranger_gets_no_file(client: Client) -> None:
    assert client.get("/emails/export/?all=1").status_code == 302


# --- in the background -----------------------------------------------------------------------------------------------


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "AT_ONCE", 2)
    monkeypatch.setattr(exports, "PART", 2)


@pytest.mark.usefixtures("_small")
def test_a26_many_are_prepared_and_shown_without_javascript(office: Client) -> None:
    for n in range(5):
        make_message(make_client(email=f"{n}@x.com"))
    assert "Prepare the file" in office.get("/emails/export/?all=1").content.decode()
    assert not Export.objects.exists()
    page = office.post("/emails/export/?all=1").headers["Location"]
    assert office.post("/emails/export/?all=1").headers["Location"] == page  # pressed twice
    html = office.get(page).content.decode()
    assert "0 of about 5 emails" in html
    assert "Refresh" in html
    make_message(make_client(email="late@x.com"))
    exports.work()
    html = office.get(page).content.decode()
    assert "Ready:" in html
    assert f'href="{page}file/"' in html
    assert [r["Address"] for r in rows(office.get(f"{page}file/"))] == [f"{n}@x.com" for n in range(5)]
    assert "ready" in office.get("/emails/").content.decode()


@pytest.mark.usefixtures("_small")
def test_a26_a_killed_worker_loses_and_doubles_nothing(kim: User, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(5):
        make_message(make_client(email=f"{n}@x.com"))
    export = exports.start(Filters(), by=kim)
    real, calls = exports._next, iter(range(9))

    def killed(*args: Any) -> Any:
        if next(calls) == 2:
            raise SystemExit
        return real(*args)

    monkeypatch.setattr(exports, "_next", killed)
    with pytest.raises(SystemExit):
        exports.work()
    monkeypatch.setattr(exports, "_next", real)
    export.refresh_from_db()
    assert (export.state, export.written) == (Export.State.WAITING, 4)
    exports.work()  # its lease still runs: nobody else takes it
    export.refresh_from_db()
    assert export.written == 4
    Export.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    exports.work()
    export.refresh_from_db()
    assert (export.state, export.written) == (Export.State.DONE, 5)
    table = list(csv.DictReader(io.StringIO(joined(exports.content(export)).removeprefix("\ufeff"), newline="")))
    assert [r["Address"] for r in table] == [f"{n}@x.com" for n in range(5)]


@pytest.mark.usefixtures("_small")
def test_a_long_one_goes_on_at_the_next_wake_up(kim: User, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(5):
        make_message(make_client(email=f"{n}@x.com"))
    export = exports.start(Filters(), by=kim)
    monkeypatch.setattr(exports, "STRETCH", 0.0)
    written = []
    for _ in range(4):
        exports.work()
        export.refresh_from_db()
        written.append(export.written)
    assert written == [2, 4, 5, 5]
    assert export.state == Export.State.DONE


@pytest.mark.usefixtures("_small")
def test_cancelling_stops_it_and_keeps_nothing(office: Client, kim: User) -> None:
    for n in range(3):
        make_message(make_client(email=f"{n}@x.com"))
    export = exports.start(Filters(), by=kim)
    page = f"/emails/exports/{export.uuid}/"
    assert office.get(f"{page}cancel/").status_code == 405
    office.post(f"{page}cancel/")
    exports.work()
    assert not ExportPart.objects.exists()
    assert "Canceled." in office.get(page).content.decode()
    assert office.get(f"{page}file/").status_code == 404


def test_a_finished_file_cannot_be_cancelled(office: Client, kim: User) -> None:
    make_message()
    export = exports.start(Filters(), by=kim)
    exports.work()
    html = office.post(f"/emails/exports/{export.uuid}/cancel/", follow=True).content.decode()
    assert "finished already" in html
    assert ExportPart.objects.count() == 1


def test_after_a_day_it_is_gone(kim: User) -> None:
    make_message()
    exports.start(Filters(), by=kim)
    exports.work()
    Export.objects.update(created_at=timezone.now() - exports.KEPT - timedelta(seconds=1))
    exports.work()
    assert not Export.objects.exists()
    assert not ExportPart.objects.exists()


def test_nobody_downloads_a_colleagues_file(client: Client, kim: User) -> None:
    make_message()
    export = exports.start(Filters(), by=kim)
    exports.work()
    client.force_login(make_user(is_superuser=True))
    for path in ("", "file/"):
        assert client.get(f"/emails/exports/{export.uuid}/{path}").status_code == 404


def test_filters_survive_being_stored() -> None:
    filters = Filters(q="ann", group="reached", template=3, since=timezone.localdate(), ids=(1, 2))
    assert Filters.of_stored(filters.stored) == filters
    assert Filters.of_stored({}) == Filters()


def test_a_filtered_file_holds_what_fits(kim: User) -> None:
    told(make_message(make_client(email="in@comcast.net")), Status.DELIVERED)
    make_message(make_client(email="out@gmail.com"))
    hour_ago = timezone.now() - timedelta(hours=1)  # when they were made: at night, on the day before
    day = timezone.localdate(hour_ago, Company.get().zone)
    export = exports.start(Filters(domain="comcast.net", group="reached", since=day), by=kim)
    exports.work()
    text = joined(exports.content(export))
    assert "in@comcast.net" in text
    assert "out@gmail.com" not in text
