"""Every setting of the application, read from the environment (listed in .env.example).

A missing or senseless value stops the start with one sentence that names the variable.
Beside a running `make run` the settings come from its DATA_DIR instead; see `environment.join`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF

from config import environment, mailbox, oauth, providers
from config.environment import fail, flag, number, required, text, whole, words

BASE_DIR = environment.BASE_DIR
DATA_DIR = environment.data_dir()
environment.join(DATA_DIR)

DEBUG = False

# --- What kind of system this is -------------------------------------------------------------
EMAIL_PROVIDER = required(
    "EMAIL_PROVIDER", f"Set it to practice, smtp or one of: {', '.join(sorted(providers.KEYS))}."
).lower()
PRACTICE_MODE = EMAIL_PROVIDER == "practice"
# Whose webhooks and wordings are in force: the practice mail service speaks Postmark's.
MAIL_PROVIDER = "postmark" if PRACTICE_MODE else EMAIL_PROVIDER

BASE_URL = required("BASE_URL", "Set it to the address people open, such as https://desk.example.com.").rstrip("/")
_base = urlsplit(BASE_URL)
if _base.scheme not in {"http", "https"} or not _base.hostname or _base.path:
    fail("BASE_URL", f"must look like https://desk.example.com; it is {BASE_URL!r}.")
HTTPS = _base.scheme == "https"
if not HTTPS and not PRACTICE_MODE and not environment.is_loopback(BASE_URL):
    fail("BASE_URL", f"must start with https:// outside practice mode; it is {BASE_URL!r}.")

SECRET_KEY = required(
    "SECRET_KEY",
    'Make one with: python -c "import secrets; print(secrets.token_urlsafe(50))"',
)
if len(SECRET_KEY) < 50 and not PRACTICE_MODE:
    fail("SECRET_KEY", f"must have 50 characters or more; it has {len(SECRET_KEY)}.")
SECRET_KEY_FALLBACKS = words("SECRET_KEY_FALLBACKS")

ALLOWED_HOSTS = words(
    "ALLOWED_HOSTS",
    [_base.hostname, *(["localhost", "127.0.0.1", "[::1]"] if PRACTICE_MODE else [])],
)
if "*" in ALLOWED_HOSTS:
    fail("ALLOWED_HOSTS", "must name the hosts; * would let anyone choose the host in our links.")

# --- Sending ---------------------------------------------------------------------------------
WEBHOOK_SECRETS = providers.webhook_secrets(practice=PRACTICE_MODE)
PRACTICE_MAIL_URL = providers.practice_mail_url() if PRACTICE_MODE else ""
EMAIL_BACKEND = providers.backend(EMAIL_PROVIDER)
ANYMAIL: dict[str, Any] = {
    # Connect, read. The read time-out stays below the task's limit and the lease.
    "REQUESTS_TIMEOUT": (3.05, 20),
    "WEBHOOK_SECRET": WEBHOOK_SECRETS,
    **providers.keys(EMAIL_PROVIDER, practice_url=PRACTICE_MAIL_URL),
}
DEFAULT_FROM_EMAIL = text("DEFAULT_FROM_EMAIL", f"office@{_base.hostname}")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
EMAIL_HOST = text("EMAIL_HOST", "localhost")
EMAIL_PORT = whole("EMAIL_PORT", 25, least=1)
EMAIL_HOST_USER = text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = text("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = flag("EMAIL_USE_TLS")
EMAIL_USE_SSL = flag("EMAIL_USE_SSL")
EMAIL_TIMEOUT = 20
if EMAIL_USE_TLS and EMAIL_USE_SSL:
    fail("EMAIL_USE_TLS", "and EMAIL_USE_SSL exclude each other: 587 uses TLS, 465 uses SSL.")
# Signing in with an access token in place of the password. Practice shows nobody's key to anybody.
_oauth = None if PRACTICE_MODE else oauth.from_environment(oauth.SENDING)
EMAIL_OAUTH = _oauth if EMAIL_PROVIDER == "smtp" else None
if EMAIL_OAUTH:
    if not EMAIL_HOST_USER:
        fail("EMAIL_HOST_USER", "is not set; EMAIL_OAUTH_TOKEN_URL needs it: the mailbox to sign in as.")
    if EMAIL_HOST_PASSWORD:
        fail("EMAIL_HOST_PASSWORD", "and EMAIL_OAUTH_TOKEN_URL exclude each other: one of them signs in.")
    if not (EMAIL_USE_TLS or EMAIL_USE_SSL or EMAIL_HOST in environment.LOOPBACK):
        fail("EMAIL_USE_TLS", "must be true with EMAIL_OAUTH_TOKEN_URL: the token would cross the network readable.")
# Where failures come back as mail. Practice reads nobody's mailbox, as it uses nobody's key.
BOUNCE_ADDRESS = mailbox.return_path()
BOUNCE_MAILBOX = None if PRACTICE_MODE else mailbox.from_environment(_oauth)
BOUNCE_MAILBOX_SECONDS = number("BOUNCE_MAILBOX_SECONDS", 60, least=1)

# --- Waits and sizes (seconds unless said otherwise) -------------------------------------------
UNDO_SECONDS = number("UNDO_SECONDS", 10)
LEASE_SECONDS = number("LEASE_SECONDS", 120, least=1)
SWEEP_SECONDS = number("SWEEP_SECONDS", 2 if PRACTICE_MODE else 5, least=0.1)
SEND_THREADS = whole("SEND_THREADS", 4, least=1)  # calls at once, per worker process
SEND_BATCH = whole("SEND_BATCH", 50, least=1)  # rows claimed at once
COOLDOWN_SECONDS = number("COOLDOWN_SECONDS", 60)
RETRY_BACKOFF = environment.numbers("RETRY_BACKOFF", [60, 300, 900, 3600])
# After a failure that passes: a full mailbox, a server in trouble. Counted from the first failure.
RETRY_FULL = environment.numbers("RETRY_FULL", [86_400, 172_800])
RETRY_SERVER = environment.numbers("RETRY_SERVER", [86_400])
UNKNOWN_VISIBLE_SECONDS = number("UNKNOWN_VISIBLE_SECONDS", 900)
NO_NEWS_SECONDS = number("NO_NEWS_SECONDS", 14_400)
# A link scanner opens and presses everything at once: nothing is signed so soon after the link was made, arrived or was
# opened, or after the page was shown. New links are asked for at an even pace, so that the time of an answer tells
# nothing.
PORTAL_SCAN_SECONDS = number("PORTAL_SCAN_SECONDS", 10)
PORTAL_READ_SECONDS = number("PORTAL_READ_SECONDS", 3)
PORTAL_EVEN_SECONDS = number("PORTAL_EVEN_SECONDS", 0.5)
WEBHOOK_MAX_BYTES = whole("WEBHOOK_MAX_BYTES", 5_000_000, least=1000)
# A page that wakes a worker never waits longer than this for the broker: the row is the truth.
WAKE_SOCKET_TIMEOUT = number("WAKE_SOCKET_TIMEOUT", 0.5, least=0.01)
# Nor for the mail service, when it is asked about its list of refused addresses.
STOP_LIST_PATIENCE_SECONDS = number("STOP_LIST_PATIENCE_SECONDS", 2.5, least=0.1)

# --- Servers ---------------------------------------------------------------------------------
_database = environ.Env.db_url_config(required("DATABASE_URL", environment.NOTHING_RUNS))
DATABASES = {"default": _database}
if not _database.get("ENGINE", "").endswith("postgresql"):
    fail("DATABASE_URL", "must name a PostgreSQL: postgres://user:password@host:5432/name.")
_options = _database.setdefault("OPTIONS", {})
_limits = {
    "statement_timeout": text("DB_STATEMENT_TIMEOUT", "15s"),
    "lock_timeout": text("DB_LOCK_TIMEOUT", "3s"),
    "idle_in_transaction_session_timeout": "30s",
}
_options["options"] = " ".join(
    [*(f"-c {name}={value}" for name, value in _limits.items()), _options.get("options", "")]
).strip()
_options.setdefault("connect_timeout", 5)
_database.update(CONN_MAX_AGE=60, CONN_HEALTH_CHECKS=True)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = required("REDIS_URL", "Set it to redis://:password@host:6379/0 (Redis or Valkey).")
if urlsplit(REDIS_URL).scheme not in {"redis", "rediss"}:
    fail("REDIS_URL", "must start with redis:// or rediss://.")

# In the database, so that no page ever waits for Redis. Made by `manage.py createcachetable`.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        # Limits on guessing and the codes of the phone live here. What is beyond the number goes by its name, not its
        # age: with Django's 300 a few hundred visitors would make us forget who typed wrong passwords.
        "OPTIONS": {"MAX_ENTRIES": 50_000},
    }
}

# --- Application -----------------------------------------------------------------------------
INSTALLED_APPS = [
    "inspections.apps.InspectionsConfig",
    "emails.apps.EmailsConfig",
    "allauth",
    "allauth.account",
    "anymail",
    "csp",
    "django_htmx",
    "heroicons",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    # Before staticfiles: WhiteNoise serves under runserver too.
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Pages shrink to a sixth; Django masks the CSRF token anew each time, so that its length tells nothing (BREACH).
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    # Clients choose their language on the portal; staff pages are in English.
    "inspections.language.client_language",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    # The company and its time zone, for every page.
    "inspections.zone.company_zone",
    # Closed by default: a public view says so itself (login_not_required).
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"  # storage; pages use the company's time zone

# --- Files served as they are ------------------------------------------------------------------
ASSETS_DIR = BASE_DIR / ".assets"
STATIC_URL = "/static/"
STATIC_ROOT = ASSETS_DIR / "static"
STATICFILES_DIRS: list[Path] = [folder for folder in (BASE_DIR / "static", ASSETS_DIR / "vendor") if folder.is_dir()]
FILE_UPLOAD_HANDLERS = [
    "config.uploads.Bounded",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- Who may come in -----------------------------------------------------------------------------
AUTH_USER_MODEL = "inspections.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "inspections.accounts.AccountAdapter"  # closes sign-up
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # or strangers could have us write to anybody
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "inspections.passwords.OneTimeToken"  # noqa: S105 - a class
ACCOUNT_SESSION_REMEMBER = True  # SESSION_COOKIE_AGE counts, not the browser's life
PASSWORD_RESET_TIMEOUT = 3 * 24 * 3600  # invitations too
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "20/m/ip,5/5m/key",  # an office shares one IP address
    "reset_password": "10/m/ip,3/m/key",
}

SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = HTTPS
CSRF_TRUSTED_ORIGINS = [BASE_URL]
CSRF_FAILURE_VIEW = "config.health.form_refused"
if HTTPS:
    # The prefix makes browsers refuse a cookie that a neighbouring host tries to plant.
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"

# --- Headers -------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-src": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
        "manifest-src": [SELF],
    }
}
X_FRAME_OPTIONS = "DENY"
# Not no-referrer: browsers then send "Origin: null" with forms, and CSRF protection refuses them.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # asked by machines inside the house
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
# The company's other sites under its domain are not ours to force to https.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
if flag("BEHIND_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    ALLAUTH_TRUSTED_PROXY_COUNT = 1

# --- Logs: to standard output, without secrets ----------------------------------------------
LOG_LEVEL = text("LOG_LEVEL", "INFO").upper()
if LOG_LEVEL not in {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}:
    fail("LOG_LEVEL", f"must be DEBUG, INFO, WARNING or ERROR; it is {LOG_LEVEL!r}.")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"mask": {"()": "config.logs.MaskSecrets"}},
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stream": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["mask"]}},
    "root": {"handlers": ["stream"], "level": LOG_LEVEL},
    "loggers": {
        # Django's own handlers mail admins and colour the console; ours is enough.
        "django": {"handlers": [], "level": LOG_LEVEL, "propagate": True},
        # What it leaves out of a font that goes into a PDF.
        "fontTools": {"level": "ERROR"},
        # A wake-up that found nothing to do, several times a second, is no news.
        **{name: {"level": "WARNING"} for name in ("celery.beat", "celery.worker.strategy", "celery.app.trace")},
    },
}
