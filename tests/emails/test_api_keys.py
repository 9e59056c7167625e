"""Keys of the REST API."""

import re
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from emails import keys
from emails.models import ApiKey
from inspections.text import BadText

pytestmark = pytest.mark.django_db


def test_the_command_prints_the_key_alone() -> None:
    out, err = StringIO(), StringIO()
    call_command("create_api_key", "CRM", stdout=out, stderr=err)
    secret = out.getvalue().removesuffix("\n")
    assert re.fullmatch(r"[A-Za-z0-9_-]{32,}", secret)
    assert "CRM" in err.getvalue()
    key = keys.authenticate(secret)
    assert key is not None
    assert (key.name, key.created_by, key.prefix) == ("CRM", "Command line", secret[:6])


@pytest.mark.parametrize("name", ["", "  ", "CRM\nX", "x" * 101, "CRM\0"], ids=ascii)
def test_a_name_that_timelines_cannot_show_is_refused(name: str) -> None:
    with pytest.raises(BadText):
        keys.create(name, by="Kim Reyes")
    with pytest.raises(CommandError):
        call_command("create_api_key", name, stdout=StringIO())
    assert not ApiKey.objects.exists()


def test_the_key_itself_is_not_stored() -> None:
    _, secret = keys.create("CRM", by="Kim Reyes")
    assert secret not in str(list(ApiKey.objects.values()))


def test_a_revoked_key_opens_nothing() -> None:
    key, secret = keys.create("CRM", by="Kim Reyes")
    assert keys.authenticate(secret) == key
    assert keys.revoke(key)
    assert keys.authenticate(secret) is None
    assert not keys.revoke(key)


@pytest.mark.parametrize("secret", ["", "wrong", "\0", "\ud800", "é" * 9_000], ids=lambda secret: ascii(secret[:9]))
def test_nonsense_is_no_key(secret: str) -> None:
    keys.create("CRM", by="Kim Reyes")
    assert keys.authenticate(secret) is None


def test_use_is_noted_once_a_minute() -> None:
    key, secret = keys.create("CRM", by="Kim Reyes")
    keys.authenticate(secret)
    key.refresh_from_db()
    noted = key.last_used_at
    assert noted is not None
    keys.authenticate(secret)
    key.refresh_from_db()
    assert key.last_used_at == noted
    ApiKey.objects.update(last_used_at=timezone.now() - timedelta(seconds=61))
    keys.authenticate(secret)
    key.refresh_from_db()
    assert key.last_used_at is not None
    assert key.last_used_at > noted
