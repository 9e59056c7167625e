"""How several processes share the tests out (`pytest -n 3`)."""

from xdist.scheduler import LoadFileScheduling

# One by one: a file of these would keep one process busy long after the others have ended.
SLOW = ("tests/browser/", "tests/faults/")


class Shares(LoadFileScheduling):
    """A file goes to one process as a whole, with what it sets up; the slow ones test by test."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid if nodeid.startswith(SLOW) else super()._split_scope(nodeid)
