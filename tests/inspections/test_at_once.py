"""Two people at the same moment, on real connections."""

import threading
from collections.abc import Callable
from functools import partial

import pytest
from django.db import connection, connections
from django.test import Client

from inspections import links, people, services
from inspections.drafts import Draft
from inspections.models import Contact, ContactChange, Inspection, InspectionEvent
from tests.factories import make_contact, make_draft, make_inspection, make_participant, make_person

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*actions: Callable[[], object]) -> list[object]:
    """The results of the actions, or the exceptions they raised; they start together."""
    results: list[object] = [None] * len(actions)
    gate = threading.Barrier(len(actions))

    def run(index: int) -> None:
        try:
            connection.ensure_connection()
            gate.wait(timeout=60)
            results[index] = actions[index]()
        except Exception as problem:
            results[index] = problem
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(actions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    return results


def is_new(draft: Draft) -> bool:
    return services.save(draft, by="API")[1]


def test_two_confirms_make_one_event() -> None:
    for _ in range(10):
        inspection = make_inspection()

        def confirm(pk: int = inspection.pk) -> bool:
            return services.confirm(Inspection.objects.get(pk=pk), by="Kim")

        assert sorted(map(str, at_once(*[confirm] * 4))) == ["False", "False", "False", "True"]
        assert inspection.events.count() == 1


def test_the_same_new_draft_twice_makes_one_inspection() -> None:
    for n in range(10):
        results = at_once(*[partial(is_new, make_draft(external_id=f"A-{n}"))] * 3)
        assert sorted(map(str, results)) == ["False", "False", "True"]
    assert Inspection.objects.count() == InspectionEvent.objects.count() == 10


def test_a_new_agent_on_three_new_inspections_is_one_contact() -> None:
    for n in range(10):
        agent = make_person(role="buyer_agent", name=f"Pat {n}", email=f"pat{n}@kw.com")
        drafts = [make_draft(external_id=f"{n}-{i}", people=(agent,)) for i in range(3)]
        assert at_once(*[partial(is_new, draft) for draft in drafts]) == [True] * 3
    assert Contact.objects.count() == 10
    assert Inspection.objects.count() == 30


def test_the_same_correction_twice_is_one_change() -> None:
    for n in range(10):
        ann = make_participant(email=f"ann{n}@gmial.com").contact

        def correct(pk: int = ann.pk, email: str = f"ann{n}@gmail.com") -> int:
            return len(people.correct_contact(Contact.objects.get(pk=pk), by="Kim", email=email))

        assert sorted(map(str, at_once(*[correct] * 3))) == ["0", "0", "1"]
    assert ContactChange.objects.count() == 10


def test_updates_that_share_people_in_opposite_order_never_wait_for_each_other() -> None:
    agents = range(4)
    contacts = [make_contact(name=f"Agent {n}", email=f"agent{n}@kw.com") for n in agents]
    for number in ("S-0", "S-1"):
        inspection = make_inspection(external_id=number)
        for contact in contacts:
            make_participant(inspection, contact=contact, role="buyer_agent")

    for turn in range(10):
        crowds = [
            [
                make_person(role="buyer_agent", name=f"Agent {n}", email=f"agent{n}.{turn}.{number}@kw.com")
                for n in agents
            ]
            for number in (0, 1)
        ]
        results = at_once(
            partial(is_new, make_draft(external_id="S-0", people=tuple(crowds[0]))),
            partial(is_new, make_draft(external_id="S-1", people=tuple(reversed(crowds[1])))),
            partial(people.correct_contact, contacts[3], by="Kim", phone=str(turn)),
        )
        assert results[:2] == [False, False]
        assert isinstance(results[2], list)


def test_ten_visits_at_once_are_one_event() -> None:
    person = make_participant()
    _, url = links.mint(person, purpose="confirmation")
    path = url.removeprefix("http://testserver")
    browser = Client()
    browser.get(path)

    def visit() -> int:
        mine = Client()
        mine.cookies.update(browser.cookies)
        return mine.get(f"/p/home/{person.pk}/").status_code

    assert at_once(*[visit] * 10) == [200] * 10
    assert InspectionEvent.objects.filter(type="portal_visited").count() == 1
