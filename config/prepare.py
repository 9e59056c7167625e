"""Makes the database of a practice system fit for use; harmless to repeat.

One process for three commands, because loading Django takes longer than most of them.
"""

from __future__ import annotations

import django
from django.core.management import call_command


def main() -> None:
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("practice_setup")


if __name__ == "__main__":
    main()
