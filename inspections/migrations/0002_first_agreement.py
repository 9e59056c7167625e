"""Stores the built-in agreement, so that the first inspection has one."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from inspections import agreements


def install(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    agreements.install(apps.get_model("inspections", "Agreement"))


class Migration(migrations.Migration):
    dependencies = [("inspections", "0001_initial")]
    operations = [migrations.RunPython(install, migrations.RunPython.noop)]
