"""The built-in agreement."""

import pytest
from django.db import IntegrityError, transaction

from inspections import agreements
from inspections.models import Agreement
from inspections.text import multi_line

pytestmark = pytest.mark.django_db


def test_a_fresh_database_has_version_1() -> None:
    first = Agreement.objects.get()
    assert (first.version, first.title, first.body) == (1, agreements.TITLE, agreements.TEXT)
    assert agreements.current() == first


def test_installing_again_changes_nothing() -> None:
    Agreement.objects.all().delete()
    Agreement.objects.create(version=1, title="Ours", body="Ours")
    agreements.install()
    assert Agreement.objects.get().body == "Ours"


@pytest.mark.parametrize("change", [{"title": "Edited"}, {"body": "Edited"}, {"version": 7}])
def test_the_database_refuses_to_change_a_published_version(change: dict[str, object]) -> None:
    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        Agreement.objects.update(**change)


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
