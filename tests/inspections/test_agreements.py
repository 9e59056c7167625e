"""The built-in agreement."""

import pytest

from inspections import agreements
from inspections.models import Agreement
from inspections.text import multi_line

pytestmark = pytest.mark.django_db


def test_a_fresh_database_has_version_1() -> None:
    first = Agreement.objects.get()
    assert (first.version, first.title, first.body) == (1, agreements.TITLE, agreements.TEXT)
    assert agreements.current() == first


def test_installing_again_changes_nothing() -> None:
    Agreement.objects.update(title="Edited", body="Edited")
    agreements.install()
    assert Agreement.objects.get().body == "Edited"


def test_the_newest_version_is_in_force() -> None:
    Agreement.objects.create(version=2, title="Agreement", body="Text")
    current = agreements.current()
    assert current is not None
    assert current.version == 2


def test_the_text_is_plain_and_about_a_page_long() -> None:
    assert multi_line(agreements.TEXT, limit=10_000) == agreements.TEXT
    assert 400 < len(agreements.TEXT.split()) < 700
    assert "  " not in agreements.TEXT
    assert len(Agreement.objects.get().sha256) == 64
