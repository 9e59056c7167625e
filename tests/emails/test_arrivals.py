"""A link's email needs time to arrive. Who opened the link before, or at once after, was no person."""

from datetime import datetime, timedelta

import pytest
from django.conf import LazySettings
from django.utils import timezone

from emails import activity
from emails.models import Message
from emails.states import Status
from inspections import events, links
from inspections.models import InspectionEvent, PortalLink
from tests.emails.mailed import make_message, told

pytestmark = pytest.mark.django_db
Type = InspectionEvent.Type
ARRIVED = timezone.now().replace(microsecond=0) - timedelta(minutes=5)


@pytest.fixture(autouse=True)
def _as_set_up(settings: LazySettings) -> None:
    settings.PORTAL_SCAN_SECONDS = 10


def link_of(message: Message, purpose: str = "") -> PortalLink:
    assert message.participant
    return links.mint(message.participant, purpose=purpose or str(message.uuid))[0]


def visited(link: PortalLink, at: datetime, kind: Type = Type.PORTAL_VISITED) -> InspectionEvent:
    person = link.participant
    visit = events.record(person.inspection, kind, by=person.name, participant=person, link=link.pk)
    visit.at = at
    visit.save()
    return visit


def types(*told: InspectionEvent) -> list[str]:
    for event in told:
        event.refresh_from_db()
    return [event.type for event in told]


@pytest.mark.parametrize("kind", [Type.PORTAL_VISITED, Type.REPORT_OPENED])
def test_a_slow_email_is_opened_by_a_program_first(kind: Type) -> None:
    message = make_message()
    link = link_of(message)
    before, at_once, later = (visited(link, ARRIVED + timedelta(seconds=s), kind) for s in (-2, 9, 11))
    told(message, Status.DELIVERED, at=ARRIVED)
    assert types(before, at_once, later) == [Type.AUTOMATIC, Type.AUTOMATIC, kind]
    link.refresh_from_db()
    assert link.arrived_at == ARRIVED
    told(message, Status.DELIVERED, at=timezone.now(), key="again")  # told twice
    assert types(later) == [kind]


def test_a_link_that_came_another_way_is_another_matter() -> None:
    message = make_message()
    by_hand = visited(link_of(message, purpose="Shared by Kim"), ARRIVED)
    told(message, Status.DELIVERED, at=ARRIVED)
    assert types(by_hand) == [Type.PORTAL_VISITED]


@pytest.mark.parametrize("status", [Status.DEFERRED, Status.BOUNCED])
def test_what_has_not_arrived_says_nothing_of_visits(status: Status) -> None:
    message = make_message()
    visit = visited(link_of(message), ARRIVED)
    told(message, status, at=timezone.now())
    assert types(visit) == [Type.PORTAL_VISITED]


def test_that_it_left_at_all_is_no_moment_when_a_person_vouches_for_it() -> None:
    message = make_message(status=Status.UNKNOWN)
    visit = visited(link_of(message), ARRIVED)
    activity.vouch(message, Status.SENT, by="Kim", type="settled")
    assert types(visit) == [Type.PORTAL_VISITED]


def test_a_clock_that_is_ahead_does_not_make_the_next_visitor_a_program() -> None:
    message = make_message()
    link = link_of(message)
    told(message, Status.DELIVERED, at=timezone.now() + timedelta(hours=1))
    link.refresh_from_db()
    assert link.arrived_at
    assert link.arrived_at <= timezone.now()
