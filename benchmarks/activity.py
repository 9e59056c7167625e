# ruff: noqa: PLC0415 - Django must be set up before anything of ours is imported
"""How fast Email activity answers over a long log, page by page, filter by filter; and Today with 600 open problems.

    python -m config.embedded exec -- python -m benchmarks.activity [--messages 200000] [--rounds 5]

Rows as an office has them: four emails an inspection, 93 % delivered, a few hundred mail domains, 40 inspectors. The
figures are whole requests (view and template) by Django's test client, without the network; medians after one warm-up.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from functools import partial
from typing import Any

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

FILL = """
INSERT INTO inspections_inspection
  (address, starts_at, inspector, services, notifications, status, confirmed_at, created_at, report_url)
SELECT n || ' Oak St, Springfield, IL 62701', now() - n * interval '40 minutes' + interval '5 days',
  'Inspector ' || n %% 40, '{}', true, 'confirmed', now(), now() - n * interval '40 minutes', ''
FROM generate_series(1, %(houses)s) AS n;
INSERT INTO emails_message
  (uuid, inspection_id, kind, template_id, to_name, to_address, to_key, status, reason, category, decided_by, note,
   created_at, created_by, send_after, sent_at, changed_at, tries, provider, provider_message_id, from_header, reply_to,
   subject, html, text, has_link, auto_reply)
SELECT gen_random_uuid(), house.id, 'confirmation', (SELECT min(id) + n %% 5 FROM emails_emailtemplate),
  'Client ' || n, 'client' || n || '@' || domain, 'client' || n || '@' || domain,
  CASE WHEN n %% 100 < 93 THEN 'delivered' WHEN n %% 100 < 96 THEN 'bounced' WHEN n %% 100 < 98 THEN 'soft_bounced'
       ELSE 'skipped' END,
  CASE WHEN n %% 100 >= 98 THEN 'off_inspection' ELSE '' END,
  CASE WHEN n %% 100 < 93 OR n %% 100 >= 98 THEN '' WHEN n %% 1000 = 93 THEN 'message_too_large'
       WHEN n %% 100 < 95 THEN 'address_unknown' ELSE 'mailbox_full' END,
  '', '', now() - n * interval '10 minutes', 'Kim', now(), now() - n * interval '10 minutes',
  now() - n * interval '10 minutes', 1, 'postmark', n::text, 'Oakwood <office@oakwood.example>', '',
  'Your inspection on ' || n, repeat('<p>Hello</p>', 300), repeat('Hello ', 100), true, ''
FROM generate_series(1, %(messages)s) AS n
JOIN LATERAL (SELECT CASE WHEN n %% 3 = 0 THEN 'gmail.com' WHEN n %% 7 = 0 THEN 'comcast.net'
  ELSE 'mail' || n %% 300 || '.example' END AS domain) AS d ON true
JOIN inspections_inspection AS house ON house.id = (SELECT min(id) FROM inspections_inspection) + n / 4 %% %(houses)s
"""

OPEN = 600
PROBLEMS = """
INSERT INTO emails_problem (inspection_id, kind, message_id, category, opened_at, closed_by, closed_note)
SELECT inspection_id, kind, max(id), max(category), max(changed_at), '', '' FROM emails_message
WHERE status IN ('bounced', 'soft_bounced') GROUP BY inspection_id, kind ORDER BY max(id) LIMIT %(open)s
"""

PAGES = {
    "first page": "",
    "sorted oldest first": "?sort=oldest",
    "sorted by inspection": "?sort=inspection",
    "page 100": "?before={deep}",
    "a name": "?q=client+777",
    "property words": "?q=oak+springfield",
    "reason, common": "?reason=address_unknown",
    "reason, rare": "?reason=message_too_large",
    "mail domain, large": "?domain=gmail.com",
    "mail domain, small": "?domain=mail7.example",
    "mail domain, none": "?domain=nowhere.example",
    "inspector": "?inspector=Inspector+7",
    "template and inspector": "?template={template}&inspector=Inspector+7",
    "a month long ago": "?since={since}&until={until}",
    "reason + domain + inspector": "?reason=mailbox_full&domain=gmail.com&inspector=Inspector+7",
    "by reason": "?view=reason",
    "by mail domain": "?view=domain",
}


def fill(messages: int) -> None:
    from django.db import connection

    from emails import searching
    from emails.builtin import install
    from emails.models import Message

    install()
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")  # filling is not what is measured
        cursor.execute(FILL, {"houses": max(1, messages // 4), "messages": messages})
        cursor.execute(PROBLEMS, {"open": OPEN})
    for start in range(0, messages, 20_000):
        ids = list(Message.objects.order_by("pk").values_list("pk", flat=True)[start : start + 20_000])
        searching.index(ids)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def places() -> dict[str, Any]:
    from datetime import timedelta

    from django.utils import timezone

    from emails.models import EmailTemplate, Message

    deep = Message.objects.order_by("-created_at", "-pk").values_list("pk", flat=True)[4_999:5_000]
    long_ago = timezone.localdate() - timedelta(days=200)
    return {
        "deep": next(iter(deep), 0),
        "template": EmailTemplate.objects.order_by("pk")[0].pk,
        "since": long_ago,
        "until": long_ago + timedelta(days=30),
    }


def run(messages: int, rounds: int) -> None:
    import django

    django.setup()
    from django.core.management import call_command
    from django.test import Client

    from emails import exports
    from emails.selectors_filters import Filters
    from inspections.models import User

    call_command("migrate", verbosity=0)
    call_command("createcachetable")
    user = User.objects.create_user("bench@example.com", "x", name="Bench")
    fill(messages)
    client, said = Client(), places()
    client.force_login(user)
    print(f"{'Email activity, ' + format(messages, ',') + ' messages':<38} {'median ms':>9} {'min':>7} {'max':>7}")
    pages = {label: f"/emails/{query.format(**said)}" for label, query in PAGES.items()}
    for label, path in {**pages, f"Today, {OPEN} problems": "/"}.items():
        times = [timed(partial(client.get, path)) for _ in range(rounds + 1)][1:]
        print(f"{label:<38} {statistics.median(times):>9.0f} {min(times):>7.0f} {max(times):>7.0f}")
    start = time.perf_counter()
    size = sum(len(text) for text in exports.lines(Filters(domain="comcast.net")))
    print(f"{'file of one mail domain':<38} {(time.perf_counter() - start) * 1000:>9.0f}  {size / 1e6:.1f} MB")


def timed(work: Any) -> float:
    start = time.perf_counter()
    response = work()
    assert response.status_code == 200
    return (time.perf_counter() - start) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    run(chosen.messages, chosen.rounds)


if __name__ == "__main__":
    main()
