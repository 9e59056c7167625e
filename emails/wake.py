"""Tell the workers that something is due. A hint, never the truth: the rows are.

Bounded in time and silent on failure: a page must not wait for the broker, and a lost hint is made good by the next
sweep. After a failure the broker is left alone for a moment, so that a hung one costs one request, not each.
"""

import logging
import threading
import time

from django.conf import settings
from django.db import transaction
from kombu import Connection, Producer

from config.celery import app

log = logging.getLogger(__name__)

DELIVER = "emails.tasks.deliver_due"
DRAIN = "emails.tasks.drain_inbox"
LOOK_UP = "emails.tasks.check_domains"
EXPORT = "emails.tasks.prepare_exports"
SETTLE = "emails.tasks.settle_holds"
PAUSE_AFTER_FAILURE = 5.0

_local = threading.local()
_quiet_until = 0.0


def deliver() -> None:
    """After the commit: messages may be due."""
    transaction.on_commit(lambda: _send(DELIVER), robust=True)


def drain() -> None:
    """After the commit: webhook posts wait to be read."""
    transaction.on_commit(lambda: _send(DRAIN), robust=True)


def look_up() -> None:
    """After the commit: mail domains wait to be looked up."""
    transaction.on_commit(lambda: _send(LOOK_UP), robust=True)


def export() -> None:
    """After the commit: a file waits to be written."""
    transaction.on_commit(lambda: _send(EXPORT), robust=True)


def settle_holds() -> None:
    """After the commit: the mail service is to be asked about addresses."""
    transaction.on_commit(lambda: _send(SETTLE), robust=True)


def _send(task: str) -> None:
    global _quiet_until
    if time.monotonic() < _quiet_until:
        return
    try:
        app.send_task(task, producer=_producer(), retry=False, ignore_result=True, expires=60)
    except Exception as problem:
        log.warning("wake-up %s not sent: %s", task, type(problem).__name__)
        _forget()
        _quiet_until = time.monotonic() + PAUSE_AFTER_FAILURE


def _producer() -> Producer:
    """One connection per thread, with limits far below what a person notices."""
    producer: Producer | None = getattr(_local, "producer", None)
    if producer is None:
        patience = settings.WAKE_SOCKET_TIMEOUT
        options = {"socket_timeout": patience, "socket_connect_timeout": patience, "max_retries": 0}
        _local.connection = Connection(settings.REDIS_URL, transport_options=options, connect_timeout=patience)
        _local.producer = producer = Producer(_local.connection.channel())
    return producer


def _forget() -> None:
    connection = getattr(_local, "connection", None)
    _local.producer = _local.connection = None
    if connection is not None:
        try:
            connection.collect()
        except Exception:
            log.debug("closing the broken broker connection failed")
