"""Settings come from the environment; nonsense stops the start with a sentence that names it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from config import mailbox, oauth
from config.environment import BASE_DIR
from config.oauth import OAuth

PRODUCTION = {
    "DATABASE_URL": "postgres://desk:secret@db.example.com:5432/desk",
    "REDIS_URL": "rediss://:secret@redis.example.com:6379/0",
    "SECRET_KEY": "k3y-" * 15,
    "BASE_URL": "https://desk.example.com",
    "EMAIL_PROVIDER": "postmark",
    "POSTMARK_SERVER_TOKEN": "server-token",
    "WEBHOOK_SECRET": "postmark:a-long-password",
}
PRACTICE = {**PRODUCTION, "EMAIL_PROVIDER": "practice", "PRACTICE_MAIL_URL": "http://127.0.0.1:9000"}
BY_TOKEN = {
    "BOUNCE_MAILBOX_URL": "imaps://office%40example.com@imap.example.com",
    "BOUNCE_MAILBOX_TOKEN_URL": "https://oauth2.googleapis.com/token",
    "BOUNCE_MAILBOX_CLIENT_ID": "client",
    "BOUNCE_MAILBOX_REFRESH_TOKEN": "refresh-secret",
}
SENT_BY_TOKEN = {
    "EMAIL_PROVIDER": "smtp",
    "EMAIL_HOST": "smtp.example.com",
    "EMAIL_PORT": "587",
    "EMAIL_USE_TLS": "1",
    "EMAIL_HOST_USER": "office@example.com",
    "EMAIL_OAUTH_TOKEN_URL": "https://tokens.example.com/token",
    "EMAIL_OAUTH_CLIENT_ID": "sending-client",
    "EMAIL_OAUTH_CLIENT_SECRET": "sending-secret",
    "EMAIL_OAUTH_SCOPE": "mail",
}
NO_PASSWORD = {"BOUNCE_MAILBOX_URL": "imaps://office%40example.com@imap.example.com"}
SHOW = """
import json, sys
from django.core.exceptions import ImproperlyConfigured
try:
    from config import settings
except ImproperlyConfigured as problem:
    sys.exit(str(problem))
print(json.dumps({name: getattr(settings, name, None) for name in sys.argv[1:]}, default=str))
"""


def run(tmp_path: Path, given: dict[str, str], *names: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), **{k: v for k, v in given.items() if v}}
    command = [sys.executable, "-c", SHOW, *names]
    return subprocess.run(command, cwd=BASE_DIR, env=env, capture_output=True, text=True, check=False)


def setting(tmp_path: Path, name: str, **over: str) -> object:
    result = run(tmp_path, {**PRODUCTION, **over}, name)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)[name]


@pytest.mark.parametrize(
    ("over", "message"),
    [
        ({"DATABASE_URL": ""}, "Nothing is running here: start `make run` in another terminal, or set DATABASE_URL"),
        ({"DATABASE_URL": "sqlite:///desk.db"}, "DATABASE_URL must name a PostgreSQL"),
        ({"REDIS_URL": ""}, "REDIS_URL is not set."),
        ({"REDIS_URL": "amqp://localhost"}, "REDIS_URL must start with redis://"),
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set."),
        ({"SECRET_KEY": "short"}, "SECRET_KEY must have 50 characters or more; it has 5."),
        ({"BASE_URL": ""}, "BASE_URL is not set."),
        ({"BASE_URL": "desk.example.com"}, "BASE_URL must look like https://desk.example.com"),
        ({"BASE_URL": "http://desk.example.com"}, "BASE_URL must start with https:// outside practice mode"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS must name the hosts"),
        ({"EMAIL_PROVIDER": ""}, "EMAIL_PROVIDER is not set."),
        ({"EMAIL_PROVIDER": "postmrk"}, "EMAIL_PROVIDER is 'postmrk', which is unknown."),
        ({"POSTMARK_SERVER_TOKEN": ""}, "POSTMARK_SERVER_TOKEN is not set. postmark cannot send without it."),
        ({"WEBHOOK_SECRET": ""}, "WEBHOOK_SECRET is not set. Webhooks are refused without it"),
        ({"WEBHOOK_SECRET": "no-colon-in-this-one"}, "WEBHOOK_SECRET must look like name:password"),
        ({"WEBHOOK_SECRET": "a:short"}, "WEBHOOK_SECRET must have 16 characters or more."),
        ({"EMAIL_USE_TLS": "1", "EMAIL_USE_SSL": "1"}, "EMAIL_USE_TLS and EMAIL_USE_SSL exclude each other"),
        ({"LEASE_SECONDS": "soon"}, "LEASE_SECONDS must be a number, such as 120; it is 'soon'."),
        ({"RETRY_BACKOFF": "60;300"}, "RETRY_BACKOFF must be numbers with commas"),
        ({"BEHIND_PROXY": "maybe"}, "BEHIND_PROXY must be true or false; it is 'maybe'."),
        ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR"),
        ({"BOUNCE_ADDRESS": "reports"}, "BOUNCE_ADDRESS must be one address"),
        ({"BOUNCE_ADDRESS": "a@example.com, b@example.com"}, "BOUNCE_ADDRESS must be one address"),
        ({"BOUNCE_MAILBOX_URL": "pop3://a:b@example.com"}, "BOUNCE_MAILBOX_URL must look like imaps://"),
        ({"BOUNCE_MAILBOX_URL": "imaps://imap.example.com/INBOX"}, "BOUNCE_MAILBOX_URL must look like imaps://"),
        ({"BOUNCE_MAILBOX_URL": "imaps://a:b@example.com:port"}, "BOUNCE_MAILBOX_URL cannot be read."),
        ({"BOUNCE_MAILBOX_URL": "imap://a:b@example.com"}, "BOUNCE_MAILBOX_URL must start with imaps://"),
        ({"BOUNCE_MAILBOX_URL": "imaps://a@example.com"}, "BOUNCE_MAILBOX_URL names no password"),
        ({"BOUNCE_MAILBOX_CLIENT_ID": "x"}, "BOUNCE_MAILBOX_CLIENT_ID says nothing without BOUNCE_MAILBOX_URL"),
        ({**BY_TOKEN, "BOUNCE_MAILBOX_TOKEN_URL": ""}, "BOUNCE_MAILBOX_TOKEN_URL is not set"),
        ({**BY_TOKEN, "BOUNCE_MAILBOX_REFRESH_TOKEN": ""}, "BOUNCE_MAILBOX_REFRESH_TOKEN is not set; without it"),
        ({**BY_TOKEN, "BOUNCE_MAILBOX_TOKEN_URL": "http://x.example"}, "BOUNCE_MAILBOX_TOKEN_URL must start with http"),
        (
            {**SENT_BY_TOKEN, "EMAIL_OAUTH_TOKEN_URL": ""},
            "EMAIL_OAUTH_TOKEN_URL is not set; signing in",
        ),
        ({**SENT_BY_TOKEN, "EMAIL_OAUTH_CLIENT_ID": ""}, "EMAIL_OAUTH_CLIENT_ID is not set"),
        ({**SENT_BY_TOKEN, "EMAIL_OAUTH_SCOPE": ""}, "EMAIL_OAUTH_REFRESH_TOKEN is not set; without it"),
        ({**SENT_BY_TOKEN, "EMAIL_OAUTH_TOKEN_URL": "http://x.example"}, "EMAIL_OAUTH_TOKEN_URL must start with https"),
        ({**SENT_BY_TOKEN, "EMAIL_HOST_USER": ""}, "EMAIL_HOST_USER is not set; EMAIL_OAUTH_TOKEN_URL needs it"),
        (
            {**SENT_BY_TOKEN, "EMAIL_HOST_PASSWORD": "x"},
            "EMAIL_HOST_PASSWORD and EMAIL_OAUTH_TOKEN_URL exclude",
        ),
        ({**SENT_BY_TOKEN, "EMAIL_USE_TLS": ""}, "EMAIL_USE_TLS must be true with EMAIL_OAUTH_TOKEN_URL"),
        ({**NO_PASSWORD, "BOUNCE_MAILBOX_SCOPE": "mail"}, "BOUNCE_MAILBOX_TOKEN_URL is not set"),
        ({**BY_TOKEN, "BOUNCE_MAILBOX_CA_FILE": "/nowhere.pem"}, "BOUNCE_MAILBOX_CA_FILE names no file"),
    ],
)
def test_nonsense_is_refused(over: dict[str, str], message: str, tmp_path: Path) -> None:
    result = run(tmp_path, {**PRODUCTION, **over})
    assert result.returncode == 1
    assert result.stderr.startswith(message)


@pytest.mark.parametrize("url", ["", "http://api.postmarkapp.com", "http://127.0.0.1.example.com:9000"])
def test_practice_mail_cannot_leave_this_machine(url: str, tmp_path: Path) -> None:
    result = run(tmp_path, {**PRACTICE, "PRACTICE_MAIL_URL": url})
    assert result.returncode == 1
    assert result.stderr.startswith("PRACTICE_MAIL_URL ")


def test_practice_ignores_a_real_providers_key(tmp_path: Path) -> None:
    result = run(tmp_path, PRACTICE, "ANYMAIL", "EMAIL_BACKEND", "MAIL_PROVIDER")
    shown = json.loads(result.stdout)
    assert shown["ANYMAIL"]["POSTMARK_SERVER_TOKEN"] == "practice"
    assert shown["ANYMAIL"]["POSTMARK_API_URL"] == "http://127.0.0.1:9000/"
    assert (shown["EMAIL_BACKEND"], shown["MAIL_PROVIDER"]) == ("anymail.backends.postmark.EmailBackend", "postmark")


def test_any_variable_of_the_provider_reaches_anymail(tmp_path: Path) -> None:
    given = {
        "EMAIL_PROVIDER": "amazon_ses",
        "AMAZON_SES_CLIENT_PARAMS": '{"region_name": "us-east-2"}',
        "AMAZON_SES_CONFIGURATION_SET_NAME": "desk",
    }
    anymail = setting(tmp_path, "ANYMAIL", **given)
    assert isinstance(anymail, dict)
    assert anymail["AMAZON_SES_CLIENT_PARAMS"]["region_name"] == "us-east-2"
    assert anymail["AMAZON_SES_CLIENT_PARAMS"]["config"]["retries"] == {"total_max_attempts": 1}
    assert anymail["AMAZON_SES_CONFIGURATION_SET_NAME"] == "desk"
    assert anymail["AMAZON_SES_AUTO_CONFIRM_SNS_SUBSCRIPTIONS"] is False
    assert "POSTMARK_SERVER_TOKEN" not in anymail


@pytest.mark.parametrize("provider", ["practice", "postmark"])
def test_nobodys_wish_to_subscribe_is_answered_by_itself(tmp_path: Path, provider: str) -> None:
    keys = {"POSTMARK_SERVER_TOKEN": "a-token", "PRACTICE_MAIL_URL": "http://127.0.0.1:9/"}
    anymail = setting(tmp_path, "ANYMAIL", EMAIL_PROVIDER=provider, **keys)
    assert isinstance(anymail, dict)
    assert anymail["AMAZON_SES_AUTO_CONFIRM_SNS_SUBSCRIPTIONS"] is False


def test_a_mailbox_is_read_from_its_address_and_shows_no_secret(tmp_path: Path) -> None:
    url = "imaps://office%40example.com:p%40ss%2Fword@imap.example.com:1993/Office/Reports"
    shown = str(setting(tmp_path, "BOUNCE_MAILBOX", BOUNCE_MAILBOX_URL=url))
    assert "host='imap.example.com', port=1993, user='office@example.com', folder='Office/Reports'" in shown
    assert "ss/word" not in shown
    by_token = str(setting(tmp_path, "BOUNCE_MAILBOX", **BY_TOKEN))
    assert "port=993" in by_token
    assert "refresh-secret" not in by_token


def shared(**over: str) -> OAuth | None:
    """How the mailbox is signed in to if mail is sent by `sending`."""
    sending = OAuth("https://tokens.example.com/token", "sending-client", "sending-secret", "sending-refresh", "mail")
    with pytest.MonkeyPatch.context() as env:
        for name in (*NO_PASSWORD, *(f"BOUNCE_MAILBOX_{name}" for name in oauth.NAMES)):
            env.delenv(name, raising=False)
        for name, value in {**NO_PASSWORD, **over}.items():
            env.setenv(name, value)
        where = mailbox.from_environment(sending)
    assert where
    return where.oauth


def test_one_registration_serves_sending_and_reading() -> None:
    found = shared()
    assert found == OAuth(
        "https://tokens.example.com/token", "sending-client", "sending-secret", "sending-refresh", "mail"
    )


def test_the_mailbox_of_another_person_needs_only_their_refresh_token() -> None:
    found = shared(BOUNCE_MAILBOX_REFRESH_TOKEN="of-reports")
    assert found == OAuth("https://tokens.example.com/token", "sending-client", "sending-secret", "of-reports", "mail")


def test_a_registration_of_its_own_takes_over_nothing() -> None:
    own = {"TOKEN_URL": "https://other.example/token", "CLIENT_ID": "c", "CLIENT_SECRET": "s", "SCOPE": "imap"}
    found = shared(**{f"BOUNCE_MAILBOX_{name}": value for name, value in own.items()})
    assert found == OAuth("https://other.example/token", "c", "s", "", "imap")


def test_a_mailbox_with_a_password_uses_it_however_mail_is_sent() -> None:
    assert shared(BOUNCE_MAILBOX_URL="imaps://office:secret@imap.example.com") is None


def test_sending_by_token_shows_no_secret_and_the_mailbox_shares_it(tmp_path: Path) -> None:
    result = run(tmp_path, {**PRODUCTION, **SENT_BY_TOKEN, **NO_PASSWORD}, "EMAIL_OAUTH", "BOUNCE_MAILBOX")
    shown = json.loads(result.stdout)
    assert "client_id='sending-client'" in shown["EMAIL_OAUTH"]
    assert "client_id='sending-client'" in shown["BOUNCE_MAILBOX"]
    assert "sending-secret" not in result.stdout


def test_tokens_are_for_a_mail_server_not_for_a_provider_or_practice(tmp_path: Path) -> None:
    assert setting(tmp_path, "EMAIL_OAUTH", **SENT_BY_TOKEN | {"EMAIL_PROVIDER": "postmark"}) is None
    practice = {**SENT_BY_TOKEN, **PRACTICE, "EMAIL_OAUTH_CLIENT_ID": ""}
    assert json.loads(run(tmp_path, practice, "EMAIL_OAUTH").stdout)["EMAIL_OAUTH"] is None


def test_practice_reads_nobodys_mailbox(tmp_path: Path) -> None:
    url = {"BOUNCE_MAILBOX_URL": "imaps://office:secret@imap.example.com"}
    shown = json.loads(run(tmp_path, PRACTICE | url, "BOUNCE_MAILBOX").stdout)
    assert shown["BOUNCE_MAILBOX"] is None


def test_two_webhook_secrets_count_while_one_is_replaced(tmp_path: Path) -> None:
    anymail = setting(tmp_path, "ANYMAIL", WEBHOOK_SECRET="old:a-long-password, new:a-long-password")
    assert isinstance(anymail, dict)
    assert anymail["WEBHOOK_SECRET"] == ["old:a-long-password", "new:a-long-password"]


def test_every_session_has_its_limits(tmp_path: Path) -> None:
    databases = setting(tmp_path, "DATABASES")
    assert isinstance(databases, dict)
    options = databases["default"]["OPTIONS"]["options"]
    for limit in ("statement_timeout=15s", "lock_timeout=3s", "idle_in_transaction_session_timeout=30s"):
        assert f"-c {limit}" in options


def test_production_passes_djangos_own_deployment_check(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=BASE_DIR,
        env={"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), **PRODUCTION, "SECRET_KEY": "aB3-xyZ_" * 8},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
