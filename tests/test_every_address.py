"""Every address, walked through by a stranger, with unknown ids, and by looking where one must press."""

import re
from collections.abc import Iterator

import pytest
from django.test import Client

from tests.factories import make_user
from tests.test_architecture import PUBLIC, routes

pytestmark = pytest.mark.django_db

SAMPLES = {"int": "999999", "str": "nothing", "slug": "nothing", "uuid": "00000000-0000-4000-8000-000000000000"}


def filled(path: str) -> str:
    return "/" + re.sub(r"<(\w+):\w+>", lambda match: SAMPLES[match.group(1)], path)


def closed_paths() -> Iterator[str]:
    return (path for path, _ in routes() if not PUBLIC.fullmatch(path))


@pytest.mark.parametrize("path", list(closed_paths()))
def test_a_stranger_is_asked_to_sign_in(client: Client, path: str) -> None:
    for answer in (client.get(filled(path)), client.post(filled(path))):
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/accounts/login/")


# A cause without emails is an empty page; captured emails are another service's, which is not running here.
WITH_IDS = [path for path in closed_paths() if "<" in path and not path.startswith(("today/", "practice/"))]


@pytest.mark.parametrize("path", WITH_IDS)
def test_an_unknown_id_is_not_found_and_changes_nothing(client: Client, path: str) -> None:
    client.force_login(make_user(is_superuser=True))
    assert client.get(filled(path)).status_code in (404, 405)
    assert client.post(filled(path)).status_code in (404, 405)


@pytest.mark.parametrize(
    "path",
    [
        "/messages/1/resend/",
        "/messages/1/undo/",
        "/messages/1/send-now/",
        "/messages/1/settle/",
        "/problems/1/snooze/",
        "/automations/1/switch/",
        "/automations/1/copy/",
        "/automations/ready/two-days/add/",
        "/messages/1/reason/undo/",
        "/messages/1/waiting/",
        "/settings/team/1/off/",
        "/settings/sign-in/elsewhere/",
    ],
)
def test_looking_at_an_action_does_nothing(client: Client, path: str) -> None:
    client.force_login(make_user())
    assert client.get(path).status_code == 405


@pytest.mark.parametrize("path", ["/practice/messages.json", "/practice/switches.json"])
def test_a_program_needs_its_key(client: Client, path: str) -> None:
    assert client.get(path).status_code == 401


def test_every_page_says_what_a_browser_may_do(client: Client) -> None:
    client.force_login(make_user())
    answer = client.get("/")
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert answer.headers["X-Frame-Options"] == "DENY"
