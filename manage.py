#!/usr/bin/env python
"""Django's command line. Beside a running `make run` it joins that system by itself."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as problem:
        # A setting is missing or wrong: its one sentence helps, a traceback does not.
        sys.exit(f"Error: {problem}")


if __name__ == "__main__":
    main()
