"""Starting the service: `python -m emails.practice`, or `manage.py practice_mail_service`.

The first is what a supervisor wants: it reads the settings but loads no app and no models.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from .server import Server, serve
from .service import Config, InUse, Service

WEBHOOK_PATH = "/anymail/postmark/tracking/"


class CannotStart(Exception):
    """The text says why, in a sentence."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, help="default: the port of PRACTICE_MAIL_URL; 0: any free one")
    parser.add_argument("--data", type=Path, help="folder of the logs; default: DATA_DIR/practice")
    parser.add_argument("--webhook-url", help=f"default: BASE_URL{WEBHOOK_PATH}")


def run(*, port: int | None, data: Path | None, webhook_url: str | None) -> None:
    """Serve until SIGTERM. Prints one line with the address once it listens. Raises CannotStart."""
    if not getattr(settings, "PRACTICE_MODE", False):
        raise CannotStart("The practice mail service runs only in practice mode and in tests.")
    config = Config(
        data=data or Path(settings.DATA_DIR) / "practice",
        webhook_url=webhook_url or settings.BASE_URL.rstrip("/") + WEBHOOK_PATH,
        webhook_secret=_secret(),
        server_token=settings.ANYMAIL.get("POSTMARK_SERVER_TOKEN", "practice"),
    )
    wanted = port if port is not None else urlsplit(settings.PRACTICE_MAIL_URL).port or 0
    server = _server(wanted, config)
    # Who started it reads the port from this line.
    line = f"Practice mail service at http://127.0.0.1:{server.server_port}/"
    serve(server, announce=lambda: print(line, flush=True))  # noqa: T201


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m emails.practice", description="The practice mail service.")
    add_arguments(parser)
    try:
        run(**vars(parser.parse_args(arguments)))
    except CannotStart as reason:
        sys.stderr.write(f"{reason}\n")
        return 1
    return 0


def _server(port: int, config: Config) -> Server:
    try:
        return Server(port, Service(config))
    except InUse as error:
        raise CannotStart(f"Cannot start: {error}.") from None
    except (OSError, OverflowError) as error:
        raise CannotStart(f"Cannot start on port {port} with the folder {config.data}: {error}.") from None


def _secret() -> str:
    """The first of Anymail's webhook secrets; the app takes each of them."""
    secret = settings.ANYMAIL.get("WEBHOOK_SECRET")
    first = secret if isinstance(secret, str) else next(iter(secret or ()), "")
    if not first:
        raise CannotStart("WEBHOOK_SECRET is not set: the app would refuse every webhook.")
    return first
