"""Celery: only ever a wake-up. What is due stands in the database, so a lost task costs seconds."""

from __future__ import annotations

import gc
import os
from typing import Any

from celery import Celery, signals
from celery.app.amqp import AMQP
from celery.schedules import crontab
from django.conf import settings
from django.urls import reverse
from kombu import Connection, Exchange, Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


class PatientConnection(Connection):
    """Tries again every few seconds for as long as it takes.

    Kombu's own pause grows to 30 s and Celery has no setting for it: after a long outage
    of the broker a worker (or beat) would sit idle that long.
    """

    def ensure_connection(self, *args: Any, **kwargs: Any) -> Any:
        pauses = {"interval_start": 0.5, "interval_step": 0.5, "interval_max": 3}
        return super().ensure_connection(*args, **{**pauses, **kwargs})


class PatientAMQP(AMQP):
    Connection = PatientConnection


app = Celery("desk", amqp=PatientAMQP)

QUEUES = ("send", "events", "reports")
VISIBILITY = 300  # s; longer than the lease, which is longer than a task may run

app.conf.update(
    broker_url=settings.REDIS_URL,
    broker_transport_options={
        "visibility_timeout": VISIBILITY,
        "socket_timeout": 5,
        "socket_connect_timeout": 3,
        "socket_keepalive": True,
        "health_check_interval": 25,
        "max_retries": 2,
        "interval_start": 0,
        "interval_step": 0.2,
        "interval_max": 0.5,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
    },
    visibility_timeout=VISIBILITY,
    broker_connection_retry=True,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,  # the default gives up after 100
    # A task is acknowledged when done. One that kills its worker is not run again:
    # the sweep finds its rows, counts the tries, and cannot spin.
    task_acks_late=True,
    task_reject_on_worker_lost=False,
    task_acks_on_failure_or_timeout=True,
    worker_prefetch_multiplier=1,
    worker_max_tasks_per_child=1000,
    worker_soft_shutdown_timeout=30,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    task_soft_time_limit=45,
    task_time_limit=60,
    task_ignore_result=True,
    task_store_errors_even_if_ignored=False,
    result_backend=None,
    task_serializer="json",
    accept_content=["json"],
    task_publish_retry=False,
    task_default_queue="events",
    # Each with an exchange of its own: by default all would share one, and its routing key.
    task_queues=[Queue(name, Exchange(name), routing_key=name) for name in QUEUES],
    task_create_missing_queues=False,
    task_routes=(
        [
            ("emails.tasks.deliver_due", {"queue": "send"}),
            ("emails.tasks.drain_inbox", {"queue": "events"}),
            ("*", {"queue": "reports"}),
        ],
    ),
    timezone="UTC",
    beat_schedule_filename=str(settings.DATA_DIR / "beat-schedule"),
    beat_max_loop_interval=5,
)


def every(task: str, seconds: float) -> dict[str, Any]:
    """A wake-up that expires, so that those piled up for a dead worker vanish."""
    return {"task": task, "schedule": seconds, "options": {"expires": 2 * seconds}}


app.conf.beat_schedule = {
    "deliver-due": every("emails.tasks.deliver_due", settings.SWEEP_SECONDS),
    "drain-inbox": every("emails.tasks.drain_inbox", settings.SWEEP_SECONDS),
    "sweep": every("emails.tasks.sweep", settings.SWEEP_SECONDS),
    "poll-mailbox": every("emails.tasks.poll_mailbox", settings.BOUNCE_MAILBOX_SECONDS),
    "heartbeat": every("emails.tasks.heartbeat", 30),
    "prepare-exports": every("emails.tasks.prepare_exports", 60),
    "send-digests": every("emails.tasks.send_digests", 60),
    "settle-holds": every("emails.tasks.settle_holds", 15),
    "check-domains": every("emails.tasks.check_domains", 60),
    # 9:00 UTC is the small hours across the United States, where the offices are.
    "nightly": {
        "task": "emails.tasks.nightly",
        "schedule": crontab(hour="9", minute="0"),
        "options": {"expires": 4 * 3600},
    },
}

# Without it Celery closes Django's connection around every task. It counts only on the app object.
app.conf.CELERY_DB_REUSE_MAX = 1000
app.autodiscover_tasks(["emails"])


@signals.setup_logging.connect
def keep_our_logging(**_: Any) -> None:
    """Having a receiver stops Celery from replacing settings.LOGGING (and its masking)."""


@signals.worker_init.connect
def load_before_children_are_made(**_: Any) -> None:
    """A link needs the table of all addresses: a second of work, which each child would do with its first email.

    What is loaded by then is not looked through by every collection of garbage either.
    """
    reverse("healthz")
    gc.collect()
    gc.freeze()


@signals.worker_ready.connect
def tell_ready(**_: Any) -> None:
    """`make run` and the tests wait for this file: from now on tasks are taken."""
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    (settings.DATA_DIR / "worker.ready").touch()
