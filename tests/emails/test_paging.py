"""Newer and Older: nobody is shown twice and nobody is left out, whatever arrives meanwhile."""

from datetime import UTC, datetime, timedelta

import pytest
from django.http import QueryDict

from emails import paging
from emails.models import WebhookPost
from emails.paging import Page, Place

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def make_post(minutes: int) -> WebhookPost:
    return WebhookPost.objects.create(
        provider="postmark", body=b"{}", sha256="0" * 64, received_at=NOON + timedelta(minutes=minutes)
    )


def page(place: Place = Place(), size: int = 3) -> Page[WebhookPost]:  # noqa: B008 - immutable
    return paging.page(WebhookPost.objects.all(), place, by="received_at", size=size)


def minutes(shown: Page[WebhookPost]) -> list[int]:
    return [round((post.received_at - NOON).total_seconds() / 60) for post in shown.rows]


def test_older_goes_on_where_the_page_ended() -> None:
    for minute in (4, 1, 7, 2, 6, 3, 5):  # not in the order of their ids
        make_post(minute)
    first = page()
    second = page(Place(before=first.older))
    third = page(Place(before=second.older))
    assert [minutes(p) for p in (first, second, third)] == [[7, 6, 5], [4, 3, 2], [1]]
    assert (first.newer, third.older) == (0, 0)


def test_newer_is_the_page_before() -> None:
    for minute in range(7):
        make_post(minute)
    second = page(Place(before=page().older))
    third = page(Place(before=second.older))
    assert minutes(page(Place(after=third.newer))) == minutes(second)


def test_rows_of_one_moment_are_all_shown_once() -> None:
    made = {make_post(0).pk for _ in range(7)}
    first = page()
    second = page(Place(before=first.older))
    third = page(Place(before=second.older))
    shown = [post.pk for p in (first, second, third) for post in p.rows]
    assert len(shown) == 7
    assert set(shown) == made


def test_what_arrives_meanwhile_moves_nothing() -> None:
    for minute in range(6):
        make_post(minute)
    first = page()
    make_post(10)
    assert minutes(page(Place(before=first.older))) == [2, 1, 0]


def test_going_newer_to_the_head_shows_a_whole_page() -> None:
    for minute in range(5):
        make_post(minute)
    second = page(Place(before=page().older))
    shown = page(Place(after=second.newer))
    assert minutes(shown) == [4, 3, 2]
    assert shown.is_first


@pytest.mark.parametrize(
    "query", ["before=x", "before=-1", "before=" + "9" * 30, "after=9999", "before=٣", "before=", ""]
)
def test_nonsense_in_the_address_is_the_first_page(query: str) -> None:
    make_post(1)
    assert minutes(page(Place.of(QueryDict(query)))) == [1]


def test_an_empty_list_has_no_way_on() -> None:
    shown = page()
    assert (shown.rows, shown.newer, shown.older) == ([], 0, 0)
