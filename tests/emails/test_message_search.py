"""Finding messages by the words people remember."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from emails import searching
from emails.models import Message
from tests.emails.mailed import make_client, make_message
from tests.factories import make_inspection

pytestmark = pytest.mark.django_db


def found(text: str) -> list[Message]:
    return list(Message.objects.search(text))


@pytest.fixture
def message() -> Message:
    house = make_inspection(address="12-14 Oak St, Springfield, IL 62701", status="confirmed")
    return make_message(
        make_client(inspection=house, name="María Núñez-Cole", email="maria.cole+home@kw.com"),
        subject="Please sign: your agreement",
    )


@pytest.mark.parametrize(
    "text",
    [
        "maria.cole+home@kw.com",
        "MARIA.COLE@KW",
        "cole",
        "col",
        "kw.com",
        "nunez",
        "Núñez",
        "maria oak",
        "oak st",
        "12",
        "62701",
        "agreement sign",
        " , cole ; ",
    ],
)
def test_it_is_found_by_the_beginning_of_every_word(message: Message, text: str) -> None:
    assert found(text) == [message]


@pytest.mark.parametrize("text", ["ole", "maria elm", "cole@gmail.com", "---", "'", "%", "\\", "!!! &&"])
def test_it_is_not_found_by_anything_else(message: Message, text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "text",
    ["a & b", "a:*", "!cole", "cole:*'", "(cole", "cole <-> x", "\\'", "':*", "a\\", "|", "cole\u202e", "%s {0}"],
)
def test_no_character_breaks_a_search(message: Message, text: str) -> None:
    found(text)


def test_no_words_at_all_find_everything(message: Message) -> None:
    assert found("") == found("  ") == [message]


def test_indexing_many_is_one_statement(message: Message) -> None:
    other = make_message(make_client(email="bob@example.com"))
    Message.objects.update(search=None)
    with CaptureQueriesContext(connection) as queries:
        searching.index([message.pk, other.pk])
    assert len(queries) == 1
    assert found("bob") == [other]


def test_a_person_without_address_is_found_by_name() -> None:
    held = make_message(make_client(name="Grace Kim", email=""), status="held", reason="no_address")
    assert found("grace") == [held]
