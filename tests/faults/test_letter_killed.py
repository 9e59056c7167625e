"""kill -9 while an email to several people is being written to the outbox: all of them get it, or nobody."""

import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from django.db import connection

from emails import letters
from emails.letters import Written
from emails.models import Letter, Message
from tests import live
from tests.emails.mailed import make_client
from tests.factories import make_participant, make_user

SEND = """
import sys, django
django.setup()
from emails import letters
from emails.models import Letter
letters.send(Letter.objects.get(pk=int(sys.argv[1])), by="Kim")
"""
# The second row takes long enough to be killed in.
SLOW = """
CREATE FUNCTION slow() RETURNS trigger AS $$ BEGIN PERFORM pg_sleep(60); RETURN NEW; END $$ LANGUAGE plpgsql;
CREATE TRIGGER slow BEFORE INSERT ON emails_message FOR EACH ROW
WHEN (NEW.to_address = 'bob@example.com') EXECUTE FUNCTION slow();
"""


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def is_in_the_second_row() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_all_or_nobody(tmp_path: Path) -> None:
    ann = make_client(name="Ann Lee", email="ann@example.com")
    bob = make_participant(ann.inspection, name="Bob Ray", email="bob@example.com")
    written = Written("Hello", "<p>Hello</p>", [ann, bob])
    letter = letters.save(ann.inspection, uuid.uuid4(), written, revision=0, page="", by=make_user())
    run(SLOW)
    env = live.environ(tmp_path, "http://127.0.0.1:9/", "http://127.0.0.1:9/")
    process = subprocess.Popen([sys.executable, "-c", SEND, str(letter.pk)], env=env)
    try:
        live.until(is_in_the_second_row, "the second row is being written")
        os.kill(process.pid, signal.SIGKILL)
        process.wait(timeout=60)
        # The server only notices when it next talks to the client that is gone.
        run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
        live.until(lambda: not is_in_the_second_row(), "the row is let go")
    finally:
        process.kill()
        run("DROP TRIGGER slow ON emails_message; DROP FUNCTION slow()")
    assert (Message.objects.count(), Letter.objects.get().sent_at) == (0, None)
    letters.send(letter, by="Kim")
    letters.send(letter, by="Kim")
    assert Message.objects.count() == 2
