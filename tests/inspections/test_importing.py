"""Importing a plan: whole inspections, repeatable, and fast enough."""

import pytest

from inspections import importing, people, services
from inspections.importing import apply, compare, parse
from inspections.models import Contact, Inspection, InspectionEvent, Participant
from inspections.signals import inspection_event
from tests.inspections.test_parsing import ANN, HEADER, plan_of

pytestmark = pytest.mark.django_db

BOB = "A-2,9 Elm Ave,2026-12-02 09:00,Raj Patel,,,,client,Bob Ray,bob@example.com,"


def counts(result: importing.Result) -> tuple[int, int, int, int]:
    return result.created, result.updated, result.unchanged, len(result.failed)


def test_the_same_file_again_changes_and_tells_nothing(told: list[InspectionEvent]) -> None:
    plan = plan_of(ANN, BOB, "A-1,,,,,,,buyer_agent,Pat Kim,pat@kw.com,")
    assert counts(apply(plan, by="CSV import")) == (2, 0, 0, 0)
    assert [event.by for event in told] == ["CSV import"] * 2
    assert (Inspection.objects.count(), Participant.objects.count()) == (2, 3)
    told.clear()
    assert counts(apply(plan, by="CSV import")) == (0, 0, 2, 0)
    assert told == []


def test_lines_without_a_number_find_their_inspection_again() -> None:
    plan = plan_of(ANN.replace("A-1", ""))
    assert counts(apply(plan, by="CSV import")) == (1, 0, 0, 0)
    again = plan_of(ANN.replace("A-1", "").replace("12 Oak St", "12 OAK st").replace("$425.00", "450"))
    assert counts(apply(again, by="CSV import")) == (0, 1, 0, 0)
    assert Inspection.objects.get().fee == 450


def test_a_changed_line_updates_and_people_left_out_are_taken_off() -> None:
    apply(plan_of(ANN, "A-1,,,,,,,buyer_agent,Pat Kim,pat@kw.com,"), by="CSV import")
    assert counts(apply(plan_of(ANN.replace("12 Oak", "14 Oak")), by="CSV import")) == (0, 1, 0, 0)
    inspection = Inspection.objects.get()
    assert inspection.address == "14 Oak St"
    assert [p.name for p in inspection.participants.current()] == ["Ann Lee"]


def test_one_inspection_that_cannot_be_stored_does_not_cost_the_others() -> None:
    def fail_for_bob(event: InspectionEvent, **kwargs: object) -> None:
        if event.inspection.external_id == "A-2":
            raise RuntimeError("no room for Bob")

    inspection_event.connect(fail_for_bob)
    try:
        result = apply(plan_of(ANN, BOB, ANN.replace("A-1", "A-3")), by="CSV import")
    finally:
        inspection_event.disconnect(fail_for_bob)
    assert counts(result) == (2, 0, 0, 1)
    assert str(result.failed[0]).startswith("Line 3: This inspection could not be saved; nothing of it was stored.")
    assert set(Inspection.objects.values_list("external_id", flat=True)) == {"A-1", "A-3"}
    assert not Contact.objects.filter(name="Bob Ray").exists()


def test_comparing_says_what_is_new_and_what_is_here() -> None:
    apply(plan_of(ANN, BOB), by="CSV import")
    comparison = compare(plan_of(ANN, BOB.replace("9 Elm", "11 Elm"), ANN.replace("A-1", "A-3")))
    assert (comparison.new, comparison.changed, comparison.unchanged, comparison.warnings) == (1, 1, 1, ())


def test_a_file_that_would_undo_a_correction_says_so() -> None:
    plan = plan_of(ANN.replace("ann@example.com", "ann@gmial.com"))
    apply(plan, by="CSV import")
    people.correct_contact(Contact.objects.get(), by="Kim Reyes", email="ann@gmail.com")
    (warning,) = compare(plan).warnings
    assert str(warning) == (
        "Line 2, email: Kim Reyes changed ann@gmial.com to ann@gmail.com here. Importing this changes it back."
    )
    assert compare(plan_of(ANN.replace("ann@example.com", "ann@gmail.com"))).warnings == ()


def test_a_confirmed_inspection_that_a_file_moves_is_rescheduled(told: list[InspectionEvent]) -> None:
    apply(plan_of(ANN), by="CSV import")
    services.confirm(Inspection.objects.get(), by="Kim")
    told.clear()
    apply(plan_of(ANN.replace("09:00", "10:00")), by="CSV import")
    assert [event.type for event in told] == ["rescheduled"]


def test_five_thousand_lines_are_read_and_stored() -> None:
    lines = []
    for n in range(2_500):
        day, hour = 1 + n % 28, 8 + n % 9
        facts = f"N-{n},{n} Oak St,2026-12-{day:02} {hour:02}:00,Raj Patel,425,Full inspection,yes"
        lines += [
            f"{facts},client,Client {n},client{n}@example.com,217555{n:04}",
            f"N-{n},,,,,,,buyer_agent,Agent {n % 90},agent{n % 90}@kw.com,",
        ]
    content = "\n".join([HEADER, *lines]).encode()
    for expected in ((2_500, 0, 0, 0), (0, 0, 2_500, 0)):
        assert counts(apply(parse(content), by="CSV import")) == expected
    assert Contact.objects.count() == 2_590
