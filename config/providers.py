"""Which email providers there are, which keys each needs, and how their settings are read."""

from __future__ import annotations

import json
import os
from typing import Any

from config.environment import fail, is_loopback, required, text, words

# Provider -> the variables it cannot send without. Names are Anymail's.
KEYS: dict[str, tuple[str, ...]] = {
    "amazon_ses": (),  # boto3 finds its credentials in its own usual places
    "brevo": ("BREVO_API_KEY",),
    "mailersend": ("MAILERSEND_API_TOKEN",),
    "mailgun": ("MAILGUN_API_KEY",),
    "mailjet": ("MAILJET_API_KEY", "MAILJET_SECRET_KEY"),
    "mailtrap": ("MAILTRAP_API_TOKEN",),
    "mandrill": ("MANDRILL_API_KEY",),
    "postal": ("POSTAL_API_URL", "POSTAL_API_KEY"),
    "postmark": ("POSTMARK_SERVER_TOKEN",),
    "resend": ("RESEND_API_KEY",),
    "sendgrid": ("SENDGRID_API_KEY",),
    "sparkpost": ("SPARKPOST_API_KEY",),
    "unisender_go": ("UNISENDER_GO_API_URL", "UNISENDER_GO_API_KEY"),
}

# Anymail would answer an SNS confirmation from any topic that knows the webhook's password, by a call to Amazon out of
# our worker; the doors of all providers are open, whichever one sends.
ALWAYS = {"AMAZON_SES_AUTO_CONFIRM_SNS_SUBSCRIPTIONS": False}

# boto3 would post an email again by itself when the answer is lost: up to five copies.
ONE_TRY = {"connect_timeout": 3.05, "read_timeout": 20, "retries": {"total_max_attempts": 1}}
FIXED: dict[str, dict[str, Any]] = {
    "amazon_ses": {"AMAZON_SES_CLIENT_PARAMS": {"config": ONE_TRY}},
}


def backend(provider: str) -> str:
    """The dotted path of the mail back end. Practice uses the real Postmark one."""
    if provider == "smtp":
        return "emails.smtp.EmailBackend"
    name = "postmark" if provider == "practice" else provider
    if name not in KEYS:
        known = ", ".join(["practice", "smtp", *sorted(KEYS)])
        fail("EMAIL_PROVIDER", f"is {provider!r}, which is unknown. Choose one of: {known}.")
    return f"anymail.backends.{name}.EmailBackend"


def keys(provider: str, *, practice_url: str = "") -> dict[str, Any]:
    """The provider's part of settings.ANYMAIL, from variables with the provider's prefix."""
    if provider == "practice":
        # Only these two: a real token in the environment must not reach the practice service.
        return {**ALWAYS, "POSTMARK_SERVER_TOKEN": "practice", "POSTMARK_API_URL": practice_url}
    if provider == "smtp":
        return dict(ALWAYS)
    for name in KEYS[provider]:
        required(name, f"{provider} cannot send without it.")
    prefix = f"{provider.upper()}_"
    found = {name: _value(name) for name in os.environ if name.startswith(prefix) and text(name)}
    merged = {**ALWAYS, **FIXED.get(provider, {}), **found}
    if provider == "amazon_ses" and isinstance(given := found.get("AMAZON_SES_CLIENT_PARAMS"), dict):
        merged["AMAZON_SES_CLIENT_PARAMS"] = {**given, "config": {**given.get("config", {}), **ONE_TRY}}
    return merged


def _value(name: str) -> Any:
    """Text, except JSON's true, false, lists and objects, which some options are."""
    raw = text(name)
    if raw not in {"true", "false"} and raw[:1] not in {"{", "["}:
        return raw
    try:
        return json.loads(raw)
    except ValueError:
        fail(name, "starts like JSON but is not valid JSON.")


def webhook_secrets(*, practice: bool) -> list[str]:
    """The user:password pairs that webhooks may come with; two while one is being replaced."""
    way_out = "Webhooks are refused without it: set WEBHOOK_SECRET=name:a-long-random-password."
    required("WEBHOOK_SECRET", way_out)
    secrets = words("WEBHOOK_SECRET")
    for secret in secrets:
        if ":" not in secret.strip(":"):
            fail("WEBHOOK_SECRET", "must look like name:password, with a colon between them.")
        if len(secret) < 16 and not practice:
            fail("WEBHOOK_SECRET", "must have 16 characters or more.")
    return secrets


def practice_mail_url() -> str:
    """The practice mail service's address: on this machine, or the start is refused."""
    url = required("PRACTICE_MAIL_URL", "Practice mode needs it; `make run` sets it.")
    if not is_loopback(url):
        fail(
            "PRACTICE_MAIL_URL",
            "must be on this machine (127.0.0.1): practice sends no real mail.",
        )
    return url.rstrip("/") + "/"
