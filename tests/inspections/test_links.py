"""Portal links: secrets that are not kept."""

import hashlib
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import override_settings
from django.utils import timezone

from inspections import links
from inspections.errors import NotPossible
from inspections.models import InspectionEvent, Participant, PortalLink
from tests.factories import in_days, make_inspection, make_participant

pytestmark = pytest.mark.django_db


def token_of(url: str) -> str:
    return url.rstrip("/").rpartition("/")[2]


def test_a_link_carries_a_long_secret_of_which_only_a_hash_is_stored() -> None:
    link, url = links.mint(make_participant(), purpose="confirmation")
    assert url.startswith(f"{settings.BASE_URL}/p/")
    token = token_of(url)
    assert len(token) == 43
    assert link.token_hash == hashlib.sha256(token.encode()).hexdigest()
    assert token not in str(PortalLink.objects.values().get())
    assert links.find(token) == link


def test_the_address_comes_from_the_settings() -> None:
    with override_settings(BASE_URL="https://desk.example.com/"):
        _, url = links.mint(make_participant(), purpose="confirmation")
    assert url.startswith("https://desk.example.com/p/")


@pytest.mark.parametrize(("starts_in", "lives"), [(10, 40), (-3, 30)])
def test_a_link_lives_30_days_after_the_inspection_and_at_least_30_from_now(starts_in: int, lives: int) -> None:
    link, _ = links.mint(make_participant(make_inspection(starts_at=in_days(starts_in))), purpose="copy")
    assert abs(link.expires_at - in_days(lives)) < timedelta(minutes=2)


def test_links_are_made_and_switched_off_on_the_timeline_when_a_person_does_it(told: list[InspectionEvent]) -> None:
    links.mint(make_participant(), purpose="confirmation")
    assert not told
    link, url = links.mint(make_participant(), purpose="copied", by="Kim")
    assert links.revoke(link, by="Kim") is True
    assert links.revoke(link, by="Kim") is False
    assert [event.type for event in told] == ["link_made", "link_revoked"]
    assert token_of(url) not in str([event.data for event in told])
    found = links.find(token_of(url))
    assert found == link
    assert not found.is_active


def test_an_expired_link_is_found_but_not_active() -> None:
    past = timezone.now() - timedelta(days=2)
    ann = make_participant()
    link, url = links.mint(ann, purpose="confirmation")
    PortalLink.objects.update(created_at=past, expires_at=past + timedelta(days=1))
    found = links.find(token_of(url))
    assert found == link
    assert not found.is_active


def test_a_link_of_somebody_who_is_no_longer_on_the_inspection_opens_nothing() -> None:
    ann = make_participant()
    _, url = links.mint(ann, purpose="confirmation")
    Participant.objects.filter(pk=ann.pk).update(removed_at=timezone.now())
    found = links.find(token_of(url))
    assert found
    assert found.revoked_at is None
    assert not found.is_active


@pytest.mark.parametrize("token", ["", "x", "é", "a" * 43, "a" * 100_000, "\x00", "' OR 1=1 --"])
def test_nonsense_finds_nothing(token: str) -> None:
    assert links.find(token) is None


def test_somebody_who_was_taken_off_gets_no_link() -> None:
    with pytest.raises(NotPossible, match="no longer on this inspection"):
        links.mint(make_participant(removed_at=timezone.now()), purpose="confirmation")
