"""How several processes share the tests out (`make test`, or `pytest -n 3`), and that one which dies stops nothing."""

import os

import pytest
import pytest_timeout
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

# Test by test: a file of these would keep one process busy long after the others have ended.
SLOW = ("tests/browser/", "tests/faults/")
MOST = 4  # each with a browser, a worker and a mail service; a broker with 16 databases is enough for 7


class Shares(LoadFileScheduling):
    """A file goes to one process as a whole, with what it sets up; the slow ones test by test.

    xdist 3.8.0 waits for ever once a process died: it queues again what was finished, and gives a new process one
    test, which runs only when the next is known (its issues 1323 and 1327).
    """

    def _split_scope(self, nodeid: str) -> str:
        return nodeid if nodeid.startswith(SLOW) else super()._split_scope(nodeid)

    def remove_node(self, node: WorkerController) -> str | None:
        """A process is gone: the test it was at, if any, has failed; what it had not begun goes to others."""
        units = self.assigned_work.pop(node)
        crashed = next((test for unit in units.values() for test, done in unit.items() if not done), None)
        for scope, unit in units.items():
            if crashed in unit:
                unit[crashed] = True
            if not all(unit.values()):
                self.workqueue[scope] = unit
        if crashed:
            for other in self.assigned_work:
                self._reschedule(other)
        return crashed

    def _reschedule(self, node: WorkerController) -> None:
        super()._reschedule(node)
        if self._pending_of(self.assigned_work[node]) < 2:
            super()._reschedule(node)


def processes() -> int:
    """One more than processors, because tests also wait."""
    return min((os.cpu_count() or 1) + 1, MOST)


def limit_again(item: pytest.Item) -> None:
    """After a failure: pytest-timeout 2.4.0 takes the time limit away, and putting things away can hang too."""
    settings = pytest_timeout._get_item_settings(item)
    if settings.timeout:
        item.config.hook.pytest_timeout_set_timer(item=item, settings=settings)
