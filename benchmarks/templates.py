# ruff: noqa: E402 - Django must be set up before anything of ours is imported
"""10,000 random templates with nasty values: what leaves, what is refused, and how long one takes.

Fails if anything but a plain refusal is raised, if a value leaves its attribute, if a placeholder stays unresolved, or
if one takes 50 ms or more. What counts is the time of its own processor: on a busy machine the clock on the wall
measures the others. The collector of garbage does as it does in a worker (see `config.celery`).
"""

from __future__ import annotations

import gc
import os
import random
import statistics
import sys
import time
from collections import Counter
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.core.management import call_command
from django.db import connection, transaction
from django.test.runner import DiscoverRunner
from django.utils import timezone

from benchmarks._templates import LINK, NASTY, PIECES, wrong
from emails import builtin
from emails.models import EmailTemplate, Message, TemplateVersion
from emails.rendering import Rendered, TemplateProblem, render
from inspections.models import Company, Contact, Inspection, Participant
from inspections.text import BadText

TEMPLATES = 10_000
MOST_MS = 50
BIG = "<p>Hello <b>{{CLIENT_NAME}}</b>, and more words of the usual sort.</p>\n"


def main() -> None:
    chance = random.Random(8)
    times, walls, what = [], [], Counter[str]()
    for number in range(TEMPLATES):
        message, version, company = _one(chance)
        took, wall, email = _timed(message, version, company)
        times.append(took)
        walls.append(wall)
        what["left" if email else "refused"] += 1
        found = wrong(email, needs_link=True) if email else []
        assert not found, (number, version.subject, version.body, found)
    print(f"{TEMPLATES} templates: {what['left']} left, {what['refused']} refused, 0 wrong")
    _show("of its own processor", times)
    _show("on the wall", walls)
    big, version, company = _one(chance)
    version.body = LINK + BIG * (50 * 1024 // len(BIG))
    first, again = (_timed(big, version, company)[0] for _ in range(2))
    print(f"ms for a text of 50 KB: {first:.1f}, the same again {again:.1f}")
    if max(times) >= MOST_MS:
        sys.exit(f"one took {max(times):.1f} ms, allowed are {MOST_MS}")


def _show(what: str, times: list[float]) -> None:
    places = {"median": statistics.median(times), "99 %": sorted(times)[-len(times) // 100 - 1], "max": max(times)}
    print(f"ms per render, {what}: {', '.join(f'{name} {value:.2f}' for name, value in places.items())}")


def _timed(message: Message, version: TemplateVersion, company: Company) -> tuple[float, float, Rendered | None]:
    """Milliseconds of the processor and of the wall's clock, the making of the portal link included, and the email.

    None if it was refused.
    """
    wall, own = time.perf_counter(), time.thread_time()
    try:
        email = render(message, version, company)
    except (TemplateProblem, BadText):
        email = None
    return (time.thread_time() - own) * 1000, (time.perf_counter() - wall) * 1000, email


def _one(chance: random.Random) -> tuple[Message, TemplateVersion, Company]:
    # Half of them are made of pieces that are fine, so that many get through to the end.
    pieces = PIECES if chance.random() < 0.5 else tuple(p for p in PIECES if "<" in p or p.startswith("{{C"))
    body = "".join(chance.choices(pieces, k=chance.randint(0, 40)))
    body = LINK + body if chance.random() < 0.8 else body
    person = Participant.objects.get()
    person.contact.name, person.inspection.address = chance.choice(NASTY), chance.choice(NASTY)
    person.inspection.inspector = chance.choice(NASTY)
    Contact.objects.filter(pk=person.contact_id).update(name=person.contact.name)
    template = EmailTemplate.objects.get(name="Confirmation")
    version = TemplateVersion(template=template, number=2, subject="Hi {{CLIENT_NAME}}", body=body)
    message = Message(inspection=person.inspection, participant=person, kind="confirmation", template=template)
    return message, version, Company.get()


if __name__ == "__main__":
    runner = DiscoverRunner(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    try:
        with transaction.atomic():
            call_command("check", verbosity=0)
            builtin.install()
            inspection = Inspection.objects.create(
                address="x", starts_at=timezone.now() + timedelta(days=3), services=[]
            )
            contact = Contact.objects.create(name="Ann", email="ann@example.com")
            Participant.objects.create(inspection=inspection, contact=contact, role="client")
            gc.collect()
            gc.freeze()
            main()
            transaction.set_rollback(True)
    finally:
        connection.close()
        runner.teardown_databases(databases)
