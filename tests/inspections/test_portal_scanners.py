"""Programs that check mail: they open everything, some fill in and press everything. Nothing of it counts."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.conf import LazySettings
from django.core import signing
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from inspections import links, portal_doors, seals, visits
from inspections.models import Inspection, InspectionEvent, Participant, PortalLink, Signature
from tests.factories import make_client_who_signs, make_company
from tests.inspections.portal_visits import Visitor, text
from tests.inspections.test_portal_pages import NEEDS

pytestmark = pytest.mark.django_db
Type = InspectionEvent.Type


@pytest.fixture(autouse=True)
def oakwood(settings: LazySettings) -> None:
    cache.clear()
    make_company()
    settings.PORTAL_SCAN_SECONDS, settings.PORTAL_READ_SECONDS = 600, 300  # however slow this machine is


def told(person: Participant) -> list[str]:
    return list(person.events.values_list("type", flat=True))


def facts() -> tuple[Any, ...]:
    """Everything that must not change by looking."""
    return (
        list(Inspection.objects.values()),
        list(PortalLink.objects.values("pk", "revoked_at", "expires_at")),
        list(Signature.objects.values()),
    )


def later(someone: Visitor, seconds: float) -> None:
    """The link was made that long ago, and opened in this browser then."""
    PortalLink.objects.filter(pk=someone.link.pk).update(created_at=timezone.now() - timedelta(seconds=seconds))
    someone.came_before(seconds)


def shown_before(seconds: float, someone: Visitor, about: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The seal of a page that was opened that long ago."""
    then = timezone.now() - timedelta(seconds=seconds)
    with monkeypatch.context() as patch:
        patch.setattr(seals.timezone, "now", lambda: then)
        return seals.make(someone.link, about)


@pytest.mark.parametrize("age", [0, 3600])
def test_looking_at_every_page_five_times_changes_nothing(age: float) -> None:
    ann = Visitor(make_client_who_signs(name="Ann Lee"))
    later(ann, age)
    before = facts()
    for page in [*NEEDS, "nothing/"]:
        for _ in range(5):
            ann.get(page)
            ann.client.head(ann.url(page))
    for address in (ann.path, "/p/new-link/", "/p/new-link/asked/", "/p/thanks/"):
        for _ in range(5):
            Client().get(address)
            Client().head(address)
    assert facts() == before
    assert told(ann.person) == ([Type.PORTAL_VISITED] if age else [Type.AUTOMATIC])


def test_a_program_that_fills_in_and_presses_everything_signs_nothing() -> None:
    ann = Visitor(make_client_who_signs(name="Ann Lee"))
    for _ in range(5):
        answer = ann.sign()
        assert answer.status_code == 422
        assert re.search(r"That was very quick. Please read it, then press once more in \d+ seconds.", text(answer))
        ann.post("not-me/", seal=ann.seal("not-me/"))
    assert not Signature.objects.exists()
    assert ann.get().status_code == 200
    assert told(ann.person) == [Type.AUTOMATIC]


def test_a_person_who_was_quick_presses_once_more(settings: LazySettings) -> None:
    ann = Visitor(make_client_who_signs(name="Ann Lee"))
    seal = ann.seal()
    answer = ann.sign(seal=seal)
    page = answer.content.decode()
    assert 'value="Ann Lee"' in page
    assert seal in page  # still the page that was read: what they wait is what is left
    assert "checked" in page
    settings.PORTAL_SCAN_SECONDS = settings.PORTAL_READ_SECONDS = 0
    assert ann.sign(seal=seal).status_code == 302


def test_nobody_reads_a_page_in_a_second_however_old_the_link(monkeypatch: pytest.MonkeyPatch) -> None:
    ann = Visitor(make_client_who_signs(name="Ann Lee"))
    later(ann, 3600)
    assert ann.sign().status_code == 422
    read = shown_before(301, ann, seals_about(ann), monkeypatch)
    assert ann.sign(seal=read).status_code == 302


@pytest.mark.parametrize(("ago", "left"), [(0.2, "10 seconds"), (8.7, "2 seconds"), (9.5, "1 second"), (10.1, "")])
def test_who_opened_an_old_link_a_moment_ago_waits_for_what_is_left(
    ago: float, left: str, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PORTAL_SCAN_SECONDS = 10
    ann = Visitor(make_client_who_signs(name="Ann Lee"))
    later(ann, 3600)
    read = shown_before(301, ann, seals_about(ann), monkeypatch)
    ann.client.get(ann.path)  # a check that comes late, as the email did
    came = float(ann.client.cookies[f"portal_{ann.person.pk}"].value.partition("@")[2].partition(":")[0])
    with time_machine.travel(came + ago, tick=False):
        answer = ann.sign(seal=read)
    assert Signature.objects.exists() == (not left)
    assert not left or f"press once more in {left}." in text(answer)
    assert Type.AUTOMATIC not in told(ann.person)  # they took their time to read


def test_a_cookie_of_an_older_release_is_one_of_long_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    ann = Visitor(make_client_who_signs(name="Ann Lee"))
    later(ann, 3600)
    name = f"portal_{ann.person.pk}"
    ann.client.cookies[name] = signing.get_cookie_signer(salt=name + portal_doors._SALT).sign(str(ann.link.pk))
    read = shown_before(301, ann, seals_about(ann), monkeypatch)
    assert ann.sign(seal=read).status_code == 302


def test_a_visit_right_after_the_email_arrived_is_a_programs() -> None:
    ann = Visitor(make_client_who_signs(name="Ann Lee"))
    later(ann, 3600)
    links.note_arrival(ann.person.pk, ann.link.purpose, timezone.now())
    ann.get()
    assert told(ann.person) == [Type.AUTOMATIC]


def test_no_visit_is_lost_for_one_that_may_be_a_programs(settings: LazySettings) -> None:
    settings.PORTAL_SCAN_SECONDS = 10
    ann = Visitor(make_client_who_signs(name="Ann Lee"))
    PortalLink.objects.update(purpose=str(uuid4()))
    later(ann, 300)
    ann.get()  # the program, before the email was handed over; nobody can know yet
    now = timezone.now()
    with time_machine.travel(now + timedelta(seconds=20)):
        ann.get()
        assert told(ann.person) == [Type.PORTAL_VISITED]
    with time_machine.travel(now + timedelta(seconds=70)):
        ann.get()
        assert told(ann.person) == [Type.PORTAL_VISITED] * 2
    links.note_arrival(ann.person.pk, PortalLink.objects.get().purpose, now + timedelta(seconds=5))
    assert visits.own().get().at > now + timedelta(seconds=60)
    with time_machine.travel(now + timedelta(seconds=600)):
        ann.get()
        assert visits.own().count() == 1
    other = Visitor(ann.person)
    later(other, 7200)
    other.get()
    assert visits.own().count() == 2  # each link for itself


def seals_about(someone: Visitor) -> str:
    found = seals.read(someone.seal(), someone.link)
    assert found
    return found.about


def test_a_page_that_was_open_for_a_day_is_read_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    ann = Visitor(make_client_who_signs(name="Ann Lee"))
    later(ann, 3600)
    old = ann.seal()
    with monkeypatch.context() as patch:
        patch.setattr(seals, "LIFETIME", timedelta(seconds=-1))
        answer = ann.sign(seal=old)
    assert "open for a long time" in text(answer)


@pytest.mark.parametrize(
    "agent",
    ["Mozilla/5.0 (compatible; Proofpoint)", "python-requests/2.32", "curl/8.5.0", "BarracudaCentral", "Googlebot/2.1"],
)
@pytest.mark.parametrize("haste", [600, 0])
def test_a_program_that_says_so_is_one(
    agent: str, haste: int, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PORTAL_SCAN_SECONDS = haste
    robot = Visitor(make_client_who_signs(name="Ann Lee"), **{"User-Agent": agent})
    later(robot, 3600)
    read = shown_before(900, robot, seals_about(robot), monkeypatch)
    answer = robot.sign(seal=read)
    assert answer.status_code == 422
    assert "This browser calls itself a program that checks mail. Please use another one, or call us." in text(answer)
    assert told(robot.person) == [Type.AUTOMATIC]


@pytest.mark.parametrize(
    "agent",
    [
        "Mozilla/5.0 (Linux; Android 13; CUBOT X18) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36 Edg/126.0",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Outlook/16.88 Safari/605.1.15",
        "",
    ],
)
def test_what_people_use_is_not_taken_for_a_program(agent: str) -> None:
    ann = Visitor(make_client_who_signs(name="Ann Lee"), **{"User-Agent": agent})
    later(ann, 3600)
    ann.get()
    assert told(ann.person) == [Type.PORTAL_VISITED]
