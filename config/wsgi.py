"""The web application, for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()

# Tasks are published by name; the app must be the configured one from the first request on.
from config import celery as celery  # noqa: E402 - Django is set up first
