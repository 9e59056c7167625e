"""What every page shares: times, icons, navigation, notes."""

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.messages.storage.base import Message as Note
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.urls import resolve
from django.utils import timezone

from emails.templatetags import emails_ui
from tests.factories import make_company, make_user

AT = datetime(2026, 11, 23, 15, 14, 5, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_chicago() -> Iterator[None]:
    with timezone.override(ZoneInfo("America/Chicago")), time_machine.travel(AT):
        yield


def test_a_time_is_the_companys_with_utc_behind_it() -> None:
    html = Template("{% load emails_ui %}{{ at|when }}").render(Context({"at": AT}))
    stamp = '<time datetime="2026-11-23T15:14:05+00:00" title="2026-11-23 15:14:05 UTC">'
    assert html == f"{stamp}Mon 23 Nov, 9:14 AM</time>"


def test_another_year_is_named() -> None:
    assert emails_ui.when_words(AT.replace(year=2025)) == "Sun 23 Nov 2025, 9:14 AM"


def test_no_time_is_no_text() -> None:
    html = Template("{% load emails_ui %}{{ at|when }}{{ at|day }}{{ at|ago }}{{ at|clock }}").render(
        Context({"at": None})
    )
    assert html == ""


def test_an_icon_is_decoration() -> None:
    assert 'aria-hidden="true"' in emails_ui.icon("envelope")
    assert "style=" not in emails_ui.icon("envelope")


@pytest.mark.parametrize("tags", ["", "success", "[1]", "{", '"x"', "undo"])
def test_an_ordinary_note_has_no_extras(tags: str) -> None:
    assert emails_ui.extras(Note(20, "Saved.", extra_tags=tags)) == {}


def test_navigation_names_only_pages_that_exist_and_marks_the_current_one() -> None:
    pages = emails_ui.nav_pages(Context({"request": RequestFactory().get("/messages/7/")}))
    assert [page.label for page in pages if page.current] == ["Email activity"]
    assert all(resolve(page.path) for page in pages)
    assert {"Today", "Inspections", "Email activity"} <= {page.label for page in pages}


def test_every_nonce_is_new() -> None:
    assert emails_ui.nonce_field() != emails_ui.nonce_field()


@pytest.mark.django_db
def test_a_page_holds_no_inline_style_and_no_inline_script(client: Client) -> None:
    make_company()
    client.force_login(make_user())
    html = client.get("/").content.decode()
    assert " style=" not in html
    assert "<style" not in html
    assert "<script>" not in html
    assert "hx-on" not in html
    assert "onclick" not in html


@pytest.mark.django_db
def test_shortcuts_can_be_switched_off(client: Client) -> None:
    make_company()
    client.force_login(make_user(shortcuts=False))
    assert "data-shortcuts" not in client.get("/").content.decode()
