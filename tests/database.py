"""The test database between tests that commit."""

from functools import cache

from django.core.management.sql import emit_post_migrate_signal
from django.db import OperationalError, connection, transaction

# Made by migrating, not by tests.
KEPT = {"auth_permission", "django_content_type"}
TRIES = 5


@cache
def _emptying() -> str:
    names = sorted(set(connection.introspection.django_table_names(include_views=False)) - KEPT)
    return "; ".join(f"DELETE FROM {connection.ops.quote_name(name)}" for name in names)


def empty() -> None:
    """Leave only what comes with the tables, as Django's flush does in ten times as long: it makes each table anew.

    Foreign keys are looked at when all is gone. News that was on its way when the test ended may still be read by a
    worker: of the two, PostgreSQL lets one go on, and if that was not we, we come again.
    """
    for attempt in range(1, TRIES + 1):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(_emptying())
            break
        except OperationalError:
            if attempt == TRIES:
                raise
    emit_post_migrate_signal(verbosity=0, interactive=False, db=connection.alias)
