"""Everything as one ZIP: every table, harmless in a spreadsheet, without anything that opens a door."""

import csv
import io
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.utils import timezone

from emails import everything, exports, keys
from emails.models import Export
from inspections import links
from inspections.models import User
from tests.emails.mailed import make_client, make_message
from tests.factories import make_company, make_contact, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def kim() -> User:
    make_company()
    return make_user(name="Kim Reyes", is_superuser=True)


@pytest.fixture
def owner(client: Client, kim: User) -> Client:
    client.force_login(kim)
    return client


def opened(client: Client, export: Export) -> dict[str, list[dict[str, str]]]:
    """The tables by file, as a spreadsheet reads them."""
    answer: Any = client.get(f"/emails/exports/{export.uuid}/file/")
    assert answer.headers["Content-Type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    assert archive.testzip() is None
    csv.field_size_limit(10_000_000)
    return {
        name: list(csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig"), newline="")))
        for name in archive.namelist()
    }


def prepared(kim: User) -> Export:
    export = exports.start_everything(by=kim)
    exports.work()
    export.refresh_from_db()
    return export


def test_every_table_is_in_it_with_every_row(owner: Client, kim: User) -> None:
    message = make_message(make_client(name="Zoë Łuk", email="zoe@example.com"), html="<p>Hello,\n“you”</p>")
    files = opened(owner, prepared(kim))
    assert list(files) == [f"{table.name}.csv" for table in everything.TABLES]
    for table in everything.TABLES:
        assert len(files[f"{table.name}.csv"]) == table.model._default_manager.count(), table.name
    (row,) = files["emails.csv"]
    assert (row["id"], row["to_name"], row["html"]) == (str(message.pk), "Zoë Łuk", "<p>Hello,\n“you”</p>")
    assert row["created_at"] == message.created_at.isoformat()


def test_more_rows_than_a_part_holds_are_neither_lost_nor_doubled(
    owner: Client, kim: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(everything, "PART", 3)
    made = [make_contact().pk for _ in range(6)]
    export = prepared(kim)
    assert [int(row["id"]) for row in opened(owner, export)["contacts.csv"]] == made
    assert export.written == export.total


def test_a_killed_worker_goes_on_where_it_was(owner: Client, kim: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(everything, "PART", 2)
    made = [make_contact().pk for _ in range(5)]
    export = exports.start_everything(by=kim)
    real: Callable[..., Any] = everything.piece
    calls = iter(range(9))

    def killed(*place: int) -> Any:
        if next(calls) == 8:
            raise KeyboardInterrupt
        return real(*place)

    monkeypatch.setattr(everything, "piece", killed)
    with pytest.raises(KeyboardInterrupt):
        exports.work()
    monkeypatch.setattr(everything, "piece", real)
    Export.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    exports.work()
    assert [int(row["id"]) for row in opened(owner, export)["contacts.csv"]] == made


def test_nothing_in_it_opens_a_door(owner: Client, kim: User) -> None:
    _, secret = keys.create("Booking", by="Kim")
    link, address = links.mint(make_client(), purpose="copy")
    text = str(opened(owner, prepared(kim)))
    for door in (secret, link.token_hash, address.rstrip("/").rpartition("/")[2], kim.password):
        assert door not in text
    columns = {field.name for table in everything.TABLES for field in table.columns}
    assert not {name for name in columns if any(word in name for word in ("password", "token", "secret", "hash"))}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_spreadsheet_runs_nothing(owner: Client, kim: User, start: str) -> None:
    make_contact(name=f"{start}1+1")
    (row,) = opened(owner, prepared(kim))["contacts.csv"]
    assert row["name"] == f"'{start}1+1"


def test_it_is_asked_for_on_a_page_and_fetched_when_it_is_ready(owner: Client, kim: User) -> None:
    make_message()
    assert "Prepare the file" in owner.get("/settings/everything/").content.decode()
    for _ in range(2):
        page = owner.post("/settings/everything/").headers["Location"]
    assert Export.objects.count() == 1
    assert "Being prepared" in owner.get(page).content.decode()
    exports.work()
    html = owner.get(page).content.decode()
    assert "a ZIP with" in html
    assert "Download" in html
    assert page in owner.get("/settings/everything/").content.decode()


def test_only_owners_have_it_and_only_as_long_as_they_are(owner: Client, kim: User) -> None:
    export = prepared(kim)
    sam = Client()
    sam.force_login(make_user(name="Sam", is_superuser=False))
    assert "Ask an owner (Kim)." in sam.get("/settings/everything/").content.decode()
    assert sam.post("/settings/everything/").status_code == 403
    assert sam.get(f"/emails/exports/{export.uuid}/file/").status_code == 404
    User.objects.filter(pk=kim.pk).update(is_superuser=False)
    for path in ("", "file/"):
        assert owner.get(f"/emails/exports/{export.uuid}/{path}").status_code == 403


# Machinery, keys, and raw data that is read already.
LEFT_OUT = {
    "ApiKey",
    "Channel",
    "Digest",
    "DomainCheck",
    "Export",
    "ExportPart",
    "ImportUpload",
    "Mailbox",
    "WebhookPost",
}


def test_every_table_is_in_it_or_left_out_by_name() -> None:
    own = {model.__name__ for name in ("inspections", "emails") for model in apps.get_app_config(name).get_models()}
    assert own == {table.model.__name__ for table in everything.TABLES} | LEFT_OUT
