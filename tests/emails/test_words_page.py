"""What the words mean: every status and cause explained, under an address of its own."""

import re

import pytest
from django.test import Client

from emails import glossary
from emails.wording_failures import FAILURES
from emails.wording_practice import ANSWERS, FATES, NEWS, TOLD
from emails.wording_statuses import STATUSES
from tests.factories import make_user

# Words of engineers. They stand under "Technical details" only.
BANNED = re.compile(
    r"\b(bounc\w*|smtp|mta|suppress\w*|soft|hard|deferred|webhook\w*|esp|payload\w*|5xx|api call)\b", re.IGNORECASE
)


@pytest.fixture
def page(db: None, client: Client) -> str:
    client.force_login(make_user())
    return client.get("/words/").content.decode()


@pytest.mark.parametrize("code", [*STATUSES, *FAILURES])
def test_every_word_has_an_anchor_of_its_own(page: str, code: str) -> None:
    assert page.count(f'id="{code}"') == 1


def test_no_blank_is_left_in_an_example(page: str) -> None:
    assert "{" not in page.split("<main")[1].split("</main>")[0]


def test_no_engineers_words_are_in_it() -> None:
    for chapter in glossary.chapters():
        for entry in chapter.entries:
            said = f"{entry.label} {entry.sentence} {entry.likely} {entry.who}"
            assert not BANNED.search(said), said


def test_the_practice_service_speaks_office_english_too() -> None:
    said = [
        *(w.sentence for w in FATES.values()),
        *(w for _, w in ANSWERS),
        *(w for w, _ in TOLD.values()),
        *NEWS.values(),
    ]
    for words in said:
        assert not BANNED.search(str(words)), words


def test_its_links_lead_to_emails(db: None, page: str, client: Client) -> None:
    for code in set(re.findall(r"/emails/\?status=(\w+)", page)):
        html = client.get(f"/emails/?status={code}").content.decode()
        assert "Please check this" not in html, code


def test_every_sentence_is_one() -> None:
    for chapter in glossary.chapters():
        for entry in chapter.entries:
            assert len(entry.sentence.split()) > 2, entry.sentence
