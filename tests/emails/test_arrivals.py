"""A link's email needs time to arrive. Who opened the link before, or at once after, was no person."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from emails import activity, record, record_words, selectors_inspection
from emails.models import Message
from emails.states import Status
from inspections import events, links, visits
from inspections.models import Inspection, InspectionEvent, PortalLink
from tests.emails.mailed import make_message, told
from tests.factories import make_user

pytestmark = pytest.mark.django_db
Type = InspectionEvent.Type
ARRIVED = timezone.now().replace(microsecond=0) - timedelta(minutes=5)


Learn = Callable[..., None]


@pytest.fixture
def learn(settings: LazySettings, django_capture_on_commit_callbacks: Any) -> Learn:
    """The provider tells what became of an email."""
    settings.PORTAL_SCAN_SECONDS = 10

    def learn(message: Message, status: str, **fact: Any) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            told(message, status, **fact)

    return learn


def link_of(message: Message, purpose: str = "") -> PortalLink:
    assert message.participant
    return links.mint(message.participant, purpose=purpose or str(message.uuid))[0]


def visited(link: PortalLink, at: datetime, kind: Type = Type.PORTAL_VISITED) -> InspectionEvent:
    person = link.participant
    visit = events.record(person.inspection, kind, by=person.name, participant=person, link=link.pk)
    visit.at = at
    visit.save()
    return visit


def seen(inspection: Inspection) -> list[str]:
    """The types of what the pages show."""
    return [event.type for event in visits.as_known_now(inspection, inspection.events.order_by("at"))]


@pytest.mark.parametrize("kind", [Type.PORTAL_VISITED, Type.REPORT_OPENED])
@pytest.mark.parametrize("first", [[], [Status.BOUNCED], [Status.COMPLAINED]])
def test_a_slow_email_is_opened_by_a_program_first(kind: Type, first: list[str], learn: Learn) -> None:
    message = make_message(has_link=True)
    link = link_of(message)
    facts = [visited(link, ARRIVED + timedelta(seconds=s), kind) for s in (-2, 9, 11)]
    for status in first:
        learn(message, status)
    learn(message, Status.DELIVERED, at=ARRIVED)
    assert seen(message.inspection) == [Type.AUTOMATIC, Type.AUTOMATIC, kind]
    learn(message, Status.DELIVERED, at=timezone.now(), key="again")
    assert seen(message.inspection) == [Type.AUTOMATIC, Type.AUTOMATIC, kind]
    learn(message, Status.DELIVERED, at=ARRIVED - timedelta(seconds=12), key="first of all")  # told last
    assert seen(message.inspection) == [kind] * 3
    for fact in facts:
        fact.refresh_from_db()
    assert {(fact.type, fact.by) for fact in facts} == {(kind, "Ann Lee")}  # what was written stays


def test_what_counts_as_the_clients_visit_follows(learn: Learn) -> None:
    message = make_message(has_link=True)
    link, person = link_of(message), message.participant
    assert person
    visited(link, ARRIVED + timedelta(seconds=9))
    assert visits.own().exists()
    learn(message, Status.DELIVERED, at=ARRIVED)
    assert not visits.own().exists()
    assert visits.presences([person.pk])[person.pk].visited_at is None
    shown = visits.as_known_now(message.inspection, message.inspection.events.all())
    assert visits.presence(shown, person.pk).visited_at is None
    last = visited(link, ARRIVED + timedelta(seconds=11))
    assert visits.own().get() == last
    assert visits.presences([person.pk])[person.pk].visited_at == last.at


def test_every_page_and_the_filter_say_so_and_an_open_page_is_renewed(learn: Learn, client: Client) -> None:
    client.force_login(make_user(name="Kim Reyes"))
    message = make_message(has_link=True, sent_at=ARRIVED - timedelta(minutes=1))
    early = visited(link_of(message), ARRIVED + timedelta(seconds=9))
    late = visited(link_of(message), ARRIVED + timedelta(seconds=11))
    learn(message, Status.DELIVERED, at=timezone.now())
    PortalLink.objects.update(arrived_at=None)

    def lines() -> dict[str, str]:
        return {line.key: line.version for line in selectors_inspection.load(message.inspection).log}

    def visitors() -> int:
        return len(client.get("/emails/?status=portal_visited").context["activity"].rows)

    before = lines()
    assert visitors() == 1
    PortalLink.objects.filter(pk=early.data["link"]).update(arrived_at=ARRIVED)
    after = lines()
    assert {key for key in before if before[key] != after[key]} >= {f"e{early.pk}"}
    assert before[f"e{late.pk}"] == after[f"e{late.pk}"]
    assert visitors() == 1
    PortalLink.objects.filter(pk=late.data["link"]).update(arrived_at=ARRIVED + timedelta(seconds=2))
    assert visitors() == 0


def test_the_delivery_record_keeps_what_was_written_and_says_what_is_known(learn: Learn) -> None:
    message = make_message(has_link=True)
    visited(link_of(message), ARRIVED)
    digest = record.load(message.inspection).sha256
    links.note_arrival(message.participant_id or 0, str(message.uuid), ARRIVED)
    now = record.load(message.inspection)
    assert now.sha256 == digest
    entry = next(entry for entry in record_words.tell(now).happened if entry.title == "Client portal opened")
    assert ("As known now", record_words.TOO_EARLY) in entry.pairs
    assert entry.hint


def test_a_link_that_came_another_way_is_another_matter(learn: Learn) -> None:
    message = make_message(has_link=True)
    visited(link_of(message, purpose="Shared by Kim"), ARRIVED)
    learn(message, Status.DELIVERED, at=ARRIVED)
    assert seen(message.inspection) == [Type.PORTAL_VISITED]


@pytest.mark.parametrize("status", [Status.SENT, Status.DEFERRED, Status.BOUNCED])
def test_what_has_not_arrived_says_nothing_of_visits(status: Status, learn: Learn) -> None:
    message = make_message(has_link=True)
    visited(link_of(message), ARRIVED)
    learn(message, status, at=timezone.now())
    assert seen(message.inspection) == [Type.PORTAL_VISITED]


def test_what_a_person_vouches_for_is_no_moment(learn: Learn) -> None:
    message = make_message(status=Status.UNKNOWN, has_link=True)
    visited(link_of(message), ARRIVED)
    activity.vouch(message, Status.DELIVERED, by="Kim", type="settled")
    learn(message, Status.DEFERRED)
    assert seen(message.inspection) == [Type.PORTAL_VISITED]
    learn(message, Status.DELIVERED, at=ARRIVED)  # the status stays, the moment is told now
    assert seen(message.inspection) == [Type.AUTOMATIC]


def test_a_clock_that_is_ahead_counts_until_we_heard_of_it(learn: Learn) -> None:
    message = make_message(has_link=True)
    link = link_of(message)
    learn(message, Status.DELIVERED, at=timezone.now() + timedelta(hours=1), recorded_at=ARRIVED)
    link.refresh_from_db()
    assert link.arrived_at == ARRIVED


def test_a_hint_that_cannot_be_written_costs_no_fact(learn: Learn, monkeypatch: pytest.MonkeyPatch) -> None:
    message = make_message(has_link=True)
    monkeypatch.setattr(links, "note_arrival", lambda *_: 1 / 0)
    learn(message, Status.DELIVERED, at=ARRIVED)
    assert message.status == Status.DELIVERED
