"""What the tests stand on: real PostgreSQL, a real broker, a real worker, a real browser."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterable, Iterator
from typing import Any

import hypothesis
import pytest
import redis
from django.conf import LazySettings
from django.core.cache import cache
from django.test import TransactionTestCase
from pytest_django.live_server_helper import LiveServer
from pytest_django.plugin import DjangoDbBlocker

from config import catalogs
from config.environment import BASE_DIR
from config.guardian import Guardian
from config.processes import Child
from emails import domains
from tests import chromium, database, live, shares

AXE = BASE_DIR / "node_modules" / "axe-core" / "axe.min.js"


def pytest_configure() -> None:
    # Playwright runs an event loop in the tests' thread; the tests themselves are not async.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    os.environ["DJANGO_LIVE_TEST_SERVER_ADDRESS"] = "127.0.0.1"
    # So that a SIGTERM (a CI's time limit) ends the tests like Ctrl-C: with their cleaning up.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    catalogs.compile_all()
    # Examples may take long on a busy machine; that is no fault, and says nothing of the next run.
    slow = [hypothesis.HealthCheck.too_slow, *hypothesis.settings().suppress_health_check]
    hypothesis.settings.register_profile("unhurried", deadline=None, suppress_health_check=slow)
    hypothesis.settings.load_profile("unhurried")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    return shares.processes()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> shares.Shares:
    return shares.Shares(config, log)


def pytest_exception_interact(node: Any) -> None:
    if isinstance(node, pytest.Item):
        shares.limit_again(node)


def pytest_collection_finish(session: pytest.Session) -> None:
    if not hasattr(session.config, "workerinput"):
        _need_browser(item.nodeid for item in session.items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(ids: list[str]) -> None:
    _need_browser(ids)


def _need_browser(tests: Iterable[str]) -> None:
    """Say once what is missing, not once a test."""
    wanted = any("[chromium" in test for test in tests)
    if wanted and not chromium.system_browser() and not chromium.playwright_has_one():
        pytest.exit(chromium.MISSING, returncode=1)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    _need_servers()


def _need_servers() -> None:
    if os.environ["DATABASE_URL"].endswith(":1/none"):
        pytest.exit("These tests need their servers: run them with make test (one: ARGS='-k name').", returncode=1)


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """What one test's process remembers of mail domains is not the next one's business."""
    domains.forget()


@pytest.fixture(scope="session", autouse=True)
def _emptied_by_deleting() -> Iterator[None]:
    """The database, after every test that commits."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: database.empty())
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    _need_servers()


@pytest.fixture(scope="session")
def guardian() -> Iterator[Guardian]:
    """Ends the processes of the tests when these are killed outright."""
    with Guardian() as guardian:
        yield guardian


@pytest.fixture(scope="session")
def practice_service(
    live_server: LiveServer, guardian: Guardian, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The practice mail service's address; its webhooks go to the live server."""
    child, up, url = live.practice_mail(tmp_path_factory.mktemp("practice"), live_server.url)
    with live.running(child, up, guardian):
        yield url


@pytest.fixture(scope="session")
def _worker(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    live_server: LiveServer,
    practice_service: str,
    guardian: Guardian,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Child]:
    with django_db_blocker.unblock():
        env = live.environ(tmp_path_factory.mktemp("worker"), practice_service, live_server.url)
    child, up = live.worker(env)
    with live.running(child, up, guardian):
        yield child


@pytest.fixture
def live_worker(
    transactional_db: None,
    settings: LazySettings,
    monkeypatch: pytest.MonkeyPatch,
    live_server: LiveServer,
    practice_service: str,
    _worker: Child,
) -> Iterator[live.Live]:
    """The whole way, as in production: web server, broker, worker, provider, webhooks."""
    url = live.broker_url()
    settings.REDIS_URL = url
    settings.BASE_URL = live_server.url
    settings.PRACTICE_MAIL_URL = practice_service
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"  # Django's test runner swaps it
    settings.ANYMAIL = {**settings.ANYMAIL, "POSTMARK_API_URL": practice_service}
    # A connection to the other broker database may be kept from an earlier test.
    monkeypatch.setattr("emails.wake._local", threading.local())
    monkeypatch.setattr("emails.wake._quiet_until", 0.0)
    cache.clear()
    broker = redis.Redis.from_url(url)
    system = live.Live(live_server.url, practice_service, _worker, broker)
    system.tell(copies=1)
    yield system
    # The database is emptied next: nobody may still be at work in it, and no news may come for a worker to read.
    system.tell(copies=0)
    live.until(system.idle, "the worker is idle")
    broker.close()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    found = chromium.system_browser()
    own = {"executable_path": found} if found else {}
    return {**browser_type_launch_args, **own, "args": chromium.arguments()}


@pytest.fixture(scope="session")
def axe_source() -> str:
    """The accessibility checker, to be run inside a page."""
    return AXE.read_text(encoding="utf-8")
