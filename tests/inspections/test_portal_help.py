"""“That’s not me”, and new links for dead ones, as the facts see them."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import LazySettings
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from inspections import links, people
from inspections.models import InspectionEvent
from tests.factories import in_days, make_client_who_signs, make_company, make_inspection, make_participant
from tests.inspections.portal_visits import BROWSER, Visitor, text

pytestmark = pytest.mark.django_db
Type = InspectionEvent.Type


@pytest.fixture(autouse=True)
def oakwood() -> None:
    cache.clear()
    make_company()


# --- that's not me ---------------------------------------------------------------------------------------------------


def test_one_press_switches_every_link_of_that_person_off() -> None:
    ann = Visitor(make_client_who_signs(name="Ann Lee"))
    bo = Visitor(make_participant(ann.person.inspection, name="Bo Li"))
    other = Visitor(ann.person)
    assert "You are not Ann Lee?" in text(ann.get("not-me/"))
    answer = ann.client.post(ann.url("not-me/"), {"seal": ann.seal("not-me/")}, follow=True)
    assert "Thank you for telling us" in text(answer)
    assert "Ann" not in text(answer)
    assert [ann.get().status_code, other.get().status_code, bo.get().status_code] == [410, 410, 200]
    event = InspectionEvent.objects.get(type=Type.NOT_ME)
    assert (event.participant, event.data["email"], event.by) == (
        ann.person,
        ann.person.email,
        "Somebody in the portal",
    )


def test_pressed_twice_is_told_once() -> None:
    ann = Visitor(make_client_who_signs())
    seal = ann.seal("not-me/")
    assert ann.post("not-me/", seal=seal).status_code == 302
    assert ann.post("not-me/", seal=seal).status_code == 410
    assert InspectionEvent.objects.filter(type=Type.NOT_ME).count() == 1


@pytest.mark.parametrize("seal", ["", "nonsense"])
def test_a_press_without_its_page_changes_nothing(seal: str) -> None:
    ann = Visitor(make_client_who_signs())
    for value in (seal, ann.seal("sign/")):
        assert ann.post("not-me/", seal=value).status_code == 422
    assert ann.get().status_code == 200


# --- a new link ------------------------------------------------------------------------------------------------------


def ended(**person: str) -> Visitor:
    """Somebody whose link was switched off."""
    someone = Visitor(make_client_who_signs(**{"name": "Ann Lee", "email": "ann@example.com"} | person))
    links.revoke(someone.link, by="Kim")
    return someone


def about(someone: Visitor) -> str:
    page = someone.get()
    assert page.status_code == 410
    _, _, rest = page.content.decode().partition("/p/new-link/?about=")
    return rest.partition('"')[0].replace("%3A", ":")


def ask(email: str, about: str = "", **headers: str) -> str:
    client = Client(headers={"User-Agent": BROWSER} | headers)
    answer = client.post("/p/new-link/", {"email": email, "about": about}, follow=True)
    assert answer.status_code == 200
    return text(answer)


def told() -> list[tuple[str | None, str]]:
    events = InspectionEvent.objects.filter(type=Type.LINK_ASKED).order_by("pk")
    return [(event.participant.name if event.participant else None, event.data.get("address", "")) for event in events]


def test_whoever_is_on_file_is_asked_about_and_the_answer_is_the_same_for_everybody() -> None:
    ann = ended()
    answers = {ask("Ann@Example.com", about(ann)), ask("nobody@example.com", about(ann)), ask("nobody@example.com")}
    assert len(answers) == 1
    assert "If we have that address for an inspection" in answers.pop()
    assert told() == [("Ann Lee", ""), (None, "nobody@example.com")]


def test_a_couple_with_one_mailbox_each_get_their_own() -> None:
    ann = ended()
    make_participant(ann.person.inspection, name="Bo Lee", email="ann@example.com")
    ask("ann@example.com", about(ann))
    assert told() == [("Ann Lee", ""), ("Bo Lee", "")]


def test_for_a_link_that_we_do_not_know_only_people_of_inspections_to_come_count() -> None:
    over = make_participant(make_inspection(starts_at=in_days(-3), status="completed"), email="ann@example.com")
    coming = make_participant(make_inspection(status="confirmed"), name="Ann Lee", email="ann@example.com")
    ask("ann@example.com")
    assert told() == [("Ann Lee", "")]
    assert not over.events.exists()
    assert coming.events.exists()


def test_whoever_was_taken_off_or_moved_to_another_address_gets_nothing() -> None:
    ann = ended(email="ann@gmial.com")
    people.correct_contact(ann.person.contact, by="Kim", email="ann@gmail.com")
    ask("ann@gmial.com", about(ann))
    people.remove_person(ann.person, by="Kim")
    ask("ann@gmail.com", about(ann))
    assert [name for name, _ in told()] == [None, None]


def test_asking_again_and_again_is_told_once_a_minute_and_five_times_a_day(settings: LazySettings) -> None:
    settings.COOLDOWN_SECONDS = 60
    ann = ended()
    for _ in range(3):
        ask("ann@example.com", about(ann))
    assert len(told()) == 1
    settings.COOLDOWN_SECONDS = 0
    for _ in range(6):
        ask("ann@example.com", about(ann), **{"X-Forwarded-For": "203.0.113.5"})
    assert len(told()) == 5
    InspectionEvent.objects.update(at=timezone.now() - timedelta(days=2))
    cache.clear()
    ask("ann@example.com", about(ann))
    assert len(told()) == 6


@pytest.mark.parametrize("email", ["", "nonsense", "a@b", "a@x.com, b@x.com", "x" * 300])
def test_what_is_no_address_is_said_so(email: str) -> None:
    answer = Client().post("/p/new-link/", {"email": email})
    assert answer.status_code == 422
    assert "Error:" in text(answer)


@pytest.mark.parametrize("about", ["1", "1:forged", "x:y:z", "é"])
def test_a_made_up_link_speaks_of_nobodys_inspection(about: str) -> None:
    ended()
    ask("nobody@example.com", about)
    assert told() == []


def test_too_many_questions_from_one_address_are_slowed_down() -> None:
    with time_machine.travel(timezone.now(), tick=False):  # they are counted by the minute
        answers = [Client().post("/p/new-link/", {"email": "a@example.com"}).status_code for _ in range(12)]
    assert answers == [302] * 10 + [429] * 2


def test_both_dead_ends_offer_a_new_link() -> None:
    assert "Send me a new one" in text(ended().get())
    unknown = Client().get("/p/" + "a" * 43 + "/")
    assert 'href="/p/new-link/"' in unknown.content.decode()
