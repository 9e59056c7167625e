"""The shape of the house: imports run downward, every address is closed or named here, every promise has its code."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver

from config.celery import app

ROOT = Path(__file__).parent.parent

# From the ground up. A module imports from floors below its own; on one floor nobody imports a neighbour, except
# inside one noun (`wording_failures` under `wording`, `selectors_today` over `selectors_messages`).
FLOORS = [
    r"states|diagnosis\w*|addresses|plaintext|snapshot|tokens|sheets|markup|files",
    r"envelope|smtp",
    r"wording\w*|verdicts|reports\w*",
    r"models|paging|forms_text|access|zones",
    r"papers",
    r"erased",
    r"imprint|searching|crew|formerly|holds|domains\w*|problems|channel|limits|placeholders|providers|keys|builtin\w*"
    r"|outcomes|stoplists|optouts|timing|conditions|enclosures",
    r"checks\w*|cautions",
    r"activity|rendering|sentences|overdue|eligibility\w*|carrier",
    r"examples",
    r"wake|nightly|aftermath|reasons",
    r"planning",
    r"outbox|releases|replies",
    r"retries|blocks|reminders",
    r"delivery|inbox|mailbox\w*|templates|erasures",
    r"automations\w*|batch|letters\w*|everything|visitors",
    r"why|troubleshoot|practice",
    r"selectors\w*",
    r"rehearsal|glossary|exports|digests|invitations|record\w*",
    r"forms\w*|templatetags",
    r"tasks|receivers|views\w*|webhooks|api|management",
    r"urls|apps",
]


def modules(package: str) -> Iterator[Path]:
    return (path for path in sorted((ROOT / package).rglob("*.py")) if "migrations" not in path.parts)


def imported(path: Path) -> set[str]:
    """Dotted names that a file imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def room(dotted: str) -> str:
    """The module of `emails` that a dotted name lies in."""
    return dotted.split(".")[1] if dotted.count(".") else ""


def floor(name: str) -> int:
    for number, pattern in enumerate(FLOORS):
        if re.fullmatch(pattern, name):
            return number
    raise AssertionError(f"emails.{name} stands on no floor: give it one in FLOORS")


def noun(name: str) -> str:
    return name.split("_")[0]


@pytest.mark.parametrize("path", list(modules("emails")), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_inside_emails_run_downward(path: Path) -> None:
    own = path.relative_to(ROOT / "emails").parts[0].removesuffix(".py")
    if own == "__init__":
        return
    for dotted in imported(path):
        if dotted.startswith("emails."):
            other = room(dotted)
            same = noun(other) == noun(own)
            assert same or floor(other) < floor(own), f"{path.name} ({own}) imports upward or sideways: {dotted}"


@pytest.mark.parametrize("path", list(modules("inspections")), ids=lambda path: path.name)
def test_the_facts_know_nothing_of_email(path: Path) -> None:
    assert not [name for name in imported(path) if name.split(".")[0] in ("emails", "anymail", "celery")]


PURE = [
    *("emails.states", "emails.diagnosis", "emails.addresses"),
    *(f"inspections.{name}" for name in ("text", "typos", "endings", "spelling", "mail_domains")),
]


@pytest.mark.parametrize("name", PURE)
def test_pure_modules_import_no_django(name: str) -> None:
    path = ROOT / (name.replace(".", "/") + ".py")
    assert not [dotted for dotted in imported(path) if dotted.startswith("django")]


def test_there_are_no_circles() -> None:
    graph: dict[str, set[str]] = {}
    for path in modules("emails"):
        own = path.relative_to(ROOT / "emails").parts[0].removesuffix(".py")
        links = {room(d) for d in imported(path) if d.startswith("emails.")} - {own, ""}
        graph.setdefault(own, set()).update(links)
    while graph:
        leaves = {name for name, links in graph.items() if not links & graph.keys()}
        assert leaves, f"a circle among {sorted(graph)}"
        graph = {name: links for name, links in graph.items() if name not in leaves}


def test_only_activity_writes_a_status() -> None:
    """`.update(status=` and `.status =` on messages stand in one module."""
    allowed = {
        "activity.py",
        "outbox.py",
        "planning.py",
    }  # these choose the status of a row that they are about to write
    pattern = re.compile(
        r"Message\.objects[^\n]*\.update\([^)]*\bstatus=|\bmessage\.status(, message\.reason)?[^=\n]* = "
    )
    for path in modules("emails"):
        if path.name not in allowed and "practice" not in path.parts:
            assert not pattern.search(path.read_text("utf-8")), path


# --- addresses -------------------------------------------------------------------------------------------------------

PUBLIC = re.compile(
    r"healthz|readyz"
    r"|anymail/.*"  # providers, by secret
    r"|p/.*"  # clients, by secret link
    r"|api/v1/.*"  # programs, by key
    r"|practice/(messages|switches)\.json"  # the same
    r"|accounts/\^?(login|password/reset|reauthenticate|inactive|signup|logout|confirm-email|email|password|3rdparty).*"
    r"|admin/.*"  # Django's own check
    r"|static/.*"
)


def routes(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in (resolver or get_resolver()).url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from routes(entry, path)
        else:
            yield path, entry


def test_every_address_asks_who_you_are_or_is_named_public_here() -> None:
    closed = [path for path, _ in routes() if not PUBLIC.fullmatch(path)]
    assert len(closed) > 15
    for path, entry in routes():
        if path in closed:
            assert getattr(entry.callback, "login_required", True), f"{path} is open to everybody"


def test_no_address_is_served_twice() -> None:
    paths = [
        re.sub(r"<\w+:\w+>", "<>", path) for path, _ in routes() if not path.startswith(("accounts/", "admin/", "api/"))
    ]
    assert sorted(paths) == sorted(set(paths))


# --- schedules -------------------------------------------------------------------------------------------------------


def test_every_scheduled_wake_up_is_a_real_task() -> None:
    import_module("emails.tasks")
    for name, entry in app.conf.beat_schedule.items():
        assert entry["task"] in app.tasks, name
        assert entry["options"]["expires"], f"{name} would pile up for a dead worker"


def test_every_task_has_a_queue_that_a_worker_listens_to() -> None:
    queues = {queue.name for queue in app.conf.task_queues}
    assert queues == {"send", "events", "reports"}
    for name in app.tasks:
        if name.startswith("emails."):
            assert app.amqp.router.route({}, name)["queue"].name in queues


def test_limits_are_nested_so_that_nothing_runs_twice() -> None:
    from config import settings as real

    assert app.conf.task_time_limit < 120 <= app.conf.broker_transport_options["visibility_timeout"]
    assert sum(settings.ANYMAIL["REQUESTS_TIMEOUT"]) < app.conf.task_soft_time_limit
    assert real.WAKE_SOCKET_TIMEOUT < 1
