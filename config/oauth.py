"""How an access token is got (OAuth 2.0), for signing in to a mail server or to a mailbox."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from config.environment import fail, is_loopback, text

NAMES = ("TOKEN_URL", "CLIENT_ID", "CLIENT_SECRET", "REFRESH_TOKEN", "SCOPE")
SENDING = "EMAIL_OAUTH_"
# Whose token it is, and for what, may differ under one registration.
PERSONAL = frozenset({"REFRESH_TOKEN", "SCOPE"})


@dataclass(frozen=True)
class OAuth:
    """How an access token is got. Without a refresh token the program signs in as itself (client credentials)."""

    token_url: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    scope: str = ""


def given(prefix: str) -> dict[str, str]:
    """What is set, by name without the prefix."""
    return {name: value for name in NAMES if (value := text(prefix + name))}


def from_environment(prefix: str) -> OAuth | None:
    """A whole registration from the variables with this prefix, None if none of them is set."""
    found = given(prefix)
    if not found:
        return None
    for name in ("TOKEN_URL", "CLIENT_ID"):
        if name not in found:
            fail(prefix + name, "is not set; signing in with OAuth needs it.")
    if "REFRESH_TOKEN" not in found and not {"CLIENT_SECRET", "SCOPE"} <= found.keys():
        fail(f"{prefix}REFRESH_TOKEN", f"is not set; without it {prefix}CLIENT_SECRET and {prefix}SCOPE are needed.")
    if not found["TOKEN_URL"].startswith("https://") and not is_loopback(found["TOKEN_URL"]):
        fail(f"{prefix}TOKEN_URL", "must start with https://.")
    return OAuth(**{name.lower(): value for name, value in found.items()})


def shared(prefix: str, *, otherwise: OAuth | None) -> OAuth | None:
    """As `from_environment`, but what is not set at all, or only who and for what, is completed by `otherwise`.

    Never the rest: a refresh token of one house must not be shown to another one's token server.
    """
    found = given(prefix)
    if otherwise is None or not found.keys() <= PERSONAL:
        return from_environment(prefix)
    return replace(otherwise, **{name.lower(): value for name, value in found.items()})
