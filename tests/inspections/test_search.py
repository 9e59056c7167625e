"""Finding inspections and contacts by what people say on the phone."""

import pytest

from inspections.models import Contact, Inspection
from tests.factories import make_contact, make_inspection, make_participant

pytestmark = pytest.mark.django_db


@pytest.fixture
def oak() -> Inspection:
    inspection = make_inspection(external_id="A-1001", address="12-14 Oak St, Springfield", inspector="José Núñez")
    make_participant(inspection, name="Ann O’Neill-Lee", email="ann.lee+home@acme-corp.com", phone="+1 (217) 555-0101")
    make_participant(make_inspection(address="9 Elm Ave", external_id="B-7"), name="Bob Ray", email="bob@example.com")
    return inspection


@pytest.mark.parametrize(
    "text",
    [
        "oak", "OAK st", "12 oak", "14 oak", "spring", "A-1001", "a-10", "1001", "jose nun", "Núñez",
        "ann", "neill", "lee oak", "ann.lee+home@acme-corp.com", "ann.lee@", "acme", "corp.com",
        "217 555 0101", "(217) 555-0101", "2175550101", "5550101", "12175550101", "0101", "+1 217",
    ],
)  # fmt: skip
def test_it_is_found_by(text: str, oak: Inspection) -> None:
    assert list(Inspection.objects.search(text)) == [oak]


@pytest.mark.parametrize("text", ["oak bob", "ak", "oaks", "555019", "b-8", "!!!", "ann maria"])
def test_it_is_not_found_by(text: str, oak: Inspection) -> None:
    assert oak not in Inspection.objects.search(text)


@pytest.mark.parametrize("text", ["", "   "])
def test_no_words_at_all_find_everything(text: str, oak: Inspection) -> None:
    assert Inspection.objects.search(text).count() == 2
    assert Contact.objects.search(text).count() == 2


@pytest.mark.parametrize(
    "text",
    ["'", "''", "a'b", "a & b", "a | !b", "a:*", "(oak", "\\", "oak\\' OR 1=1", "<->", "a <2> b", "\x00oak", "%", "_",
     "👩‍👧", "&&&", "oak:*A", "ﷺ", "²", "e\u0301", "x" * 5000, " ".join("oak" + str(n) for n in range(500))],
)  # fmt: skip
def test_no_text_can_break_the_query(text: str, oak: Inspection) -> None:
    list(Inspection.objects.search(text))
    list(Contact.objects.search(text))


def test_an_inspection_without_a_number_is_found_by_the_one_people_see() -> None:
    inspection = make_inspection(address="3 Fir Rd", external_id=None)
    assert list(Inspection.objects.search(inspection.number)) == [inspection]


def test_the_index_follows_every_change_however_it_is_made(oak: Inspection) -> None:
    Inspection.objects.filter(pk=oak.pk).update(address="77 Birch Ln")
    Contact.objects.filter(name="Bob Ray").update(email="robert@new.example")
    assert list(Inspection.objects.search("birch")) == [oak]
    assert not Inspection.objects.search("oak").exists()
    assert Inspection.objects.search("robert new").get().external_id == "B-7"


def test_search_joins_with_other_filters_and_finds_each_once(oak: Inspection) -> None:
    make_participant(oak, name="Ann Other", email="ann@other.example")
    assert Inspection.objects.upcoming().search("ann").count() == 1
    assert Inspection.objects.search("ann").filter(status="cancelled").count() == 0


def test_contacts_are_found_by_every_word() -> None:
    pat = make_contact(name="Pat Kim", email="pat@kw.com", phone="217 555 0109")
    make_contact(name="Pat Moss", email="moss@kw.com")
    assert list(Contact.objects.search("pat kw 0109")) == [pat]
