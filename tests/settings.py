"""The application's settings with the waits of a test."""

import os
import tempfile

# Whatever the developer's shell says: tests practise, on this machine only.
os.environ.update(
    EMAIL_PROVIDER="practice",
    ALLOWED_HOSTS="testserver,localhost,127.0.0.1",
    SECRET_KEY="only-for-tests-only-for-tests-only-for-tests-only-for-tests",
    SECRET_KEY_FALLBACKS="",
    WEBHOOK_SECRET="tests:only-for-tests",
    BEHIND_PROXY="",
    LOG_LEVEL="WARNING",
)
for _name, _value in {
    "BASE_URL": "http://testserver",
    # Nothing listens there: mypy needs settings but no servers; conftest asks for real ones.
    "DATABASE_URL": "postgres://nobody:none@127.0.0.1:1/none",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "PRACTICE_MAIL_URL": "http://127.0.0.1:1/",
    # Not the developer's .data; only what a test really starts writes there.
    "DATA_DIR": os.path.join(tempfile.gettempdir(), f"desk-tests-{os.getuid()}"),
    "UNDO_SECONDS": "0",
    "SWEEP_SECONDS": "0.5",
    "COOLDOWN_SECONDS": "0",
    # Three tries, none by itself while a test looks; the live worker's pauses are short.
    "RETRY_BACKOFF": "60,300,900",
    "PORTAL_SCAN_SECONDS": "0",
    "PORTAL_READ_SECONDS": "0",
    "PORTAL_EVEN_SECONDS": "0",
    # Many threads at one row on a busy machine are no fault.
    "DB_LOCK_TIMEOUT": "60s",
    "DB_STATEMENT_TIMEOUT": "120s",
    "UNKNOWN_VISIBLE_SECONDS": "2",
    "NO_NEWS_SECONDS": "2",
    "STOP_LIST_PATIENCE_SECONDS": "30",
}.items():
    os.environ.setdefault(_name, _value)

from config.settings import *  # noqa: E402, F403

WAKE_SOCKET_TIMEOUT = 15  # a wake-up that is given up is made up for by the beat, and tests have none
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Served straight from the source folders: tests need no collectstatic.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
