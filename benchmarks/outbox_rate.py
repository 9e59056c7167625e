# ruff: noqa: PLC0415 - Django must know the mail service's address before anything of ours is imported
"""How many emails a worker process sends, and how many webhooks it reads, in a second.

    python -m config.embedded exec -- python -m benchmarks.outbox_rate [--messages 400] [--rounds 3] [--delay 50]

The provider is a practice mail service on the same machine, so the figures include its share of the two cores. It
answers after `--delay` milliseconds, as one across a network would. Each
round queues the messages anew; the table gives medians, and the rate with one call at a time beside the rate with
SEND_THREADS, taken in turn.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"


def practice_mail(folder: str) -> tuple[subprocess.Popen[str], str]:
    command = [
        sys.executable,
        "-m",
        "emails.practice",
        "--port",
        "0",
        "--data",
        folder,
        "--webhook-url",
        "http://127.0.0.1:9/",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    return process, process.stdout.readline().split(" at ")[-1].strip()


def timed(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def run(messages: int, rounds: int, delay: int, url: str) -> None:
    os.environ["PRACTICE_MAIL_URL"] = url
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from emails import delivery, inbox
    from emails.models import Message, MessageEvent, WebhookPost
    from emails.practice import client, office
    from inspections import services
    from inspections.drafts import Draft, Person

    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    call_command("migrate", verbosity=0)
    call_command("createcachetable")
    office.install()
    client.set_switches({"delay_ms": delay})

    def queue(turn: str) -> None:
        from django.utils import timezone

        for number in range(messages // 40):
            people = tuple(
                Person("client", f"Client {n}", f"silent+{turn}.{number}.{n}@example.com") for n in range(20)
            )
            draft = Draft(
                address=f"{number} Oak St", starts_at=timezone.now() + timezone.timedelta(days=9), people=people
            )
            services.confirm(services.save(draft, by="Bench")[0], by="Bench")

    def answers() -> None:
        for row in Message.objects.filter(status="sent").iterator():
            event = {
                "RecordType": "Delivery",
                "MessageID": row.provider_message_id,
                "Metadata": {"message": str(row.uuid)},
                "Recipient": row.to_address,
                "DeliveredAt": "2026-01-01T00:00:00Z",
            }
            inbox.store("postmark", json.dumps(event).encode(), {"Content-Type": "application/json"})

    rates: dict[str, list[float]] = {
        "1 call at a time": [],
        f"{settings.SEND_THREADS} calls at a time": [],
        "webhooks read": [],
    }
    threads = settings.SEND_THREADS
    for turn in range(rounds):
        for label, at_once in (("1 call at a time", 1), (f"{threads} calls at a time", threads)):
            queue(f"{turn}.{at_once}")
            settings.SEND_THREADS = at_once
            before = time.perf_counter()
            made = delivery.deliver_due()
            rates[label].append(made / (time.perf_counter() - before))
        answers()
        waiting = WebhookPost.objects.filter(state="new").count()
        rates["webhooks read"].append(waiting / timed(lambda: inbox.drain(limit=10**6)))
    base = statistics.median(rates["1 call at a time"])
    print(f"{'what':<22} {'median/s':>9} {'min':>7} {'max':>7} {'ratio':>6}")
    for label, values in rates.items():
        middle = statistics.median(values)
        print(f"{label:<22} {middle:>9.0f} {min(values):>7.0f} {max(values):>7.0f} {middle / base:>6.2f}")
    print(f"{Message.objects.count()} messages, {MessageEvent.objects.count()} events, {rounds} rounds")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--delay", type=int, default=50, help="milliseconds until the mail service answers")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        process, url = practice_mail(folder)
        try:
            run(chosen.messages, chosen.rounds, chosen.delay, url)
        finally:
            process.terminate()
            process.wait(timeout=10)


if __name__ == "__main__":
    main()
