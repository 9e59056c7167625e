"""How long emails are kept: the text shorter than the record, and the nightly job obeys."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone

from emails import nightly
from emails.models import Desk, Letter, Message
from emails.states import Status
from tests.emails.mailed import make_client, make_message, told
from tests.factories import make_company, make_user

pytestmark = pytest.mark.django_db


def ago(days: float) -> Message:
    then = timezone.now() - timedelta(days=days)
    message = told(make_message(created_at=then, sent_at=then), Status.DELIVERED)
    return message


def test_old_texts_go_and_their_facts_stay(client: Client) -> None:
    old, young = ago(91), ago(89)
    nightly.run()
    old.refresh_from_db()
    young.refresh_from_db()
    assert (old.html, old.text) == ("", "")
    assert (old.subject, old.status) == ("Your inspection is confirmed", Status.DELIVERED)
    assert young.html
    make_company()
    client.force_login(make_user())
    assert client.get(f"/messages/{old.pk}/").status_code == 200


def test_what_is_still_to_leave_keeps_its_text() -> None:
    waiting = make_message(
        created_at=timezone.now() - timedelta(days=200), status="queued", html="<p>Hello</p>", text="Hello",
        send_after=timezone.now() + timedelta(days=9),
    )  # fmt: skip
    nightly.run()
    waiting.refresh_from_db()
    assert waiting.html


def test_what_was_planned_long_ago_is_kept_from_when_it_left() -> None:
    long_ago, yesterday = timezone.now() - timedelta(days=120), timezone.now() - timedelta(days=1)
    letter = Letter.objects.create(
        inspection=make_client().inspection, subject="Hello", body="<p>Hello</p>", sent_at=long_ago, sent_by="Kim"
    )
    letter.attachments.create(name="a.txt", content_type="text/plain", size=5, sha256="0" * 64, content=b"hello")
    message = told(make_message(letter=letter, created_at=long_ago, sent_at=yesterday), Status.DELIVERED)
    Desk.objects.update(keep_texts_days=90, keep_records_days=100)
    nightly.run()
    message.refresh_from_db()
    letter.refresh_from_db()
    assert (message.html, letter.body, letter.attachments.count()) == ("<p>Hello Ann</p>", "<p>Hello</p>", 1)


def test_old_records_go_with_all_their_resends_or_not_at_all() -> None:
    person = make_client()
    first = ago(800)
    again = told(
        make_message(
            person,
            created_at=first.created_at,
            sent_at=timezone.now() - timedelta(days=799),
            root=first,
            resend_of=first,
        ),
        Status.DELIVERED,
    )
    living = ago(900)
    fresh = told(make_message(root=living, resend_of=living), Status.DELIVERED)
    found = nightly.run()
    assert found["records"] == 2
    assert not Message.objects.filter(pk__in=[first.pk, again.pk]).exists()
    assert Message.objects.filter(pk__in=[living.pk, fresh.pk]).count() == 2


def test_an_owner_changes_the_days_and_the_night_obeys(client: Client) -> None:
    make_company()
    client.force_login(make_user(is_superuser=True))
    page = client.post("/settings/keeping/", {"keep_texts_days": "30", "keep_records_days": "20"})
    assert "at least as long as the text" in page.content.decode()
    client.post("/settings/keeping/", {"keep_texts_days": "30", "keep_records_days": "60"})
    assert (Desk.get().keep_texts_days, Desk.get().keep_records_days) == (30, 60)
    old, gone = ago(31), ago(61)
    nightly.run()
    old.refresh_from_db()
    assert old.html == ""
    assert not Message.objects.filter(pk=gone.pk).exists()
    assert "kept for 60 days" in client.get("/emails/?domain=x.com").content.decode()


def test_what_the_cache_holds_past_its_time_goes() -> None:
    cache.clear()
    for name in ("old", "young"):
        cache.set(f"preview:{name}", "<p>Ann Lee</p>", 60)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE cache SET expires = now() - interval '1 second' WHERE cache_key LIKE '%old'")
        assert nightly.run()["cached"] == 1
        cursor.execute("SELECT cache_key FROM cache")
        assert cursor.fetchall() == [(":1:preview:young",)]
