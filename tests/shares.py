"""How several processes share the tests out (`make test`, or `pytest -n 3`)."""

import os

from xdist.scheduler import LoadFileScheduling

# Test by test: a file of these would keep one process busy long after the others have ended.
SLOW = ("tests/browser/", "tests/faults/")
MOST = 4  # each with a browser, a worker and a mail service; a broker with 16 databases is enough for 7


class Shares(LoadFileScheduling):
    """A file goes to one process as a whole, with what it sets up; the slow ones test by test."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid if nodeid.startswith(SLOW) else super()._split_scope(nodeid)


def processes() -> int:
    """One more than processors, because tests also wait."""
    return min((os.cpu_count() or 1) + 1, MOST)
